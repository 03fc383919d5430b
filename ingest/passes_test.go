package ingest_test

import (
	"fmt"
	"io"
	"os"
	"regexp"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/fhirlake/fhirlake/jobs"
	"github.com/stretchr/testify/require"
)

var levels = []datastore.Level{datastore.Strict, datastore.StructureOnly, datastore.Minimal}

// TestSyntheaNotes imports Synthea's bulk output, whose references to practitioners,
// organizations and locations are conditional and point to files that come later.
func TestSyntheaNotes(t *testing.T) {
	const folder = "../../shared/data/synthea-notes"
	if _, err := os.Stat(folder); err != nil {
		t.Skip("the sample with notes is not here: " + folder)
	}
	store := open(t, nil)
	result, err := run(t, store, ingest.Options{From: os.DirFS(folder)})
	require.NoError(t, err)
	require.Equal(t, ingest.Completed, result.Status)
	require.Zero(t, result.Failed())
	require.Equal(t, result.Scanned, result.Imported)
	holds := contents(t, store)
	require.Len(t, holds, int(result.Imported))
	reference := regexp.MustCompile(`"reference":"([A-Za-z]+/[^"]*|[^"]*\?[^"]*)"`)
	resolved := 0
	for _, text := range holds {
		for _, match := range reference.FindAllStringSubmatch(text, -1) {
			require.NotContains(t, match[1], "?")
			if strings.HasPrefix(match[1], "Practitioner/") || strings.HasPrefix(match[1], "Location/") {
				require.Contains(t, holds, match[1])
				resolved++
			}
		}
	}
	require.Greater(t, resolved, 7000)
	require.Empty(t, store.StateNames("work/"))

	again, err := run(t, store, ingest.Options{From: os.DirFS(folder)})
	require.NoError(t, err)
	require.Equal(t, result.Imported, again.Imported)
	require.Equal(t, holds, contents(t, store), "the same makes no new version")
}

// chained is input whose lines wait for later ones, some for lines that wait themselves,
// and some for ever.
func chained(lines int) fstest.MapFS {
	var a, b, c strings.Builder
	for n := range lines {
		fmt.Fprintf(&a, `{"resourceType":"Observation","id":"o%d","status":"final","code":{"text":"x"},"performer":[{"reference":"PractitionerRole?identifier=r%d"}]}`+"\n", n, n)
		if n%100 == 3 {
			a.WriteString(`{"resourceType":"Patient","id":"lost","managingOrganization":{"reference":"Organization?identifier=secret"}}` + "\n")
			a.WriteString("{broken\n")
		}
		if n%100 == 4 {
			a.WriteString(`{"resourceType":"Patient","id":"torn","managingOrganization":{"reference":"Organization?identifier=two"}}` + "\n\n")
		}
		fmt.Fprintf(&b, `{"resourceType":"PractitionerRole","id":"r%d","identifier":[{"value":"r%d"}],"practitioner":{"reference":"Practitioner?identifier=p%d"}}`+"\n", n, n, n)
		fmt.Fprintf(&c, `{"resourceType":"Practitioner","id":"p%d","identifier":[{"value":"p%d"}]}`+"\n", n, n)
	}
	c.WriteString(`{"resourceType":"Organization","id":"a","identifier":[{"value":"two"}]}` + "\n" + `{"resourceType":"Organization","id":"b","identifier":[{"value":"two"}]}`)
	return fstest.MapFS{"a.ndjson": {Data: []byte(a.String())}, "b.ndjson.gz": {Data: compressed(b.String())}, "c.ndjson": {Data: []byte(c.String())}}
}

// TestReferencesWhateverTheOrder imports the same files in each order and at each level.
func TestReferencesWhateverTheOrder(t *testing.T) {
	input := chained(1000)
	var first map[string]string
	for _, order := range [][]string{{"a.ndjson", "b.ndjson.gz", "c.ndjson"}, {"c.ndjson", "b.ndjson.gz", "a.ndjson"}, {"b.ndjson.gz", "a.ndjson", "c.ndjson"}} {
		for _, level := range levels {
			var report storetest.Sink
			store := open(t, nil)
			result, err := run(t, store, ingest.Options{From: input, Files: order, Validation: level, Report: &report})
			require.NoError(t, err)
			require.Equal(t, ingest.CompletedWithErrors, result.Status)
			require.EqualValues(t, 3002, result.Imported)
			require.EqualValues(t, 30, result.CustomerErrors)
			require.Equal(t, result.Scanned, result.Imported+result.Failed())
			var sum int64
			for _, f := range result.Files {
				sum += f.Scanned
			}
			require.Equal(t, result.Scanned, sum)
			failures := readFailures(t, report.File("FAILURE/a.ndjson"))
			require.Len(t, failures, 30)
			for i, f := range failures {
				require.Equal(t, []int{412, 400, 412}[i%3], f.Response.Status)
				require.True(t, i == 0 || failures[i-1].LineID < f.LineID, "in the order of the lines")
			}
			require.NotContains(t, string(report.File("FAILURE/a.ndjson")), "secret")
			require.Empty(t, store.StateNames("work/"))
			got := contents(t, store)
			require.Contains(t, got["Observation/o7"], `"PractitionerRole/r7"`)
			require.Contains(t, got["PractitionerRole/r7"], `"Practitioner/p7"`)
			if first == nil {
				first = got
			}
			require.Equal(t, first, got)
		}
	}
}

