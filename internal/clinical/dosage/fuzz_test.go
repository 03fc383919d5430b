package dosage_test

import (
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/internal/clinical/dosage"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/stretchr/testify/require"
)

// FuzzAttributes checks that spans lie inside the note, in order and apart from each other
// and from the medications.
func FuzzAttributes(f *testing.F) {
	for _, s := range readSigs(f, "testdata/sigs.txt") {
		f.Add(s.text, uint16(1))
	}
	f.Add("q.q.q.q.q. x x x 1/1/1/1 - ( 2 ) ½½ q4-", uint16(5))
	f.Fuzz(func(t *testing.T, text string, drug uint16) {
		n := note.Parse(text)
		checkSpans(t, n, dosage.Find(n, 0, len(n.Tokens)), 0, len(n.Tokens))
		var drugs []dosage.Drug
		for i := int(drug); i < len(n.Tokens); i += 7 {
			drugs = append(drugs, dosage.Drug{First: i, Last: i + 1})
		}
		attributes := dosage.Attributes(n, drugs)
		for k, d := range drugs {
			var spans []dosage.Span
			for _, a := range attributes {
				if a.Drug == k {
					require.False(t, a.First < d.Last && d.First < a.Last, "a span over its medication")
					spans = append(spans, a.Span)
				}
			}
			checkSpans(t, n, spans, 0, len(n.Tokens))
		}
	})
}

func checkSpans(t *testing.T, n *note.Note, spans []dosage.Span, first, last int) {
	for _, s := range spans {
		require.LessOrEqual(t, first, s.First)
		require.Less(t, s.First, s.Last)
		require.LessOrEqual(t, s.Last, last)
		require.NotEmpty(t, s.Kind.String())
		first = s.Last
	}
}

// TestLinear reads long texts of one sort: the time must grow with their length, not with
// its square.
func TestLinear(t *testing.T) {
	for _, piece := range []string{
		"1/", "1-", "q.", "q4-", "x 1 ", "every ", "mg/", "10 mg daily and ", "Monday ", "1 1/2 ", "for the next ", "extended release ",
		"until ", "( ", "½", "take ", "lisinopril ( ", "lisinopril ", "lisinopril 10 mg ", "word ", "10 mg/mL-",
	} {
		n := note.Parse(strings.Repeat(piece, (1<<20)/len(piece)))
		start := time.Now()
		dosage.Find(n, 0, len(n.Tokens))
		var drugs []dosage.Drug
		for i := range n.Tokens {
			if n.Word(i) == "lisinopril" || i == 0 {
				drugs = append(drugs, dosage.Drug{First: i, Last: i + 1})
			}
		}
		dosage.Attributes(n, drugs)
		require.Less(t, time.Since(start), 30*time.Second, "%q", piece)
		t.Logf("%-20q %v", piece, time.Since(start))
	}
}
