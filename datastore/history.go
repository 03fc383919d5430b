package datastore

import (
	"context"
	"iter"
	"math"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
)

// HistoryOptions narrow a history.
type HistoryOptions struct {
	// Since leaves out versions from before this time, if it is not zero.
	Since time.Time
	// Before leaves out this version and all that were written after it, if it is
	// not 0: so a history is continued where a page of it ended.
	Before Ordinal
}

// History implements [Reader].
func (s *Store) History(ctx context.Context, ref Ref, opts *HistoryOptions) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		now, err := s.now()
		if err != nil {
			yield(Version{}, err)
			return
		}
		defer now.Close()
		now.History(ctx, ref, opts)(yield)
	}
}

// History implements [Reader].
func (s *Snapshot) History(ctx context.Context, ref Ref, opts *HistoryOptions) iter.Seq2[Version, error] {
	since, before := int64(math.MinInt64), index.MaxOrdinal+1
	if opts != nil && !opts.Since.IsZero() {
		since = opts.Since.UnixMicro()
	}
	if opts != nil && opts.Before != 0 {
		before = opts.Before
	}
	return func(yield func(Version, error) bool) {
		ordinals, err := s.historyOrdinals(ctx, ref, before)
		if err != nil {
			yield(Version{}, err)
			return
		}
		for o := range ordinals {
			if err := ctx.Err(); err != nil {
				yield(Version{}, err)
				return
			}
			if err := s.view.Open(); err != nil {
				yield(Version{}, err)
				return
			}
			if _, micros := s.view.RecordOf(o); micros < since {
				return // all that follow are older
			}
			v, err := s.told(o)
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// historyOrdinals returns the versions of a resource, a type or the store that
// were written before an ordinal, newest first.
func (s *Snapshot) historyOrdinals(ctx context.Context, ref Ref, before index.Ordinal) (iter.Seq[index.Ordinal], error) {
	if ref.ID != "" {
		o, err := s.lookup(ctx, ref)
		return func(yield func(index.Ordinal) bool) {
			for ok := true; ok; o, ok = s.view.Previous(o) {
				if o < before && !yield(o) {
					return
				}
			}
		}, err
	}
	if ref.Type != "" {
		t, err := resourceType(ref.Type)
		return s.view.OfType(index.TypeID(t)).Backward(before - 1), err
	}
	return func(yield func(index.Ordinal) bool) {
		for o := min(s.view.Last(), before-1); o >= index.FirstOrdinal; o-- {
			if !s.view.Hole(o) && !yield(o) {
				return
			}
		}
	}, nil
}

// told reads a version together with the interaction that wrote it.
func (s *Snapshot) told(o index.Ordinal) (Version, error) {
	v, err := s.version(o)
	if err != nil {
		return v, err
	}
	by, err := s.view.Interaction(o)
	v.Interaction = by.String()
	return v, err
}
