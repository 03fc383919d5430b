package ingest_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// versioned returns a line with a version and a time, "" for none.
func versioned(id, family, version, updated string) string {
	meta := ""
	if version != "" {
		meta += `"versionId":"` + version + `",`
	}
	if updated != "" {
		meta += `"lastUpdated":"` + updated + `",`
	}
	if meta == "" {
		return patient(id, family)
	}
	return strings.Replace(patient(id, family), `,"name"`, `,"meta":{`+strings.TrimSuffix(meta, ",")+`},"name"`, 1)
}

// historyOf returns the history of a store, with times and without interactions.
func historyOf(t *testing.T, store *datastore.Store, ref datastore.Ref) (all []string) {
	t.Helper()
	for v, err := range store.History(ctx, ref, nil) {
		require.NoError(t, err)
		all = append(all, fmt.Sprint(v.Ref, v.VersionID, v.LastUpdated, v.Deleted, string(v.JSON)))
	}
	return all
}

// TestKeepVersions imports versions of a source, in parts, again, and ones that do not
// follow.
func TestKeepVersions(t *testing.T) {
	store := open(t, nil)
	keep := func(text string) (ingest.Result, []failure) {
		var report storetest.Sink
		result, err := run(t, store, ingest.Options{Reader: strings.NewReader(text), Report: &report, KeepVersions: true})
		require.NoError(t, err)
		require.Equal(t, result.Scanned, result.Imported+result.Failed())
		return result, readFailures(t, report.File("FAILURE/stdin"))
	}
	lines := []string{
		versioned("a", "One", "3", "2019-05-06T07:08:09.123+02:00"),
		versioned("a", "Two", "7", "2020-01-01T00:00:00Z"),
		versioned("b", "Old", "2", "1999-12-31T23:59:59.999999Z"),
		versioned("c", "Plain", "", ""),
		versioned("d", "Timed", "", "2001-02-03T04:05:06Z"),
		versioned("e", "Numbered", "12", ""),
	}
	result, failures := keep(strings.Join(lines, "\n"))
	require.EqualValues(t, 6, result.Imported)
	require.Empty(t, failures)
	require.Zero(t, result.Unchanged)
	for ref, want := range map[string]string{
		"a": `"meta":{"versionId":"7","lastUpdated":"2020-01-01T00:00:00.000000Z"}`, "b": `"meta":{"versionId":"2","lastUpdated":"1999-12-31T23:59:59.999999Z"}`,
		"c": `"meta":{"versionId":"1","lastUpdated":"2026-01-02T03:04:05.000000Z"}`, "d": `"meta":{"versionId":"1","lastUpdated":"2001-02-03T04:05:06.000000Z"}`,
		"e": `"meta":{"versionId":"12","lastUpdated":"2026-01-02T03:04:05.000000Z"}`,
	} {
		v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: ref})
		require.NoError(t, err)
		require.Contains(t, string(v.JSON), want)
	}
	first, err := store.ReadVersion(ctx, datastore.Ref{Type: "Patient", ID: "a"}, "3")
	require.NoError(t, err)
	require.Contains(t, string(first.JSON), `"lastUpdated":"2019-05-06T05:08:09.123000Z"`)
	for query, want := range map[string]int{
		"_lastUpdated=2020-01-01": 1, "_lastUpdated=lt2010": 2, "_lastUpdated=ge2026": 2, "_lastUpdated=2019": 0, "_lastUpdated=ne2026": 3,
	} {
		page, err := store.Search(ctx, "Patient", query)
		require.NoError(t, err)
		require.Equal(t, want, page.Total, query)
	}

	before := historyOf(t, store, datastore.Ref{})
	result, failures = keep(strings.Join(lines, "\n"))
	require.Empty(t, failures)
	require.EqualValues(t, 6, result.Unchanged)
	require.Equal(t, before, historyOf(t, store, datastore.Ref{}), "the same makes no new version")

	result, failures = keep(strings.Join([]string{
		versioned("a", "Three", "7", ""), versioned("a", "Two", "5", ""), "{bad", versioned("a", "Four", "8", "2019-12-31T00:00:00Z"), versioned("a", "Five", "8", "2100-01-01T00:00:00Z"),
		versioned("a", "Six", "mn3", ""), versioned("a", "Seven", "0", ""), versioned("a", "Eight", "1073741824", ""), versioned("a", "Nine", "8", ""), versioned("a", "Nine", "8", ""), versioned("a", "Ten", "8", ""),
	}, "\n"))
	require.EqualValues(t, 2, result.Imported)
	require.EqualValues(t, 1, result.Unchanged)
	statuses := map[int64]int{}
	for i, f := range failures {
		statuses[f.LineID] = f.Response.Status
		require.True(t, i == 0 || failures[i-1].LineID < f.LineID, "in the order of the lines")
	}
	require.Equal(t, map[int64]int{1: 409, 2: 409, 3: 400, 4: 409, 5: 409, 6: 400, 7: 400, 8: 400, 11: 409}, statuses)
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
	require.NoError(t, err)
	require.Equal(t, "8", v.VersionID)
	v, err = store.Update(ctx, []byte(patient("a", "Own")))
	require.NoError(t, err)
	require.Equal(t, "9", v.VersionID)
	require.NoError(t, store.Verify(ctx))
}

