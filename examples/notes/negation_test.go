package main

import (
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
)

func TestNegation(t *testing.T) {
	for _, c := range []struct{ line, want string }{
		{"fever\tShe denies FEVER.", "Negated"},
		{"fever\tShe denies cough and has fever.", "Affirmed"},
		{"fever\tNo fever yesterday. Today FEVER.", "Affirmed"},     // in capitals once
		{"fever\tNo fever yesterday. Today fever.", "Negated"},      // the first
		{"FEVER\tFEVER TODAY. NO FEVER YESTERDAY.", "Affirmed"},     // in capitals twice: the first
		{"chest  pain\tNo chest\u00a0   pain.", "Negated"},          // white space
		{"cough\tNo fever.", "Affirmed"},                            // not found
		{"fever\tThe fever has resolved.", "Negated"},               // resolved
		{"pneumonia\tPossible pneumonia.", "Affirmed"},              // uncertain
		{"\"fever, chills\"\t\"Denies FEVER, CHILLS.\"", "Negated"}, // quoted as in CSV
		{"pe\tNo evidence of PE; open wound.", "Negated"},           // not inside a word
		{"", "Affirmed"},
		{"no tab", "Affirmed"},
		{"\tno concept", "Affirmed"},
		{"\xff\t\xff\x00", "Affirmed"},
		{"fever\tno fever\r", "Negated"},
	} {
		var out strings.Builder
		require.NoError(t, negation(nil, strings.NewReader(c.line+"\n"+c.line), &out))
		want := c.want + "\n" + c.want + "\n"
		if c.line == "" {
			want = c.want + "\n" // the text ends behind the first line
		}
		require.Equal(t, want, out.String(), c.line)
	}
}

func TestNegationReportsAnErrorOfItsInput(t *testing.T) {
	require.ErrorIs(t, negation(nil, iotest.ErrReader(io.ErrUnexpectedEOF), io.Discard), io.ErrUnexpectedEOF)
}
