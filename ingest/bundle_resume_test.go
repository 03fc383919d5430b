package ingest_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// bundles are files of entries that refer to one another across files. Some entries are
// bad. The first file is too long to be held in memory.
func bundles(entries int) fstest.MapFS {
	folder := fstest.MapFS{}
	for f, name := range []string{"a.json", "b.json.gz", "c.ndjson"} {
		var all []string
		for n := range entries {
			this, other := f*entries+n, (f*entries+n*7+entries/2)%(3*entries)
			all = append(all, entryOf("urn:uuid:"+uuid(this), `{"resourceType":"Patient","name":[{"family":"`+strings.Repeat("x", 900)+`"}],"link":[{"type":"seealso","other":{"reference":"urn:uuid:`+uuid(other)+`"}}]}`, "POST", "Patient"))
			switch n % 500 {
			case 3:
				all = append(all, entryOf("", `{"resourceType":"Patient","id":"bad","gender":7}`, "", ""))
			case 5:
				all = append(all, entryOf("", observationOf(fmt.Sprint("lost", this), "urn:uuid:"+uuid(1e9)), "", ""))
			case 7:
				all = append(all, entryOf("", "", "DELETE", "Patient/never"))
			}
		}
		text := bundleOf("transaction", all...)
		switch {
		case strings.HasSuffix(name, ".gz"):
			folder[name] = &fstest.MapFile{Data: compressed(text)}
		case strings.HasSuffix(name, ".ndjson"):
			var lines []string
			for part := 0; part < len(all); part += 700 {
				lines = append(lines, strings.ReplaceAll(bundleOf("batch", all[part:min(part+700, len(all))]...), "\n", ""), "", patient(fmt.Sprint("line", part), "x"))
			}
			folder[name] = &fstest.MapFile{Data: []byte(strings.Join(lines, "\n"))}
		default:
			folder[name] = &fstest.MapFile{Data: []byte(text)}
		}
	}
	return folder
}

// TestBundlesResume stops an import in the midst of Bundles, by cancelling it and by
// closing its store, and goes on.
func TestBundlesResume(t *testing.T) {
	entries := 8_000
	if testing.Short() {
		entries = 1_000 // not enough for a file that is read twice, but for all that runs side by side
	}
	input := bundles(entries)
	require.Equal(t, !testing.Short(), len(input["a.json"].Data) > 8<<20)
	whole := open(t, nil)
	options := ingest.Options{From: input, Bundles: ingest.UnpackBundles}
	report := new(storetest.Sink)
	options.Report = report
	want, err := run(t, whole, options)
	require.NoError(t, err)
	each := 3 * entries / 500 // of the bad entries, of the lost ones, of the deletions
	require.EqualValues(t, 3*entries+3*each+lines(input), want.Scanned)
	require.EqualValues(t, 2*each, want.CustomerErrors)

	reopen := storeIn(t, t.TempDir())
	store := reopen()
	again := new(storetest.Sink)
	result, rounds := interrupted(t, &store, func(round int, cancel func()) ingest.Options {
		n, cut := 500*entries*round, cancel
		if round%2 == 0 {
			cut = func() { go store.Close() }
		}
		return ingest.Options{From: cutFS{input, &n, cut}, Bundles: ingest.UnpackBundles, Report: again}
	}, func(string, ingest.Result, error) {
		require.NoError(t, store.Close())
		store = reopen()
	})
	defer store.Close()
	require.Greater(t, rounds, 4)
	require.Equal(t, want.Counts, result.Counts)
	require.Equal(t, want.Status, result.Status)
	for name := range input {
		for _, folder := range []string{"FAILURE/", "SUCCESS/"} {
			require.Equal(t, reportLines(t, report.File(folder+name)), reportLines(t, again.File(folder+name)), folder+name)
		}
	}
	require.Equal(t, contents(t, whole), contents(t, store))
	stats, err := store.Stats()
	require.NoError(t, err)
	require.EqualValues(t, want.Imported-int64(each), stats.Versions, "no entry was imported twice")
	require.NoError(t, store.Verify(ctx))
	require.Empty(t, store.StateNames("work/"))
}

// lines returns how many lines of the input are resources.
func lines(input fstest.MapFS) int {
	return bytes.Count(input["c.ndjson"].Data, []byte(`"id":"line`))
}
