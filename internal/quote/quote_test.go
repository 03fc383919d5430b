package quote_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/stretchr/testify/require"
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
