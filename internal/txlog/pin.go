package txlog

import (
	"context"
	"crypto/rand"
	"slices"
	"sort"
)

// A Pin names a point of a store's history. A caller who keeps one outside the
// store notices with [Log.Holds], or with Options.AtLeast, that an older copy
// of the store was put in place. It stays good when segments are rewritten.
type Pin struct {
	Sequence   uint64   // of a commit
	Tag        [16]byte // of the term that wrote it; of the lineage for sequence 0
	Generation uint64   // of the manifest, which rewriting raises
}

// Head returns the pin of the last durable commit.
func (l *Log) Head() Pin {
	m := l.manifest.Load() // before state, so that it is not ahead
	last := l.Last().Sequence
	return Pin{Sequence: last, Tag: l.termTag(m, last), Generation: m.generation}
}

// Holds reports whether a pin is of this store's history. An older copy of a store does
// not hold a newer pin, not even after later writes to the copy: a term has one writer,
// so term and sequence together name one history.
func (l *Log) Holds(_ context.Context, pin Pin) (bool, error) {
	if l.closed.Load() {
		return false, ErrClosed
	}
	return l.holds(pin), nil
}

func (l *Log) holds(pin Pin) bool {
	m := l.manifest.Load()
	return pin.Generation <= m.generation && pin.Sequence <= l.Last().Sequence &&
		pin.Tag == l.termTag(m, pin.Sequence)
}

// termTag returns the id of the term that wrote a sequence.
func (l *Log) termTag(m *manifest, sequence uint64) [16]byte {
	i := sort.Search(len(m.terms), func(i int) bool { return m.terms[i].first > sequence }) - 1
	if sequence == 0 || i < 0 {
		return l.header.lineage
	}
	return m.terms[i].id
}

// appendTerm returns terms and one more, which writes from a sequence on. Terms that
// wrote nothing are left out.
func appendTerm(terms []termEntry, term, first uint64) []termEntry {
	next := termEntry{term: term, first: first}
	rand.Read(next.id[:])
	return append(slices.DeleteFunc(slices.Clone(terms), func(t termEntry) bool { return t.first >= first }), next)
}
