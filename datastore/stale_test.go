package datastore_test

import (
	"fmt"
	"regexp"
	"strconv"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// TestStaleFeedSaysWhereToGoOn follows a feed from before versions were removed: the error
// names the first position from which it goes on, and nothing is missing behind it.
func TestStaleFeedSaysWhereToGoOn(t *testing.T) {
	store := open(t, nil)
	for i := range 4 {
		for _, id := range []string{"a", "b"} {
			_, err := store.Update(ctx, patient(id, fmt.Sprint("Family", i)))
			require.NoError(t, err)
		}
	}
	follow := func(after uint64) (versions map[string]int, last uint64, err error) {
		versions = map[string]int{}
		snapshot := store.Snapshot()
		defer snapshot.Close()
		for c, err := range snapshot.Changes(ctx, after) {
			if err != nil {
				return versions, last, err
			}
			last = c.Sequence
			for v, err := range c.Versions(ctx) {
				require.NoError(t, err)
				versions[v.Ref.ID+v.VersionID]++
			}
		}
		return versions, last, nil
	}
	want, end, err := follow(5)
	require.NoError(t, err)
	require.Len(t, want, 3)
	require.NoError(t, store.Purge(ctx, datastore.Ref{Type: "Patient", ID: "a"}))
	for i := range 4 {
		_, err := store.Update(ctx, patient("c", fmt.Sprint("Family", i)))
		require.NoError(t, err)
	}
	named := regexp.MustCompile(`goes on after commit (\d+), or begins anew after 0`)
	first := func(after uint64) uint64 {
		_, _, err := follow(after)
		require.ErrorIs(t, err, datastore.ErrStalePage)
		found := named.FindStringSubmatch(err.Error())
		require.NotNil(t, found, err)
		n, err := strconv.ParseUint(found[1], 10, 64)
		require.NoError(t, err)
		return n
	}
	at := first(1)
	require.Less(t, at, end)
	_, _, err = follow(at - 1)
	require.ErrorIs(t, err, datastore.ErrStalePage, "a position before is too old")
	require.Equal(t, at, first(at-1))
	rest, _, err := follow(at)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"b3": 1, "a4": 1, "b4": 1, "c1": 1, "c2": 1, "c3": 1, "c4": 1}, rest)
	all, _, err := follow(0)
	require.NoError(t, err)
	require.Equal(t, map[string]int{"a4": 1, "b1": 1, "b2": 1, "b3": 1, "b4": 1, "c1": 1, "c2": 1, "c3": 1, "c4": 1}, all)

	// The store's own feed says the same.
	for _, err := range store.Changes(ctx, 1) {
		require.ErrorIs(t, err, datastore.ErrStalePage)
		require.Regexp(t, named, err.Error())
	}
}

// TestStaleErrorsSayWhatToDo asks for what the store has removed, in each way.
func TestStaleErrorsSayWhatToDo(t *testing.T) {
	now := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	store := open(t, &datastore.Options{Now: func() time.Time { return now }})
	a := datastore.Ref{Type: "Patient", ID: "a"}
	write := func(families ...string) {
		for _, family := range families {
			for _, id := range []string{"a", "b", "c"} {
				_, err := store.Update(ctx, patient(id, family))
				require.NoError(t, err)
			}
		}
	}
	write("X", "Y")
	_, history, err := store.HistoryPage(ctx, a, &datastore.HistoryOptions{Count: 1})
	require.NoError(t, err)
	found, err := store.Search(ctx, "Patient", "family=Y&_count=1")
	require.NoError(t, err)
	snapshot := store.Snapshot()
	sequence := snapshot.Sequence()
	snapshot.Close()
	write("Z")
	now = now.Add(datastore.PageGrace() + time.Hour)
	store.SweepOld()
	require.NotZero(t, store.Swept())
	_, bySearch := store.Search(ctx, "Patient", found.Next)
	_, _, byHistory := store.HistoryPage(ctx, a, &datastore.HistoryOptions{Count: 1, Page: history})
	_, bySnapshot := snapshot.Search(ctx, "Patient", "family=Y")
	_, bySelect := snapshot.Select(ctx, "Patient", "family=Y")
	_, atSequence := store.SnapshotAt(sequence)
	for name, c := range map[string]struct {
		err error
		say string
	}{
		"page of a search":        {bySearch, "repeat the search without it, from its first page on"},
		"page of a history":       {byHistory, "ask for the history again without it, from its first page on"},
		"search of a snapshot":    {bySnapshot, "repeat the search on a newer state"},
		"selection of a snapshot": {bySelect, "repeat the search on a newer state"},
		"snapshot of a sequence":  {atSequence, "take a new snapshot"},
	} {
		require.ErrorIs(t, c.err, datastore.ErrStalePage, name)
		require.ErrorContains(t, c.err, c.say, name)
		require.Equal(t, 410, datastore.Status(c.err), name)
		require.Contains(t, string(datastore.Outcome(c.err)), c.say, "%s: a client is told as well", name)
	}
}
