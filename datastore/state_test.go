package datastore_test

import (
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// TestState keeps values beside resources: both are written or neither is, and the last
// value is there after opening again.
func TestState(t *testing.T) {
	folder := t.TempDir()
	opts := &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))}
	open := func() *datastore.Store {
		store, err := datastore.Open(ctx, filepath.Join(folder, "store"), opts)
		require.NoError(t, err)
		return store
	}
	store := open()
	set := func(name, value string, resources ...string) error {
		_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
			for _, r := range resources {
				if _, err := tx.Update(ctx, []byte(r), datastore.IfNoneMatch()); err != nil {
					return err
				}
			}
			return tx.SetState(name, []byte(value))
		})
		return err
	}
	value := func(name string) string {
		v, err := store.State(ctx, name)
		require.NoError(t, err)
		return string(v)
	}
	require.Empty(t, value("feed/a"))
	require.NoError(t, set("feed/a", "1", `{"resourceType":"Patient","id":"a"}`))
	require.ErrorIs(t, set("feed/a", "2", `{"resourceType":"Patient","id":"a"}`), datastore.ErrPreconditionFailed)
	require.Equal(t, "1", value("feed/a"), "refused with its resource")
	require.NoError(t, set("feed/b", "x"))
	require.NoError(t, set("settings", "mine"))
	require.NoError(t, set("feed/b", "y"))
	require.NoError(t, set("feed/c", "z"))
	require.NoError(t, set("feed/c", ""))
	require.Equal(t, []string{"feed/a", "feed/b"}, store.StateNames("feed/"))
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())

	store = open()
	require.Equal(t, []string{"feed/a", "feed/b", "settings"}, store.StateNames(""))
	require.Equal(t, "y", value("feed/b"))
	require.NoError(t, store.Verify(ctx))
	page, err := store.Search(ctx, "", "")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)

	require.ErrorIs(t, set("", "a"), datastore.ErrInvalid)
	require.ErrorIs(t, set(strings.Repeat("n", 257), "a"), datastore.ErrInvalid)
	require.ErrorIs(t, set("a", strings.Repeat("v", 1<<20+1)), datastore.ErrInvalid)
	require.NoError(t, store.Close())
	_, err = store.State(ctx, "feed/b")
	require.ErrorIs(t, err, datastore.ErrClosed)
	require.ErrorIs(t, set("a", "b"), datastore.ErrClosed)
}

// TestEffects keeps what the operations of a commit came to beside them.
func TestEffects(t *testing.T) {
	store := open(t, nil)
	write := func(resources ...string) []byte {
		_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
			for _, r := range resources {
				if id, ok := strings.CutPrefix(r, "-"); ok {
					require.NoError(t, tx.DeleteAs(datastore.Ref{Type: "Patient", ID: id}, "", time.Time{}))
					continue
				}
				id, family, _ := strings.Cut(r, " ")
				_, err := tx.Update(ctx, []byte(`{"resourceType":"Patient","id":"`+id+`","name":[{"family":"`+family+`"}]}`), datastore.IfChanged())
				require.NoError(t, err)
			}
			return tx.SetEffects("job", []byte("at "))
		})
		require.NoError(t, err)
		value, err := store.State(ctx, "job")
		require.NoError(t, err)
		return value[len("at "):]
	}
	require.Equal(t, "cc", string(write("a x", "b x")))
	require.Equal(t, "sudnc", string(write("a x", "b y", "-b", "-c", "b y")))
	require.Equal(t, "s", string(write("a x")), "nothing else is written")
	require.Empty(t, write())
	require.ErrorIs(t, store.Begin().SetEffects("", nil), datastore.ErrInvalid)
}
