package datastore

import (
	"context"
	"iter"
	"math"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/pagetoken"
	"github.com/fhirlake/fhirlake/search"
)

// HistoryOptions narrow a history.
type HistoryOptions struct {
	// Since leaves out versions from before this time, if it is not zero.
	Since time.Time
	// Count is how many versions there are at most: if it is 0, all of them in an
	// iteration, and [search.DefaultCount] on a page.
	Count int
	// Page goes on where a page of the same history ended: it is the Next of a
	// [HistoryPage]. The history is then that of the state which the first page showed.
	Page string
}

// A HistoryPage is one page of a history: the newest LastUpdated first, and of versions
// with the same LastUpdated the last one written first.
type HistoryPage struct {
	Versions []Version
	// Next is the token of the page that follows, "" on the last. It is good for the
	// same history, whatever is written meanwhile, until its state is swept
	// ([ErrStalePage]).
	Next string
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

// HistoryPage implements [Reader].
func (s *Store) HistoryPage(ctx context.Context, ref Ref, opts *HistoryOptions) (*HistoryPage, error) {
	now, err := s.now()
	if err != nil {
		return nil, err
	}
	defer now.Close()
	return now.HistoryPage(ctx, ref, opts)
}

// History implements [Reader].
func (s *Snapshot) History(ctx context.Context, ref Ref, opts *HistoryOptions) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		h, err := s.history(ref, opts)
		if err != nil {
			yield(Version{}, err)
			return
		}
		n := 0
		for v, err := range h.versions(ctx) {
			if n++; !yield(v, err) || n == h.count {
				return
			}
		}
	}
}

// HistoryPage implements [Reader].
func (s *Snapshot) HistoryPage(ctx context.Context, ref Ref, opts *HistoryOptions) (*HistoryPage, error) {
	h, err := s.history(ref, opts)
	if err != nil {
		return nil, err
	}
	ordinals, next, err := h.page(ctx)
	if err != nil {
		return nil, err
	}
	page := &HistoryPage{Next: next}
	for _, o := range ordinals {
		v, err := h.at.told(o)
		if err != nil {
			return nil, err
		}
		page.Versions = append(page.Versions, v)
	}
	return page, nil
}

// A history is what is asked of a history.
type history struct {
	at     *Snapshot
	ref    Ref
	since  int64 // microseconds since the Unix epoch
	count  int
	before index.Ordinal // the page begins below it
}

// history reads the options of a history.
func (s *Snapshot) history(ref Ref, opts *HistoryOptions) (*history, error) {
	h := &history{at: s, ref: ref, since: math.MinInt64, before: index.MaxOrdinal + 1}
	if opts == nil {
		return h, nil
	}
	if h.count = opts.Count; !opts.Since.IsZero() {
		h.since = opts.Since.UnixMicro()
	}
	if opts.Page != "" {
		then, after, err := s.view.HistoryPage(opts.Page, h.request())
		if err != nil {
			return nil, err
		}
		h.at, h.before = &Snapshot{store: s.store, view: then}, after
	}
	return h, nil
}

// request tells histories apart: a token is good for the one that it was made for.
func (h *history) request() uint64 {
	since := ""
	if h.since != math.MinInt64 {
		since = time.UnixMicro(h.since).UTC().Format(time.RFC3339Nano)
	}
	return pagetoken.Hash(h.ref.Type, h.ref.ID, since)
}

// next returns the token of the page after a version.
func (h *history) next(o Ordinal) string { return h.at.view.HistoryToken(h.request(), o) }

// page returns the versions of the page and the token of the next one, "" on the last.
func (h *history) page(ctx context.Context) (ordinals []Ordinal, next string, err error) {
	if h.count == 0 {
		h.count = search.DefaultCount
	}
	for o, err := range h.ordinals(ctx) {
		if err != nil {
			return nil, "", err
		}
		if n := len(ordinals); n == h.count {
			return ordinals, h.next(ordinals[n-1]), nil
		}
		ordinals = append(ordinals, o)
	}
	return ordinals, "", nil
}

// versions iterates over the versions, whatever the count.
func (h *history) versions(ctx context.Context) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		for o, err := range h.ordinals(ctx) {
			var v Version
			if err == nil {
				v, err = h.at.told(o)
			}
			if !yield(v, err) || err != nil {
				return
			}
		}
	}
}

// ordinals iterates over the versions without reading them.
func (h *history) ordinals(ctx context.Context) iter.Seq2[Ordinal, error] {
	return func(yield func(Ordinal, error) bool) {
		ordinals, err := h.at.historyOrdinals(ctx, h.ref, h.before)
		if err != nil {
			yield(0, err)
			return
		}
		for o := range ordinals {
			if err := ctx.Err(); err != nil {
				yield(0, err)
				return
			}
			if err := h.at.view.Open(); err != nil {
				yield(0, err)
				return
			}
			if !h.at.view.Complete() {
				yield(0, ErrStalePage)
				return
			}
			if _, micros := h.at.view.RecordOf(o); micros < h.since {
				return // all that follow are older
			}
			if !yield(o, nil) {
				return
			}
		}
	}
}

// historyOrdinals returns the versions of a resource, a type or the store, the newest
// time first. It begins behind the version before; 0 is the start.
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
	if before > index.MaxOrdinal {
		before = 0
	}
	if ref.Type == "" {
		return s.view.Newest(nil, before), nil
	}
	t, err := resourceType(ref.Type)
	of := index.TypeID(t)
	return s.view.Newest(&of, before), err
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
