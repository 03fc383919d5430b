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

func TestEvidence(t *testing.T) {
	n := note.Parse("She denies any fever, and her mother had possible lupus.")
	c := assertion.Parse(n)
	first, last, ok := n.Locate("fever")
	require.True(t, ok)
	a := c.Of(first, last)
	require.Equal(t, assertion.Assertion{{Trait: nlp.Negation, Score: a[0].Score, Rule: "negation: denies", First: 1, Last: 2}}, a)
	require.Equal(t, "denies", n.Span(a[0].First, a[0].Last))
	require.InDelta(t, 0.98, a[0].Score, 0.02)

	first, last, _ = n.Locate("lupus")
	a = c.Of(first, last)
	require.True(t, a.Has(nlp.PertainsToFamily))
	require.True(t, a.Has(nlp.LowConfidence))
	require.False(t, a.Has(nlp.Negation))
	require.Len(t, a.Traits(), 2)
}

func TestTraitsAreUnique(t *testing.T) {
	n := note.Parse("No fever and no evidence of any infection.")
	first, last, _ := n.Locate("infection")
	a := assertion.Parse(n).Of(first, last)
	require.Len(t, a, 1)
	require.Equal(t, []nlp.Trait{{Name: nlp.Negation, Score: a[0].Score}}, a.Traits())
	require.InDelta(t, 0.99, a.Traits()[0].Score, 0.02)
}

func TestResultOfATest(t *testing.T) {
	for text, want := range map[string]bool{
		"Blood cultures were negative.":     true,
		"Blood cultures: negative.":         true,
		"Blood cultures negative.":          true,
		"No blood cultures.":                false,
		"Blood cultures: none.":             false,
		"Exam negative for blood cultures.": false,
	} {
		n := note.Parse(text)
		first, last, _ := n.Locate("blood cultures")
		a := assertion.Parse(n).Of(first, last)
		require.True(t, a.Has(nlp.Negation), text)
		require.Equal(t, want, a[0].Result, text)
	}
}

func TestOfOutsideIsEmpty(t *testing.T) {
	c := assertion.Parse(note.Parse("No fever."))
	for _, span := range [][2]int{{-1, 1}, {1, 1}, {2, 1}, {0, 4}, {9, 10}} {
		require.Empty(t, c.Of(span[0], span[1]))
	}
	require.Empty(t, assertion.Parse(note.Parse("")).Of(0, 1))
}

// TestHostileTextIsLinear reads texts that a quadratic rule
// would take minutes for.
func TestHostileTextIsLinear(t *testing.T) {
	for _, piece := range []string{"no ", "no, ", ", and ", "no , or ", "without ", "is seen ", "if ", "denied ", "is ", "- ", "? ", "+",
		"denies:\n- ", "resolved ", "mother ", "a:no ", "a:no, ", "a ?no, ", "history of , ", "( finding ) ", "probably, ", "x", "[ ] ", "a [x] b ", "( ) a\n", "a  no  ", "a | no | ", "(-) a ", "PMH: "} {
		n := note.Parse(strings.Repeat(piece, 1<<18/len(piece)))
		c := assertion.Parse(n)
		for i := 0; i < len(n.Tokens); i += 5 {
			c.Of(i, i+1)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, name := range []string{"sentences.txt", "regressions.txt"} {
		data, err := os.ReadFile(filepath.Join("testdata", name))
		require.NoError(f, err)
		for i, line := range strings.Split(string(data), "\n") {
			if i%20 == 0 {
				f.Add(line)
			}
		}
	}
	f.Fuzz(func(t *testing.T, text string) {
		n := note.Parse(text)
		c := assertion.Parse(n)
		for i := range n.Tokens {
			for _, e := range c.Of(i, min(i+2, len(n.Tokens))) {
				require.True(t, 0 <= e.First && e.First <= e.Last && e.Last <= len(n.Tokens))
				require.True(t, 0.5 <= e.Score && e.Score <= 1)
				require.NotEmpty(t, e.Trait)
				require.NotEmpty(t, e.Rule)
			}
		}
	})
}