// TestKeepVersionsOfAnExport exports with history, imports elsewhere, and finds the same
// versions with the same times; again it makes nothing new.
func TestKeepVersionsOfAnExport(t *testing.T) {
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	opts := &datastore.Options{Now: func() time.Time { at = at.Add(1234567 * time.Microsecond); return at }}
	from, err := datastore.Open(ctx, "mem:", opts)
	require.NoError(t, err)
	defer from.Close()
	for n := range 40 {
		for id := range 5 {
			_, err := from.Update(ctx, []byte(patient(fmt.Sprint("p", id), fmt.Sprint("n", n/2)))) // twice the same
			require.NoError(t, err)
			_, err = from.Update(ctx, []byte(observationOf(fmt.Sprint("o", id), fmt.Sprint("Patient/p", n%5))))
			require.NoError(t, err)
		}
	}
	_, err = from.Update(ctx, []byte(`{"resourceType":"Bundle","id":"kept","type":"batch","entry":[{"request":{"method":"DELETE","url":"Patient/p1"}}]}`))
	require.NoError(t, err)
	require.NoError(t, from.Delete(ctx, datastore.Ref{Type: "Patient", ID: "p3"}))
	var out storetest.Sink
	job, err := export.Start(ctx, from, export.Options{To: &out, History: true})
	require.NoError(t, err)
	_, err = job.Wait()
	require.NoError(t, err)
	input := fstest.MapFS{}
	for _, name := range out.Names() {
		input[name] = &fstest.MapFile{Data: out.File(name)}
	}

	folder := t.TempDir()
	reopen := func() *datastore.Store {
		store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))})
		require.NoError(t, err)
		return store
	}
	store := reopen()
	want := historyOf(t, from, datastore.Ref{})
	for again := range 2 {
		result, err := run(t, store, ingest.Options{From: input, KeepVersions: true})
		require.NoError(t, err)
		require.Equal(t, ingest.Completed, result.Status)
		require.Zero(t, result.Failed())
		require.EqualValues(t, again*401, result.Unchanged)
		require.Equal(t, want, historyOf(t, store, datastore.Ref{}))
		require.NoError(t, store.Verify(ctx))
		require.NoError(t, store.Compact(ctx, nil, nil))
		require.NoError(t, store.Close())
		store = reopen()
		require.Equal(t, want, historyOf(t, store, datastore.Ref{}))
		require.NoError(t, store.Verify(ctx))
	}
	defer store.Close()
	for _, query := range []string{"_lastUpdated=lt" + at.Add(-time.Minute).Format(time.RFC3339Nano), "_sort=_lastUpdated&_count=1000"} {
		wanted, err := from.Search(ctx, "Observation", query)
		require.NoError(t, err)
		got, err := store.Search(ctx, "Observation", query)
		require.NoError(t, err)
		require.Equal(t, wanted.Total, got.Total)
		for i := range wanted.Matches {
			require.Equal(t, string(wanted.Matches[i].JSON), string(got.Matches[i].JSON))
		}
	}
}

// TestKeepVersionsResume stops an import again and again. Many of its versions are out of
// order. Counts and reports equal the counts and reports of an import that nobody stopped.
func TestKeepVersionsResume(t *testing.T) {
	input := fstest.MapFS{}
	for f := range 3 {
		var text strings.Builder
		for n := range 4000 {
			version := n + 1
			if n%7 == 3 {
				version = 1
			}
			text.WriteString(versioned(fmt.Sprint("p", f, n%50), strings.Repeat("x", 500)+fmt.Sprint(n), fmt.Sprint(version), fmt.Sprintf("2020-01-01T00:%02d:%02dZ", n/60%60, n%60)) + "\n")
		}
		input[fmt.Sprint(f, ".ndjson")] = &fstest.MapFile{Data: []byte(text.String())}
	}
	whole := open(t, nil)
	var report storetest.Sink
	want, err := run(t, whole, ingest.Options{From: input, KeepVersions: true, Report: &report})
	require.NoError(t, err)
	require.Greater(t, want.CustomerErrors, int64(1000))
	for _, stop := range []string{"cancel", "close"} {
		folder := t.TempDir()
		reopen := storeIn(t, folder)
		store := reopen()
		var again storetest.Sink
		result, rounds := interrupted(t, &store, func(round int, cancel func()) ingest.Options {
			n, cut := 800_000*round, cancel
			if stop == "close" {
				cut = func() { go store.Close() }
			}
			return ingest.Options{From: cutFS{input, &n, cut}, KeepVersions: true, Report: &again, Ahead: 1}
		}, func(string, ingest.Result, error) {
			require.NoError(t, store.Close())
			store = reopen()
		})
		require.Greater(t, rounds, 2)
		require.Equal(t, want.Counts, result.Counts)
		for name := range input {
			for _, folder := range []string{"FAILURE/", "SUCCESS/"} {
				require.Equal(t, reportLines(t, report.File(folder+name)), reportLines(t, again.File(folder+name)), folder+name)
			}
		}
		require.Equal(t, historyOf(t, whole, datastore.Ref{}), historyOf(t, store, datastore.Ref{}))
		require.Empty(t, store.StateNames("work/"))
		require.NoError(t, store.Verify(ctx))
		require.NoError(t, store.Close())
		require.NoError(t, os.RemoveAll(folder))
	}
}
