package datastore_test

import (
	"context"
	"io"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// A cancelling wrapper ends a context in one of its calls.
type cancelling struct {
	datastore.KeyWrapper
	calls  int
	cancel func()
}

func (c *cancelling) Decrypt(ctx context.Context, b []byte) ([]byte, error) {
	if c.calls--; c.calls == 0 {
		c.cancel()
		return nil, context.Canceled
	}
	return c.KeyWrapper.Decrypt(ctx, b)
}

// TestRestoredAndNotOpened lets opening fail after a store was restored: the error says
// that it is there, and so it is. After all other errors there is none.
func TestRestoredAndNotOpened(t *testing.T) {
	key := datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	store := open(t, &datastore.Options{Key: key})
	busy(t, store, 0, 5)
	full, _ := piece(t, store, 0)
	busy(t, store, 5, 9)
	restored := 0
	try := func(ctx context.Context, o datastore.Options) {
		path := filepath.Join(t.TempDir(), "copy")
		if o.Key == nil {
			o.Key = key
		}
		_, err := datastore.Restore(ctx, path, &datastore.RestoreOptions{Options: o, BackupKey: key}, pieces(full)...)
		require.Error(t, err)
		copied, opened := datastore.Open(t.Context(), path, &datastore.Options{Key: key, Existing: true})
		if opened == nil {
			require.ErrorContains(t, err, "is restored")
			require.NoError(t, copied.Verify(t.Context()))
			require.NoError(t, copied.Close())
			restored++
			return
		}
		require.ErrorIs(t, opened, datastore.ErrNoStore)
		require.NotContains(t, err.Error(), "is restored")
	}
	try(ctx, datastore.Options{AtLeast: store.Head()})
	try(ctx, datastore.Options{SearchParameters: [][]byte{[]byte("{")}})
	require.Equal(t, 2, restored)
	for calls := 1; calls <= 2; calls++ {
		ctx, cancel := context.WithCancel(ctx)
		try(ctx, datastore.Options{Key: &cancelling{key, calls, cancel}})
	}
	require.Equal(t, 3, restored)
}

// TestVerbsThatMayNotBegin calls each verb of a closed store, and with a context that has
// ended: nothing else is looked at first.
func TestVerbsThatMayNotBegin(t *testing.T) {
	store := open(t, nil)
	putAll(t, store, `{"resourceType":"Patient","id":"p"}`)
	verbs := map[string]func(context.Context) error{
		"Compact":   func(ctx context.Context) error { return store.Compact(ctx, nil, nil) },
		"Purge":     func(ctx context.Context) error { return store.Purge(ctx, datastore.Ref{Type: "Patient", ID: "x"}) },
		"Erase":     func(ctx context.Context) error { _, err := store.Erase(ctx, "x"); return err },
		"RotateKey": func(ctx context.Context) error { return store.RotateKey(ctx, nil) },
		"Rewrap":    func(ctx context.Context) error { return store.Rewrap(ctx, datastore.RawKey([32]byte{1})) },
		"Backup":    func(ctx context.Context) error { _, err := store.Backup(ctx, io.Discard, 0); return err },
		"Changes": func(ctx context.Context) error {
			for _, err := range store.Changes(ctx, 0) {
				return err
			}
			return nil
		},
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	all := func(of context.Context, want error) {
		for name, verb := range verbs {
			if name == "Backup" && want != datastore.ErrClosed {
				continue // a store in memory has no key that opens it
			}
			for range 20 { // a choice of two ways is seen
				require.ErrorIs(t, verb(of), want, name)
			}
		}
	}
	all(ended, context.Canceled)
	require.NoError(t, store.Close())
	all(ctx, datastore.ErrClosed)
}

// TestRestoreUntilAnyTime restores up to times that a store cannot have: far ones, whose
// microseconds do not fit, are refused instead of being another time.
func TestRestoreUntilAnyTime(t *testing.T) {
	key := datastore.RawKey([32]byte{1})
	store := open(t, &datastore.Options{Key: key})
	busy(t, store, 0, 3)
	full, info := piece(t, store, 0)
	for year, sequence := range map[int]uint64{9999: info.Head.Sequence(), 1: 0, -400_000: 1 << 63, 400_000: 1 << 63} {
		until := time.Date(year, 2, 3, 4, 5, 6, 789, time.UTC)
		restored, err := datastore.Restore(ctx, "mem:", &datastore.RestoreOptions{Options: datastore.Options{Key: key}, UntilTime: until}, pieces(full)...)
		if sequence == 1<<63 {
			require.ErrorIs(t, err, datastore.ErrInvalid, year)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, sequence, restored.Head().Sequence(), year)
		require.NoError(t, restored.Close())
	}
}
