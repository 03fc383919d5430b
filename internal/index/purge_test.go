package index_test

import (
	"context"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// TestPurge makes holes of the older versions of one resource and of all versions of
// another, and compares with an index that never had them.
func TestPurge(t *testing.T) {
	x := index.New([16]byte{1}, nil)
	items := []index.Item{
		{Type: 1, ID: "a", Version: 1}, {Type: 1, ID: "b", Version: 1}, {Type: 2, ID: "c", Version: 1},
		{Type: 1, ID: "a", Version: 2}, {Type: 1, ID: "b", Version: 2, Deleted: true}, {Type: 1, ID: "a", Version: 3},
	}
	for i, it := range items {
		require.NoError(t, x.Apply(uint64(i+1), int64(i), index.Ordinal(i+1), []index.Item{it}))
	}
	before := x.View()
	require.NoError(t, x.Apply(7, 7, 7, nil), "a commit without versions")
	x.Forget(7)
	require.False(t, before.Complete())
	require.True(t, x.View().Complete())
	require.Equal(t, index.Ordinal(6), x.Horizon())
	gone := roaring.BitmapOf(1, 2, 4, 5)
	x.Purge(gone)
	view := x.View()
	for o := index.Ordinal(1); o <= 6; o++ {
		require.Equal(t, gone.Contains(uint32(o)), view.Hole(o))
	}
	o, ok := view.Lookup(1, "a")
	require.True(t, ok)
	require.Equal(t, index.Ordinal(6), o)
	_, ok = view.Previous(o)
	require.False(t, ok)
	_, ok = view.Lookup(1, "b")
	require.False(t, ok)
	require.Equal(t, []index.Ordinal{6, 3}, slices.Collect(view.Newest(nil, 0)))
	one := index.TypeID(1)
	require.Equal(t, []index.Ordinal{6}, slices.Collect(view.Newest(&one, 0)))
	require.Equal(t, 1, view.OfType(1).Len())
	require.Equal(t, 1, view.OfType(1).CountVisible())
	stats := x.Stats()
	require.Equal(t, []int{2, 0}, []int{stats.Ordinals, stats.Superseded})
	compare := func() {
		twin := x.Twin()
		for i, it := range items {
			if gone.Contains(uint32(i + 1)) {
				it = index.Item{Hole: true}
			}
			require.NoError(t, twin.Apply(uint64(i+1), int64(i), index.Ordinal(i+1), []index.Item{it}))
		}
		require.NoError(t, twin.Apply(7, 7, 7, nil))
		require.NoError(t, index.Diff(context.Background(), x.View(), twin.View(), nil, func(d index.Difference) bool {
			t.Error(d)
			return true
		}))
	}
	compare()
	require.NoError(t, x.Sweep(context.Background(), 7))
	compare()

	// Its id begins anew.
	require.NoError(t, x.Apply(8, 8, 7, []index.Item{{Type: 1, ID: "b", Version: 1}}))
	o, ok = x.View().Lookup(1, "b")
	require.True(t, ok)
	require.Equal(t, uint64(1), x.View().VersionNumber(o))
	_, ok = x.View().Previous(o)
	require.False(t, ok)
}
