package index

import (
	"math/bits"
	"runtime"
	"slices"
	"sync"
)

// A Loader fills an index fast, while nobody reads more than the resource table: views
// of what it applied are of use once Finish has returned. It collects terms with their
// ordinals, and adds some hundred thousand at a time to the table and its postings,
// each posting once. Other goroutines do that, each with its part of the table, while
// Apply goes on.
//
// Apply and Finish are called by one goroutine; no sweep runs meanwhile.
type Loader struct {
	x        *Index
	workers  []*loadWorker
	filling  *loadSet // belongs to Apply
	adding   *loadSet // belongs to the workers, until running is done
	running  sync.WaitGroup
	finished bool
}

const (
	// loadSetSize is how many terms are added together, of some ten thousand
	// versions. They take 6 MB.
	loadSetSize = 1 << 18
	// loadParts is how many parts the table has for loaders. Each takes some shards
	// of it, whose slots a cache holds.
	loadParts = 1 << 8
)

// A loadTerm is a term that an ordinal has.
type loadTerm struct {
	hash    termHash
	ordinal uint32
	param   Param
}

// A loadSet holds terms by parts of the table, in each by ordinal.
type loadSet struct {
	parts [loadParts][]loadTerm
	n     int
}

// Loader begins to load on so many goroutines besides that of Apply, 0 for one for
// each core. Until Finish, Apply and ApplyAll of the index belong to the loader.
func (x *Index) Loader(workers int) *Loader {
	if workers <= 0 {
		workers = runtime.GOMAXPROCS(0)
	}
	l := &Loader{x: x, filling: new(loadSet), adding: new(loadSet)}
	for range workers {
		l.workers = append(l.workers, &loadWorker{x: x})
	}
	x.applying.Lock()
	defer x.applying.Unlock()
	x.loading = l
	return l
}

// Apply does as [Index.Apply].
func (l *Loader) Apply(seq uint64, timeMicros int64, first Ordinal, items []Item) error {
	return l.x.Apply(seq, timeMicros, first, items)
}

// ApplyAll does as [Index.ApplyAll].
func (l *Loader) ApplyAll(commits []Commit) (first Ordinal, err error) {
	return l.x.ApplyAll(commits)
}

// Finish adds what is left and waits for all goroutines. The index is then as if Apply
// had done everything. A loader is to be finished after an error of Apply too.
func (l *Loader) Finish() {
	l.x.applying.Lock()
	defer l.x.applying.Unlock()
	if l.finished {
		return
	}
	l.hand()
	l.running.Wait()
	l.x.mu.Lock()
	defer l.x.mu.Unlock()
	for _, w := range l.workers {
		w.finishLocked()
	}
	l.finished, l.x.loading = true, nil
}

// addLocked collects a version's terms and tokens. REQUIRES: x.mu held for writing.
func (l *Loader) addLocked(o Ordinal, v *Prepared) {
	set := l.filling
	for _, t := range v.terms() {
		set.add(t.hash, o, t.param)
	}
	tokens := v.tokens()
	for i := range tokens {
		t := &tokens[i]
		set.add(t.full, o, t.param)
		if !l.x.mu.params[t.param].ownSystem(t.system) {
			set.add(t.code.hash(uint16(t.param), formCode), o, t.param)
		}
	}
}

func (s *loadSet) add(t termHash, o Ordinal, p Param) {
	part := &s.parts[t.hi>>(64-8)]
	*part = append(*part, loadTerm{t, uint32(o), p})
	s.n++
}

// handFull hands over a full set. No lock is held while it waits.
func (l *Loader) handFull() {
	if l.filling.n >= loadSetSize {
		l.hand()
	}
}

// hand gives the set that was filled to the workers, once they are done with the one
// before: so each posting rises.
func (l *Loader) hand() {
	l.running.Wait()
	l.filling, l.adding = l.adding, l.filling
	for i, w := range l.workers {
		l.running.Go(func() {
			for part := i; part < loadParts; part += len(l.workers) {
				w.add(l.adding.parts[part])
				l.adding.parts[part] = l.adding.parts[part][:0]
			}
		})
	}
	l.filling.n = 0
}

