package note_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/stretchr/testify/require"
)

func TestLocate(t *testing.T) {
	for _, c := range []struct {
		text, phrase string
		first        int // -1: not found
		span         string
	}{
		{"No fever today.", "fever", 1, "fever"},
		{"No chest \n pain.", "Chest  pain ", 1, "chest \n pain"},
		{"fever then FEVER", "fever", 2, "FEVER"},
		{"FEVER then FEVER", "fever", 0, "FEVER"},
		{"open with PE", "pe", 2, "PE"},
		{"PE's and PE", "PE", 2, "PE"},
		{"extremely ill", "extreme", 0, "extremely"},
		{"extreme-ly ill", "extreme-ly", 0, "extreme-ly"},
		{"neck is supple. No mass", "supple.  no mass", 2, "supple. No mass"},
		{"fever", "cough", -1, ""},
		{"fever", " ", -1, ""},
		{"Sjögren here", "sjögren", 0, "Sjögren"},
		{"\xff\xff", "\xff", 0, "\xff"},
	} {
		n := note.Parse(c.text)
		first, last, ok := n.Locate(c.phrase)
		require.Equal(t, c.first >= 0, ok, c.text)
		if ok {
			require.Equal(t, c.first, first, c.text)
			require.Equal(t, c.span, n.Span(first, last), c.text)
		}
	}
}

func FuzzLocate(f *testing.F) {
	f.Add("No chest\n pain", "chest pain")
	f.Add("PE's \xff and PE", "pe")
	f.Fuzz(func(t *testing.T, text, phrase string) {
		n := note.Parse(text)
		if first, last, ok := n.Locate(phrase); ok {
			require.Less(t, first, last)
			require.LessOrEqual(t, last, len(n.Tokens))
			require.GreaterOrEqual(t, first, 0)
		}
	})
}
