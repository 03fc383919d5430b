package note_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/stretchr/testify/require"
)

func words(n *note.Note) string {
	var all []string
	for i := range n.Tokens {
		all = append(all, n.Word(i))
	}
	return strings.Join(all, " ")
}

func TestTokens(t *testing.T) {
	for text, want := range map[string]string{
		"Denies chest pain.":                      "denies chest pain .",
		"Crohn’s disease, doesn't":                "crohn's disease , doesn't",
		"patients' 'quoted'":                      "patients ' ' quoted '",
		"O2 sat 98.6%, B12":                       "o2 sat 98.6 % , b12",
		"WBC 12,500; 1,2":                         "wbc 12,500 ; 1 , 2",
		"325mg q4-6h .5 mL":                       "325 mg q4 - 6 h .5 ml",
		"Sjögren Ménière’s Ångström naïve":        "sjogren meniere's angstrom naive",
		"e\u0301tat non\u00adcompliant":           "etat noncompliant",
		"1–2 ≥3 “x”":                              "1 - 2 >= 3 \" x \"",
		"-----\nwell... **bold**":                 "----- well ... ** bold **",
		"Crohnʼs ʼ ʼ\xcb ’":                       "crohn's ' ' \xcb '",
		"q.d.":                                    "q . d .",
		"a\x00b":                                  "a b",
		"\xff\xfeab":                              "\xff \xfe ab",
		"µg μg":                                   "μg μg",
		"חום 38.5":                                "חום 38.5",
		"well-nourished 12/03/2007 **AGE[in 60s]": "well - nourished 12 / 03 / 2007 ** age [ in 60 s ]",
	} {
		require.Equal(t, want, words(note.Parse(text)), text)
	}
}

func TestFlags(t *testing.T) {
	n := note.Parse("One two\tTHREE\nfour\n\nFive")
	want := []note.Flags{
		note.Paragraph | note.Line | note.Wide | note.Capital,
		note.Space,
		note.Space | note.Wide | note.Upper | note.Capital,
		note.Space | note.Wide | note.Line,
		note.Space | note.Wide | note.Line | note.Paragraph | note.Capital,
	}
	for i, f := range want {
		require.Equal(t, f, n.Tokens[i].Flags, n.Word(i))
	}
}

// check fails the test if the parts of a note do not fit together.
func check(t *testing.T, text string) {
	n := note.Parse(text)
	last := int32(0)
	for i, k := range n.Tokens {
		require.LessOrEqual(t, last, k.Start)
		require.Less(t, k.Start, k.End)
		last = k.End
		require.LessOrEqual(t, len(n.Word(i)), int(k.End-k.Start))
	}
	require.LessOrEqual(t, int(last), len(text))
	last = 0
	for i, s := range n.Sentences {
		require.Equal(t, last, s.First)
		require.Less(t, s.First, s.Last)
		require.GreaterOrEqual(t, s.Value, s.First)
		require.LessOrEqual(t, s.Value, s.Last)
		require.Equal(t, i, n.SentenceAt(int(s.First)))
		require.Equal(t, i, n.SentenceAt(int(s.Last-1)))
		last = s.Last
	}
	require.Equal(t, len(n.Tokens), int(last))
	last = 0
	for i, s := range n.Sections {
		require.Equal(t, last, s.First)
		require.Less(t, s.First, s.Last)
		for _, x := range n.Sentences[s.First:s.Last] {
			require.Equal(t, i, int(x.Section))
		}
		last = s.Last
	}
	require.Equal(t, len(n.Sentences), int(last))
	for offset := 0; offset <= len(text); offset += 1 + len(text)/300 {
		if offset == len(text) || utf8.RuneStart(text[offset]) {
			require.Equal(t, utf8.RuneCountInString(text[:offset]), n.CodePoint(offset), offset)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# Chief Complaint\n- Cough\n\n# Allergies\nNo Known Allergies.\n")
	f.Add("PMH: Crohn’s; b.i.d. 1. x 2) y\r\n\r\nDr. Smith said \"no\".")
	f.Add(strings.Repeat("é", 70) + "\xff\x00\u202e" + strings.Repeat("٣", 70))
	f.Fuzz(func(t *testing.T, text string) { check(t, text) })
}

func TestHostileTextIsLinear(t *testing.T) {
	for _, piece := range []string{"a", "a.", "é", "\xff", "\n", "1", "1,", "- ", "x: ", "# ", "'a", "(", "\x00", "e\u0301", "FH: a. ", "a PMH: b ", "A: "} {
		text := strings.Repeat(piece, 1<<20/len(piece))
		n := note.Parse(text)
		require.Equal(t, utf8.RuneCountInString(text), n.CodePoint(len(text)))
	}
}

func TestEveryRune(t *testing.T) {
	var b strings.Builder
	for r := range rune(utf8.MaxRune + 1) {
		if utf8.ValidRune(r) {
			for _, s := range []string{" ", "a", "a ", "1"} {
				b.WriteString(s)
				b.WriteRune(r)
			}
		}
	}
	n := note.Parse(b.String())
	require.NotEmpty(t, n.Tokens)
	require.Equal(t, utf8.RuneCountInString(n.Text), n.CodePoint(len(n.Text)))
}
