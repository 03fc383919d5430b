package ingest_test

import (
	"context"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/jobs"
	"github.com/stretchr/testify/require"
)

// TestCancelInACommit cancels a job while a chunk is being committed: what was not
// written is not counted, and is imported by who goes on.
func TestCancelInACommit(t *testing.T) {
	input := fstest.MapFS{"a.ndjson": {Data: synthetic(t, 12)}}
	whole := open(t, nil)
	want, err := run(t, whole, ingest.Options{From: input})
	require.NoError(t, err)
	for at := range 8 {
		running, cancel := context.WithCancel(ctx)
		asked := 0
		store, err := datastore.Open(ctx, "mem:", &datastore.Options{Now: func() time.Time {
			if asked++; asked == at {
				cancel()
			}
			return now()
		}})
		require.NoError(t, err)
		job, err := ingest.Start(running, store, ingest.Options{From: input})
		if err != nil { // before the job was in the register
			require.ErrorIs(t, err, context.Canceled)
			require.NoError(t, store.Close())
			continue
		}
		result, err := job.Wait()
		if err != nil {
			require.ErrorIs(t, err, context.Canceled)
			if _, err := jobs.Get(ctx, store, job.ID()); err != nil {
				require.ErrorIs(t, err, jobs.ErrNotFound) // the store did not take the job
				require.NoError(t, store.Close())
				continue
			}
			job, err = ingest.Resume(ctx, store, job.ID(), ingest.Options{From: input})
			require.NoError(t, err)
			result, err = job.Wait()
			require.NoError(t, err)
		}
		require.Equal(t, want.Counts, result.Counts, at)
		require.Equal(t, len(contents(t, whole)), len(contents(t, store)), at)
		cancel()
		require.NoError(t, store.Close())
	}
}
