package search

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A ranking holds one sort key of every candidate, by place in the set.
type ranking struct {
	descending bool
	present    []bool
	numbers    []float64
	times      []int64
	texts      []string
}

// sorted returns count members of set from offset on, in the order of the keys:
// by the smallest value ascending or the largest descending, those without a
// value last, and what is equal newest first.
func (ev *evaluation) sorted(set *roaring.Bitmap, keys []sortKey, offset, count int) ([]index.Ordinal, error) {
	if err := ev.charge(int(set.GetCardinality()) * len(keys)); err != nil {
		return nil, err
	}
	start := time.Now()
	if len(keys) == 1 {
		if found, ok := ev.bestOf(set, &keys[0], offset+count); ok {
			ev.worked(start, Step{Part: "_sort", Way: ByBest, Found: len(found) - offset, Steps: keySteps(keys)})
			return found[offset:], nil
		}
	}
	ordinals := set.ToArray()
	rankings := make([]*ranking, len(keys))
	for i, key := range keys {
		r := &ranking{descending: key.descending, present: make([]bool, len(ordinals))}
		if err := ev.rank(r, &key, set, ordinals); err != nil {
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
	ev.worked(start, Step{Part: "_sort", Way: ByParts, Found: len(matches), Steps: keySteps(keys)})
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

// rank fills in a key of every candidate.
func (ev *evaluation) rank(r *ranking, key *sortKey, set *roaring.Bitmap, ordinals []uint32) error {
	p := key.param
	switch {
	case key.branches != nil:
		return ev.rankByTargets(r, key, set, ordinals)
	case p.special == specialID:
		r.texts = make([]string, len(ordinals))
		for i, o := range ordinals {
			_, id := ev.view.Key(index.Ordinal(o))
			keep(r, r.texts, i, id, id)
		}
		return nil
	case p.special == specialLastUpdated:
		r.times = make([]int64, len(ordinals))
		for i, o := range ordinals {
			_, t := ev.view.RecordOf(index.Ordinal(o))
			keep(r, r.times, i, t, t)
		}
		return nil
	}
	switch p.row.Type {
	case schema.ParamDate:
		r.times = make([]int64, len(ordinals))
		for _, s := range p.streams {
			place := places(ordinals)
			for o, span := range ev.view.Dates(s.id).Keys(set) {
				keep(r, r.times, place(o), span.Min, span.Max)
			}
		}
	case schema.ParamNumber, schema.ParamQuantity:
		r.numbers = make([]float64, len(ordinals))
		for _, s := range p.streams {
			place := places(ordinals)
			for o, span := range ev.view.Numbers(s.id).Keys(set) {
				keep(r, r.numbers, place(o), span.Min, span.Max)
			}
		}
	case schema.ParamString, schema.ParamURI:
		r.texts = make([]string, len(ordinals))
		for _, s := range p.whole() {
			place := places(ordinals)
			for o, span := range ev.view.Texts(s.id).Keys(set) {
				keep(r, r.texts, place(o), span.Min, span.Max)
			}
		}
	default:
		r.texts = make([]string, len(ordinals))
		return ev.rankByValues(r, p, ordinals)
	}
	return nil
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

// rankByTargets ranks by what the references of each candidate lead to.
func (ev *evaluation) rankByTargets(r *ranking, key *sortKey, set *roaring.Bitmap, ordinals []uint32) error {
	for _, branch := range key.branches {
		for _, s := range key.param.streams {
			edges := ev.view.References(s.id)
			if err := ev.charge(2 * columnWork(edges.Len(), set)); err != nil {
				return err
			}
			targets := ev.view.OfType(index.TypeID(branch.typ)).Intersect(ev.view.CurrentOf(edges.Targets(set)))
			if targets.IsEmpty() {
				continue
			}
			ranked, list, err := ev.rankTargets(r, &branch, targets)
			if err != nil {
				return err
			}
			place := places(ordinals)
			for o, entity := range edges.Edges(set) {
				target, _ := ev.view.Current(entity)
				if at, ok := slices.BinarySearch(list, uint32(target)); ok && ranked.present[at] {
					r.take(place(o), ranked, at)
				}
			}
		}
		if err := ev.rankByURL(r, key, &branch, set, ordinals); err != nil {
			return err
		}
	}
	return nil
}

// rankTargets ranks what references lead to, and returns these as a list.
func (ev *evaluation) rankTargets(r *ranking, branch *keyBranch, targets *roaring.Bitmap) (*ranking, []uint32, error) {
	list := targets.ToArray()
	ranked := &ranking{descending: r.descending, present: make([]bool, len(list))}
	if err := ev.rank(ranked, &branch.key, targets, list); err != nil {
		return nil, nil, err
	}
	r.alike(ranked)
	return ranked, list, nil
}

// alike makes room for values of the kind that another ranking has.
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

// rankByValues ranks by tokens and references, which no column holds: tokens by
// code, then system, references by type and id.
func (ev *evaluation) rankByValues(r *ranking, p *param, ordinals []uint32) error {
	for i, o := range ordinals {
		entries, err := ev.entries(p.streams, index.Ordinal(o))
		if err != nil {
			return err
		}
		for j := range entries {
			entry := &entries[j]
			if !slices.ContainsFunc(p.streams, func(s *stream) bool { return s.id == entry.Param }) {
				continue
			}
			var key string
			switch entry.Kind {
			case index.KindToken:
				key = strings.TrimPrefix(entry.Code, caseMark) + "\x00" + entry.System
			case index.KindReference:
				key = schema.TypeID(entry.Type).String() + "/" + entry.ID
			default:
				key = sortText(entry.Exact)
			}
			keep(r, r.texts, i, key, key)
		}
	}
	return nil
}
