package index_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

func TestApplyRefuses(t *testing.T) {
	x := index.New([16]byte{}, nil)
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
		{"long id", 6, 50, 2, []index.Item{{Type: 1, ID: strings.Repeat("x", 65)}}, index.ErrItem},
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
	x := index.New([16]byte{}, nil)
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
	terms := index.New([16]byte{1}, nil).Terms()
	all := []index.Term{
		terms.Token(1, "ab", "c"), terms.Token(1, "a", "bc"), terms.Token(1, "", "abc"), terms.Token(2, "ab", "c"),
		terms.Code(1, "ab"), terms.System(1, "ab"), terms.Exact(1, "ab"), terms.ReferenceText(1, "ab"),
		terms.Reference(1, 2, "ab"), terms.Reference(1, 3, "ab"), terms.Present(1), terms.Type(1),
		index.New([16]byte{2}, nil).Terms().Token(1, "ab", "c"),
	}
	seen := map[index.Term]bool{}
	for _, term := range all {
		seen[term] = true
	}
	require.Len(t, seen, len(all))
	require.Equal(t, all[0], index.New([16]byte{1}, nil).Terms().Token(1, "ab", "c"))
}

// A code is found under any system, however many systems its parameter has.
func TestManySystems(t *testing.T) {
	x := index.New([16]byte{}, nil)
	const systems = 40
	var items []index.Item
	want := map[string][]uint32{}
	for i := range 3 * systems {
		code := fmt.Sprint("code", i%7)
		values := new(index.Prepared)
		require.NoError(t, x.Prepare(values, encode([]index.Entry{
			{Kind: index.KindToken, Param: 1, System: fmt.Sprint("system", i%systems), Code: code},
			{Kind: index.KindToken, Param: 2, System: "", Code: code},
			{Kind: index.KindToken, Param: 3, System: fmt.Sprint("system", i%systems)},
		})))
		items = append(items, index.Item{Type: 1, ID: fmt.Sprint(i), Values: values})
		want[code] = append(want[code], uint32(i+1))
	}
	require.NoError(t, x.Apply(1, 0, 1, items[:50]))
	early := x.View()
	require.NoError(t, x.Apply(2, 0, 51, items[50:]))
	v := x.View()
	for code, all := range want {
		for p := range index.Param(3) {
			got := v.Posting(v.Terms().Code(p, code))
			if p == 0 {
				require.Zero(t, got.Len())
				continue
			}
			require.Equal(t, all, collect(got.All))
			require.Equal(t, len(all), got.CountVisible())
			require.Equal(t, slices.DeleteFunc(slices.Clone(all), func(o uint32) bool { return o > 50 }),
				collect(early.Posting(early.Terms().Code(p, code)).All))
		}
		require.Zero(t, v.Posting(v.Terms().Code(3, code)).Len())
	}
	require.Zero(t, v.Posting(v.Terms().Code(1, "")).Len())
	require.Zero(t, v.Posting(v.Terms().Code(3, "")).Len())
	require.Equal(t, []uint32{40}, collect(v.Posting(v.Terms().Token(1, "system39", "code4")).All))
}

// Only a UUID in its usual form is packed: every id comes back as it was.
func TestIDsComeBack(t *testing.T) {
	const uuid = "0123abcd-ef01-4567-89ab-cdef98765432"
	ids := []string{uuid, strings.ToUpper(uuid), uuid + "0", uuid[1:], "x", strings.Repeat("f", 36), strings.ReplaceAll(uuid, "-", "_")}
	for at := range uuid {
		for _, c := range []byte("/:@AFG`gpo-\x00\x80\xb1\xe1\xff") {
			if c != uuid[at] {
				ids = append(ids, uuid[:at]+string([]byte{c})+uuid[at+1:])
			}
		}
	}
	x := index.New([16]byte{}, nil)
	items := make([]index.Item, len(ids))
	for i, id := range ids {
		items[i] = index.Item{Type: 1, ID: id}
	}
	require.NoError(t, x.Apply(1, 0, 1, items))
	v := x.View()
	require.Equal(t, len(ids), x.Stats().Entities)
	for i, id := range ids {
		_, got := v.Key(index.Ordinal(i + 1))
		require.Equal(t, id, got)
		o, ok := v.Lookup(1, id)
		require.True(t, ok)
		require.Equal(t, index.Ordinal(i+1), o)
	}
}
