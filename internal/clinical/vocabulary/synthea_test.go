package vocabulary_test

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
)

// TestNamesOfSynthea looks up every condition of the synthetic patients by its name
// without SNOMED's "(disorder)" and "Suspected", which is for the context to tell.
func TestNamesOfSynthea(t *testing.T) {
	known := map[string]bool{}
	for _, e := range vocabulary.Entries() {
		if e.Kind != vocabulary.Condition {
			continue
		}
		for _, n := range namesOf(e) {
			known[strings.ToLower(n.key())] = true
		}
	}
	tag := regexp.MustCompile(` ?\((disorder|finding|situation|morphologic abnormality)\)$`)
	for _, folder := range []string{"synthea", "synthea-notes"} {
		for _, line := range fhirjsontest.Lines(t, folder+"/Condition.ndjson.gz") {
			var condition struct {
				Code struct{ Coding []struct{ Display string } }
			}
			require.NoError(t, json.Unmarshal(line, &condition))
			text := strings.TrimPrefix(tag.ReplaceAllString(condition.Code.Coding[0].Display, ""), "Suspected ")
			if key := strings.ToLower((name{text: text}).key()); !known[key] {
				known[key] = true // say it once
				t.Errorf("%q is unknown", text)
			}
		}
	}
}
