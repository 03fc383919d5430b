package datastore_test

import (
	"slices"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// TestSelect selects what a search finds, all at once, in the order of the log.
func TestSelect(t *testing.T) {
	store := open(t, nil)
	for _, id := range []string{"c", "a", "b", "d"} {
		_, err := store.Update(ctx, patient(id, "Ann"))
		require.NoError(t, err)
	}
	_, err := store.Update(ctx, []byte(`{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/a"}}`))
	require.NoError(t, err)
	_, err = store.Update(ctx, patient("c", "Ann")) // now the last
	require.NoError(t, err)
	_, err = store.Update(ctx, patient("b", "Bea"))
	require.NoError(t, err)
	snapshot := store.Snapshot()
	selected := func(typ, query string, opts ...datastore.SearchOption) (ids []string) {
		found, err := snapshot.Select(ctx, typ, query, opts...)
		require.NoError(t, err, query)
		for o := range found {
			ids = append(ids, snapshot.Describe(o).ID)
		}
		var again []string
		for o := range found {
			again = append(again, snapshot.Describe(o).ID)
			if len(again) == len(ids) {
				break
			}
		}
		require.Equal(t, ids, again, "it can be iterated over again")
		return ids
	}
	require.Equal(t, []string{"a", "d", "c"}, selected("Patient", "name=ann"))
	require.Equal(t, []string{"a", "d", "c"}, selected("Patient", "name=ann&_count=1&_sort=-_id"), "pages and order change nothing")
	require.Equal(t, []string{"a", "d", "o", "c", "b"}, selected("", ""))
	require.Equal(t, []string{"a", "o"}, selected("", "_type=Patient,Observation", datastore.InCompartment(datastore.Ref{Type: "Patient", ID: "a"})))
	require.Empty(t, selected("Patient", "name=nobody"))
	require.Empty(t, selected("Device", ""))

	for _, query := range []string{"_include=Patient:organization", "_revinclude=Observation:subject", "_summary=true", "_elements=name", "_contained=true", "_explain=true", "_summary=count"} {
		_, err := snapshot.Select(ctx, "Patient", query)
		require.ErrorIs(t, err, datastore.ErrInvalid, query)
	}
	page, err := snapshot.Search(ctx, "Patient", "_count=1")
	require.NoError(t, err)
	_, err = snapshot.Select(ctx, "Patient", page.Next)
	require.ErrorIs(t, err, datastore.ErrInvalid)
	_, err = snapshot.Select(ctx, "Patient", "nonsense=1")
	require.ErrorIs(t, err, datastore.ErrInvalid)
	_, err = snapshot.Select(ctx, "Nonsense", "")
	require.ErrorIs(t, err, datastore.ErrInvalid)

	// What was selected outlasts the snapshot, and what is written later is not in it.
	found, err := snapshot.Select(ctx, "Patient", "name=ann")
	require.NoError(t, err)
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "a"}))
	require.Equal(t, []string{"a", "d", "c"}, selected("Patient", "name=ann"))
	snapshot.Close()
	require.Len(t, slices.Collect(found), 3)
	require.NoError(t, store.SweepAll())
	require.Len(t, slices.Collect(found), 3)
	_, err = snapshot.Select(ctx, "Patient", "name=ann")
	require.ErrorIs(t, err, datastore.ErrStalePage)
}
