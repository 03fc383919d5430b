package datastore_test

import (
	"fmt"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// pagesOf reads a history page by page and calls between after each.
func pagesOf(t *testing.T, r datastore.Reader, ref datastore.Ref, opts datastore.HistoryOptions, between func()) (versions []datastore.Version) {
	t.Helper()
	for {
		page, next, err := r.HistoryPage(ctx, ref, &opts)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), opts.Count)
		versions = append(versions, page...)
		if opts.Page = next; opts.Page == "" {
			return versions
		}
		between()
	}
}

// The pages of a history are those of the state that the first one showed, for a
// resource, a type and the store.
func TestHistoryPages(t *testing.T) {
	store := open(t, nil)
	write := func() {
		for _, id := range []string{"a", "b"} {
			_, err := store.Update(ctx, patient(id, "X"))
			require.NoError(t, err)
		}
		_, err := store.Create(ctx, []byte(`{"resourceType":"Organization","name":"O"}`))
		require.NoError(t, err)
	}
	for range 5 {
		write()
	}
	for _, ref := range []datastore.Ref{{}, {Type: "Patient"}, {Type: "Patient", ID: "a"}} {
		for _, since := range []time.Time{{}, time.Date(2026, 1, 2, 3, 4, 10, 0, time.UTC)} {
			for count := 1; count <= 4; count++ {
				var want []datastore.Version
				for v, err := range store.History(ctx, ref, &datastore.HistoryOptions{Since: since}) {
					require.NoError(t, err)
					want = append(want, v)
				}
				writes := 0
				got := pagesOf(t, store, ref, datastore.HistoryOptions{Since: since, Count: count}, func() {
					if writes++; writes == 1 {
						write()
					}
				})
				require.Equal(t, want, got, "%v by %d since %v", ref, count, since)
			}
		}
	}
}

// A token is good for the history that it was made for, in the store and under the
// settings that made it, and as long as its state can be seen.
func TestHistoryTokens(t *testing.T) {
	dir := t.TempDir()
	now := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	opts := datastore.Options{
		Key: datastore.KeyFile(filepath.Join(dir, "key")), Now: func() time.Time { now = now.Add(time.Second); return now },
	}
	reopen := func(store *datastore.Store) *datastore.Store {
		if store != nil {
			require.NoError(t, store.Close())
		}
		store, err := datastore.Open(ctx, filepath.Join(dir, "store"), &opts)
		require.NoError(t, err)
		return store
	}
	store := reopen(nil)
	write := func(n int) {
		for range n {
			_, err := store.Update(ctx, patient("a", "X"))
			require.NoError(t, err)
		}
	}
	write(3)
	before := store.Snapshot()
	write(3)
	ref := datastore.Ref{Type: "Patient", ID: "a"}
	_, token, err := store.HistoryPage(ctx, ref, &datastore.HistoryOptions{Count: 2})
	require.NoError(t, err)
	follow := func(r datastore.Reader, ref datastore.Ref, token string, since time.Time) error {
		_, _, err := r.HistoryPage(ctx, ref, &datastore.HistoryOptions{Page: token, Since: since})
		return err
	}
	require.NoError(t, follow(store, ref, token, time.Time{}))
	require.ErrorIs(t, follow(before, ref, token, time.Time{}), datastore.ErrStalePage, "a newer state than the snapshot's")
	before.Close()
	other := open(t, nil)
	_, err = other.Update(ctx, patient("a", "X"))
	require.NoError(t, err)
	searched, err := store.Search(ctx, "Patient", "_count=1")
	require.NoError(t, err)
	for name, err := range map[string]error{
		"another type":      follow(store, datastore.Ref{Type: "Organization"}, token, time.Time{}),
		"the whole type":    follow(store, datastore.Ref{Type: "Patient"}, token, time.Time{}),
		"the whole store":   follow(store, datastore.Ref{}, token, time.Time{}),
		"another time":      follow(store, ref, token, now),
		"another store":     follow(other, ref, token, time.Time{}),
		"a number":          follow(store, ref, "3", time.Time{}),
		"cut":               follow(store, ref, token[:len(token)-1], time.Time{}),
		"turned":            follow(store, ref, token[1:]+token[:1], time.Time{}),
		"that of a search":  follow(store, ref, searched.First[len("_count=1&_page="):], time.Time{}),
		"of another format": follow(store, ref, "B"+token[1:], time.Time{}),
	} {
		require.ErrorIs(t, err, datastore.ErrInvalid, name)
		require.Equal(t, 400, datastore.Status(err), name)
	}

	store = reopen(store)
	page, _, err := store.HistoryPage(ctx, ref, &datastore.HistoryOptions{Page: token, Count: 10})
	require.NoError(t, err, "tokens outlive the process")
	require.Len(t, page, 4)
	opts.Zone = time.FixedZone("east", 3600)
	store = reopen(store)
	require.ErrorIs(t, follow(store, ref, token, time.Time{}), datastore.ErrStalePage)
	opts.Zone = nil
	store = reopen(store)
	defer func() { require.NoError(t, store.Close()) }()
	write(1)
	now = now.Add(datastore.PageGrace() + time.Minute)
	store.SweepOld()
	err = follow(store, ref, token, time.Time{})
	require.ErrorIs(t, err, datastore.ErrStalePage)
	require.Equal(t, 410, datastore.Status(err))
}

// A history of many pages costs each page its own versions alone.
func BenchmarkHistoryPage(b *testing.B) {
	store := open(b, nil)
	_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		for i := range 20_000 {
			if _, err := tx.Update(ctx, patient(fmt.Sprintf("p%d", i), "X")); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(b, err)
	_, next, err := store.HistoryPage(ctx, datastore.Ref{}, &datastore.HistoryOptions{Count: 15_000})
	require.NoError(b, err)
	b.ReportAllocs()
	for b.Loop() {
		_, _, err := store.HistoryPage(ctx, datastore.Ref{}, &datastore.HistoryOptions{Page: next})
		require.NoError(b, err)
	}
}
