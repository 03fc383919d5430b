package ingest_test

import (
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

const issueFolder = "SUCCESS_WITH_SEARCH_VALIDATION_FAILURES/"

// TestValidation imports the same lines at each level, into stores whose own level
// is another.
func TestValidation(t *testing.T) {
	text := strings.Join([]string{
		patient("good", "x"),
		"",
		`{"resourceType":"Patient","id":"code","gender":"secret"}`,
		`{"resourceType":"Patient","id":"kind","active":"secret"}`,
		`{"resourceType":"Patient","id":"warned","modifierExtension":[{"url":"http://example.org/m","valueBoolean":true}]}`,
		`{"resourceType":"Patient","active":true}`,
		`{"resourceType":"Patient","id":"code","nickname":"secret"}`,
	}, "\n")
	for _, test := range []struct {
		name           string
		level, store   datastore.Level
		status         ingest.Status
		failed, flawed []int64 // lines
		created        []bool  // of the flawed
	}{
		{"strict", datastore.Strict, datastore.Minimal, ingest.CompletedWithErrors, []int64{3, 4, 6, 7}, nil, nil},
		{"structure-only", datastore.StructureOnly, datastore.Strict, ingest.CompletedWithErrors, []int64{4, 6, 7}, nil, nil},
		{"minimal", datastore.Minimal, datastore.Strict, ingest.CompletedWithErrors, []int64{6}, []int64{3, 4, 7}, []bool{true, true, false}},
	} {
		t.Run(test.name, func(t *testing.T) {
			var report storetest.Sink
			store := open(t, &datastore.Options{Validation: test.store})
			result, err := run(t, store, ingest.Options{
				Reader: strings.NewReader(text), Name: "in.ndjson", Report: &report, Validation: test.level,
			})
			require.NoError(t, err)
			require.Equal(t, test.status, result.Status)
			require.EqualValues(t, 6, result.Scanned)
			require.EqualValues(t, 6-len(test.failed), result.Imported)
			require.EqualValues(t, len(test.failed), result.CustomerErrors)
			require.EqualValues(t, len(test.flawed), result.WithIssues)
			require.EqualValues(t, len(test.flawed), result.Files[0].WithIssues)

			failed := report.File("FAILURE/in.ndjson")
			for i, f := range readFailures(t, failed) {
				require.Equal(t, test.failed[i], f.LineID)
			}
			flawed := report.File(issueFolder + "in.ndjson")
			lines := readFailures(t, flawed)
			require.Len(t, lines, len(test.flawed))
			for i, f := range lines {
				require.Equal(t, test.flawed[i], f.LineID)
				require.Equal(t, map[bool]int{true: 201, false: 200}[test.created[i]], f.Response.Status)
				require.Equal(t, "error", f.Response.Outcome.Issue[0].Severity)
			}
			require.NotContains(t, string(failed)+string(flawed), "secret", "no outcome quotes the data")
		})
	}
}

// TestReportOfIssues has lines with issues in several files and many chunks.
func TestReportOfIssues(t *testing.T) {
	const lines = 9000
	var text strings.Builder
	for n := range lines {
		fmt.Fprintf(&text, `{"resourceType":"Patient","id":"p%d","nickname":"%s"}`+"\n", n, longText[:300])
	}
	in := fstest.MapFS{
		"a.ndjson":    {Data: []byte(text.String())},
		"b.ndjson":    {Data: []byte(patient("b", "x"))},
		"c.ndjson.gz": {Data: compressed(`{"resourceType":"Patient","id":"c","nickname":"x"}`)},
	}
	var report storetest.Sink
	result, err := run(t, open(t, nil), ingest.Options{From: in, Report: &report, Validation: datastore.Minimal, Workers: 3})
	require.NoError(t, err)
	require.Equal(t, ingest.Completed, result.Status)
	require.EqualValues(t, lines+1, result.WithIssues)
	require.Equal(t, []string{"SUCCESS/b.ndjson", issueFolder + "a.ndjson", issueFolder + "c.ndjson.gz", "manifest.json"}, report.Names())
	n := int64(0)
	for _, f := range readFailures(t, report.File(issueFolder+"a.ndjson")) {
		n++
		require.Equal(t, n, f.LineID)
	}
	require.EqualValues(t, lines, n)
}

func TestInvariants(t *testing.T) {
	// R4's obs-6: a reason for the absence of a value goes with no value.
	const line = `{"resourceType":"Observation","id":"o","status":"final","code":{"text":"x"},"valueString":"y","dataAbsentReason":{"text":"z"}}`
	for level, imports := range map[datastore.Level]bool{0: true, datastore.WithoutInvariants: true, datastore.Strict: false, datastore.StructureOnly: true, datastore.Minimal: true} {
		store := open(t, nil)
		result, err := run(t, store, ingest.Options{Reader: strings.NewReader(line), Validation: level})
		require.NoError(t, err)
		require.EqualValues(t, 1, result.Imported+result.CustomerErrors)
		require.Equal(t, imports, result.Imported == 1, "level %v", level)
		if level == datastore.Minimal {
			require.EqualValues(t, 1, result.WithIssues, "what Minimal lets in is told, as of a write")
		}
	}
}

// The synthetic patients keep all of R4's rules, those in FHIRPath included.
func TestSyntheticIsStrictlyValid(t *testing.T) {
	result, err := run(t, open(t, nil), ingest.Options{Reader: ingest.Synthetic(7, 10), Validation: datastore.Strict})
	require.NoError(t, err)
	require.Zero(t, result.Failed())
	require.Equal(t, result.Scanned, result.Imported)
}
