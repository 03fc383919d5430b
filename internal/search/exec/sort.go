package exec

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A ranking holds one sort key of every candidate, by place in the set.
type ranking struct {
	descending bool
	present    []bool
	numbers    []float64
	times      []int64
	texts      []string
}

// sorted returns count members of set from offset on, in the order of the keys: by the
// smallest value ascending or the largest descending, members without a value last, and
// equal ones newest first.
func (ev *evaluation) sorted(set *roaring.Bitmap, keys []query.SortKey, offset, count int) ([]index.Ordinal, error) {
	if err := ev.charge(int(set.GetCardinality()) * len(keys)); err != nil {
		return nil, err
	}
	start, within := time.Now(), ev.working()
	orders := make([]order, len(keys))
	steps := make([]search.Step, len(keys))
	for i := range keys {
		orders[i] = ev.order(&keys[i])
		steps[i] = search.Step{Part: keys[i].Param.Row.Code, Way: orders[i].way()}
	}
	if len(keys) == 1 {
		if found, ok := firstOf(orders[0], set, offset+count, keys[0].Descending); ok {
			ev.worked(start, search.Step{Part: "_sort", Way: search.ByBest, Found: len(found) - offset, Steps: append(steps, within()...)})
			return found[offset:], nil
		}
	}
	ordinals := set.ToArray()
	rankings := make([]*ranking, len(keys))
	for i, key := range keys {
		r := &ranking{descending: key.Descending, present: make([]bool, len(ordinals))}
		if err := orders[i].rank(r, set, ordinals); err != nil {
			return nil, err
		}
		rankings[i] = r
	}
	compare := func(a, b uint32) int {
		for _, r := range rankings {
			if c := r.compare(a, b); c != 0 {
				return c
			}
		}
		return cmp.Compare(b, a) // places rise with ordinals
	}
	places := first(len(ordinals), min(offset+count, len(ordinals)), compare)
	matches := make([]index.Ordinal, 0, count)
	for _, place := range places[min(offset, len(places)):] {
		matches = append(matches, index.Ordinal(ordinals[place]))
	}
	ev.worked(start, search.Step{Part: "_sort", Way: search.ByParts, Found: len(matches), Steps: append(steps, within()...)})
	return matches, nil
}

func (r *ranking) compare(a, b uint32) int {
	switch {
	case r.present[a] != r.present[b]:
		if r.present[a] {
			return -1
		}
		return 1
	case !r.present[a]:
		return 0
	}
	var c int
	switch {
	case r.times != nil:
		c = cmp.Compare(r.times[a], r.times[b])
	case r.numbers != nil:
		c = cmp.Compare(r.numbers[a], r.numbers[b])
	default:
		c = strings.Compare(r.texts[a], r.texts[b])
	}
	if r.descending {
		return -c
	}
	return c
}

// first returns the k smallest of the numbers below n, in order. It keeps them in
// a heap with the largest on top, so that a page out of many is cheap.
func first(n, k int, compare func(a, b uint32) int) []uint32 {
	heap := make([]uint32, 0, k)
	for i := range uint32(n) {
		switch {
		case len(heap) < k:
			heap = append(heap, i)
			for c := len(heap) - 1; c > 0; {
				parent := (c - 1) / 2
				if compare(heap[c], heap[parent]) <= 0 {
					break
				}
				heap[c], heap[parent] = heap[parent], heap[c]
				c = parent
			}
		case k > 0 && compare(i, heap[0]) < 0:
			heap[0] = i
			sink(heap, compare)
		}
	}
	slices.SortFunc(heap, compare)
	return heap
}

// sink restores the heap after its top has changed.
func sink(heap []uint32, compare func(a, b uint32) int) {
	for at := 0; ; {
		child := 2*at + 1
		if child >= len(heap) {
			return
		}
		if child+1 < len(heap) && compare(heap[child+1], heap[child]) > 0 {
			child++
		}
		if compare(heap[child], heap[at]) <= 0 {
			return
		}
		heap[at], heap[child] = heap[child], heap[at]
		at = child
	}
}

// keep remembers the smallest, or for a descending key the largest value of a
// candidate.
func keep[T cmp.Ordered](r *ranking, values []T, place int, low, high T) {
	value := low
	if r.descending {
		value = high
	}
	if r.present[place] && (value < values[place]) == r.descending {
		return
	}
	r.present[place], values[place] = true, value
}

// places returns a function that finds ordinals that come in rising order.
func places(ordinals []uint32) func(index.Ordinal) int {
	at := 0
	return func(o index.Ordinal) int {
		for ordinals[at] != uint32(o) {
			at++
		}
		return at
	}
}

// alike makes room for values of the kind of another ranking's.
func (r *ranking) alike(other *ranking) {
	switch {
	case other.times != nil && r.times == nil:
		r.times = make([]int64, len(r.present))
	case other.numbers != nil && r.numbers == nil:
		r.numbers = make([]float64, len(r.present))
	case other.texts != nil && r.texts == nil:
		r.texts = make([]string, len(r.present))
	}
}

// take remembers the value of a candidate's target.
func (r *ranking) take(place int, from *ranking, at int) {
	switch {
	case from.times != nil:
		keep(r, r.times, place, from.times[at], from.times[at])
	case from.numbers != nil:
		keep(r, r.numbers, place, from.numbers[at], from.numbers[at])
	default:
		keep(r, r.texts, place, from.texts[at], from.texts[at])
	}
}
