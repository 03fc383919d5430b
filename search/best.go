package search

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// bestOf returns the first n of set in the order of a single key, without ranking
// all of it. It reports false where they are not found in columns alone: those
// without a value come last, and no column has them.
func (ev *evaluation) bestOf(set *roaring.Bitmap, key *sortKey, n int) ([]index.Ordinal, bool) {
	p := key.param
	if key.branches != nil || p.special != specialNone || 4*n > int(set.GetCardinality()) {
		return nil, false
	}
	// The best by all streams are among the best by each: what n others of a stream
	// precede is not among the first n.
	var found []index.Ranked
	for _, s := range p.streams {
		switch p.row.Type {
		case schema.ParamDate:
			found = append(found, ev.view.Dates(s.id).Best(set, n, key.descending)...)
		case schema.ParamNumber, schema.ParamQuantity:
			found = append(found, ev.view.Numbers(s.id).Best(set, n, key.descending)...)
		}
	}
	slices.SortFunc(found, func(a, b index.Ranked) int { return index.CompareRanked(a, b, key.descending) })
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
