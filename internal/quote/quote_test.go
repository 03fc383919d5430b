package quote_test

import (
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/quote"
)

func TestAppend(t *testing.T) {
	for text, want := range map[string]string{
		"": `""`, `a"b\c`: `"a\"b\\c"`, "a\nb\x01": `"a\nb\u0001"`, "é\U0001F600": "\"é\U0001F600\"",
		"a\xffb": "\"a\uFFFDb\"", "\xf0\x9f": "\"\uFFFD\uFFFD\"",
	} {
		require.Equal(t, "x"+want, string(quote.Append([]byte("x"), text)))
		require.Equal(t, want, string(quote.Append(nil, []byte(text))))
	}
}

func TestAppendValid(t *testing.T) {
	dst, ok := quote.AppendValid([]byte("x"), "a\tb")
	require.True(t, ok)
	require.Equal(t, `x"a\tb"`, string(dst))
	dst, ok = quote.AppendInner(nil, []byte("a\xff\xfeb"))
	require.False(t, ok)
	require.Equal(t, "a\uFFFD\uFFFDb", string(dst))
}

// Whatever stands at whichever place, it is quoted as jsontext quotes it.
func TestAsJSONText(t *testing.T) {
	for c := range rune(0x300) {
		for at := range 20 {
			text := strings.Repeat("x", at) + string(c) + strings.Repeat("y", 19-at)
			want, err := jsontext.AppendQuote(nil, text)
			require.NoError(t, err)
			require.Equal(t, string(want), string(quote.Append(nil, text)))
			require.Equal(t, string(want), `"`+strings.Repeat("x", at)+string(quote.AppendRune(nil, c))+strings.Repeat("y", 19-at)+`"`)
		}
	}
}

func FuzzAppend(f *testing.F) {
	f.Add([]byte("a\"b\\c\n\xff\x00é"))
	f.Fuzz(func(t *testing.T, text []byte) {
		want, failed := jsontext.AppendQuote(nil, text)
		got, ok := quote.AppendValid(nil, text)
		require.Equal(t, string(want), string(got))
		require.Equal(t, failed == nil, ok)
	})
}

func BenchmarkAppend(b *testing.B) {
	for name, text := range map[string]string{
		"plain": strings.Repeat("a sentence of a clinical note, which is plain. ", 40),
		"json":  strings.Repeat(`{"Id":12,"Text":"aspirin","Category":"MEDICATION"},`, 40),
		"wide":  strings.Repeat("Überschüssige Säure, 37 °C. ", 40),
	} {
		b.Run(name, func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(len(text)))
			b.ReportAllocs()
			for b.Loop() {
				dst = quote.Append(dst[:0], text)
			}
		})
	}
}
