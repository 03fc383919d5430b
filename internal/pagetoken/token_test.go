package pagetoken_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/pagetoken"
)

func TestSealAndOpen(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := rapid.Uint64()
		token := pagetoken.Token{
			Kind: rapid.SampledFrom([]pagetoken.Kind{pagetoken.Search, pagetoken.History}).Draw(t, "kind"), Sequence: n.Draw(t, "sequence"),
			Position: n.Draw(t, "position"), Request: n.Draw(t, "request"), Settings: n.Draw(t, "settings"),
		}
		key := pagetoken.NewKey(rapid.SliceOf(rapid.Byte()).Draw(t, "secret"))
		got, err := key.Open(key.Seal(token), token.Kind)
		require.NoError(t, err)
		require.Equal(t, token, got)
	})
}

func TestOpenRefuses(t *testing.T) {
	key := pagetoken.NewKey([]byte("a secret"))
	text := key.Seal(pagetoken.Token{Kind: pagetoken.Search, Sequence: 7})
	for i := range text {
		forged := []byte(text)
		if forged[i] = 'A'; string(forged) != text {
			_, err := key.Open(string(forged), pagetoken.Search)
			require.ErrorIs(t, err, pagetoken.ErrInvalid)
		}
	}
	for _, other := range []string{"", "AAAA", text + "A", text[1:], " " + text} {
		_, err := key.Open(other, pagetoken.Search)
		require.ErrorIs(t, err, pagetoken.ErrInvalid)
	}
	_, err := key.Open(text, pagetoken.History)
	require.ErrorIs(t, err, pagetoken.ErrInvalid)
	_, err = key.Open(text[:9]+"\n"+text[9:], pagetoken.Search)
	require.ErrorIs(t, err, pagetoken.ErrInvalid)
	_, err = pagetoken.NewKey([]byte("another")).Open(text, pagetoken.Search)
	require.ErrorIs(t, err, pagetoken.ErrInvalid)
}

func TestHash(t *testing.T) {
	require.Equal(t, pagetoken.Hash("a", "b"), pagetoken.Hash("a", "b"))
	seen := map[uint64]bool{}
	for _, parts := range [][]string{{}, {""}, {"", ""}, {"ab"}, {"a", "b"}, {"b", "a"}, {"ab", ""}} {
		h := pagetoken.Hash(parts...)
		require.False(t, seen[h], parts)
		seen[h] = true
	}
}

func FuzzOpen(f *testing.F) {
	key := pagetoken.NewKey([]byte("a secret"))
	f.Add(key.Seal(pagetoken.Token{Kind: pagetoken.History, Sequence: 7, Position: 3}))
	f.Fuzz(func(t *testing.T, text string) {
		token, err := key.Open(text, pagetoken.History)
		if err == nil {
			require.Equal(t, text, key.Seal(token))
		}
	})
}

func Example() {
	key := pagetoken.NewKey([]byte("the store's secret"))
	request := pagetoken.Hash("Patient", "name=ann")
	next := key.Seal(pagetoken.Token{Kind: pagetoken.Search, Sequence: 12, Position: 50, Request: request})
	token, err := key.Open(next, pagetoken.Search)
	fmt.Println(token.Sequence, token.Position, token.Request == request, err)
	// Output: 12 50 true <nil>
}
