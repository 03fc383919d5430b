package datastore_test

import (
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/txlog/txlogtest"
)

// damagedAnswers asks a store of eraseStory everything. An answer that fails is
// "damaged"; it fails with ErrCorrupt alone.
func damagedAnswers(t *testing.T, store *datastore.Store) (answers []string) {
	t.Helper()
	add := func(answer string, err error) {
		if err != nil {
			require.ErrorIs(t, err, datastore.ErrCorrupt)
			answer = "damaged"
		}
		answers = append(answers, answer)
	}
	for _, query := range []string{
		"Patient?", "Patient?family=queen", "Patient?family=" + marker, "Observation?", "Observation?patient=Patient/q", "Observation?subject=Patient/p",
		"Observation?_content=" + marker, "Condition?", "DocumentReference?_sort=_lastUpdated", "Group?member=Patient/q", "Organization?name=clinic", "Encounter?_text=" + marker,
	} {
		typ, query, _ := strings.Cut(query, "?")
		page, err := store.Search(ctx, typ, query)
		answer := ""
		if err == nil {
			for _, v := range page.Matches {
				answer += fmt.Sprint(v.Ref, v.VersionID, string(v.JSON))
			}
		}
		add(answer, err)
	}
	answer, failed := "", error(nil)
	for v, err := range store.History(ctx, datastore.Ref{}, nil) {
		if failed = err; err != nil {
			break
		}
		answer += fmt.Sprint(v.Ref, v.VersionID, v.Deleted, v.LastUpdated, string(v.JSON))
	}
	add(answer, failed)
	return answers
}

// A damage is what was done to the files of a store.
type damage struct {
	what string
	do   func(files map[string][]byte)
}

// damages returns the damages of each file: flipped bits, cuts, the removal of the file,
// bytes behind its end, its older content, and the content of another store's file.
func damages(rng *rand.Rand, files, old, foreign map[string][]byte) (all []damage) {
	add := func(name, what string, content []byte) {
		all = append(all, damage{name + " " + what, func(files map[string][]byte) {
			if files[name] = content; content == nil {
				delete(files, name)
			}
		}})
	}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		content := files[name]
		if len(content) == 0 {
			continue
		}
		flips, cuts := min(longrun.Of(12, 1500), len(content)), min(longrun.Of(6, 500), len(content))
		for i := range flips {
			at := i
			if flips < len(content) {
				at = rng.IntN(len(content))
			}
			flipped := slices.Clone(content)
			flipped[at] ^= 1 << rng.IntN(8)
			add(name, fmt.Sprint("flipped at ", at), flipped)
		}
		for i := range cuts {
			at := i
			if cuts < len(content) {
				at = rng.IntN(len(content))
			}
			add(name, fmt.Sprint("cut at ", at), content[:at:at])
		}
		add(name, "removed", nil)
		add(name, "longer", append(slices.Clone(content), 0))
		if old[name] != nil && string(old[name]) != string(content) {
			add(name, "as it was", old[name])
		}
		if foreign[name] != nil {
			add(name, "of another store", foreign[name])
		}
	}
	return all
}

// TestDamage damages the files of a small store with a checkpoint. Opening it reports an
// error of its class, or each answer is right or ErrCorrupt. Where all are right, nothing
// that is written afterwards is lost.
func TestDamage(t *testing.T) {
	base, old := faultBase(t)
	_, foreign := faultBase(t)
	d := txlogtest.DiskOf(old)
	store, err := base.open(d, 0)
	require.NoError(t, err)
	putAll(t, store, `{"resourceType":"Organization","id":"o2","name":"Clinic two"}`)
	require.NoError(t, store.RotateKey(ctx, nil))
	require.NoError(t, store.Close())
	store, err = base.open(d, 0) // a checkpoint is of the keys that are there when a store is opened
	require.NoError(t, err)
	require.NoError(t, store.Checkpoint())
	putAll(t, store, `{"resourceType":"Organization","id":"o3","name":"Clinic three"}`)
	want := damagedAnswers(t, store)
	require.NotContains(t, want, "damaged")
	require.NoError(t, store.Close())
	files := d.Files()
	store, err = base.open(txlogtest.DiskOf(files), 0)
	require.NoError(t, err)
	require.True(t, store.Restored())
	require.NoError(t, store.Close())
	var counts longrun.Counts
	for _, harm := range damages(rand.New(rand.NewPCG(11, 12)), files, old, foreign) {
		damaged := maps.Clone(files)
		harm.do(damaged)
		d := txlogtest.DiskOf(damaged)
		store, err := base.open(d, 0)
		if err != nil {
			noticed := slices.ContainsFunc([]error{datastore.ErrCorrupt, datastore.ErrForeign, datastore.ErrWrongKey, datastore.ErrUnsupported, datastore.ErrNoStore}, func(class error) bool { return errors.Is(err, class) })
			require.True(t, noticed, "%s: %v", harm.what, err)
			counts.Add("damages noticed at opening")
			continue
		}
		got := damagedAnswers(t, store)
		require.Len(t, got, len(want))
		bad := 0
		for i, answer := range got {
			if answer == "damaged" {
				bad++
			} else if answer != want[i] {
				t.Fatalf("%s: answer %d is wrong", harm.what, i)
			}
		}
		if err := store.Verify(ctx); err != nil {
			require.ErrorIs(t, err, datastore.ErrCorrupt, harm.what)
			bad++
		}
		if bad > 0 {
			counts.Add("noticed later")
			_ = store.Close()
			continue
		}
		counts.Add("harmless")
		putAll(t, store, `{"resourceType":"Patient","id":"later"}`, `{"resourceType":"Observation","id":"later","status":"final","code":{"text":"x"},"subject":{"reference":"Patient/later"}}`)
		require.NoError(t, store.Close(), harm.what)
		store, err = base.open(txlogtest.DiskOf(d.Files()), 0)
		require.NoError(t, err, harm.what)
		for _, typ := range []string{"Patient", "Observation"} {
			_, err = store.Read(ctx, datastore.Ref{Type: typ, ID: "later"})
			require.NoError(t, err, harm.what)
		}
		require.NoError(t, store.Close())
	}
	counts.Tell(t)
}
