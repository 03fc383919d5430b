package index_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

func TestApplyRefuses(t *testing.T) {
	x := index.New([16]byte{})
	values := new(index.Prepared)
	require.NoError(t, x.Prepare(values, encode([]index.Entry{{Kind: index.KindToken, Code: "a"}})))
	require.NoError(t, x.Apply(5, 50, 1, []index.Item{{Type: 1, ID: "a", Values: values}}))
	before := x.Stats()

	fine := []index.Item{{Type: 1, ID: "b"}}
	cases := []struct {
		name  string
		seq   uint64
		time  int64
		first index.Ordinal
		items []index.Item
		err   error
	}{
		{"same sequence", 5, 50, 2, fine, index.ErrOrder},
		{"earlier time", 6, 49, 2, fine, index.ErrOrder},
		{"known ordinal", 6, 50, 1, fine, index.ErrOrder},
		{"ordinal 0", 6, 50, 0, fine, index.ErrOrder},
		{"no ordinals left", 6, 50, index.MaxOrdinal, fine, index.ErrFull},
		{"empty id", 6, 50, 2, []index.Item{fine[0], {Type: 1}}, index.ErrItem},
		{"long id", 6, 50, 2, []index.Item{{Type: 1, ID: strings.Repeat("x", 255)}}, index.ErrItem},
		{"version out of range", 6, 50, 2, []index.Item{{Type: 1, ID: "a", Version: 1 << 31}}, index.ErrItem},
		{"deletion with values", 6, 50, 2, []index.Item{{Type: 1, ID: "a", Deleted: true, Values: values}}, index.ErrItem},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			require.ErrorIs(t, x.Apply(c.seq, c.time, c.first, c.items), c.err)
			require.Equal(t, before, x.Stats())
			require.Equal(t, uint64(5), x.View().Sequence())
		})
	}
	require.NoError(t, x.Apply(6, 50, 2, fine))
}

// A Prepared that is used again forgets what it held, and one that failed holds
// nothing.
func TestPreparedIsReused(t *testing.T) {
	x := index.New([16]byte{})
	var p index.Prepared
	for i, entries := range [][]index.Entry{
		{{Kind: index.KindToken, Code: "a"}, {Kind: index.KindText, Folded: "text", Exact: "text"}, {Kind: index.KindReference, Type: 1, ID: "r"}},
		{{Kind: index.KindToken, Code: "b"}},
		{{Kind: index.KindToken, Code: "c"}, {Kind: index.KindNumber, Low: "no number", High: "1"}},
	} {
		if err := x.Prepare(&p, encode(entries)); err != nil {
			require.ErrorIs(t, err, index.ErrNumber)
		}
		o := index.Ordinal(i + 1)
		require.NoError(t, x.Apply(uint64(o), 0, o, []index.Item{{Type: 1, ID: "x", Values: &p}}))
	}
	v := x.View()
	for code, want := range map[string][]uint32{"a": {1}, "b": {2}, "c": {}} {
		require.Equal(t, want, collect(v.Posting(v.Terms().Code(0, code)).All))
	}
	for text, posting := range v.Texts(0).WithPrefix("") {
		require.Equal(t, "text", text)
		require.Equal(t, 1, posting.Len())
	}
}

func TestTermsDiffer(t *testing.T) {
	terms := index.New([16]byte{1}).Terms()
	all := []index.Term{
		terms.Token(1, "ab", "c"), terms.Token(1, "a", "bc"), terms.Token(1, "", "abc"), terms.Token(2, "ab", "c"),
		terms.Code(1, "ab"), terms.System(1, "ab"), terms.Exact(1, "ab"), terms.ReferenceText(1, "ab"),
		terms.Reference(1, 2, "ab"), terms.Reference(1, 3, "ab"), terms.Present(1), terms.Type(1),
		index.New([16]byte{2}).Terms().Token(1, "ab", "c"),
	}
	seen := map[index.Term]bool{}
	for _, term := range all {
		seen[term] = true
	}
	require.Len(t, seen, len(all))
	require.Equal(t, all[0], index.New([16]byte{1}).Terms().Token(1, "ab", "c"))
}
