package vocabulary_test

import (
	"bufio"
	"compress/gzip"
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
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
		file, err := os.Open("../../../../shared/data/" + folder + "/Condition.ndjson.gz")
		if err != nil {
			t.Skip("the synthetic patients are absent")
		}
		defer file.Close()
		unzipped, err := gzip.NewReader(file)
		require.NoError(t, err)
		lines := bufio.NewScanner(unzipped)
		for lines.Scan() {
			var condition struct {
				Code struct{ Coding []struct{ Display string } }
			}
			require.NoError(t, json.Unmarshal(lines.Bytes(), &condition))
			text := strings.TrimPrefix(tag.ReplaceAllString(condition.Code.Coding[0].Display, ""), "Suspected ")
			if key := strings.ToLower((name{text: text}).key()); !known[key] {
				known[key] = true // say it once
				t.Errorf("%q is unknown", text)
			}
		}
		require.NoError(t, lines.Err())
	}
}
