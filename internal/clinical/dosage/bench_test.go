package dosage_test

import (
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/dosage"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
)

// allSigs returns the sigs as one text with the medications marked in it.
func allSigs(t testing.TB) (*note.Note, []dosage.Drug) {
	var text strings.Builder
	var drugs [][2]int
	for _, s := range readSigs(t, "testdata/sigs.txt") {
		for _, d := range s.drugs {
			drugs = append(drugs, [2]int{text.Len() + d[0], text.Len() + d[1]})
		}
		text.WriteString(s.text)
		text.WriteString("\n\n")
	}
	n := note.Parse(text.String())
	var tokens []dosage.Drug
	for _, d := range drugs {
		tokens = append(tokens, dosage.Drug{First: n.TokenAt(d[0]), Last: n.TokenAt(d[1]-1) + 1})
	}
	return n, tokens
}

func BenchmarkAttributes(b *testing.B) {
	n, drugs := allSigs(b)
	b.SetBytes(int64(len(n.Text)))
	b.ReportAllocs()
	for b.Loop() {
		dosage.Attributes(n, drugs)
	}
}

// BenchmarkProse has few medications between much else, as most notes do.
func BenchmarkProse(b *testing.B) {
	text := strings.Repeat("The patient was seen in clinic on 3 occasions for follow-up of her long-standing hypertension and reports that she is in her usual state of health. ", 20)
	text = strings.Repeat("She takes lisinopril 10 mg daily. "+text, 20)
	n := note.Parse(text)
	var drugs []dosage.Drug
	for i := range n.Tokens {
		if n.Word(i) == "lisinopril" {
			drugs = append(drugs, dosage.Drug{First: i, Last: i + 1})
		}
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		dosage.Attributes(n, drugs)
	}
}

func BenchmarkFind(b *testing.B) {
	n, _ := allSigs(b)
	b.SetBytes(int64(len(n.Text)))
	b.ReportAllocs()
	for b.Loop() {
		dosage.Find(n, 0, len(n.Tokens))
	}
}
