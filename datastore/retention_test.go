package datastore_test

import (
	"fmt"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// TestCompactVersions removes versions by number, by age and by type.
func TestCompactVersions(t *testing.T) {
	for _, c := range []struct {
		name            string
		keep            datastore.Retention
		patient, device []string // versions that stay
	}{
		{"all", datastore.Retention{}, []string{"5", "4", "3", "2", "1"}, []string{"3", "2", "1"}},
		{"one", datastore.Retention{Versions: 1}, []string{"5"}, []string{"3"}},
		{"two", datastore.Retention{Versions: 2}, []string{"5", "4"}, []string{"3", "2"}},
		{"more than there are", datastore.Retention{Versions: 9}, []string{"5", "4", "3", "2", "1"}, []string{"3", "2", "1"}},
		{"age", datastore.Retention{Age: 3 * time.Second}, []string{"5"}, []string{"3", "2", "1"}},
		{"either", datastore.Retention{Versions: 2, Age: 3 * time.Second}, []string{"5", "4"}, []string{"3", "2", "1"}},
		{"one type", datastore.Retention{Types: map[string]datastore.Retention{"Device": {Versions: 1}}}, []string{"5", "4", "3", "2", "1"}, []string{"3"}},
		{"all but one type", datastore.Retention{Versions: 1, Types: map[string]datastore.Retention{"Device": {}}}, []string{"5"}, []string{"3", "2", "1"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			path, options := filepath.Join(t.TempDir(), "store"), &datastore.Options{Now: clock(), Key: datastore.KeyFile(filepath.Join(t.TempDir(), "key"))}
			store, err := datastore.Open(ctx, path, options)
			require.NoError(t, err)
			for i := range 5 {
				_, err = store.Update(ctx, patient("a", fmt.Sprint("Family", i)))
				require.NoError(t, err)
			}
			for i := range 2 {
				_, err = store.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Device","id":"d","serialNumber":"%d"}`, i))
				require.NoError(t, err)
			}
			require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Device", ID: "d"}))
			require.NoError(t, store.Compact(ctx, &c.keep, nil))
			check := func() {
				require.Equal(t, c.patient, numbersOf(t, store, datastore.Ref{Type: "Patient", ID: "a"}))
				require.Equal(t, c.device, numbersOf(t, store, datastore.Ref{Type: "Device", ID: "d"}))
				require.Len(t, numbersOf(t, store, datastore.Ref{}), len(c.patient)+len(c.device))
				require.Len(t, numbersOf(t, store, datastore.Ref{Type: "Patient"}), len(c.patient))
				for n := 1; n < 5; n++ {
					v, err := store.ReadVersion(ctx, datastore.Ref{Type: "Patient", ID: "a"}, strconv.Itoa(n))
					if 5-n < len(c.patient) {
						require.NoError(t, err)
						require.Contains(t, string(v.JSON), fmt.Sprint("Family", n-1))
						continue
					}
					require.ErrorIs(t, err, datastore.ErrNotFound)
				}
				stats, err := store.Stats()
				require.NoError(t, err)
				require.Equal(t, len(c.patient)+len(c.device), stats.Versions)
				require.NoError(t, store.Verify(ctx))
			}
			check()
			require.NoError(t, store.Close())
			store, err = datastore.Open(ctx, path, options)
			require.NoError(t, err)
			check()
			v, err := store.Update(ctx, patient("a", "Last"))
			require.NoError(t, err)
			require.Equal(t, "6", v.VersionID)
			v, err = store.Update(ctx, []byte(`{"resourceType":"Device","id":"d"}`))
			require.NoError(t, err)
			require.Equal(t, "4", v.VersionID)
			require.NoError(t, store.Verify(ctx))
			require.NoError(t, store.Close())
		})
	}
}

// numbersOf returns the version ids of a history, after it was compared with its pages.
func numbersOf(t require.TestingT, from datastore.Reader, ref datastore.Ref) (numbers []string) {
	for v, err := range from.History(ctx, ref, nil) {
		require.NoError(t, err)
		numbers = append(numbers, v.VersionID)
	}
	var paged []string
	for opts := (datastore.HistoryOptions{Count: 2}); ; {
		versions, next, err := from.HistoryPage(ctx, ref, &opts)
		require.NoError(t, err)
		for _, v := range versions {
			paged = append(paged, v.VersionID)
		}
		if opts.Page = next; opts.Page == "" {
			break
		}
	}
	require.Equal(t, numbers, paged)
	return numbers
}

func TestRetentionRefused(t *testing.T) {
	store := open(t, nil)
	for _, keep := range []datastore.Retention{
		{Versions: -1},
		{Age: -1},
		{Types: map[string]datastore.Retention{"Nothing": {}}},
		{Types: map[string]datastore.Retention{"Patient": {Versions: -1}}},
		{Types: map[string]datastore.Retention{"Patient": {Types: map[string]datastore.Retention{}}}},
	} {
		require.ErrorIs(t, store.Compact(ctx, &keep, nil), datastore.ErrInvalid)
	}
	require.ErrorIs(t, store.Purge(ctx, datastore.Ref{Type: "Nothing", ID: "a"}), datastore.ErrInvalid)
	require.ErrorIs(t, store.Purge(ctx, datastore.Ref{Type: "Patient", ID: "a"}), datastore.ErrNotFound)
	require.ErrorIs(t, store.Purge(ctx, datastore.Ref{Type: "Patient"}), datastore.ErrNotFound)
}

// TestPurge removes the history of one resource, and all of another that is deleted.
func TestPurge(t *testing.T) {
	path, options := filepath.Join(t.TempDir(), "store"), &datastore.Options{Now: clock(), Key: datastore.KeyFile(filepath.Join(t.TempDir(), "key"))}
	store, err := datastore.Open(ctx, path, options)
	require.NoError(t, err)
	a, b := datastore.Ref{Type: "Patient", ID: "a"}, datastore.Ref{Type: "Patient", ID: "b"}
	for i := range 3 {
		for _, ref := range []datastore.Ref{a, b} {
			_, err = store.Update(ctx, patient(ref.ID, fmt.Sprint("Family", i)))
			require.NoError(t, err)
		}
	}
	_, next, err := store.HistoryPage(ctx, datastore.Ref{}, &datastore.HistoryOptions{Count: 1})
	require.NoError(t, err)
	found, err := store.Search(ctx, "Patient", "_count=1")
	require.NoError(t, err)
	require.NoError(t, store.Delete(ctx, b))
	require.NoError(t, store.Purge(ctx, a))
	require.NoError(t, store.Purge(ctx, b))
	check := func() {
		require.Equal(t, []string{"3"}, numbersOf(t, store, a))
		require.Equal(t, []string{"3"}, numbersOf(t, store, datastore.Ref{}))
		_, err := store.Read(ctx, b)
		require.ErrorIs(t, err, datastore.ErrNotFound)
		require.ErrorIs(t, store.Purge(ctx, b), datastore.ErrNotFound)
		require.NoError(t, store.Purge(ctx, a), "there is nothing left")
		_, _, err = store.HistoryPage(ctx, datastore.Ref{}, &datastore.HistoryOptions{Count: 1, Page: next})
		require.ErrorIs(t, err, datastore.ErrStalePage)
		_, err = store.Search(ctx, "Patient", found.Next)
		require.ErrorIs(t, err, datastore.ErrStalePage)
		require.NoError(t, store.Verify(ctx))
	}
	check()
	require.NoError(t, store.Close())
	store, err = datastore.Open(ctx, path, options)
	require.NoError(t, err)
	check()
	v, err := store.Update(ctx, patient("b", "Again"))
	require.NoError(t, err)
	require.Equal(t, "1", v.VersionID)
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())
}