// TestReferencesOfReader has a Reader that seeks read again, and one that does not find
// what came before alone.
func TestReferencesOfReader(t *testing.T) {
	role := `{"resourceType":"PractitionerRole","id":"r","practitioner":{"reference":"Practitioner?identifier=1"}}`
	practitioner := `{"resourceType":"Practitioner","id":"p","identifier":[{"value":"1"}]}`
	result, err := run(t, open(t, nil), ingest.Options{Reader: strings.NewReader(role + "\n" + practitioner)})
	require.NoError(t, err)
	require.EqualValues(t, 2, result.Imported)
	result, err = run(t, open(t, nil), ingest.Options{Reader: io.LimitReader(strings.NewReader(role+"\n"+practitioner), 1<<20)})
	require.NoError(t, err)
	require.EqualValues(t, 1, result.Imported)
	require.EqualValues(t, 1, result.CustomerErrors)
}

// TestPassesResume stops an import in all of its passes, and goes on.
func TestPassesResume(t *testing.T) {
	input := chained(20000)
	whole := open(t, nil)
	var report storetest.Sink
	want, err := run(t, whole, ingest.Options{From: input, Report: &report})
	require.NoError(t, err)
	size := 0
	for _, f := range input {
		size += len(f.Data)
	}
	store := storeIn(t, t.TempDir())()
	defer store.Close()
	var again storetest.Sink
	stopped := map[string]bool{}
	result, _ := interrupted(t, &store, func(round int, cancel func()) ingest.Options {
		n := size * round / 4
		options := ingest.Options{From: cutFS{input, &n, cancel}, Report: &again}
		if round > 10 {
			options.From = input
		}
		return options
	}, func(id string, result ingest.Result, _ error) {
		require.Equal(t, result.Scanned, result.Imported+result.Failed())
		record, err := jobs.Get(ctx, store, id)
		require.NoError(t, err)
		stopped[regexp.MustCompile(`"pass":\d`).FindString(string(record.Position))] = true
	})
	require.Equal(t, result.Scanned, result.Imported+result.Failed())
	require.GreaterOrEqual(t, len(stopped), 2, "in several passes")
	require.Equal(t, want.Counts, result.Counts)
	require.Equal(t, want.Status, result.Status)
	require.Equal(t, report.Names(), again.Names())
	for _, name := range report.Names() {
		if name != "manifest.json" {
			require.Equal(t, reportLines(t, report.File(name)), reportLines(t, again.File(name)), name)
		}
	}
	require.Equal(t, contents(t, whole), contents(t, store))
	require.Empty(t, store.StateNames("work/"))
}

// TestURNsOfLines has lines refer to others, and to entries of Bundles, by UUID and OID,
// whatever the order. What finds nothing, or several, stays, and is no failure.
func TestURNsOfLines(t *testing.T) {
	files := map[string]string{
		"a.ndjson": strings.Join([]string{
			observationOf("1", "urn:uuid:"+uuid(1)), strings.Replace(observationOf("2", "urn:uuid:"+uuid(2)), `"reference":"urn`, `"reference" : "urn`, 1),
			observationOf("3", "urn:uuid:"+uuid(3)), observationOf("4", "urn:oid:1.2.3"), observationOf("5", "urn:uuid:"+uuid(5)+"/_history/1"),
			`{"resourceType":"Observation","id":"6","status":"final","code":{"text":"x"},"identifier":[{"system":"urn:oid:1.2.3","value":"urn:uuid:` + uuid(1) + `"}],"subject":{"reference":"urn:uuid:` + uuid(1) + `"},"focus":[{"reference":"urn:uuid:` + uuid(9) + `"}]}`,
			observationOf("7", "urn:uuid:"+uuid(7)),
		}, "\n"),
		"b.json":   bundleOf("collection", entryOf("urn:uuid:"+uuid(2), patient("entry", "x"), "", "")),
		"c.ndjson": patient(uuid(1), "x") + "\n" + patient("1.2.3", "x") + "\n" + patient(uuid(5), "x") + "\n" + patient(uuid(7), "x") + "\n" + strings.Replace(patient(uuid(7), "x"), "Patient", "Person", 1),
	}
	for _, order := range [][]string{{"a.ndjson", "b.json", "c.ndjson"}, {"c.ndjson", "b.json", "a.ndjson"}} {
		for _, level := range levels {
			result, holds, _ := imported(t, ingest.Options{Files: order, Validation: level}, files)
			require.Equal(t, ingest.Completed, result.Status)
			require.EqualValues(t, 13, result.Imported)
			for id, want := range map[string]string{
				"1": "Patient/" + uuid(1), "2": "Patient/entry", "3": "urn:uuid:" + uuid(3), "4": "Patient/1.2.3", "5": "Patient/" + uuid(5) + "/_history/1", "7": "urn:uuid:" + uuid(7),
			} {
				require.Contains(t, holds["Observation/"+id], `"subject":{"reference":"`+want+`"}`)
			}
			require.Contains(t, holds["Observation/6"], `"system":"urn:oid:1.2.3","value":"urn:uuid:`+uuid(1)+`"`)
			require.Contains(t, holds["Observation/6"], `"reference":"Patient/`+uuid(1)+`"`)
			require.Contains(t, holds["Observation/6"], `"reference":"urn:uuid:`+uuid(9)+`"`)
		}
	}
}

// TestPlaceOfReferences has failures of conditional references name their place.
func TestPlaceOfReferences(t *testing.T) {
	_, _, report := imported(t, ingest.Options{}, map[string]string{"a.ndjson": strings.Join([]string{
		observationOf("1", "Patient?identifier=none"), observationOf("2", "Patient?family=x"), observationOf("3", "Patient?nothing=1"), patient("a", "x"), patient("b", "x"),
	}, "\n")})
	require.Equal(t, 3, strings.Count(string(report.File("FAILURE/a.ndjson")), `"expression":["Observation.subject.reference"]`))
}
