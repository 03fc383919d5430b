package index

import (
	"sort"
	"sync"
	"sync/atomic"
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
	mu   sync.Mutex
	held map[uint64]int // how often a sequence is held
	at   atomic.Uint64
}

// Hold returns the newest state, beyond which no sweep goes until it is released.
// It costs some ten nanoseconds.
func (x *Index) Hold() View {
	h := &x.horizon
	h.mu.Lock()
	defer h.mu.Unlock()
	v := x.View()
	if h.held == nil {
		h.held = make(map[uint64]int)
	}
	h.held[v.s.sequence]++
	return v
}

// Release ends one Hold of a view.
func (x *Index) Release(v View) {
	h := &x.horizon
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.held[v.s.sequence]--; h.held[v.s.sequence] == 0 {
		delete(h.held, v.s.sequence)
	}
}

// Whole reports whether no sweep has gone beyond the view. What was read before
// Whole returns true was exact; a view that is held is always whole.
func (v View) Whole() bool { return v.s.sequence >= v.x.horizon.at.Load() }

// advance moves the horizon as far as a sweep of a sequence may go.
func (x *Index) advance(seq uint64) record {
	x.horizon.mu.Lock()
	defer x.horizon.mu.Unlock()
	r := x.reachLocked(seq)
	x.horizon.at.Store(r.sequence)
	return r
}

// reachLocked returns the newest record whose sequence is at most seq and that of
// every view that is held, or that of the horizon if it is beyond. REQUIRES:
// horizon.mu held.
func (x *Index) reachLocked(seq uint64) record {
	h := &x.horizon
	for held := range h.held {
		seq = min(seq, held)
	}
	return x.View().recordAt(max(seq, h.at.Load()))
}

// recordAt returns the newest record whose sequence is at most seq, the zero record
// if there is none.
func (v View) recordAt(seq uint64) record {
	n := sort.Search(int(v.s.records), func(i int) bool { return v.x.records.at(uint32(i)).sequence > seq })
	if n == 0 {
		return record{}
	}
	return *v.x.records.at(uint32(n - 1))
}

// SequenceAt returns the sequence of the newest record whose time, in microseconds
// since the Unix epoch, is at most t; 0 if there is none.
func (v View) SequenceAt(t int64) uint64 {
	n := sort.Search(int(v.s.records), func(i int) bool { return v.x.records.at(uint32(i)).time > t })
	if n == 0 {
		return 0
	}
	return v.x.records.at(uint32(n - 1)).sequence
}
