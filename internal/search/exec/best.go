package exec

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
)

// firstOf returns the first n of set in an order, without ranking all of it. It reports
// false if columns alone do not have them: candidates without a value come last, and no
// column has them.
func firstOf(by order, set *roaring.Bitmap, n int, descending bool) ([]index.Ordinal, bool) {
	if 4*n > int(set.GetCardinality()) {
		return nil, false
	}
	found, ok := by.best(set, n, descending)
	if !ok {
		return nil, false
	}
	slices.SortFunc(found, func(a, b index.Ranked) int { return index.CompareRanked(a, b, descending) })
	ordinals := make([]index.Ordinal, 0, n)
	seen := make(map[index.Ordinal]bool, n)
	for i := 0; i < len(found) && len(ordinals) < n; i++ {
		if o := found[i].Ordinal; !seen[o] {
			seen[o] = true
			ordinals = append(ordinals, o)
		}
	}
	return ordinals, len(ordinals) == n
}
