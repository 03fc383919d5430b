package index

import (
	"cmp"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// A Ranked is an ordinal and its sort key: a number in the order of the values.
type Ranked struct {
	Ordinal Ordinal
	Key     int64
}

// CompareRanked orders by key, upwards or downwards, and equal keys newest first.
func CompareRanked(a, b Ranked, descending bool) int {
	switch {
	case a.Key == b.Key:
		return cmp.Compare(b.Ordinal, a.Ordinal)
	case (a.Key < b.Key) != descending:
		return -1
	}
	return 1
}

// Best does as [Dates.Best], by the smallest low end or the largest high end, and
// ignores units. Decimals that are equal as float64 are equal; a number beyond float64
// is equal to an open end.
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

// sortKey is the image of the float64 alone: ±0 is one number, and numbers beyond
// float64 are infinite.
func (im image) sortKey() int64 {
	infinite := int64(math.Float64bits(math.Inf(1)))
	if im == -1 { // -0
		im = 0
	}
	return max(-infinite-1, min(int64(im), infinite))
}

// keyLimits are the least lower end and the largest upper end of a full chunk, as keys.
// They are made when the column first sorts a search.
type keyLimits struct{ low, high int64 }

// best walks the chunks of a column, the most promising first, and keeps the n best
// entries. It ends at the first chunk that has none better.
func best[T any](c *column[T], set *roaring.Bitmap, n int, descending bool, keys func(dst []int64, values []T, high bool)) []Ranked {
	if n <= 0 || set.IsEmpty() || c.n == 0 {
		return nil
	}
	var buf [columnChunkN]int64
	var values []T
	r := newRanker(set, n, descending, c.repeats)
	defer r.giveBack()
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

// promising returns the indexes of the chunks and their best keys, the best first, and
// of equal ones the newest first.
func promising[T any](c *column[T], buf *[columnChunkN]int64, values *[]T, descending bool, keys func(dst []int64, values []T, high bool)) []Ranked {
	var chunks []Ranked
	for ordinals, chunk := range c.parts() {
		var limits *keyLimits
		if len(ordinals) == columnChunkN {
			limits = limitsOf(chunk, buf, values, keys)
		} else {
			limits = newLimits(chunk, len(ordinals), buf, values, keys)
		}
		chunks = append(chunks, Ranked{Ordinal(len(chunks)), limits.best(descending)})
	}
	slices.SortFunc(chunks, func(a, b Ranked) int { return CompareRanked(a, b, descending) })
	return chunks
}

// limitsOf returns the limits of a full chunk.
func limitsOf[T any](chunk *columnChunk[T], buf *[columnChunkN]int64, values *[]T, keys func(dst []int64, values []T, high bool)) *keyLimits {
	limits := chunk.limits.Load()
	if limits == nil {
		limits = newLimits(chunk, columnChunkN, buf, values, keys)
		chunk.limits.Store(limits)
	}
	return limits
}

func newLimits[T any](chunk *columnChunk[T], n int, buf *[columnChunkN]int64, values *[]T, keys func(dst []int64, values []T, high bool)) *keyLimits {
	limits := new(keyLimits)
	all := chunk.all(n, values)
	keys(buf[:n], all, false)
	limits.low = slices.Min(buf[:n])
	keys(buf[:n], all, true)
	limits.high = slices.Max(buf[:n])
	return limits
}

// best returns the best key that an entry may have.
func (l *keyLimits) best(descending bool) int64 {
	if descending {
		return l.high
	}
	return l.low
}

// A ranker keeps the best entries that it is given.
type ranker struct {
	descending bool
	n          int
	wanted     *dense   // a bit for each ordinal
	repeats    bool     // an ordinal may have several values
	kept       []Ranked // beyond n in no order; then cut back to the n best
	worst      Ranked   // of the n best at the last cut
	full       bool     // there are n
}

func newRanker(set *roaring.Bitmap, n int, descending, repeats bool) ranker {
	wanted := borrowDense(0, set.Maximum())
	set.WriteDenseTo(wanted.words)
	return ranker{descending: descending, n: n, wanted: wanted, repeats: repeats, kept: make([]Ranked, 0, 4*n)}
}

func (r *ranker) giveBack() { r.wanted.giveBack() }

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
		if !r.wanted.has(uint32(o)) {
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

// cut sorts the kept entries and leaves the n best, each ordinal once, with its best
// value.
func (r *ranker) cut() {
	slices.SortFunc(r.kept, func(a, b Ranked) int { return CompareRanked(a, b, r.descending) })
	if r.repeats {
		seen := make(map[Ordinal]bool, len(r.kept))
		r.kept = slices.DeleteFunc(r.kept, func(a Ranked) bool {
			twice := seen[a.Ordinal]
			seen[a.Ordinal] = true
			return twice
		})
	}
	r.kept = r.kept[:min(r.n, len(r.kept))]
	if r.full = len(r.kept) == r.n; r.full {
		r.worst = r.kept[r.n-1]
	}
}
