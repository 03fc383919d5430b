package datastore_test

import (
	"bytes"
	"io"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// Options.Metrics is told of each operation once, and gets no id, query or resource.
func TestMetrics(t *testing.T) {
	var told []datastore.Operation
	store := open(t, &datastore.Options{Metrics: func(o datastore.Operation) { told = append(told, o) }})
	ref := datastore.Ref{Type: "Patient", ID: "a"}
	now := store.Snapshot()
	defer now.Close()
	for _, step := range []struct {
		name string
		do   func() error
		want []datastore.Operation
	}{
		{"create", func() error { _, err := store.Create(ctx, patient("x", "A")); return err }, []datastore.Operation{{Kind: "create", Type: "Patient", Status: 200}}},
		{"update", func() error { _, err := store.Update(ctx, patient("a", "A")); return err }, []datastore.Operation{{Kind: "update", Type: "Patient", Status: 200}}},
		{"bad update", func() error { _, err := store.Update(ctx, []byte("{")); return err }, []datastore.Operation{{Kind: "update", Status: 400}}},
		{"patch", func() error {
			_, err := store.Patch(ctx, ref, []byte(`[{"op":"add","path":"/active","value":true}]`))
			return err
		}, []datastore.Operation{{Kind: "patch", Type: "Patient", Status: 200}}},
		{"read", func() error { _, err := store.Read(ctx, ref); return err }, []datastore.Operation{{Kind: "read", Type: "Patient", Status: 200}}},
		{"read of an older state", func() error { _, err := now.Read(ctx, ref); return err }, []datastore.Operation{{Kind: "read", Type: "Patient", Status: 404}}},
		{"vread", func() error { _, err := store.ReadVersion(ctx, ref, "9"); return err }, []datastore.Operation{{Kind: "vread", Type: "Patient", Status: 404}}},
		{"history", func() error { return lastOf(store.History(ctx, ref, nil)) }, []datastore.Operation{{Kind: "history", Type: "Patient", Status: 200}}},
		{"bad history", func() error {
			return lastOf(store.History(ctx, ref, &datastore.HistoryOptions{Count: -1}))
		}, []datastore.Operation{{Kind: "history", Type: "Patient", Status: 400}}},
		{"history page", func() error { _, _, err := store.HistoryPage(ctx, datastore.Ref{}, nil); return err }, []datastore.Operation{{Kind: "history", Status: 200}}},
		{"history bundle", func() error { return store.HistoryTo(ctx, io.Discard, "", ref, nil) }, []datastore.Operation{{Kind: "history", Type: "Patient", Status: 200}}},
		{"search", func() error { _, err := store.Search(ctx, "Patient", "family=a"); return err }, []datastore.Operation{{Kind: "search", Type: "Patient", Status: 200}}},
		{"search bundle", func() error { return store.SearchTo(ctx, io.Discard, "", "", "_id=a") }, []datastore.Operation{{Kind: "search", Status: 200}}},
		{"all", func() error { return lastOf(store.SearchAll(ctx, "Patient", "nonsense=1")) }, []datastore.Operation{{Kind: "search", Type: "Patient", Status: 400}}},
		{"typed", func() error { return lastOf(datastore.Search[*ppb.Patient](ctx, store, "family=a")) }, []datastore.Operation{{Kind: "search", Type: "Patient", Status: 200}}},
		{"validate", func() error { _, err := store.Validate(ctx, patient("a", "A")); return err }, []datastore.Operation{{Kind: "validate", Status: 200}}},
		{"transaction", func() error {
			_, err := store.Write(ctx, func(tx *datastore.Transaction) error { return tx.Delete(datastore.Ref{Type: "Patient", ID: "none"}) })
			return err
		}, []datastore.Operation{{Kind: "commit", Status: 404}}},
		{"Bundle", func() error {
			_, err := store.Transact(ctx, bundleOf("batch", entry("GET", "Patient?family=a", "", ""), entry("PUT", "Patient/b", "", string(patient("b", "B")))))
			return err
		}, []datastore.Operation{{Kind: "transact", Status: 200}}},
		{"delete", func() error { return store.Delete(ctx, ref) }, []datastore.Operation{{Kind: "delete", Type: "Patient", Status: 200}}},
		{"no type", func() error { _, err := store.Read(ctx, datastore.Ref{Type: "Jane Doe", ID: "1"}); return err }, []datastore.Operation{{Kind: "read", Status: 400}}},
	} {
		told = nil
		err := step.do()
		for i := range told {
			require.Positive(t, told[i].Duration, step.name)
			told[i].Duration = 0
		}
		require.Equal(t, step.want, told, step.name)
		require.Equal(t, datastore.Status(err), told[0].Status, step.name)
	}
}

// A hook that panics loses what it was told, and no operation.
func TestMetricsThatPanic(t *testing.T) {
	var said bytes.Buffer
	store := open(t, &datastore.Options{
		Metrics: func(datastore.Operation) { panic("Jane Doe") },
		Logger:  slog.New(slog.NewTextHandler(&said, nil)),
	})
	_, err := store.Update(ctx, patient("a", "A"))
	require.NoError(t, err)
	_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
	require.NoError(t, err)
	require.Contains(t, said.String(), "Options.Metrics panicked")
	require.NotContains(t, said.String(), "Jane")
}

// A store keeps its id and the time when it was made.
func TestIdentity(t *testing.T) {
	folder, opts := filepath.Join(t.TempDir(), "store"), &datastore.Options{Key: datastore.Passphrase("p")}
	store, err := datastore.Open(ctx, folder, opts)
	require.NoError(t, err)
	id, made := store.StoreID(), store.Created()
	require.Len(t, id, 32)
	require.WithinDuration(t, time.Now(), made, time.Minute)
	require.Equal(t, time.UTC, made.Location())
	require.NoError(t, store.Close())
	store, err = datastore.Open(ctx, folder, opts)
	require.NoError(t, err)
	defer store.Close()
	require.Equal(t, id, store.StoreID())
	require.Equal(t, made, store.Created())
	other := open(t, nil)
	require.NotEqual(t, id, other.StoreID())
}
