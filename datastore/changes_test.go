package datastore_test

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// sequences returns those of a feed that ends, and the position behind the last.
func sequences(t testing.TB, changes iter.Seq2[datastore.Change, error]) (all []uint64, last datastore.Head) {
	for c, err := range changes {
		require.NoError(t, err)
		all, last = append(all, c.Sequence), c.Head()
		require.Equal(t, c.Sequence, last.Sequence())
	}
	return all, last
}

// failed returns the error that a feed ends with at once.
func failed(t testing.TB, changes iter.Seq2[datastore.Change, error]) (err error) {
	for c, e := range changes {
		require.Error(t, e)
		require.Zero(t, c)
		err = e
	}
	return err
}

func TestZeroChange(t *testing.T) {
	var c datastore.Change
	require.Zero(t, c.Len())
	require.Zero(t, c.Head())
	note, err := c.Annotation()
	require.NoError(t, err)
	require.Empty(t, note)
	for range c.Versions(ctx) {
		t.Fatal("the zero Change wrote nothing")
	}
}

func TestChangesTell(t *testing.T) {
	store := open(t, nil)
	a := datastore.Ref{Type: "Patient", ID: "a"}
	_, err := store.Update(ctx, patient("a", "One"))
	require.NoError(t, err)
	_, err = store.Patch(ctx, a, []byte(`[{"op":"add","path":"/gender","value":"male"}]`))
	require.NoError(t, err)
	tx := store.Begin()
	_, err = tx.Create(ctx, []byte(`{"resourceType":"Patient"}`))
	require.NoError(t, err)
	_, err = tx.Update(ctx, patient("b", "Two"), datastore.Imported())
	require.NoError(t, err)
	require.NoError(t, tx.Annotate([]byte("dropped")))
	note := []byte("Dr. Who, for research")
	require.NoError(t, tx.Annotate(note))
	note[0] = 'X'
	_, err = tx.Commit(ctx)
	require.NoError(t, err)
	tx = store.Begin()
	require.ErrorIs(t, tx.Annotate(make([]byte, 64<<10+1)), datastore.ErrInvalid)
	require.NoError(t, tx.SetState("alone", []byte("a commit without versions")))
	_, err = tx.Commit(ctx)
	require.NoError(t, err)
	require.NoError(t, store.Delete(ctx, a))
	require.Equal(t, []string{
		`1 2026-01-02 03:04:05 +0000 UTC "" 1`,
		`Patient/a 1 2026-01-02 03:04:05 +0000 UTC update {"resourceType":"Patient","id":"a","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:05.000000Z"},"name":[{"family":"One"}]}`,
		`2 2026-01-02 03:04:06 +0000 UTC "" 1`,
		`Patient/a 2 2026-01-02 03:04:06 +0000 UTC patch {"resourceType":"Patient","id":"a","meta":{"versionId":"2","lastUpdated":"2026-01-02T03:04:06.000000Z"},"name":[{"family":"One"}],"gender":"male"}`,
		`3 2026-01-02 03:04:07 +0000 UTC "Dr. Who, for research" 2`,
		`Patient/id-1 1 2026-01-02 03:04:07 +0000 UTC create {"resourceType":"Patient","id":"id-1","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:07.000000Z"}}`,
		`Patient/b 1 2026-01-02 03:04:07 +0000 UTC import {"resourceType":"Patient","id":"b","meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:07.000000Z"},"name":[{"family":"Two"}]}`,
		`5 2026-01-02 03:04:09 +0000 UTC "" 1`,
		`Patient/a 3 2026-01-02 03:04:09 +0000 UTC delete `,
	}, feedOf(t, store, 100))
}

