package datastore_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/datastore"
)

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
		defer func() { store.Close() }() // also where no further step can be drawn
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
