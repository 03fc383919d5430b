package index_test

import (
	"fmt"
	"iter"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// A posting passes from an ordinal to a slice to a frozen bitmap with a tail;
// asked in between and afterwards, by views old and new, it is always the same.
func TestPostingTransitions(t *testing.T) {
	x := index.New([16]byte{7}, nil)
	every := encode([]index.Entry{{Kind: index.KindToken, Param: 1, Code: "every"}})
	third := encode([]index.Entry{{Kind: index.KindToken, Param: 1, Code: "every"}, {Kind: index.KindToken, Param: 1, Code: "third"}})
	var none, both index.Prepared
	require.NoError(t, x.Prepare(&none, every))
	require.NoError(t, x.Prepare(&both, third))

	stops := []int{0, 1, 2, 3, 5, 1023, 1024, 1025, 1026, 2047, 2048, 2049, 2050, 3071, 3073, 40_000}
	var views []index.View
	n := 0
	for i, stop := range stops {
		var items []index.Item
		for n < stop {
			n++
			item := index.Item{Type: 1, ID: uuid(n, 0), Values: &none}
			if n%3 == 0 {
				item.Values = &both
			}
			// Every seventh supersedes a version that may be long ago.
			if n%7 == 0 {
				item.ID = uuid(n/2+1, 0)
			}
			items = append(items, item)
		}
		require.NoError(t, x.Apply(uint64(i+1), 0, x.View().Last()+1, items))
		views = append(views, x.View())
		at, ok := x.ViewAt(uint64(i/2 + 1))
		require.True(t, ok)
		checkStop(t, views[i], stop)
		checkStop(t, at, stops[i/2])
	}
	for i, v := range views {
		checkStop(t, v, stops[i])
		at, ok := x.ViewAt(uint64(i + 1))
		require.True(t, ok)
		checkStop(t, at, stops[i])
	}
}

func checkStop(t *testing.T, v index.View, n int) {
	t.Helper()
	for code, step := range map[string]int{"every": 1, "third": 3} {
		want := []uint32{}
		visible := 0
		for o := step; o <= n; o += step {
			want = append(want, uint32(o))
			if v.Visible(index.Ordinal(o)) {
				visible++
			}
		}
		p := v.Posting(v.Terms().Code(1, code))
		require.Equal(t, len(want), p.Len(), "%s of %d", code, n)
		require.Equal(t, visible, p.CountVisible())
		require.Equal(t, visible, v.CountVisible(p.Bitmap()))
		require.Equal(t, want, p.Bitmap().ToArray())
		require.Equal(t, want, collect(p.All))
		half := index.Ordinal(n / 2)
		down := collect(func() iter.Seq[index.Ordinal] { return p.Backward(half) })
		slices.Reverse(down)
		require.Equal(t, want[:int(half)/step], down)
		require.False(t, p.Contains(index.Ordinal(n+step)))
		everything := roaring.New()
		everything.AddRange(0, uint64(n)*2+100)
		require.Equal(t, want, p.Intersect(everything).ToArray())
		p.RemoveFrom(everything)
		require.Equal(t, n*2+100-len(want), int(everything.GetCardinality()))
	}
}

func TestTokenUnderSeveralSystems(t *testing.T) {
	// The order of systems for one code, one version each; a pair is both.
	cases := [][]string{
		{"a"}, {"a", "a", "a"}, {"a", "b"}, {"a", "b", "a", "b"}, {"a", "a", "b", "a"},
		{"ab", "a", "b", "a"}, {"ab", "ab", "b"}, {"a", "ab", "a", "c", "a", "b"}, {"ab", "a", "a", "b", "b", "c", "ab"},
	}
	for _, systems := range cases {
		// Long enough to freeze what is repeated.
		for _, times := range []int{1, 1500} {
			x := index.New([16]byte{9}, nil)
			want := map[string][]uint32{}
			var items []index.Item
			for _, both := range systems {
				for range times {
					o := uint32(len(items) + 1)
					var entries []index.Entry
					for _, system := range both {
						entries = append(entries, index.Entry{Kind: index.KindToken, System: string(system), Code: "x"})
						want[string(system)] = append(want[string(system)], o)
					}
					p := new(index.Prepared)
					require.NoError(t, x.Prepare(p, encode(entries)))
					items = append(items, index.Item{Type: 1, ID: uuid(int(o), 0), Values: p})
				}
			}
			require.NoError(t, x.Apply(1, 0, 1, items))
			v := x.View()
			require.Equal(t, len(items), v.Posting(v.Terms().Code(0, "x")).Len(), "%v", systems)
			for system, ordinals := range want {
				require.Equal(t, ordinals, collect(v.Posting(v.Terms().Token(0, system, "x")).All), "%v", systems)
				require.Equal(t, ordinals, collect(v.Posting(v.Terms().System(0, system)).All))
			}
		}
	}
}

// A version that has a text twice is counted once, also where its first addition has
// turned the list into a bitmap.
func TestTextTwiceAtFreezing(t *testing.T) {
	x := index.New([16]byte{}, nil)
	const n = 5000
	items := make([]index.Item, n)
	for i := range items {
		items[i] = index.Item{Type: 1, ID: fmt.Sprint(i), Values: new(index.Prepared)}
		require.NoError(t, x.Prepare(items[i].Values, encode([]index.Entry{
			{Kind: index.KindText, Param: 1, Folded: "a", Exact: "A"}, {Kind: index.KindText, Param: 1, Folded: "a", Exact: "a"},
			{Kind: index.KindToken, Param: 2, Code: "c"}, {Kind: index.KindToken, Param: 2, Code: "c"},
		})))
		o := index.Ordinal(i + 1)
		require.NoError(t, x.Apply(uint64(o), 0, o, items[i:i+1]))
	}
	for _, posting := range x.View().Texts(1).WithPrefix("") {
		require.Equal(t, n, posting.Len())
	}
	require.Equal(t, n, x.View().Posting(x.View().Terms().Code(2, "c")).Len())
}
