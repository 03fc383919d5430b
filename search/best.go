package search

import (
	"cmp"
	"iter"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// bestOf returns the first n of set in the order of a single key, without ranking
// all of it. It reports false where that takes more than one pass over one
// column: a date or number may stand in several, and those without a value come
// last.
func (ev *evaluation) bestOf(set *roaring.Bitmap, key *sortKey, n int) ([]index.Ordinal, bool) {
	p := key.param
	if key.branches != nil || p.special != specialNone || 4*n > int(set.GetCardinality()) {
		return nil, false
	}
	var only *stream
	for _, s := range p.streams {
		length := 0
		switch p.row.Type {
		case schema.ParamDate:
			length = ev.view.Dates(s.id).Len()
		case schema.ParamNumber, schema.ParamQuantity:
			length = ev.view.Numbers(s.id).Len()
		}
		switch {
		case length == 0:
		case only != nil:
			return nil, false
		default:
			only = s
		}
	}
	if only == nil {
		return nil, false
	}
	var found []index.Ordinal
	if p.row.Type == schema.ParamDate {
		found = best(ev.view.Dates(only.id).Keys(set), key.descending, n)
	} else {
		found = best(ev.view.Numbers(only.id).Keys(set), key.descending, n)
	}
	return found, len(found) == n
}

// best returns the n ordinals with the smallest values, or the largest if
// descending, in order; what is equal comes newest first.
func best[T cmp.Ordered](spans iter.Seq2[index.Ordinal, index.Span[T]], descending bool, n int) []index.Ordinal {
	type ranked struct {
		key T
		o   index.Ordinal
	}
	kept := make([]ranked, 0, 4*n) // unordered beyond n; then cut back to the n best
	cut := func() {
		slices.SortFunc(kept, func(a, b ranked) int {
			order := cmp.Compare(a.key, b.key)
			if descending {
				order = -order
			}
			return cmp.Or(order, cmp.Compare(b.o, a.o))
		})
		kept = kept[:min(n, len(kept))]
	}
	var worst T
	full := false
	for o, span := range spans {
		key := span.Min
		if descending {
			key = span.Max
		}
		if full && key != worst && (key < worst) == descending {
			continue
		}
		if kept = append(kept, ranked{key, o}); len(kept) == cap(kept) {
			cut()
			worst, full = kept[n-1].key, true
		}
	}
	cut()
	ordinals := make([]index.Ordinal, len(kept))
	for i, r := range kept {
		ordinals[i] = r.o
	}
	return ordinals
}
