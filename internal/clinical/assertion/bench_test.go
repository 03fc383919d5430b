package assertion_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/assertion"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
)

// text returns about a megabyte of our own sentences, marks taken out.
func text(b testing.TB) string {
	data, err := os.ReadFile(filepath.Join("testdata", "sentences.txt"))
	if err != nil {
		b.Fatal(err)
	}
	plain, _ := mentions(string(data))
	return strings.Repeat(plain, 1<<20/len(plain)+1)
}

func BenchmarkParse(b *testing.B) {
	n := note.Parse(text(b))
	assertion.Parse(n)
	b.SetBytes(int64(len(n.Text)))
	b.ReportAllocs()
	for b.Loop() {
		assertion.Parse(n)
	}
}

// BenchmarkOf asks about every tenth token.
func BenchmarkOf(b *testing.B) {
	n := note.Parse(text(b))
	c := assertion.Parse(n)
	b.SetBytes(int64(len(n.Text)))
	b.ReportAllocs()
	for b.Loop() {
		for i := 0; i < len(n.Tokens); i += 10 {
			c.Of(i, i+1)
		}
	}
}
