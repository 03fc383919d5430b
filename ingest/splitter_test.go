package ingest

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// FuzzBundle has texts of any bytes taken apart, in pieces of any size: what is JSON is
// split as a parser splits it, and what is not ends in an error at the latest where an
// entry is read.
func FuzzBundle(f *testing.F) {
	for _, seed := range []string{
		`{"resourceType":"Bundle","type":"batch","entry":[{"fullUrl":"urn:uuid:1","resource":{"resourceType":"Patient","id":"a"},"request":{"method":"PUT","url":"Patient/a"}},{"search":{"mode":"outcome"}}]}`,
		`{"entry":[1,"]}",{"a":[{}]},null,-0.5e3],"type" : "x" }`, `{"entry":[]}`, `{}`, `[`, `{"a":"\"}`, `{"entry":[{"resource":{"id":"\u0041"}} ]} x`, `{"entry":[tru e]}`, "\xff", "{}\x00", "{\x00}", "{\"entry\":[\x00]}",
	} {
		f.Add([]byte(seed), 3)
	}
	f.Fuzz(func(t *testing.T, text []byte, size int) {
		split := func(s *splitter) (info bundleInfo, entries []string, err error) {
			info, err = walkBundle(s, 1<<20, func(text []byte, size int64) error {
				require.Len(t, text, int(size))
				entries = append(entries, string(text))
				e, err := readEntry(text)
				if err == nil {
					_, err = e.target(func() string { return "made" })
				}
				if err == nil && e.resource != nil {
					require.Contains(t, string(text), string(e.resource))
				}
				return nil
			})
			return info, entries, err
		}
		info, entries, err := split(splitterOf(text))
		whole := newSplitter(iotest.HalfReader(bytes.NewReader(text)))
		whole.buffer = whole.buffer[:1+max(size, -size)&0xff]
		again, same, failed := split(whole)
		require.Equal(t, info, again)
		require.Equal(t, entries, same)
		require.Equal(t, err, failed)
		if !jsontext.Value(text).IsValid(jsontext.AllowDuplicateNames(true)) || text[bytes.IndexAny(text, "{[\"-0123456789tfn")] != '{' {
			return
		}
		if errors.Is(err, errTwice) {
			return
		}
		require.NoError(t, err)
		var want []string
		d := jsontext.NewDecoder(bytes.NewReader(text), jsontext.AllowDuplicateNames(true))
		_, err = d.ReadToken()
		require.NoError(t, err)
		for d.PeekKind() == '"' {
			name, err := d.ReadToken()
			require.NoError(t, err)
			if name.String() != "entry" || d.PeekKind() != '[' {
				require.NoError(t, d.SkipValue())
				continue
			}
			_, err = d.ReadToken()
			require.NoError(t, err)
			for d.PeekKind() != ']' {
				value, err := d.ReadValue()
				require.NoError(t, err)
				want = append(want, string(value))
			}
			_, err = d.ReadToken()
			require.NoError(t, err)
		}
		require.Equal(t, want, entries)
	})
}

// A splitter tells a text that ends from one that cannot be read.
func TestSplitterReadsOn(t *testing.T) {
	broken := errors.New("broken")
	_, err := walkBundle(newSplitter(io.MultiReader(strings.NewReader(`{"entry":[{"a":`), iotest.ErrReader(broken))), 10, func([]byte, int64) error { return nil })
	require.ErrorIs(t, err, broken)
	_, err = walkBundle(newSplitter(strings.NewReader(`{"entry":[{"a":`)), 10, func([]byte, int64) error { return nil })
	require.ErrorIs(t, err, errSyntax)
	var sizes []int64
	_, err = walkBundle(newSplitter(strings.NewReader(`{"entry":["`+strings.Repeat("x", 1<<20)+`",1]}`)), 10, func(text []byte, size int64) error {
		require.LessOrEqual(t, len(text), 10)
		sizes = append(sizes, size)
		return nil
	})
	require.NoError(t, err)
	require.Equal(t, []int64{1<<20 + 2, 1}, sizes)
}