// A feed that is taken up again, by sequence or by position, misses nothing and sees
// nothing twice, whether the store was rewritten, swept, opened again or restored.
func TestChangesGoOn(t *testing.T) {
	folder, key := t.TempDir(), datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	options := &datastore.Options{Key: key}
	store, err := datastore.Open(ctx, filepath.Join(folder, "store"), options)
	require.NoError(t, err)
	var seen []uint64
	var at datastore.Head
	read := func(store *datastore.Store) {
		now := store.Snapshot()
		defer now.Close()
		_, text := sequences(t, now.ChangesAfter(ctx, at))
		bySequence, _ := sequences(t, now.Changes(ctx, at.Sequence()))
		byPosition, _ := sequences(t, now.ChangesAfter(ctx, at))
		require.Equal(t, bySequence, byPosition)
		seen = append(seen, byPosition...)
		if len(byPosition) > 0 {
			require.NoError(t, at.UnmarshalText([]byte(text.String())))
		}
		all, _ := sequences(t, now.Changes(ctx, 0))
		require.Equal(t, all, seen)
	}
	for i := range 4 {
		busy(t, store, 10*i, 10*i+10)
		read(store)
		busy(t, store, 10*i, 10*i+3)
		require.NoError(t, store.Compact(ctx, nil, nil))
		require.NoError(t, store.SweepAll())
		if i%2 == 0 {
			require.NoError(t, store.Close())
			store, err = datastore.Open(ctx, filepath.Join(folder, "store"), options)
			require.NoError(t, err)
		}
		read(store)
	}
	storetest.Check(t, store)
	full, info := piece(t, store, 0)
	copied, _ := restoreInto(t, datastore.RestoreOptions{Options: *options}, full)
	busy(t, store, 0, 2)
	busy(t, copied, 0, 3)
	read(copied)

	// From here on the two stores have histories of their own.
	err = failed(t, store.ChangesAfter(ctx, at))
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.ErrorContains(t, err, "behind commit")
	busy(t, store, 0, 5)
	for _, err := range []error{failed(t, store.ChangesAfter(ctx, at)), failed(t, store.Snapshot().ChangesAfter(ctx, at))} {
		require.ErrorIs(t, err, datastore.ErrInvalid)
		require.ErrorContains(t, err, "another history")
	}
	other := open(t, nil)
	busy(t, other, 0, 50)
	require.ErrorIs(t, failed(t, other.ChangesAfter(ctx, info.Head)), datastore.ErrInvalid)
	require.ErrorIs(t, failed(t, other.Changes(ctx, other.Head().Sequence()+1)), datastore.ErrInvalid)
	require.ErrorIs(t, failed(t, other.Snapshot().Changes(ctx, other.Head().Sequence()+1)), datastore.ErrInvalid)
	require.NoError(t, other.Close())
	require.ErrorIs(t, failed(t, other.Changes(ctx, 0)), datastore.ErrClosed)
	require.ErrorIs(t, failed(t, other.Snapshot().Changes(ctx, 0)), datastore.ErrClosed)
	require.ErrorIs(t, failed(t, other.ChangesAfter(ctx, at)), datastore.ErrClosed)
}

// A feed waits for what is written, tells it in order, once, and ends with its context.
func TestChangesWait(t *testing.T) {
	store := open(t, nil)
	ended, cancel := context.WithCancel(ctx)
	defer cancel()
	heard := make(chan uint64)
	var follower sync.WaitGroup
	follower.Go(func() {
		defer close(heard)
		for c, err := range store.Changes(ended, 0) {
			if err != nil {
				require.ErrorIs(t, err, context.Canceled)
				return
			}
			heard <- c.Sequence
		}
	})
	for i := range uint64(20) {
		_, err := store.Update(ctx, patient("a", fmt.Sprint("Family", i)))
		require.NoError(t, err)
		require.Equal(t, i+1, <-heard)
	}
	cancel()
	_, more := <-heard
	require.False(t, more)
	follower.Wait()
	require.ErrorIs(t, failed(t, store.Snapshot().Changes(ended, 0)), context.Canceled)
}

