package datastore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

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
		page, err := from.HistoryPage(ctx, ref, &opts)
		require.NoError(t, err)
		for _, v := range page.Versions {
			paged = append(paged, v.VersionID)
		}
		if opts.Page = page.Next; opts.Page == "" {
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
	page, err := store.HistoryPage(ctx, datastore.Ref{}, &datastore.HistoryOptions{Count: 1})
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
		_, err = store.HistoryPage(ctx, datastore.Ref{}, &datastore.HistoryOptions{Count: 1, Page: page.Next})
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

// A retained is a resource of the model of TestRetentionModel: its versions, oldest first.
type retained []retainedVersion

type retainedVersion struct {
	number   int
	sequence uint64 // of its commit
	json     string // "" of a deletion
}

// TestRetentionModel compares a store with a plain map, under random writes, compactions,
// purges, snapshots and openings.
func TestRetentionModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		path, err := os.MkdirTemp("", "retention")
		require.NoError(t, err)
		defer func(path string) { os.RemoveAll(path) }(path)
		options := &datastore.Options{Now: clock(), Key: datastore.KeyFile(filepath.Join(path, "key"))}
		path = filepath.Join(path, "store")
		store, err := datastore.Open(ctx, path, options)
		require.NoError(t, err)
		model := map[datastore.Ref]retained{}
		type held struct {
			snapshot *datastore.Snapshot
			sequence uint64
			current  map[datastore.Ref]string
		}
		var snapshots []held
		refs := []datastore.Ref{{Type: "Patient", ID: "a"}, {Type: "Patient", ID: "b"}, {Type: "Device", ID: "c"}, {Type: "Device", ID: "d"}}
		drawRef := rapid.SampledFrom(refs)
		count := 0
		current := func() map[datastore.Ref]string {
			all := map[datastore.Ref]string{}
			for ref, versions := range model {
				if last := versions[len(versions)-1]; last.json != "" {
					all[ref] = last.json
				}
			}
			return all
		}
		closeAll := func() {
			for _, s := range snapshots {
				s.snapshot.Close()
			}
			snapshots = nil
		}
		add := func(ref datastore.Ref, json string) {
			versions := model[ref]
			number := 1
			if len(versions) > 0 {
				number = versions[len(versions)-1].number + 1
			}
			snapshot := store.Snapshot()
			model[ref] = append(versions, retainedVersion{number, snapshot.Sequence(), json})
			snapshot.Close()
		}
		t.Repeat(map[string]func(*rapid.T){
			"put": func(t *rapid.T) {
				ref := drawRef.Draw(t, "ref")
				count++
				v, err := store.Update(ctx, fmt.Appendf(nil, `{"resourceType":"%s","id":"%s","language":"l%d"}`, ref.Type, ref.ID, count), datastore.Validation(datastore.StructureOnly))
				require.NoError(t, err)
				add(ref, string(v.JSON))
				require.Equal(t, strconv.Itoa(model[ref][len(model[ref])-1].number), v.VersionID)
			},
			"delete": func(t *rapid.T) {
				ref := drawRef.Draw(t, "ref")
				if _, ok := current()[ref]; !ok {
					t.Skip("it is not there")
				}
				require.NoError(t, store.Delete(ctx, ref))
				add(ref, "")
			},
			"compact": func(t *rapid.T) {
				patients, devices := rapid.IntRange(0, 3).Draw(t, "patients"), rapid.IntRange(0, 3).Draw(t, "devices")
				horizon := ^uint64(0)
				if len(snapshots) > 0 {
					horizon = snapshots[0].sequence
				}
				require.NoError(t, store.Compact(ctx, &datastore.Retention{Versions: patients, Types: map[string]datastore.Retention{"Device": {Versions: devices}}}, nil))
				for ref, versions := range model {
					keep := patients
					if ref.Type == "Device" {
						keep = devices
					}
					if keep == 0 {
						continue
					}
					for len(versions) > keep && versions[1].sequence <= horizon {
						versions = versions[1:]
					}
					model[ref] = versions
				}
			},
			"purge": func(t *rapid.T) {
				closeAll()
				ref := drawRef.Draw(t, "ref")
				err := store.Purge(ctx, ref)
				versions, ok := model[ref]
				if !ok {
					require.ErrorIs(t, err, datastore.ErrNotFound)
					return
				}
				require.NoError(t, err)
				if model[ref] = versions[len(versions)-1:]; model[ref][0].json == "" {
					delete(model, ref)
				}
			},
			"hold": func(t *rapid.T) {
				if len(snapshots) == 3 {
					snapshots[0].snapshot.Close()
					snapshots = snapshots[1:]
				}
				snapshot := store.Snapshot()
				snapshots = append(snapshots, held{snapshot, snapshot.Sequence(), current()})
			},
			"sweep": func(t *rapid.T) { require.NoError(t, store.SweepAll()) },
			"reopen": func(t *rapid.T) {
				if !rapid.Bool().Draw(t, "really") {
					t.Skip("not so often")
				}
				closeAll()
				require.NoError(t, store.Close())
				store, err = datastore.Open(ctx, path, options)
				require.NoError(t, err)
			},
			"": func(t *rapid.T) {
				all := 0
				for _, ref := range refs {
					versions, ok := model[ref]
					if !ok {
						_, err := store.Read(ctx, ref)
						require.ErrorIs(t, err, datastore.ErrNotFound)
						continue
					}
					all += len(versions)
					numbers := numbersOf(t, store, ref)
					require.Len(t, numbers, len(versions))
					for i, v := range versions {
						require.Equal(t, strconv.Itoa(v.number), numbers[len(numbers)-1-i])
						got, err := store.ReadVersion(ctx, ref, strconv.Itoa(v.number))
						if v.json == "" {
							require.ErrorIs(t, err, datastore.ErrGone)
							continue
						}
						require.NoError(t, err)
						require.Equal(t, v.json, string(got.JSON))
					}
					if oldest := versions[0].number; oldest > 1 {
						_, err := store.ReadVersion(ctx, ref, strconv.Itoa(oldest-1))
						require.ErrorIs(t, err, datastore.ErrNotFound)
					}
				}
				require.Len(t, numbersOf(t, store, datastore.Ref{}), all)
				for _, s := range snapshots {
					requireState(t, s.snapshot, refs, s.current)
				}
				requireState(t, store, refs, current())
			},
		})
		require.NoError(t, store.Verify(ctx))
		closeAll()
		require.NoError(t, store.Close())
	})
}

// requireState checks what is current, by id and by search.
func requireState(t require.TestingT, from datastore.Reader, refs []datastore.Ref, current map[datastore.Ref]string) {
	found := 0
	for _, typ := range []string{"Patient", "Device"} {
		page, err := from.Search(ctx, typ, "_count=10")
		require.NoError(t, err)
		for _, v := range page.Matches {
			require.Equal(t, current[v.Ref], string(v.JSON))
			found++
		}
	}
	require.Len(t, current, found)
	for _, ref := range refs {
		v, err := from.Read(ctx, ref)
		if current[ref] == "" {
			require.True(t, errors.Is(err, datastore.ErrNotFound) || errors.Is(err, datastore.ErrGone), "%v", err)
			continue
		}
		require.NoError(t, err)
		require.Equal(t, current[ref], string(v.JSON))
	}
	for v, err := range from.History(ctx, datastore.Ref{}, nil) {
		if errors.Is(err, datastore.ErrStalePage) {
			break
		}
		require.NoError(t, err)
		require.NotEmpty(t, v.VersionID)
	}
}
