package index

import (
	"sort"
	"sync"
	"sync/atomic"
	"time"
)

// A horizon is the sequence up to which sweeps may have removed what was not
// visible any more: views of it and of later sequences are exact, those before may
// miss versions.
//
// It moves before the first removal, under the lock under which views are held. So
// whoever holds a view is safe from it; and whoever finds after a search that the
// horizon is not beyond its view ([View.Whole]) has seen no removal that concerns
// it.
type horizon struct {
	mu sync.Mutex
	// The lasting holds, in the order in which they began, which is the order of their
	// sequences.
	oldest, newest *Hold
	at             atomic.Uint64
}

// A Hold is a view beyond which no sweep goes until the hold is released or ended. Its
// methods are safe for several goroutines.
type Hold struct {
	View
	// Since is when it began, as its caller said.
	Since time.Time
	state holdState // horizon.mu guards it and what follows
	older *Hold
	newer *Hold
}

type holdState uint8

const (
	holdLasts holdState = iota
	holdReleased
	holdEnded
)

// Hold holds the newest state from now on. It costs some ten nanoseconds.
func (x *Index) Hold(now time.Time) *Hold {
	held := &Hold{Since: now}
	h := &x.horizon
	h.mu.Lock()
	defer h.mu.Unlock()
	held.View = x.View()
	if held.older = h.newest; held.older != nil {
		held.older.newer = held
	} else {
		h.oldest = held
	}
	h.newest = held
	return held
}

// Release ends the hold: the view is not read any more. A second Release does nothing.
func (held *Hold) Release() { held.finish(holdReleased) }

// End ends a hold that lasts too long, before its owner releases it: after the next
// sweep its view may not be whole any more.
func (held *Hold) End() { held.finish(holdEnded) }

func (held *Hold) finish(state holdState) {
	h := &held.x.horizon
	h.mu.Lock()
	defer h.mu.Unlock()
	if held.state != holdLasts {
		return
	}
	held.state = state
	if held.older != nil {
		held.older.newer = held.newer
	} else {
		h.oldest = held.newer
	}
	if held.newer != nil {
		held.newer.older = held.older
	} else {
		h.newest = held.older
	}
	held.older, held.newer = nil, nil
}

// Holds returns the holds that last, the oldest first.
func (x *Index) Holds() []*Hold {
	h := &x.horizon
	h.mu.Lock()
	defer h.mu.Unlock()
	var all []*Hold
	for held := h.oldest; held != nil; held = held.newer {
		all = append(all, held)
	}
	return all
}

// Whole reports whether no sweep has gone beyond the view. If it returns true, all
// reads before were exact. The view of a lasting hold is always whole.
func (v View) Whole() bool { return v.s.sequence >= v.x.horizon.at.Load() }

// advance moves the horizon as far as a sweep of a sequence may go.
func (x *Index) advance(seq uint64) record {
	x.horizon.mu.Lock()
	defer x.horizon.mu.Unlock()
	r := x.reachLocked(seq)
	x.horizon.at.Store(r.sequence)
	return r
}

// reachLocked returns the newest commit whose sequence is at most seq and at most the
// sequence of each hold, or the horizon's commit if that is later. REQUIRES: horizon.mu
// held.
func (x *Index) reachLocked(seq uint64) record {
	h := &x.horizon
	if h.oldest != nil {
		seq = min(seq, h.oldest.Sequence())
	}
	return x.View().recordAt(max(seq, h.at.Load()))
}

// recordAt returns the newest commit whose sequence is at most seq, or the zero record
// if there is none.
func (v View) recordAt(seq uint64) record {
	n := sort.Search(int(v.s.records), func(i int) bool { return v.x.records.at(uint32(i)).sequence > seq })
	if n == 0 {
		return record{}
	}
	return *v.x.records.at(uint32(n - 1))
}

// SequenceAt returns the sequence of the newest commit whose time, in microseconds
// since the Unix epoch, is at most t; 0 if there is none.
func (v View) SequenceAt(t int64) uint64 {
	n := sort.Search(int(v.s.records), func(i int) bool { return v.x.records.at(uint32(i)).time > t })
	if n == 0 {
		return 0
	}
	return v.x.records.at(uint32(n - 1)).sequence
}
