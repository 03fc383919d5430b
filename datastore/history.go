package datastore

import (
	"context"
	"iter"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// HistoryOptions narrow a history.
type HistoryOptions struct {
	// Since leaves out versions from before this time, if it is not zero.
	Since time.Time
}

// History implements [Reader].
func (s *Store) History(ctx context.Context, ref Ref, opts *HistoryOptions) iter.Seq2[Version, error] {
	now, err := s.snapshot()
	if err != nil {
		return func(yield func(Version, error) bool) { yield(Version{}, err) }
	}
	return now.History(ctx, ref, opts)
}

// History implements [Reader].
func (s *Snapshot) History(ctx context.Context, ref Ref, opts *HistoryOptions) iter.Seq2[Version, error] {
	since := int64(0)
	if opts != nil && !opts.Since.IsZero() {
		since = opts.Since.UnixMicro()
	}
	return func(yield func(Version, error) bool) {
		ordinals, err := s.historyOrdinals(ctx, ref)
		if err != nil {
			yield(Version{}, err)
			return
		}
		for o := range ordinals {
			if err := ctx.Err(); err != nil {
				yield(Version{}, err)
				return
			}
			if _, micros := s.view.RecordOf(o); micros < since {
				return // all that follow are older
			}
			v, err := s.version(o)
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// historyOrdinals returns the versions of a resource, a type or the store, newest
// first.
func (s *Snapshot) historyOrdinals(ctx context.Context, ref Ref) (iter.Seq[index.Ordinal], error) {
	if ref.ID != "" {
		o, err := s.lookup(ctx, ref)
		return func(yield func(index.Ordinal) bool) {
			for ok := true; ok && yield(o); {
				o, ok = s.view.Previous(o)
			}
		}, err
	}
	if ref.Type != "" {
		t, err := resourceType(ref.Type)
		return s.view.OfType(index.TypeID(t)).Backward(index.MaxOrdinal), err
	}
	return func(yield func(index.Ordinal) bool) {
		for o := s.view.Last(); o >= index.FirstOrdinal; o-- {
			if !s.view.Hole(o) && !yield(o) {
				return
			}
		}
	}, nil
}

// typeName returns the name of a type by its number in the index.
func typeName(t index.TypeID) string { return schema.TypeID(t).String() }
