package datastore_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

// TestEraseAgain erases a patient on a disk that fails once, and again in the same process.
// The second call, and one for another patient, finishes what the first began.
func TestEraseAgain(t *testing.T) {
	base, files := faultBase(t)
	clean := txlogtest.DiskOf(files)
	store, err := base.open(clean, 0)
	require.NoError(t, err)
	before := clean.Done()
	all, err := store.Erase(ctx, "p")
	require.NoError(t, err)
	ops := clean.Done() - before
	require.NoError(t, store.Close())
	var counts longrun.Counts
	for at := 1; at <= ops; at += longrun.Of(2, 1) {
		for _, patient := range []string{"p", "q"} {
			d := txlogtest.DiskOf(files)
			store, err := base.open(d, 0)
			require.NoError(t, err)
			d.FailIn(at)
			_, err = store.Erase(ctx, "p")
			if err != nil && store.Writable() == nil {
				_, gone := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "p"})
				others, err := store.Erase(ctx, patient)
				require.NoError(t, err, "%s failed", d.Failed)
				if patient == "p" {
					require.ElementsMatch(t, all, others, "%s failed", d.Failed)
					_, err = store.Erase(ctx, "p")
					require.ErrorIs(t, err, datastore.ErrErased)
				}
				if patient == "p" || gone != nil {
					log, err := txlog.Open(ctx, "", &txlog.Options{FS: d, Wrapper: base.key, ReadOnly: true})
					require.NoError(t, err)
					require.NotContains(t, string(textOf(t, log)), marker, "%s failed", d.Failed)
					require.NoError(t, log.Close())
					counts.Add("erasures that went on")
				}
				require.NoError(t, store.Verify(ctx))
			}
			_ = store.Close() // its error is the fault's
		}
	}
	require.NotZero(t, counts.Of("erasures that went on"))
	counts.Tell(t)
}
