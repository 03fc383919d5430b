package golden

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A Case is bytes that a format has for something.
type Case struct {
	Name  string // one line, without a tab
	Bytes []byte
}

// Compare fails the test unless a file has the bytes of all cases, in hexadecimal and in
// this order, a line each. With rewrite it writes the file first.
func Compare(t testing.TB, file string, rewrite bool, cases ...Case) {
	t.Helper()
	if rewrite {
		var out strings.Builder
		for _, c := range cases {
			fmt.Fprintf(&out, "%s\t%x\n", c.Name, c.Bytes)
		}
		require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o644))
	}
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	lines := strings.Split(strings.TrimSuffix(string(kept), "\n"), "\n")
	require.Len(t, lines, len(cases), "%s: the cases are others; write it anew with -rewrite", file)
	for i, c := range cases {
		require.Equal(t, lines[i], fmt.Sprintf("%s\t%x", c.Name, c.Bytes),
			"the format has changed: raise its version, change docs/format, and write %s anew with -rewrite", file)
	}
}

// Text fails the test unless a file has a text. With rewrite it writes the file first.
func Text(t testing.TB, file string, rewrite bool, text string) {
	t.Helper()
	if rewrite {
		require.NoError(t, os.WriteFile(file, []byte(text), 0o644))
	}
	kept, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(kept), text, "write %s anew with -rewrite, and look at what has changed", file)
}