// TestPurgeEndsHolds purges a resource that a snapshot sees.
func TestPurgeEndsHolds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store, err := datastore.Open(ctx, "mem:", nil)
		require.NoError(t, err)
		defer func() {
			require.NoError(t, store.Close())
			time.Sleep(2 * time.Second) // of the bubble: buntdb's own goroutine ends
		}()
		ref := datastore.Ref{Type: "Patient", ID: "a"}
		_, err = store.Update(ctx, patient("a", "Family"))
		require.NoError(t, err)
		snapshot := store.Snapshot()
		defer snapshot.Close()
		require.NoError(t, store.Delete(ctx, ref))
		begun := time.Now()
		require.NoError(t, store.Purge(ctx, ref))
		require.Greater(t, time.Since(begun), time.Second)
		require.Less(t, time.Since(begun), 10*time.Second)
		_, err = snapshot.Read(ctx, ref)
		require.ErrorIs(t, err, datastore.ErrStalePage)
		_, err = snapshot.ReadVersion(ctx, ref, "1")
		require.ErrorIs(t, err, datastore.ErrStalePage)
		_, err = snapshot.Search(ctx, "Patient", "family=Family")
		require.ErrorIs(t, err, datastore.ErrStalePage)
		for _, err := range snapshot.History(ctx, datastore.Ref{}, nil) {
			require.ErrorIs(t, err, datastore.ErrStalePage)
		}
		require.NoError(t, store.Verify(ctx))
	})
}

// TestChangesAfterCompact asks for commits that lost a version.
func TestChangesAfterCompact(t *testing.T) {
	store := open(t, nil)
	for i := range 4 {
		_, err := store.Update(ctx, patient("a", fmt.Sprint("Family", i)))
		require.NoError(t, err)
	}
	require.NoError(t, store.Compact(ctx, &datastore.Retention{Versions: 1}, nil))
	first := func(after uint64) (uint64, error) {
		for c, err := range store.Changes(ctx, after) {
			n := 0
			for v, err := range c.Versions(ctx) {
				require.NoError(t, err)
				require.Equal(t, "4", v.VersionID)
				n++
			}
			if n > 0 || err != nil {
				return c.Sequence, err
			}
		}
		return 0, nil
	}
	last := store.Snapshot().Sequence()
	sequence, err := first(0)
	require.NoError(t, err)
	_, err = first(1)
	require.ErrorIs(t, err, datastore.ErrStalePage)
	again, err := first(sequence - 1)
	require.NoError(t, err)
	require.Equal(t, sequence, again)
	require.Less(t, sequence, last)
}

// TestCompactSize compares a store that lost versions with one that never had them.
func TestCompactSize(t *testing.T) {
	lines := synthetic(8)
	folder := t.TempDir()
	sizes := map[string]int64{}
	for _, name := range []string{"compacted", "fresh"} {
		path := filepath.Join(folder, name)
		store, err := datastore.Open(ctx, path, &datastore.Options{Key: datastore.KeyFile(filepath.Join(t.TempDir(), "key"))})
		require.NoError(t, err)
		require.NoError(t, importLines(store, lines))
		if name == "compacted" {
			for range 3 {
				for i := 0; i < len(lines); i += 7 {
					_, err := store.Update(ctx, lines[i])
					require.NoError(t, err)
				}
			}
			require.NoError(t, store.Compact(ctx, &datastore.Retention{Versions: 1}, nil))
		}
		require.NoError(t, store.Close())
		sizes[name] = diskSize(t, path)
	}
	require.Less(t, sizes["compacted"]*10, sizes["fresh"]*11)
}
