package index

import (
	"runtime"
	"sync"
)

// A Loader fills an index fast. Until Finish has returned, only the resource table may
// be read. It collects the terms of some ten thousand versions before other goroutines
// add them to the table and to postings, each to its part of the table, while Apply
// goes on.
//
// Apply, ApplyAll and Finish are called by one goroutine; no sweep runs meanwhile.
type Loader struct {
	x        *Index
	workers  []*loadWorker
	filling  *termSet // belongs to Apply
	adding   *termSet // belongs to the workers that run
	running  sync.WaitGroup
	grown    bool // the second set has its room
	finished bool
}

const (
	// loadTerms is how many terms are added together. They take 4 MB.
	loadTerms = 1 << 18
	// loadParts is how many parts the table has for a loader. A part is some shards,
	// which a cache holds while terms are added to them.
	loadParts = 1 << 8
)

// Loader begins to load with a number of goroutines besides the caller's; 0 stands for
// one for each core. Until Finish, Apply and ApplyAll of the index do as the loader's.
func (x *Index) Loader(workers int) *Loader {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	l := &Loader{x: x, filling: newTermSet(loadParts), adding: newTermSet(loadParts)}
	for range workers {
		l.workers = append(l.workers, &loadWorker{x: x})
	}
	x.applying.Lock()
	defer x.applying.Unlock()
	x.loading = l
	x.entities.remember()
	return l
}

// Apply does as [Index.Apply]. Custom values are left out: Fill adds them later.
func (l *Loader) Apply(seq uint64, timeMicros int64, first Ordinal, items []Item) error {
	return l.x.Apply(seq, timeMicros, first, items)
}

// ApplyAll does as [Index.ApplyAll], without custom values.
func (l *Loader) ApplyAll(commits []Commit) (first Ordinal, err error) {
	return l.x.ApplyAll(commits)
}

// Finish adds the last terms and waits for all goroutines. The index is then as if
// Apply had done everything. Finish must be called after an error of Apply too.
func (l *Loader) Finish() {
	l.x.applying.Lock()
	defer l.x.applying.Unlock()
	if l.finished {
		return
	}
	l.hand()
	l.running.Wait()
	l.finished, l.x.loading = true, nil
	l.x.entities.forget()
	l.x.mu.Lock()
	defer l.x.mu.Unlock()
	for _, w := range l.workers {
		w.finishLocked()
	}
}

// hand gives the filled set to the workers, once they are done with the set before: so
// each posting rises.
func (l *Loader) hand() {
	l.x.mu.Lock()
	l.x.addPresentLocked()
	l.x.mu.Unlock()
	l.running.Wait()
	l.filling, l.adding = l.adding, l.filling
	l.filling.reset()
	if !l.grown && l.adding.n >= loadTerms { // a small store needs no second set
		l.grown = true
		l.filling.grow(loadTerms + loadTerms/4)
	}
	for i, w := range l.workers {
		l.running.Go(func() {
			for part := i; part < loadParts; part += len(l.workers) {
				w.add(l.adding.versions, l.adding.parts[part])
			}
		})
	}
}

// A loadWorker adds the terms of some parts of the table.
type loadWorker struct {
	x      *Index
	groups termGroups
	terms  []int // by param, that were put into the table
	// The numbers of postings that are the worker's to give.
	next, end uint32
}

// numbersTaken is how many numbers of postings a worker takes under one lock.
const numbersTaken = 256

func (w *loadWorker) add(versions []uint32, terms []placedTerm) {
	w.groups.group(versions, terms)
	store := &w.x.mu.postings
	for i := range w.groups.groups {
		g := &w.groups.groups[i]
		if payload := w.x.mu.table.put(g.hash); store.addMany(payload, w.groups.ordinalsOf(g), g.param, w) {
			if n := int(g.param) + 1 - len(w.terms); n > 0 {
				w.terms = append(w.terms, make([]int, n)...)
			}
			w.terms[g.param]++
		}
	}
}

// number returns a number for a posting.
func (w *loadWorker) number() uint32 {
	if w.next == w.end {
		w.x.mu.Lock()
		defer w.x.mu.Unlock()
		store := &w.x.mu.postings
		w.next, w.end = store.n, store.n+numbersTaken
		store.n = w.end
		store.postings.grow(store.n)
		store.owners.grow(store.n)
	}
	w.next++
	return w.next - 1
}

// finishLocked gives back the numbers that the worker has not used. REQUIRES: x.mu held
// for writing.
func (w *loadWorker) finishLocked() {
	for ; w.next < w.end; w.next++ {
		w.x.mu.postings.free = append(w.x.mu.postings.free, w.next)
	}
	for p, n := range w.terms {
		if n > 0 {
			w.x.mu.params[p].terms += n
		}
	}
}
