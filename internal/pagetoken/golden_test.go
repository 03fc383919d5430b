package pagetoken_test

import (
	"flag"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/golden"
	"github.com/fhirlake/fhirlake/internal/pagetoken"
)

var rewrite = flag.Bool("rewrite", false, "write the golden tokens anew")

// TestGolden holds tokens: a page that was handed out yesterday goes on today.
func TestGolden(t *testing.T) {
	key := pagetoken.NewKey([]byte("no secret"))
	var cases []golden.Case
	for name, token := range []pagetoken.Token{
		{Kind: pagetoken.Search},
		{Kind: pagetoken.Search, Sequence: 7, Position: 1 << 40, Request: pagetoken.Hash("Patient?name=x"), Settings: pagetoken.Hash("UTC", "http://example.org")},
		{Kind: pagetoken.History, Sequence: 1<<64 - 1, Position: 3, Request: 1, Settings: 2},
	} {
		text := key.Seal(token)
		back, err := key.Open(text, token.Kind)
		require.NoError(t, err)
		require.Equal(t, token, back)
		cases = append(cases, golden.Case{Name: [...]string{"empty", "search", "history"}[name], Bytes: []byte(text)})
	}
	golden.Compare(t, "testdata/golden.txt", *rewrite, cases...)
}
