package ingest_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// A success is a line of a file below SUCCESS/.
type success struct {
	LineID   int64 `json:"lineId"`
	Response struct {
		Resource struct{ ResourceType, ID string } `json:"jsonBlob"`
		Status   int                               `json:"statusCode"`
	} `json:"UpdateResourceResponse"`
}

func readSuccesses(t *testing.T, text []byte) (all []success) {
	t.Helper()
	for _, line := range reportLines(t, text) {
		if line == "" {
			continue
		}
		var s success
		require.NoError(t, json.Unmarshal([]byte(line), &s))
		all = append(all, s)
	}
	return all
}

// TestSuccesses tells of each line that is imported: which resource it is, and whether it
// is new. Lines that hold what the store holds are counted apart.
func TestSuccesses(t *testing.T) {
	store := open(t, nil)
	for _, line := range []string{patient("same", "x"), patient("other", "x"), patient("gone", "x")} {
		_, err := store.Update(ctx, []byte(line))
		require.NoError(t, err)
	}
	deletion := func(ids ...string) string {
		var entries []string
		for _, id := range ids {
			entries = append(entries, `{"request":{"method":"DELETE","url":"Patient/`+id+`"}}`)
		}
		return `{"resourceType":"Bundle","type":"transaction","entry":[` + strings.Join(entries, ",") + `]}`
	}
	lines := []string{
		patient("new", "x"), "{bad", patient("same", "x"), "", patient("other", "y"), patient("new", "x"),
		`{"resourceType":"Patient","id":"waits","managingOrganization":{"reference":"Organization?identifier=1"}}`,
		deletion("gone", "never"),
		`{"resourceType":"Organization","id":"o","identifier":[{"value":"1"}]}`,
	}
	var report storetest.Sink
	in := fstest.MapFS{"deleted/a.ndjson": {Data: []byte(strings.Join(lines, "\n"))}, "z.ndjson": {Data: []byte("\n" + patient("same", "x"))}}
	result, err := run(t, store, ingest.Options{From: in, Report: &report})
	require.NoError(t, err)
	require.EqualValues(t, 9, result.Scanned)
	require.EqualValues(t, 8, result.Imported)
	require.EqualValues(t, 3, result.Unchanged)
	require.EqualValues(t, 2, result.Files[0].Unchanged)
	require.EqualValues(t, 1, result.Files[1].Unchanged)
	var told []string
	for _, s := range readSuccesses(t, report.File("SUCCESS/deleted/a.ndjson")) {
		told = append(told, fmt.Sprintf("%d %s/%s %d", s.LineID, s.Response.Resource.ResourceType, s.Response.Resource.ID, s.Response.Status))
	}
	require.Equal(t, []string{
		"1 Patient/new 201", "3 Patient/same 200", "5 Patient/other 200", "6 Patient/new 200", "7 Patient/waits 201",
		"8 Patient/gone 204", "8 Patient/never 204", "9 Organization/o 201",
	}, told)
	require.Equal(t, `{"lineId":2,"UpdateResourceResponse":{"jsonBlob":{"resourceType":"Patient","id":"same"},"statusCode":200}}`+"\n",
		string(report.File("SUCCESS/z.ndjson")))
	require.Contains(t, string(report.File("manifest.json")), `"numberOfResourcesUnchanged": 3`)
	require.Contains(t, string(report.File("manifest.json")), `"successOutputS3Uri": "SUCCESS/"`)
}

// TestReportIsOfEachLineOnce has each line in one of the three folders.
func TestReportIsOfEachLineOnce(t *testing.T) {
	var report storetest.Sink
	result, err := run(t, open(t, nil), ingest.Options{From: flawedInput(t), Report: &report, Validation: datastore.Minimal})
	require.NoError(t, err)
	lines := int64(0)
	for _, name := range report.Names() {
		if name != "manifest.json" {
			lines += int64(len(reportLines(t, report.File(name))) - 1)
		}
	}
	require.Equal(t, result.Scanned, lines)
	require.Equal(t, result.Scanned, result.Imported+result.Failed())
	require.Positive(t, result.Unchanged)
}
