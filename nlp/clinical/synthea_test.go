package clinical_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/clinical"
	"github.com/stretchr/testify/require"
)

// readLines calls f with each line of a file of Synthea's notes.
func readLines(t testing.TB, name string, f func(line []byte)) {
	t.Helper()
	for _, line := range fhirjsontest.Lines(t, "synthea-notes/"+name) {
		f(line)
	}
}

type codeable struct{ Text string }

type referenced struct{ Reference string }

// readNotes returns the texts of all notes, by encounter.
func readNotes(t testing.TB) map[string][]string {
	notes := map[string][]string{}
	readLines(t, "DocumentReference.ndjson.gz", func(line []byte) {
		var doc struct {
			Context struct{ Encounter []referenced }
			Content []struct{ Attachment struct{ Data string } }
		}
		require.NoError(t, json.Unmarshal(line, &doc))
		for _, c := range doc.Content {
			text, err := base64.StdEncoding.DecodeString(c.Attachment.Data)
			require.NoError(t, err)
			notes[doc.Context.Encounter[0].Reference] = append(notes[doc.Context.Encounter[0].Reference], string(text))
		}
	})
	return notes
}

var tag = regexp.MustCompile(`\s*\((disorder|finding|situation|procedure|regime/therapy|event)\)$`)

// A named tally is a row of the table.
type named struct {
	name string
	tally
}

// syntheaQuality measures the detector on the notes of ../shared/data/synthea-notes.
func syntheaQuality(t *testing.T, d *clinical.Detector) (measured []named, faults []string) {
	notes := readNotes(t)
	findings := map[string][]*nlp.Findings{}
	var wrong tally
	for encounter, texts := range notes {
		for _, text := range texts {
			f, err := d.Detect(context.Background(), text)
			require.NoError(t, err)
			findings[encounter] = append(findings[encounter], f)
			runes := []rune(text)
			for _, e := range f.Entities {
				if e.Category != nlp.Condition && e.Category != nlp.Medication {
					continue
				}
				if why := unstated(runes, e); why != "" {
					wrong.extra++
					faults = append(faults, fmt.Sprintf("%s: %s %q", why, e.Type, e.Text))
				} else {
					wrong.right++
				}
			}
		}
	}
	// found reports whether a phrase stands in a note of the encounter, and whether an
	// entity of the category lies in it.
	found := func(encounter, phrase string, c nlp.Category) (there, ok bool) {
		for i, text := range notes[encounter] {
			lower := strings.ToLower(text)
			at := strings.Index(lower, strings.ToLower(phrase))
			if at < 0 {
				continue
			}
			there = true
			begin := len([]rune(lower[:at]))
			end := begin + len([]rune(phrase))
			if slices.ContainsFunc(findings[encounter][i].Entities, func(e nlp.Entity) bool {
				return e.Category == c && overlap(begin, end, e.BeginOffset, e.EndOffset)
			}) {
				return true, true
			}
		}
		return there, false
	}
	var conditions, medications tally
	count := func(c *tally, encounter, phrase string, category nlp.Category) {
		there, ok := found(encounter, phrase, category)
		if !there {
			return
		}
		if ok {
			c.right++
			return
		}
		c.missing++
		faults = append(faults, fmt.Sprintf("not found: %s", phrase))
	}
	readLines(t, "Condition.ndjson.gz", func(line []byte) {
		var r struct {
			Code      codeable
			Encounter referenced
		}
		require.NoError(t, json.Unmarshal(line, &r))
		count(&conditions, r.Encounter.Reference, tag.ReplaceAllString(r.Code.Text, ""), nlp.Condition)
	})
	readLines(t, "MedicationRequest.ndjson.gz", func(line []byte) {
		var r struct {
			MedicationCodeableConcept codeable
			Encounter                 referenced
		}
		require.NoError(t, json.Unmarshal(line, &r))
		count(&medications, r.Encounter.Reference, r.MedicationCodeableConcept.Text, nlp.Medication)
	})
	return []named{
		{"coded conditions found where their words stand", conditions},
		{"coded medications found where their words stand", medications},
		{"conditions and medications that the note states", tally{right: wrong.right, missing: wrong.extra}},
	}, faults
}

// unstated says why an entity is not what its note states, "" if it is.
func unstated(text []rune, e nlp.Entity) string {
	start := e.BeginOffset
	for start > 0 && text[start-1] != '\n' {
		start--
	}
	end := e.EndOffset
	for end < len(text) && text[end] != '\n' {
		end++
	}
	line := string(text[start:end])
	negated := slices.ContainsFunc(e.Traits, func(t nlp.Trait) bool { return t.Name == nlp.Negation })
	switch {
	case strings.HasPrefix(line, "#"):
		return "heading"
	case strings.HasPrefix(line, "No Known Allergies"), strings.HasPrefix(line, "No Active Medications"), line == "No complaints.":
		return "nothing"
	case strings.HasPrefix(line, " is a "):
		if !strings.Contains(string(text[start:e.BeginOffset]), "history of") {
			return "description"
		}
	case strings.Contains(line, "immunizations:") && e.Category == nlp.Condition:
		return "immunization"
	case strings.Contains(line, "careplan"), strings.HasSuffix(line, "plan"):
		return "plan"
	case regexp.MustCompile(`^[A-Z][a-z]+\d+`).MatchString(line) && e.BeginOffset-start < 20:
		return "name"
	}
	if negated && !strings.Contains(line, "never smoked") {
		return "negated"
	}
	return ""
}

func TestSyntheaNotes(t *testing.T) {
	d, err := clinical.New(nil)
	require.NoError(t, err)
	measured, faults := syntheaQuality(t, d)
	var rows []string
	for _, m := range measured {
		rows = append(rows, fmt.Sprintf("| %s | %.4f (%d of %d) |", m.name, m.share(), m.right, m.right+m.missing))
		require.GreaterOrEqual(t, m.share(), 0.99)
	}
	t.Log("\n" + strings.Join(rows, "\n"))
	counts := map[string]int{}
	for _, f := range faults {
		counts[f]++
	}
	for f, n := range counts {
		t.Log(n, f)
	}
}
