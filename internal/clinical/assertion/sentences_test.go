package assertion_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/assertion"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/stretchr/testify/require"
)

var letters = map[string]byte{nlp.Negation: 'N', nlp.LowConfidence: 'L', nlp.Hypothetical: 'H',
	nlp.PastHistory: 'P', nlp.PertainsToFamily: 'F', nlp.Future: 'U'}

// A mention is a span of a test sentence with the traits it may have.
type mention struct {
	start, end int
	want       []string
}

// mentions takes the marks out of a test sentence.
func mentions(line string) (text string, all []mention) {
	line = strings.NewReplacer(`\n`, "\n", `\t`, "\t").Replace(line)
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(line, "{")
		b.WriteString(before)
		if !ok {
			return b.String(), all
		}
		span, after, _ := strings.Cut(rest, "}")
		span, want, _ := strings.Cut(span, "|")
		start := b.Len()
		b.WriteString(span)
		all = append(all, mention{start, b.Len(), strings.Split(want, "/")})
		line = after
	}
}

// sorted returns the letters of an assertion in the order NLHPFU.
func sorted(a assertion.Assertion) string {
	var s []byte
	for _, c := range "NLHPFU" {
		for trait, letter := range letters {
			if letter == byte(c) && a.Has(trait) {
				s = append(s, letter)
			}
		}
	}
	return string(s)
}

func canonical(want string) string {
	var s []byte
	for _, c := range []byte("NLHPFU") {
		if strings.IndexByte(want, c) >= 0 {
			s = append(s, c)
		}
	}
	return string(s)
}

// A result compares the traits of a mention with the wanted ones.
type result struct {
	text      string
	want, got string // letters of traits
	evidence  assertion.Assertion
}

// read gives the result of every mention of a line of a test file.
func read(line string) (all []result) {
	text, marked := mentions(line)
	n := note.Parse(text)
	c := assertion.Parse(n)
	for _, m := range marked {
		a := c.Of(n.TokenAt(m.start), n.TokenAt(m.end-1)+1)
		r := result{text: text[:m.start] + "{" + text[m.start:m.end] + "}" + text[m.end:], got: sorted(a), evidence: a}
		fewest := 100
		for _, w := range m.want {
			wrong := 0
			for _, l := range "NLHPFU" {
				if strings.ContainsRune(w, l) != strings.ContainsRune(r.got, l) {
					wrong++
				}
			}
			if wrong < fewest {
				r.want, fewest = canonical(w), wrong
			}
		}
		all = append(all, r)
	}
	return all
}

// lines calls f for the lines of a test file that are texts.
func lines(t *testing.T, name string, f func(line string)) {
	data, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	for _, line := range strings.Split(string(data), "\n") {
		if line != "" && line[0] != '#' {
			f(line)
		}
	}
}

// TestSentences measures all traits on our own sentences. Those with an odd count
// served tuning, the others are only reported.
func TestSentences(t *testing.T) {
	var right, all [2]int
	var traits [2]count
	half := 1
	lines(t, "sentences.txt", func(line string) {
		half = 1 - half
		for _, r := range read(line) {
			all[half]++
			if r.want == r.got {
				right[half]++
			} else if half == 0 {
				t.Logf("want %q, got %q: %s (%v)", r.want, r.got, r.text, r.evidence)
			}
			for _, l := range "NLHPFU" {
				switch want, has := strings.ContainsRune(r.want, l), strings.ContainsRune(r.got, l); {
				case want && has:
					traits[half].hits++
				case want:
					traits[half].missed++
				case has:
					traits[half].false++
				}
			}
		}
	})
	t.Logf("sentences tuned on: %d of %d mentions right, F1 of traits %.4f; set aside: %d of %d, F1 %.4f",
		right[0], all[0], traits[0].f1(), right[1], all[1], traits[1].f1())
	require.Greater(t, traits[0].f1(), 0.97)
	require.Greater(t, traits[1].f1(), 0.95)
}

func TestRegressions(t *testing.T) {
	lines(t, "regressions.txt", func(line string) {
		for _, r := range read(line) {
			if r.want != r.got {
				t.Errorf("want %q, got %q: %s (%v)", r.want, r.got, r.text, r.evidence)
			}
		}
	})
}
