package dosage_test

import (
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/dosage"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/stretchr/testify/require"
)

// lines calls visit with each line of a file of the shared data. It skips the test if the
// file is absent.
func lines(t *testing.T, name string, visit func(line []byte)) {
	for _, line := range fhirjsontest.Lines(t, name) {
		visit(line)
	}
}

// A finder finds names of medications by longest match, without any tolerance.
type finder map[string]*vocabulary.Entry

func key(n *note.Note, first, last int) string {
	var words []string
	for i := first; i < last; i++ {
		words = append(words, n.Word(i))
	}
	return strings.Join(words, " ")
}

func newFinder() finder {
	f := make(finder)
	for _, e := range vocabulary.Entries() {
		if e.Kind != vocabulary.Medication {
			continue
		}
		names := []string{e.Term}
		for _, s := range e.Synonyms {
			names = append(names, s.Text)
		}
		for _, name := range names {
			n := note.Parse(name)
			f[key(n, 0, len(n.Tokens))] = &e
		}
	}
	return f
}

func (f finder) find(n *note.Note) (drugs []dosage.Drug, entries []*vocabulary.Entry) {
	for i := 0; i < len(n.Tokens); i++ {
		for last := min(i+8, len(n.Tokens)); last > i; last-- {
			if e := f[key(n, i, last)]; e != nil {
				drugs = append(drugs, dosage.Drug{First: i, Last: last})
				entries = append(entries, e)
				i = last - 1
				break
			}
		}
	}
	return drugs, entries
}

// TestPrescribedNames reads the names under which synthetic records prescribe: the
// vocabulary has their ingredients, and the rules find strength and form.
func TestPrescribedNames(t *testing.T) {
	displays := make(map[string]string) // display to RXCUI
	for _, file := range []string{"synthea/MedicationRequest.ndjson.gz", "synthea-notes/MedicationRequest.ndjson.gz"} {
		lines(t, file, func(line []byte) {
			var request struct {
				MedicationCodeableConcept struct {
					Coding []struct{ Code, Display string }
				}
			}
			require.NoError(t, json.Unmarshal(line, &request))
			for _, c := range request.MedicationCodeableConcept.Coding {
				displays[c.Display] = c.Code
			}
		})
	}
	require.NotEmpty(t, displays)
	ingredients := make(map[string][]string)
	substance := make(map[string]bool)
	lines(t, "rxnorm/rxnorm.tsv.gz", func(line []byte) {
		column := strings.Split(string(line), "\t")
		substance[column[0]] = column[1] == "IN" && column[2] != "inert ingredients"
		for code := range strings.SplitSeq(column[3], ",") {
			if code != "" && column[1] != "BN" {
				ingredients[column[0]] = append(ingredients[column[0]], code)
			}
		}
	})
	f := newFinder()
	var nameless, without, weak []string
	for display, code := range displays {
		n := note.Parse(display)
		drugs, entries := f.find(n)
		if len(drugs) == 0 {
			nameless = append(nameless, display)
			continue
		}
		var codes []string
		for _, e := range entries {
			codes = append(append(codes, e.Codes...), e.Flags.List("generic")...)
		}
		for _, i := range ingredients[code] {
			if substance[i] && !slices.Contains(codes, i) {
				without = append(without, display+" "+i)
			}
		}
		attributes := dosage.Attributes(n, drugs)
		has := func(kind dosage.Kind) bool {
			return slices.ContainsFunc(attributes, func(a dosage.Attribute) bool { return a.Kind == kind })
		}
		upper := strings.ToUpper(display)
		if (strings.Contains(upper, " MG") || strings.Contains(upper, "UNT/ML")) && !has(dosage.Strength) ||
			(strings.HasSuffix(upper, " TABLET") || strings.HasSuffix(upper, " CAPSULE") || strings.HasSuffix(upper, "INJECTION")) && !has(dosage.Form) {
			weak = append(weak, display)
		}
	}
	t.Log(len(displays), "names")
	require.Empty(t, nameless)
	require.Empty(t, without, "ingredients that the vocabulary lacks")
	require.Empty(t, weak, "strength or form not found")
}
