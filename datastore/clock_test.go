package datastore_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// TestClockThatJumps has a clock jump ahead and back. Times never fall, and never pass
// the clock by more than a minute; what cannot be written as an instant is an error of
// that write. The store goes on once the clock is right, and opens again.
func TestClockThatJumps(t *testing.T) {
	right := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)
	for name, test := range map[string]struct {
		shows time.Time
		want  error
	}{
		"year 20000":           {time.Date(20000, 1, 1, 0, 0, 0, 0, time.UTC), datastore.ErrClock},
		"year 10000":           {time.Date(10000, 1, 1, 0, 0, 0, 0, time.UTC), datastore.ErrClock},
		"year 10000 in a zone": {time.Date(9999, 12, 31, 23, 0, 0, 0, time.FixedZone("", -2*3600)), datastore.ErrClock},
		"year 0":               {time.Date(0, 12, 31, 0, 0, 0, 0, time.UTC), datastore.ErrClock},
		"before our era":       {time.Date(-300_000, 1, 1, 0, 0, 0, 0, time.UTC), datastore.ErrClock},
		"beyond microseconds":  {time.Date(400_000, 1, 1, 0, 0, 0, 0, time.UTC), datastore.ErrClock},
		"no time":              {time.Time{}, datastore.ErrClock},
		"an hour back":         {right.Add(-time.Hour), datastore.ErrClock},
		"half a minute back":   {right.Add(-30 * time.Second), nil},
		"an hour ahead":        {right.Add(time.Hour), nil},
	} {
		t.Run(name, func(t *testing.T) {
			now := right
			path := filepath.Join(t.TempDir(), "store")
			options := &datastore.Options{Key: datastore.KeyFile(filepath.Join(t.TempDir(), "key")), Now: func() time.Time { return now }}
			store, err := datastore.Open(ctx, path, options)
			require.NoError(t, err)
			first, err := store.Update(ctx, patient("a", "Ann"))
			require.NoError(t, err)
			now = test.shows
			v, err := store.Update(ctx, patient("a", "Bob"))
			require.ErrorIs(t, err, test.want)
			last := first.LastUpdated
			if test.want == nil {
				require.False(t, v.LastUpdated.Before(first.LastUpdated))
				last = v.LastUpdated
			} else {
				require.Equal(t, 503, datastore.Status(err))
				_, err = store.Transact(ctx, bundleOf("transaction", entry("PUT", "Patient/a", "", string(patient("a", "Bob")))))
				require.ErrorIs(t, err, test.want)
				require.ErrorIs(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "a"}), test.want)
			}
			_, err = store.Search(ctx, "Patient", "birthdate=ap2000&_lastUpdated=ap2026")
			require.NoError(t, err)
			store.SweepOld()

			now = last.Add(time.Second)
			v, err = store.Update(ctx, patient("a", "Cid"))
			require.NoError(t, err)
			require.Equal(t, now, v.LastUpdated)
			require.NoError(t, store.Close())
			store, err = datastore.Open(ctx, path, options)
			require.NoError(t, err)
			require.NoError(t, store.Verify(ctx))
			last = time.Time{}
			for c, err := range store.Changes(ctx, 0) {
				require.NoError(t, err)
				require.False(t, c.Time.Before(last))
				last = c.Time
				if c.Time.Equal(now) {
					break
				}
			}
			require.NoError(t, store.Close())
		})
	}
}
