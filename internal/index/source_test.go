package index_test

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/stretchr/testify/require"
)

// TestNewestOfMany puts more versions in order than are looked at together. Half of the
// versions brought their times, and many times are the same.
func TestNewestOfMany(t *testing.T) {
	x, random := index.New([16]byte{}, nil), rand.New(rand.NewPCG(1, 2))
	times := map[index.Ordinal]int64{}
	var all []index.Ordinal
	for n := range int64(100) {
		items := make([]index.Item, 100)
		for i := range items {
			o := index.Ordinal(len(all) + 1)
			items[i] = index.Item{Type: 7, ID: strconv.Itoa(len(all))}
			times[o] = n * 10
			if random.IntN(2) == 0 {
				times[o] = random.Int64N(n*10 + 1)
				items[i].Brought, items[i].SourceTime = true, times[o]
			}
			all = append(all, o)
		}
		_, err := x.ApplyAll([]index.Commit{{Sequence: uint64(n + 1), Time: n * 10, Items: items}})
		require.NoError(t, err)
	}
	slices.SortFunc(all, func(a, b index.Ordinal) int { return cmp.Or(cmp.Compare(times[b], times[a]), cmp.Compare(b, a)) })
	typ := index.TypeID(7)
	require.Equal(t, all, slices.Collect(x.View().Newest(&typ, 0)))
	require.Equal(t, all[5000:], slices.Collect(x.View().Newest(nil, all[4999])))
}
