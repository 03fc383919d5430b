package ingest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// numbered is a line as a cutter gives it.
type numbered struct {
	number int64
	text   string // "too long" for a fault
}

const tooLong = "too long"

// cutAll returns all lines that a cutter gives, and checks what it says of them.
func cutAll(t require.TestingT, c *cutter, size int) []numbered {
	var lines []numbered
	var buffer []byte
	total := int64(0)
	for {
		part, err := c.next(buffer)
		if err == io.EOF {
			require.EqualValues(t, size, total, "every byte is counted once")
			return lines
		}
		require.NoError(t, err)
		total += part.bytes
		if part.fault != nil {
			require.False(t, part.broken)
			lines = append(lines, numbered{part.first, tooLong})
			continue
		}
		require.NotEmpty(t, part.data)
		n := part.first
		for line := range bytes.Lines(part.data) {
			lines = append(lines, numbered{n, string(line)})
			n++
		}
		buffer = part.data
	}
}

func TestCutterGivesEveryLineOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := strings.Join(rapid.SliceOf(rapid.StringMatching(`[a-z]{0,40}\r?\n`)).Draw(t, "lines"), "") +
			rapid.StringMatching(`[a-z]{0,40}`).Draw(t, "rest")
		limit := rapid.IntRange(1, 40).Draw(t, "limit")
		var reader io.Reader = strings.NewReader(text)
		switch rapid.IntRange(0, 3).Draw(t, "reader") {
		case 1:
			reader = iotest.OneByteReader(reader)
		case 2:
			reader = iotest.HalfReader(reader)
		case 3:
			reader = iotest.DataErrReader(reader)
		}
		c := &cutter{text: reader, size: rapid.IntRange(1, 100).Draw(t, "size"), limit: limit, line: 1}
		lines := cutAll(t, c, len(text))

		n := 0
		for want := range strings.Lines(text) {
			require.Greater(t, len(lines), n, "no line is lost")
			require.EqualValues(t, n+1, lines[n].number)
			got := lines[n].text
			if got == tooLong {
				require.Greater(t, len(strings.TrimRight(want, "\r\n")), limit)
			} else {
				require.Equal(t, want, got)
			}
			n++
		}
		require.Len(t, lines, n)
	})
}

func TestCutterReportsWhereReadingEnds(t *testing.T) {
	broken := errors.New("the disk is gone")
	text := io.MultiReader(strings.NewReader("one\ntwo\nhalf"), iotest.ErrReader(broken))
	c := &cutter{text: text, size: 100, limit: 100, line: 1}
	part, err := c.next(nil)
	require.NoError(t, err)
	require.Equal(t, "one\ntwo\n", string(part.data))
	part, err = c.next(nil)
	require.NoError(t, err)
	require.Equal(t, unreadable(3, 4, broken), part)
	_, err = c.next(nil)
	require.Equal(t, io.EOF, err)
}
