package index

import (
	"iter"
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// Most versions have the time of their commit. A version from another store may bring
// its own time, which is earlier. Brought times are a column of dates, which is never
// swept, since histories need them.

// addSourceLocked notes the time that a version brought. REQUIRES: mu held for writing.
func (x *Index) addSourceLocked(o Ordinal, micros int64) {
	x.mu.sources.add(o, dateRange{micros, micros + 1})
}

// publishSourcesLocked lets views see the noted times. REQUIRES: mu held for writing.
func (x *Index) publishSourcesLocked() {
	now := x.mu.sources
	x.sources.Store(&now)
}

// sources returns the column of the times that versions of the view brought, nil if
// there are none.
func (v View) sources() *column[dateRange] {
	all := v.x.sources.Load()
	if all == nil {
		return nil
	}
	seen := all.clamp(v.s.last)
	if seen.n == 0 {
		return nil
	}
	return &seen
}

// SourceTime returns the time that a version brought, or false if the version has its
// commit's time.
func (v View) SourceTime(o Ordinal) (timeMicros int64, ok bool) {
	all := v.x.sources.Load()
	if all == nil || o > v.s.last {
		return 0, false
	}
	at := all.search(o)
	if at == all.n || all.ordinal(at) != o {
		return 0, false
	}
	return all.value(at).from, true
}

// Updated returns the ordinals whose time is in [from, to), superseded ones included. The
// result is the caller's.
func (v View) Updated(from, to int64) *roaring.Bitmap {
	set := roaring.New()
	if first, end := v.since(from), v.since(to); first < end {
		set.AddRange(uint64(first), uint64(end))
	}
	if sources := v.sources(); sources != nil {
		dates := Dates{*sources}
		set.AndNot(dates.Match(nil, AnyDate()))
		set.Or(dates.Match(nil, DateWithin(from, to)))
	}
	return set
}

// newestFirst and newestMost are how many versions that brought a time are put in order
// at once, at first and at most.
const (
	newestFirst = 256
	newestMost  = 1 << 16
)

// A dated is a version with its time.
type dated struct {
	time    int64
	ordinal Ordinal
}

// before reports whether a version is listed after another one, the newest first.
func (d dated) before(e dated) bool {
	return d.time < e.time || d.time == e.time && d.ordinal < e.ordinal
}

// Newest iterates over the versions of a type, or over all if typ is nil, by their
// times, the newest first, deletions and superseded versions included. It begins behind
// the version after; 0 begins at the newest.
func (v View) Newest(typ *TypeID, after Ordinal) iter.Seq[Ordinal] {
	return func(yield func(Ordinal) bool) {
		from := dated{math.MaxInt64, MaxOrdinal}
		if after != 0 {
			_, from.time = v.RecordOf(after)
			from.ordinal = after
		}
		brought, stop := iter.Pull(v.newestBrought(typ, from))
		defer stop()
		next, more := brought()
		for d := range v.newestOwn(typ, from) {
			for ; more && d.before(next); next, more = brought() {
				if !yield(next.ordinal) {
					return
				}
			}
			if !yield(d.ordinal) {
				return
			}
		}
		for ; more; next, more = brought() {
			if !yield(next.ordinal) {
				return
			}
		}
	}
}

// newestOwn iterates over the versions that have the times of their records.
func (v View) newestOwn(typ *TypeID, from dated) iter.Seq[dated] {
	return func(yield func(dated) bool) {
		last := v.s.last
		if from.time < math.MaxInt64 {
			last = min(last, v.since(from.time+1)-1)
		}
		sources, at := v.sources(), -1
		if sources != nil {
			at = sources.search(last+1) - 1
		}
		for o := range v.backward(typ, last) {
			for at >= 0 && sources.ordinal(at) > o {
				at--
			}
			if at >= 0 && sources.ordinal(at) == o {
				continue
			}
			d := dated{ordinal: o}
			if _, d.time = v.RecordOf(o); d.before(from) && !yield(d) {
				return
			}
		}
	}
}

// backward iterates over the ordinals of a type, or all, from one on downwards.
func (v View) backward(typ *TypeID, last Ordinal) iter.Seq[Ordinal] {
	return func(yield func(Ordinal) bool) {
		if typ != nil {
			for o := range v.OfType(*typ).Backward(last) {
				if !v.Hole(o) && !yield(o) {
					return
				}
			}
			return
		}
		for o := last; o >= FirstOrdinal; o-- {
			if !v.Hole(o) && !yield(o) {
				return
			}
		}
	}
}

// newestBrought iterates over the versions that brought their times. To find the next
// few it looks at all of them, so it fetches more each time.
func (v View) newestBrought(typ *TypeID, from dated) iter.Seq[dated] {
	return func(yield func(dated) bool) {
		sources := v.sources()
		if sources == nil {
			return
		}
		var some []dated
		for size := newestFirst; ; size = min(2*size, newestMost) {
			some = v.nextBrought(some[:0], sources, typ, from, size)
			for _, d := range some {
				if !yield(d) {
					return
				}
			}
			if len(some) < size {
				return
			}
			from = some[size-1]
		}
	}
}

// nextBrought appends up to size versions that follow from.
func (v View) nextBrought(some []dated, sources *column[dateRange], typ *TypeID, from dated, size int) []dated {
	newest := func(a, b dated) int {
		if b.before(a) {
			return -1
		}
		return 1
	}
	least := dated{math.MinInt64, 0} // what is listed after it is not among the first
	for o, r := range sources.entries(nil) {
		d := dated{r.from, o}
		if !d.before(from) || !least.before(d) || v.x.Purged(o) {
			continue
		}
		if typ != nil {
			if t, _ := v.typeOf(o); t != *typ {
				continue
			}
		}
		if some = append(some, d); len(some) == 2*size {
			slices.SortFunc(some, newest)
			some, least = some[:size], some[size-1]
		}
	}
	slices.SortFunc(some, newest)
	return some[:min(len(some), size)]
}

// typeOf returns the type of the resource of o.
func (v View) typeOf(o Ordinal) (TypeID, bool) {
	e := v.EntityOf(o)
	if e == 0 {
		return 0, false
	}
	return v.x.entities.records.at(uint32(e)).typ, true
}
