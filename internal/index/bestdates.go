package index

import (
	"slices"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
)

// Best returns the first n ordinals of set that have a date, in the order of
// [CompareRanked]: by their earliest From upwards, or their latest To downwards. There
// are fewer than n if fewer have a date. The result is the caller's.
//
// It walks the years and months of calendars, the most promising first, and ends at the
// first that has none better.
func (d Dates) Best(set *roaring.Bitmap, n int, descending bool) []Ranked {
	c := &d.entries
	if n <= 0 || set.IsEmpty() || c.n == 0 {
		return nil
	}
	w := dateWalks.Get().(*dateWalk)
	defer w.giveBack()
	w.ranker, w.set = newRanker(set, n, descending, c.repeats), set
	full := c.n >> columnBits
	for first, last := range orderedParts(full) {
		w.part(c.from(first, last-first+1))
	}
	last := c.from(full, 1)
	w.chunk(&last)
	slices.SortFunc(w.promises, func(a, b datePromise) int {
		return CompareRanked(Ranked{Key: a.key}, Ranked{Key: b.key}, descending)
	})
	for _, p := range w.promises {
		if !w.takes(Ranked{MaxOrdinal, p.key}) {
			break
		}
		if p.year == nil {
			w.chunk(p.part)
		} else {
			w.year(p.part, p.year)
		}
	}
	w.cut()
	return w.kept
}

// A dateWalk looks for the best dates of a set. Walks are borrowed from a pool.
type dateWalk struct {
	ranker
	set      *roaring.Bitmap
	promises []datePromise
	values   []dateRange
	keys     [columnChunkN]int64
}

var dateWalks = sync.Pool{New: func() any { return new(dateWalk) }}

// giveBack gives the walk back, without what keeps memory of an index alive.
func (w *dateWalk) giveBack() {
	w.ranker.giveBack()
	clear(w.promises)
	w.ranker, w.set, w.promises = ranker{}, nil, w.promises[:0]
	dateWalks.Put(w)
}

// A datePromise is a year of a stretch of the column, or a chunk without years, and the
// best key that it may have.
type datePromise struct {
	key  int64
	part *column[dateRange]
	year *calendarYear // nil of a chunk
}

// part looks at the entries that a calendar keeps apart, and notes its years with their
// best keys.
func (w *dateWalk) part(part column[dateRange]) {
	c := calendarOf(&part)
	if c.coarse {
		for i := range part.chunks {
			chunk := part.from(i, 1)
			limits := limitsOf(chunk.chunks[0], &w.keys, &w.values, dateKeys)
			w.promises = append(w.promises, datePromise{limits.best(w.descending), &chunk, nil})
		}
		return
	}
	w.look(&part, c.loose)
	for _, year := range c.years {
		w.look(&part, year.beyondYear)
		w.promises = append(w.promises, datePromise{year.best(w.descending), &part, year})
	}
}

// best returns the best key that an entry may have that begins and ends in s.
func (s calendarSpan) best(descending bool) int64 {
	if descending {
		return s.to
	}
	return s.from
}

// chunk looks at all entries of a chunk.
func (w *dateWalk) chunk(c *column[dateRange]) {
	if c.n == 0 {
		return
	}
	ordinals, keys := c.chunks[0].ordinals[:c.n], w.keys[:c.n]
	dateKeys(keys, c.chunks[0].all(c.n, &w.values), w.descending)
	w.walk(ordinals, keys)
}

// memberLookup is how many entries of a month are looked at in the time of finding one
// by its ordinal.
const memberLookup = 16

// year looks at the entries that begin and end in a year, the most promising months
// first. If few ordinals of the set are in the year, it looks at their entries alone.
func (w *dateWalk) year(part *column[dateRange], year *calendarYear) {
	members := year.within.AndCardinality(w.set)
	switch {
	case members == 0:
		return
	case members*memberLookup < year.within.GetCardinality():
		for o := range ordinalsOf(roaring.And(year.within, w.set)) {
			for i := part.search(o); i < part.n && part.ordinal(i) == o; i++ {
				w.offer(o, part.value(i))
			}
		}
		return
	}
	w.look(part, year.beyondMonth)
	for i := range year.months {
		month := &year.months[i]
		if w.descending {
			month = &year.months[len(year.months)-1-i]
		}
		if !w.takes(Ranked{MaxOrdinal, month.best(w.descending)}) {
			break
		}
		w.look(part, month.within)
	}
}

// look looks at the entries at some positions of a part.
func (w *dateWalk) look(part *column[dateRange], positions []uint16) {
	for _, i := range positions {
		if o := part.ordinal(int(i)); w.wanted.has(uint32(o)) {
			w.offer(o, part.value(int(i)))
		}
	}
	if !w.full && len(w.kept) >= w.n {
		w.cut() // from now on there is a worst
	}
}

func (w *dateWalk) offer(o Ordinal, r dateRange) {
	a := Ranked{o, r.from}
	if w.descending {
		a.Key = r.to
	}
	if w.takes(a) {
		w.keep(a)
	}
}
