package index

import (
	"cmp"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// A Ranked is an ordinal and the value by which it is sorted, as a number of the
// same order.
type Ranked struct {
	Ordinal Ordinal
	Key     int64
}

// CompareRanked orders by key, upwards or downwards, and what is equal newest first.
func CompareRanked(a, b Ranked, descending bool) int {
	order := cmp.Compare(a.Key, b.Key)
	if descending {
		order = -order
	}
	return cmp.Or(order, cmp.Compare(b.Ordinal, a.Ordinal))
}

// Best returns the first n of those of set that have a date, in the order of
// [CompareRanked]: by their earliest From upwards, or their latest To downwards.
// There are fewer if not so many have one. The result is the caller's.
func (d Dates) Best(set *roaring.Bitmap, n int, descending bool) []Ranked {
	return best(&d.entries, set, n, descending, dateKeys)
}

// Best does as [Dates.Best] by the smallest low or the largest high end, whatever
// the unit. Decimals that are equal as float64 are equal, and so are open ends and
// what is beyond float64.
func (c Numbers) Best(set *roaring.Bitmap, n int, descending bool) []Ranked {
	return best(&c.entries, set, n, descending, numberKeys)
}

func dateKeys(dst []int64, values []dateRange, high bool) {
	if high {
		for i := range dst {
			dst[i] = values[i].to
		}
		return
	}
	for i := range dst {
		dst[i] = values[i].from
	}
}

func numberKeys(dst []int64, values []numberRange, high bool) {
	for i := range dst {
		im := values[i].low()
		if high {
			im = values[i].high()
		}
		dst[i] = im.sortKey()
	}
}

// sortKey is the image of the float64 alone: ±0 is one number, and there is nothing
// beyond the infinite.
func (im image) sortKey() int64 {
	infinite := int64(math.Float64bits(math.Inf(1)))
	if im == -1 { // -0
		im = 0
	}
	return max(-infinite-1, min(int64(im), infinite))
}

// keyLimits are the least lower and the largest upper end of a full chunk, as keys.
// They are found when the column is first sorted by.
type keyLimits struct{ low, high int64 }

// best walks the chunks of a column, those first that promise most, and keeps the n
// best that it has seen; it ends at the first chunk that has none better.
func best[T any](c *column[T], set *roaring.Bitmap, n int, descending bool, keys func(dst []int64, values []T, high bool)) []Ranked {
	if n <= 0 || set.IsEmpty() || c.n == 0 {
		return nil
	}
	var buf [columnChunkN]int64
	var values []T
	r := ranker{descending: descending, n: n, wanted: set.ToDense(), kept: make([]Ranked, 0, 4*n)}
	chunks := promising(c, &buf, &values, descending, keys)
	for _, p := range chunks {
		if !r.takes(Ranked{MaxOrdinal, p.Key}) {
			break
		}
		at := int(p.Ordinal)
		chunk := c.chunks[at]
		ordinals := chunk.ordinals[:min(c.n-at<<columnBits, columnChunkN)]
		keys(buf[:len(ordinals)], chunk.all(len(ordinals), &values), descending)
		r.walk(ordinals, buf[:len(ordinals)])
	}
	r.cut()
	return r.kept
}

// promising returns the numbers of the chunks and their best keys, best first, and
// the newest first among equals.
func promising[T any](c *column[T], buf *[columnChunkN]int64, values *[]T, descending bool, keys func(dst []int64, values []T, high bool)) []Ranked {
	var chunks []Ranked
	for ordinals, chunk := range c.parts() {
		limits := chunk.limits.Load()
		if limits == nil {
			limits = new(keyLimits)
			values := chunk.all(len(ordinals), values)
			keys(buf[:len(ordinals)], values, false)
			limits.low = slices.Min(buf[:len(ordinals)])
			keys(buf[:len(ordinals)], values, true)
			limits.high = slices.Max(buf[:len(ordinals)])
			if len(ordinals) == columnChunkN {
				chunk.limits.Store(limits)
			}
		}
		key := limits.low
		if descending {
			key = limits.high
		}
		chunks = append(chunks, Ranked{Ordinal(len(chunks)), key})
	}
	slices.SortFunc(chunks, func(a, b Ranked) int { return CompareRanked(a, b, descending) })
	return chunks
}

// A ranker keeps the best of what it is shown.
type ranker struct {
	descending bool
	n          int
	wanted     []uint64 // a bit for each ordinal
	kept       []Ranked // beyond n in no order; then cut back to the n best
	worst      Ranked   // of the n best at the last cut
	full       bool     // there are n
}

// takes reports whether a is better than the worst.
func (r *ranker) takes(a Ranked) bool {
	return !r.full || CompareRanked(a, r.worst, r.descending) < 0
}

func (r *ranker) walk(ordinals []Ordinal, keys []int64) {
	for i, o := range ordinals {
		key := keys[i]
		if r.full && key != r.worst.Key && (key < r.worst.Key) == r.descending {
			continue
		}
		if word := int(o >> 6); word >= len(r.wanted) || r.wanted[word]>>(o&63)&1 == 0 {
			continue
		}
		if a := (Ranked{o, key}); r.takes(a) {
			r.keep(a)
		}
	}
}

func (r *ranker) keep(a Ranked) {
	if len(r.kept) == cap(r.kept) {
		if r.cut(); !r.takes(a) {
			return
		}
	}
	r.kept = append(r.kept, a)
}

// cut sorts what is kept and leaves the n best, each ordinal once: of several values
// the first is its best.
func (r *ranker) cut() {
	slices.SortFunc(r.kept, func(a, b Ranked) int { return CompareRanked(a, b, r.descending) })
	seen := make(map[Ordinal]bool, len(r.kept))
	r.kept = slices.DeleteFunc(r.kept, func(a Ranked) bool {
		twice := seen[a.Ordinal]
		seen[a.Ordinal] = true
		return twice
	})
	r.kept = r.kept[:min(r.n, len(r.kept))]
	if r.full = len(r.kept) == r.n; r.full {
		r.worst = r.kept[r.n-1]
	}
}
