package index

import (
	"slices"
	"sync"
	"sync/atomic"

	"github.com/tidwall/btree"
)

// An Index is the search index and the resource table of one store.
//
// Apply is called by one goroutine at a time; everything else is safe for any number of
// goroutines. One sweep runs at a time, and others wait.
type Index struct {
	terms   Terms
	settle  Settle    // nil if values that depend on settings are refused
	hashers sync.Pool // of *hasher, for Prepare

	// The resource table: written by Apply alone, read without a lock.
	entities entityTable
	versions chunked[version]
	records  chunked[record]
	state    atomic.Pointer[published]
	sources  atomic.Pointer[column[dateRange]] // mu.sources, as views see it; nil at first
	// foreign counts the references that some base URL makes local.
	foreign atomic.Uint64
	// customChanges counts the calls that fill or drop custom values.
	customChanges atomic.Uint64
	limits        Usage
	horizon       horizon
	purges        atomic.Pointer[purging] // nil as long as nothing left the log
	sweeping      sync.Mutex              // held by a sweep from its beginning to its end

	// applying guards what follows; Apply holds it, and a sweep at its end.
	applying sync.Mutex
	dead     deadSet
	targets  []Entity // of the references of the chunk being applied
	chunk    []placed
	loading  *Loader // nil if there is none
	having   []Param // whose columns have a list of versions
	set      *termSet
	groups   termGroups
	// touched keeps the compiler from leaving out the reads of touch.
	touched uint32

	mu struct {
		sync.RWMutex
		table    termTable
		postings postingStore
		params   []*paramColumns   // by Param
		types    []uint32          // payloads of postings, by TypeID
		sources  column[dateRange] // the times that versions brought
		texts    textStore
		freed    uint64 // payloads that Drop has freed
		units    unitStore
	}
}

// A version is an ordinal's entry in the resource table. All but next is written before
// the ordinal is published.
type version struct {
	entity   Entity // 0 for a hole
	previous Ordinal
	number   uint32        // the version number, with deletedBit
	next     atomic.Uint32 // the next version's ordinal, 0 if there is none
}

const (
	deletedBit = 1 << 31
	maxVersion = deletedBit - 1
)

// A record is a commit's entry in the resource table.
type record struct {
	sequence uint64
	time     int64
	last     Ordinal // its ordinals begin after the last of the record before
	dead     uint32  // how many ordinals are dead after it
}

// A published is the state that a view sees. It never changes.
type published struct {
	record
	records uint32
	dead    deadSet
	// exact says that dead belongs to this very state. Otherwise it belongs to a later
	// state and has ordinals that are still visible here.
	exact bool
	// filter is what View.Through was given.
	filter any
}

// paramColumns are the columns of one param; mostly one of them is used.
type paramColumns struct {
	dates   column[dateRange]
	numbers column[numberRange]
	edges   column[Entity]
	texts   column[textID]
	// sorted finds texts by prefix. Texts are only ever added to it.
	sorted btree.Map[string, textID]
	counts [KindWords + 1]int
	terms  int // that were put into the table
	// present is the payload of the posting of presence, and having the versions that
	// are still to be added to it.
	present uint32
	having  []uint32
	// systems are the first [ownSystems] of its tokens; see collectLocked.
	systems []digest
	// custom are the terms of a custom param, for Drop: a term does not tell its param.
	custom []termHash
}

// ownSystems is how many systems of a param are asked one by one for a code
// under any system. Nearly all params have fewer.
const ownSystems = 16

// ownSystem reports whether a system is one of the first. A new system becomes one if
// there is room.
func (c *paramColumns) ownSystem(system digest) bool {
	if slices.Contains(c.systems, system) {
		return true
	}
	if len(c.systems) == ownSystems {
		return false
	}
	c.systems = append(c.systems, system)
	return true
}

// New returns an empty index whose terms are hashed under key and whose values are
// settled by a function; nil: they depend on no settings.
func New(key [16]byte, settle Settle) *Index { return newIndex(key, settle, MaxUsage()) }

func newIndex(key [16]byte, settle Settle, limits Usage) *Index {
	x := &Index{terms: newTerms(key), settle: settle, limits: limits, set: newTermSet(1)}
	x.hashers.New = x.newHasher
	x.mu.table, x.mu.texts.table = newTermTable(termShards), newTermTable(textShards)
	x.entities.hashKey = x.terms.entities
	x.state.Store(&published{exact: true})
	return x
}

// columnsLocked returns the columns of a param, nil if it has no values.
// REQUIRES: mu held.
func (x *Index) columnsLocked(p Param) *paramColumns {
	if int(p) >= len(x.mu.params) {
		return nil
	}
	return x.mu.params[p]
}

// snapshot copies the header of a column, cut to a view.
func snapshot[T any](v View, p Param, of func(*paramColumns) column[T]) column[T] {
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	if c := v.x.columnsLocked(p); c != nil {
		return of(c).clamp(v.s.last)
	}
	return column[T]{}
}
