package ucum_test

import (
	"encoding/json"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/ucum"
)

// Every code that the data sets call UCUM parses, save for these, which UCUM
// does not have. (Synthea's pH parses, as picohenry; UCUM's is [pH].)
func TestCodesInUse(t *testing.T) {
	for _, c := range []struct {
		files string
		wrong []string
	}{
		{"synthea/Observation.ndjson.gz", []string{
			"(score)", // an annotation has braces: {score}
		}},
		{"fhir-r4/examples.ndjson.gz", []string{
			"TAB",   // an HL7 V3 dose form
			"drop",  // UCUM's is [drp]
			"ea",    // UCUM's is {each} or 1
			"mEq",   // meq in UCUM
			"mcg",   // ug in UCUM
			"ml/hr", // mL/h in UCUM
			"month", // mo in UCUM
			"tbl",   // UCUM's is [tbs_us]
		}},
	} {
		t.Run(c.files, func(t *testing.T) {
			codes := codesIn(t, c.files)
			require.NotEmpty(t, codes)
			var wrong []string
			for code := range codes {
				if !ucum.Valid(code) {
					wrong = append(wrong, code)
				}
			}
			slices.Sort(wrong)
			require.Equal(t, c.wrong, wrong)
		})
	}
}

// Every code of R4's value sets of UCUM codes parses.
func TestCodesOfValueSets(t *testing.T) {
	codes := make(map[string]bool)
	for _, line := range fhirjsontest.Lines(t, "fhir-r4/ValueSet.ndjson.gz") {
		var set struct {
			Compose struct {
				Include []struct {
					System  string
					Concept []struct{ Code string }
				}
			}
		}
		require.NoError(t, json.Unmarshal(line, &set))
		for _, include := range set.Compose.Include {
			if include.System == system {
				for _, c := range include.Concept {
					codes[c.Code] = true
				}
			}
		}
	}
	require.NotEmpty(t, codes)
	for code := range maps.Keys(codes) {
		_, err := ucum.Parse(code)
		require.NoError(t, err, "code %s", code)
	}
}

const system = "http://unitsofmeasure.org"

func codesIn(t *testing.T, name string) map[string]bool {
	codes := make(map[string]bool)
	for _, line := range fhirjsontest.Lines(t, name) {
		var resource any
		require.NoError(t, json.Unmarshal(line, &resource))
		collect(resource, codes)
	}
	return codes
}

// collect adds the codes of all objects whose system is UCUM's.
func collect(node any, codes map[string]bool) {
	switch node := node.(type) {
	case map[string]any:
		if code, ok := node["code"].(string); ok && node["system"] == system {
			codes[code] = true
		}
		for _, child := range node {
			collect(child, codes)
		}
	case []any:
		for _, child := range node {
			collect(child, codes)
		}
	}
}
