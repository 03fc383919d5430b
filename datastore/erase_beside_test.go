package datastore_test

import (
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// TestEraseBesideWriters erases a patient for whom others keep writing: what is there is
// whole, and what was there before is gone.
func TestEraseBesideWriters(t *testing.T) {
	store := open(t, nil)
	for i := range 50 {
		putAll(t, store, fmt.Sprintf(`{"resourceType":"Observation","id":"before%d","status":"final","code":{"text":"%s"},"subject":{"reference":"Patient/p"}}`, i, marker))
	}
	stop := make(chan struct{})
	var writers sync.WaitGroup
	for w := range 3 {
		writers.Go(func() {
			for i := range 400 {
				select {
				case <-stop:
					return
				default:
				}
				// Some of it is written over what is erased.
				id := fmt.Sprintf("w%d-%d", w, i)
				if i%5 == 0 {
					id = fmt.Sprintf("before%d", i%50)
				}
				_, err := store.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Observation","id":"%s","status":"final","code":{"text":"new"},"subject":{"reference":"Patient/p"}}`, id))
				require.NoError(t, err)
			}
		})
	}
	for range 3 {
		if _, err := store.Erase(ctx, "p"); err != nil {
			require.ErrorIs(t, err, datastore.ErrErased)
		}
	}
	close(stop)
	writers.Wait()
	_, err := store.Erase(ctx, "p")
	if err != nil {
		require.ErrorIs(t, err, datastore.ErrErased)
	}
	page, err := store.Search(ctx, "Observation", "subject=Patient/p")
	require.NoError(t, err)
	require.Empty(t, page.Matches)
	for v, err := range store.History(ctx, datastore.Ref{}, nil) {
		require.NoError(t, err)
		require.NotContains(t, string(v.JSON), marker)
	}
	require.NoError(t, store.Compact(ctx, &datastore.Retention{Versions: 1}, nil))
}

// TestEraseEndsHolds erases a patient whom a snapshot sees.
func TestEraseEndsHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := datastore.Open(ctx, "mem:", nil)
		require.NoError(t, err)
		defer func() {
			require.NoError(t, store.Close())
			time.Sleep(2 * time.Second) // of the bubble: buntdb's own goroutine ends
		}()
		ref := datastore.Ref{Type: "Patient", ID: "p"}
		putAll(t, store, `{"resourceType":"Patient","id":"p","name":[{"family":"`+marker+`"}]}`)
		snapshot := store.Snapshot()
		defer snapshot.Close()
		begun := time.Now()
		_, err = store.Erase(ctx, "p")
		require.NoError(t, err)
		require.Less(t, time.Since(begun), 10*time.Second)
		_, err = snapshot.Read(ctx, ref)
		require.ErrorIs(t, err, datastore.ErrStalePage)
		_, err = snapshot.Search(ctx, "Patient", "family="+marker)
		require.ErrorIs(t, err, datastore.ErrStalePage)
		require.NoError(t, store.Verify(ctx))
	})
}