// Each commit keeps its own note, also where several commits share a record, and where
// the record was rewritten.
func TestAnnotationsOfManyCommits(t *testing.T) {
	store := open(t, nil)
	var writers sync.WaitGroup
	for w := range 8 {
		writers.Go(func() {
			for i := range 20 {
				tx := store.Begin()
				ref, err := tx.Create(ctx, []byte(`{"resourceType":"Patient"}`))
				require.NoError(t, err)
				if (w+i)%3 > 0 {
					require.NoError(t, tx.Annotate([]byte(strings.Repeat(ref.ID+" ", 1+i))))
				}
				_, err = tx.Commit(ctx)
				require.NoError(t, err)
			}
		})
	}
	writers.Wait()
	for range 2 {
		notes := 0
		for c, err := range store.Snapshot().Changes(ctx, 0) {
			require.NoError(t, err)
			note, err := c.Annotation()
			require.NoError(t, err)
			for v, err := range c.Versions(ctx) {
				require.NoError(t, err)
				if len(note) > 0 {
					notes++
					require.True(t, bytes.HasPrefix(note, []byte(v.Ref.ID+" ")))
				}
			}
		}
		require.Equal(t, 107, notes)
		require.NoError(t, store.Compact(ctx, nil, nil))
	}
}

// BenchmarkChangesDelay measures how long after the acknowledgement of a write a feed
// tells of it: the median and the 99th of a hundred, in microseconds.
func BenchmarkChangesDelay(b *testing.B) {
	for _, durable := range []bool{false, true} {
		b.Run(fmt.Sprintf("durable=%v", durable), func(b *testing.B) {
			store, _, _ := openBench(b, durable)
			ended, cancel := context.WithCancel(ctx)
			heard := make(chan time.Time, 1)
			var follower sync.WaitGroup
			follower.Go(func() {
				for _, err := range store.Changes(ended, 0) {
					if err != nil {
						return
					}
					heard <- time.Now()
				}
			})
			var delays []float64
			for i := 0; b.Loop(); i++ {
				_, err := store.Update(ctx, patient("a", fmt.Sprint("Family", i)))
				acknowledged := time.Now()
				require.NoError(b, err)
				delays = append(delays, max(0, float64((<-heard).Sub(acknowledged).Nanoseconds())/1000))
			}
			cancel()
			follower.Wait()
			slices.Sort(delays)
			b.ReportMetric(delays[len(delays)/2], "p50-µs")
			b.ReportMetric(delays[len(delays)*99/100], "p99-µs")
			require.NoError(b, store.Close())
		})
	}
}

// BenchmarkChangesRead reads the feed of a store to its end, with all that was written.
func BenchmarkChangesRead(b *testing.B) {
	store := open(b, nil)
	for i := range 2000 {
		_, err := store.Update(ctx, patient(fmt.Sprint("p", i%100), fmt.Sprint("Family", i)))
		require.NoError(b, err)
	}
	b.ReportAllocs()
	n := 0
	for b.Loop() {
		for c, err := range store.Snapshot().Changes(ctx, 0) {
			require.NoError(b, err)
			for _, err := range c.Versions(ctx) {
				require.NoError(b, err)
				n++
			}
		}
	}
	b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "versions/s")
}

// TestChangesAsked takes a feed from the beginning, and goes through it after versions have
// left: it begins with what is left, each time.
func TestChangesAsked(t *testing.T) {
	store := open(t, nil)
	for range 3 {
		putAll(t, store, `{"resourceType":"Patient","id":"a"}`)
	}
	feed := store.Changes(ctx, 0)
	for range 2 {
		putAll(t, store, `{"resourceType":"Patient","id":"a","active":true}`, `{"resourceType":"Patient","id":"a"}`)
		require.NoError(t, store.Compact(ctx, &datastore.Retention{Versions: 1}, nil))
		versions := 0
		for c, err := range feed {
			require.NoError(t, err)
			if versions += c.Len(); versions > 0 {
				break
			}
		}
		require.Equal(t, 1, versions)
	}
}
