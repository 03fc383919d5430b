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
	return Pin{Sequence: last, Tag: m.termTag(l.header.lineage, last), Generation: m.generation}
}

// Pin returns the pin of a commit of whatever generation: it tells one history from
// another, and not how far segments were rewritten.
func (l *Log) Pin(sequence uint64) Pin {
	return Pin{Sequence: sequence, Tag: l.manifest.Load().termTag(l.header.lineage, sequence)}
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
		pin.Tag == m.termTag(l.header.lineage, pin.Sequence)
}

// termTag returns the id of the term that wrote a sequence, the lineage for sequence 0.
func (m *manifest) termTag(lineage [16]byte, sequence uint64) [16]byte {
	return termTag(m.terms, lineage, sequence)
}

func termTag(terms []termEntry, lineage [16]byte, sequence uint64) [16]byte {
	i := sort.Search(len(terms), func(i int) bool { return terms[i].first > sequence }) - 1
	if sequence == 0 || i < 0 {
		return lineage
	}
	return terms[i].id
}

// appendTerm returns terms and one more, which writes from a sequence on. Terms that
// wrote nothing are left out.
func appendTerm(terms []termEntry, term, first uint64) []termEntry {
	next := termEntry{term: term, first: first}
	rand.Read(next.id[:])
	return append(slices.DeleteFunc(slices.Clone(terms), func(t termEntry) bool { return t.first >= first }), next)
}