// A loadWorker adds the terms of some parts of the table.
type loadWorker struct {
	x     *Index
	next  uint32 // numbers of postings that are the worker's to give
	end   uint32
	terms []int // by param, that were put into the table

	// The terms of a part, grouped. slots find a group by its hash.
	slots    []loadSlot
	round    uint32
	groups   []loadGroup
	of       []uint32 // the group of each term, noGroup if it is there twice
	ordinals []uint32 // of all groups
}

type loadSlot struct{ round, group uint32 }

// A loadGroup is a term with its ordinals.
type loadGroup struct {
	hash  termHash
	param Param
	last  uint32 // the largest ordinal so far
	n     uint32
	from  uint32 // where its ordinals begin
}

const noGroup = 1<<32 - 1

// add adds the terms of a part.
func (w *loadWorker) add(terms []loadTerm) {
	w.group(terms)
	for i := range w.groups {
		g := &w.groups[i]
		w.addGroup(g, w.ordinals[g.from:g.from+g.n])
	}
}

// group groups terms by their hash, with rising ordinals.
func (w *loadWorker) group(terms []loadTerm) {
	if len(w.slots) < 2*len(terms) {
		w.slots = make([]loadSlot, 1<<bits.Len(uint(2*len(terms))))
	}
	w.round++
	if w.round == 0 { // once in 2^32 rounds
		clear(w.slots)
		w.round = 1
	}
	w.groups, w.of = w.groups[:0], slices.Grow(w.of[:0], len(terms))[:len(terms)]
	mask := uint32(len(w.slots) - 1)
	for i := range terms {
		t := &terms[i]
		at := t.hash.lo & mask
		for {
			s := &w.slots[at]
			if s.round != w.round {
				*s = loadSlot{w.round, uint32(len(w.groups))}
				w.groups = append(w.groups, loadGroup{t.hash, t.param, t.ordinal, 1, 0})
				w.of[i] = s.group
				break
			}
			if g := &w.groups[s.group]; g.hash == t.hash {
				w.of[i] = noGroup
				if g.last != t.ordinal {
					w.of[i], g.last = s.group, t.ordinal
					g.n++
				}
				break
			}
			at = (at + 1) & mask
		}
	}
	from := uint32(0)
	for i := range w.groups {
		g := &w.groups[i]
		g.from, from, g.n = from, from+g.n, 0
	}
	w.ordinals = slices.Grow(w.ordinals[:0], int(from))[:from]
	for i, group := range w.of {
		if group != noGroup {
			g := &w.groups[group]
			w.ordinals[g.from+g.n] = terms[i].ordinal
			g.n++
		}
	}
}

// addGroup adds ordinals to the posting of a term.
func (w *loadWorker) addGroup(g *loadGroup, ordinals []uint32) {
	payload := w.x.mu.table.put(g.hash)
	switch p := *payload; {
	case p == 0:
		if n := int(g.param) + 1 - len(w.terms); n > 0 {
			w.terms = append(w.terms, make([]int, n)...)
		}
		w.terms[g.param]++
		if *payload = ordinals[0]; len(ordinals) > 1 {
			*payload = w.insert(ordinals, g.param)
		}
	case p&postingBit != 0:
		w.x.mu.postings.postings.at(p &^ postingBit).addMany(ordinals)
	default:
		*payload = w.insert(nil, g.param)
		posting := w.x.mu.postings.postings.at(*payload &^ postingBit)
		posting.tail = append(make([]uint32, 0, (len(ordinals)+4)&^3), p)
		posting.addMany(ordinals)
	}
}

// insert stores a new posting and returns its payload.
func (w *loadWorker) insert(ordinals []uint32, owner Param) uint32 {
	store := &w.x.mu.postings
	if w.next == w.end {
		w.reserve()
	}
	number := w.next
	w.next++
	posting := store.postings.at(number)
	posting.addMany(ordinals)
	*store.owners.at(number) = owner
	return number | postingBit
}

// reserve takes numbers of postings.
func (w *loadWorker) reserve() {
	w.x.mu.Lock()
	defer w.x.mu.Unlock()
	store := &w.x.mu.postings
	w.next, w.end = store.n, store.n+256
	store.n = w.end
	store.postings.grow(store.n)
	store.owners.grow(store.n)
}

// finishLocked gives back what the worker has not used. REQUIRES: x.mu held for
// writing.
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
