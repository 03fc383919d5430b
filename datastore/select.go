package datastore

import (
	"context"
	"iter"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// Select returns all matches of a query of a resource type, without pages and without
// opening them, in the order of the log. Type and query are as in [Reader.Search].
// _sort and another _count change nothing; _include, _revinclude, _summary, _elements,
// _explain, _count=0, _contained and page tokens are an [Error] of class ErrInvalid. Otherwise it reports
// what Search reports. The answer may be iterated over several times, and after the
// snapshot was closed.
func (s *Snapshot) Select(ctx context.Context, typ, query string, opts ...SearchOption) (iter.Seq[Ordinal], error) {
	q, _, err := s.store.query(ctx, typ, query, opts)
	if err != nil {
		return nil, err
	}
	if q.Contained() || q.Paged() || q.Includes() || q.Cuts(false) || q.Explain || q.Count() == 0 {
		return nil, engine.Failf(ErrInvalid, issue.NotSupported,
			"a selection takes no _contained, _include, _revinclude, _summary, _elements, _explain, total alone and no page: leave them out")
	}
	if err := s.view.Open(); err != nil {
		return nil, err
	}
	set, err := s.store.engine.Search().Ordinals(ctx, s.view.View, q)
	if err != nil {
		return nil, engine.QueryError(err)
	}
	return func(yield func(Ordinal) bool) {
		for it := set.Iterator(); it.HasNext(); {
			if !yield(Ordinal(it.Next())) {
				return
			}
		}
	}, nil
}

// Versions iterates over all versions of a resource type in the order of the log,
// deletions included, without JSON and Interaction. It reports an [Error] for a type
// that is none, and yields ErrStalePage, last, where versions that the snapshot has were
// removed ([Store.Compact], [Store.Purge]).
func (s *Snapshot) Versions(typ string) (iter.Seq2[Version, error], error) {
	t, err := resourceType(typ)
	if err != nil {
		return nil, err
	}
	return func(yield func(Version, error) bool) {
		for o := range s.view.OfType(index.TypeID(t)).All() {
			if !s.view.Hole(o) && !yield(s.Describe(Ordinal(o)), nil) {
				return
			}
		}
		if !s.view.Complete() {
			yield(Version{}, ErrStalePage)
		}
	}, nil
}

// Describe returns a version of the snapshot without JSON and Interaction.
func (s *Snapshot) Describe(o Ordinal) Version {
	described := s.view.Version(index.Ordinal(o))
	return publicVersion(&described)
}

// Previous returns the version of the same resource before another, false for the first.
func (s *Snapshot) Previous(o Ordinal) (Ordinal, bool) {
	before, ok := s.view.Previous(index.Ordinal(o))
	return Ordinal(before), ok
}

// Find returns the current version of a resource without opening it. It reports
// ErrNotFound, or ErrGone along with the deletion.
func (s *Snapshot) Find(ctx context.Context, ref Ref) (Ordinal, error) {
	o, err := s.currentOrdinal(ctx, ref)
	return Ordinal(o), err
}

// WithID returns the resources of any type that have an id.
func (s *Snapshot) WithID(id string) (refs []Ref) {
	for t := range schema.Types {
		if o, ok := s.view.Lookup(index.TypeID(t), id); ok && !s.view.Deleted(o) {
			refs = append(refs, Ref{Type: schema.TypeID(t).String(), ID: id})
		}
	}
	return refs
}

// SnapshotAt returns the state after the write of a sequence ([Snapshot.Sequence]). It
// reports ErrStalePage for a state that was swept or is yet to come. The state is not
// held: a search of it may report ErrStalePage later on.
func (s *Store) SnapshotAt(sequence uint64) (*Snapshot, error) {
	if err := s.engine.Open(); err != nil {
		return nil, err
	}
	view := s.engine.Then(sequence)
	if view.Sequence() != sequence {
		return nil, ErrStalePage
	}
	return &Snapshot{store: s, view: view}, nil
}
