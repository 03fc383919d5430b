package fhirjson_test

import (
	"bytes"
	"path/filepath"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
)

// lines returns the lines of shared data.
func lines(tb testing.TB, pattern string) [][]byte {
	tb.Helper()
	return fhirjsontest.Lines(tb, pattern)
}

// sortedText returns src as JSON text with names sorted and numbers as written:
// equal for equal values.
func sortedText(tb testing.TB, src []byte) string {
	tb.Helper()
	v := jsontext.Value(bytes.Clone(src))
	require.NoError(tb, v.Format(jsontext.CanonicalizeRawFloats(false), jsontext.CanonicalizeRawInts(false),
		jsontext.ReorderRawObjects(true)))
	return string(v)
}

// requireFixedPoint parses src, writes it, and checks that the text has the same
// value as src and is its own canonical form.
func requireFixedPoint(tb testing.TB, src []byte) {
	tb.Helper()
	var doc fhirjson.Document
	require.NoError(tb, fhirjson.Parse(src, &doc, nil))
	once := fhirjson.AppendCanonical(nil, &doc, 0)
	require.Equal(tb, sortedText(tb, src), sortedText(tb, once))
	require.NoError(tb, fhirjson.Parse(once, &doc, nil))
	require.Equal(tb, string(once), string(fhirjson.AppendCanonical(nil, &doc, 0)))
}

func TestCorpora(t *testing.T) {
	for _, pattern := range []string{"synthea/*.gz", "synthea-notes/*.gz"} {
		t.Run(filepath.Dir(pattern), func(t *testing.T) {
			for _, line := range lines(t, pattern) {
				requireFixedPoint(t, line)
			}
		})
	}
}

// invalidExamples are those of HL7's examples that break R4 themselves, by type
// and id.
var invalidExamples = map[string]string{
	"ActivityDefinition/blood-tubes-supply":        "narrative has neither text nor an image",
	"ActivityDefinition/heart-valve-replacement":   "narrative has neither text nor an image",
	"Bundle/10bb101f-a121-4264-a920-67be9cb82c74":  "fullUrl ends in Patient/pat12, the resource's id is pat2",
	"Bundle/3a0707d3-549e-4467-b8b8-5a2ab3800efe":  "fullUrl ends in Patient/pat12, the resource's id is pat2",
	"Bundle/lri-example":                           "fullUrls have a prefix that the ids have not",
	"DeviceMetric/example":                         "parent, a reference to a Device, is to a DeviceDefinition",
	"DeviceUseStatement/example":                   "reasonReference is to a Procedure, which it does not allow",
	"EventDefinition/example":                      "narrative has neither text nor an image",
	"ImplementationGuide/fhir":                     "name and status, both required, are missing",
	"MedicationRequest/medrx0301":                  "dispenseRequest.performer, an Organization, is a Practitioner",
	"Observation/clinical-gender":                  "performer is an Encounter, which it does not allow",
	"Questionnaire/qs1":                            "items without linkId, which is required",
	"Questionnaire/zika-virus-exposure-assessment": "narrative has neither text nor an image",
}

func TestExamples(t *testing.T) {
	accepted, refused := 0, 0
	for _, line := range lines(t, "fhir-r4/examples.ndjson.gz") {
		var head struct{ ResourceType, ID string }
		require.NoError(t, json.Unmarshal(line, &head, json.MatchCaseInsensitiveNames(true)))
		name := head.ResourceType + "/" + head.ID
		if reason, bad := invalidExamples[name]; bad {
			require.Error(t, fhirjson.Parse(line, new(fhirjson.Document), nil), "%s: %s", name, reason)
			refused++
			continue
		}
		requireFixedPoint(t, line)
		accepted++
	}
	require.Equal(t, 718, accepted)
	require.Equal(t, 14, refused) // the ImplementationGuide is there twice
}
