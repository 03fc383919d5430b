package pieces_test

import (
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/clinical/pieces"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/stretchr/testify/require"
)

func texts(text string, most int) []string {
	var cut []string
	for _, p := range pieces.Cut(text, most) {
		cut = append(cut, p.Text)
	}
	return cut
}

func TestCut(t *testing.T) {
	for name, test := range map[string]struct {
		text string
		most int
		want []string
	}{
		"short":      {"No fever.", 9, []string{"No fever."}},
		"empty":      {"", 9, nil},
		"paragraphs": {"A b.\nc d\n\nE f. g h\n", 14, []string{"A b.\nc d\n\n", "E f. g h\n"}},
		"CRLF":       {"A b.\r\nc d\r\n\r\nE f. g", 17, []string{"A b.\r\nc d\r\n\r\n", "E f. g"}},
		"lines":      {"aaa bbb\nccc ddd eee", 14, []string{"aaa bbb\n", "ccc ddd eee"}},
		"sentences":  {"No fever. No cough here", 16, []string{"No fever. ", "No cough here"}},
		"words":      {"one two three", 9, []string{"one two ", "three"}},
		"no space":   {"ééééé", 2, []string{"éé", "éé", "é"}},
		"early end":  {"a. bbbbbbbbbbbbbbbb cc", 10, []string{"a. bbbbbbb", "bbbbbbbbb ", "cc"}},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, test.want, texts(test.text, test.most))
		})
	}
}

func TestMove(t *testing.T) {
	const text = "Né. fever 7"
	cut := pieces.Cut(text, 8)
	require.Len(t, cut, 2)
	require.Equal(t, 4, cut[1].Begin)
	found := []nlp.Entity{{BeginOffset: 0, EndOffset: 5, Attributes: []nlp.Attribute{{BeginOffset: 6, EndOffset: 7}}}}
	cut[1].Move(found)
	require.Equal(t, []nlp.Entity{{BeginOffset: 4, EndOffset: 9, Attributes: []nlp.Attribute{{BeginOffset: 10, EndOffset: 11}}}}, found)
}

func FuzzCut(f *testing.F) {
	f.Add("A b. c\n\nd e", 3)
	f.Add("\xff\xc3 a", 1)
	f.Fuzz(func(t *testing.T, text string, most int) {
		if most <= 0 {
			return
		}
		var whole strings.Builder
		begin := 0
		for _, p := range pieces.Cut(text, most) {
			require.NotEmpty(t, p.Text)
			require.Equal(t, begin, p.Begin)
			n := utf8.RuneCountInString(p.Text)
			require.LessOrEqual(t, n, most)
			begin += n
			whole.WriteString(p.Text)
		}
		require.Equal(t, text, whole.String())
	})
}
