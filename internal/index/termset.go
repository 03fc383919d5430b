package index

import (
	"math/bits"
	"slices"
)

// A termSet holds terms of some versions that are not in the table yet, in parts by
// their hash. Added together, each term is looked up once, and its posting grows once.
type termSet struct {
	versions []uint32       // ordinals, not falling
	parts    [][]placedTerm // their number is a power of two; each by ordinal
	shift    uint8          // of a hash, to its part
	n        int
}

// A placedTerm is a term of a version.
type placedTerm struct {
	hi      uint64
	lo      uint32
	version uint16 // in the set's versions
	param   Param
}

// maxSetVersions leaves room for the values of a chunk, custom ones apart.
const maxSetVersions = 1<<16 - 2*applyChunk - 2

func newTermSet(parts int) *termSet {
	return &termSet{parts: make([][]placedTerm, parts), shift: uint8(64 - bits.TrailingZeros(uint(parts)))}
}

// grow gives an empty set room for some terms at once.
func (s *termSet) grow(terms int) {
	room := terms / len(s.parts)
	memory := make([]placedTerm, len(s.parts)*room)
	for i := range s.parts {
		s.parts[i] = memory[i*room : i*room : (i+1)*room]
	}
}

// begin begins the terms of a version.
func (s *termSet) begin(o Ordinal) { s.versions = append(s.versions, uint32(o)) }

// add adds a term of the last version begun.
func (s *termSet) add(t termHash, p Param) {
	part := &s.parts[t.hi>>s.shift]
	*part = append(*part, placedTerm{t.hi, t.lo, uint16(len(s.versions) - 1), p})
	s.n++
}

// full reports whether the set has terms terms or more, or as many versions as a set
// can have.
func (s *termSet) full(terms int) bool { return s.n >= terms || len(s.versions) >= maxSetVersions }

// reset forgets all.
func (s *termSet) reset() {
	for i := range s.parts {
		s.parts[i] = s.parts[i][:0]
	}
	s.versions, s.n = s.versions[:0], 0
}

// termGroups are the terms of a part of a set, each with its ordinals. They keep their
// memory for the next part.
type termGroups struct {
	groups   []termGroup
	ordinals []uint32 // of all groups

	slots []groupSlot // find a group by its hash
	round uint32      // in which slots are in use
	of    []uint32    // the group of each term, noGroup if the version has it twice
}

type groupSlot struct{ round, group uint32 }

// A termGroup is a term with its ordinals.
type termGroup struct {
	hash    termHash
	param   Param
	last    uint16 // the version that was added last
	from, n uint32 // its ordinals
}

const noGroup = 1<<32 - 1

// group groups the terms of a part.
func (g *termGroups) group(versions []uint32, terms []placedTerm) {
	if len(versions) == 1 {
		g.single(versions[0], terms)
		return
	}
	g.collect(terms)
	from := uint32(0)
	for i := range g.groups {
		t := &g.groups[i]
		t.from, from, t.n = from, from+t.n, 0
	}
	g.ordinals = slices.Grow(g.ordinals[:0], int(from))[:from]
	for i, group := range g.of {
		if group != noGroup {
			t := &g.groups[group]
			g.ordinals[t.from+t.n] = versions[terms[i].version]
			t.n++
		}
	}
}

// single makes a group of each term of a single version, which it may have twice.
func (g *termGroups) single(o uint32, terms []placedTerm) {
	g.groups, g.ordinals = g.groups[:0], append(g.ordinals[:0], o)
	for i := range terms {
		t := &terms[i]
		g.groups = append(g.groups, termGroup{hash: termHash{t.hi, t.lo}, param: t.param, n: 1})
	}
}

// collect finds the groups and counts their ordinals.
func (g *termGroups) collect(terms []placedTerm) {
	slots := 1 << bits.Len(uint(2*len(terms)))
	if len(g.slots) < slots {
		g.slots = make([]groupSlot, slots)
	}
	if g.round++; g.round == 0 { // once in 2^32 times
		clear(g.slots)
		g.round = 1
	}
	g.groups, g.of = g.groups[:0], slices.Grow(g.of[:0], len(terms))[:len(terms)]
	mask := uint32(slots - 1) // few terms stay in few slots
	for i := range terms {
		t := &terms[i]
		for at := t.lo & mask; ; at = (at + 1) & mask {
			s := &g.slots[at]
			if s.round != g.round {
				*s = groupSlot{g.round, uint32(len(g.groups))}
				g.groups = append(g.groups, termGroup{termHash{t.hi, t.lo}, t.param, t.version, 0, 1})
				g.of[i] = s.group
				break
			}
			if own := &g.groups[s.group]; own.hash.hi == t.hi && own.hash.lo == t.lo {
				g.of[i] = noGroup
				if own.last != t.version {
					g.of[i], own.last = s.group, t.version
					own.n++
				}
				break
			}
		}
	}
}

// ordinalsOf returns the ordinals of a group.
func (g *termGroups) ordinalsOf(t *termGroup) []uint32 { return g.ordinals[t.from : t.from+t.n] }
