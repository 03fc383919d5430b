package datastore

import (
	"context"
	"fmt"
	"iter"
	"math"
	"time"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/pagetoken"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// HistoryOptions narrow a history.
type HistoryOptions struct {
	// Since leaves out versions from before this time, if it is not zero.
	Since time.Time
	// Count is how many versions there are at most: if it is 0, all of them in an
	// iteration, and [search.DefaultCount] on a page. A negative one is an [Error] of class
	// ErrInvalid.
	Count int
	// Page goes on where a page of the same history ended: it is what HistoryPage returned
	// as next. The history is then that of the state which the first page showed.
	Page string
}

// History implements [Reader].
func (s *Store) History(ctx context.Context, ref Ref, opts *HistoryOptions) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		now, err := s.now()
		defer s.told("history", ref.Type, &err)()
		if err != nil {
			yield(Version{}, err)
			return
		}
		defer now.Close()
		err = now.eachOf(ctx, ref, opts, yield)
	}
}

// HistoryPage implements [Reader].
func (s *Store) HistoryPage(ctx context.Context, ref Ref, opts *HistoryOptions) (versions []Version, next string, err error) {
	defer s.told("history", ref.Type, &err)()
	now, err := s.now()
	if err != nil {
		return nil, "", err
	}
	defer now.Close()
	return now.historyPage(ctx, ref, opts)
}

// History implements [Reader].
func (s *Snapshot) History(ctx context.Context, ref Ref, opts *HistoryOptions) iter.Seq2[Version, error] {
	return func(yield func(Version, error) bool) {
		var err error
		defer s.store.told("history", ref.Type, &err)()
		err = s.eachOf(ctx, ref, opts, yield)
	}
}

// HistoryPage implements [Reader].
func (s *Snapshot) HistoryPage(ctx context.Context, ref Ref, opts *HistoryOptions) (versions []Version, next string, err error) {
	defer s.store.told("history", ref.Type, &err)()
	return s.historyPage(ctx, ref, opts)
}

// eachOf calls yield with the versions of a history. It returns the error that yield was
// told.
func (s *Snapshot) eachOf(ctx context.Context, ref Ref, opts *HistoryOptions, yield func(Version, error) bool) error {
	h, err := s.history(ref, opts)
	if err != nil {
		yield(Version{}, err)
		return err
	}
	n := 0
	for o, err := range h.ordinals(ctx) {
		var v Version
		if err == nil {
			v, err = h.at.historical(o)
		}
		if n++; !yield(v, err) || err != nil || n == h.count {
			return err
		}
	}
	return nil
}

func (s *Snapshot) historyPage(ctx context.Context, ref Ref, opts *HistoryOptions) (versions []Version, next string, err error) {
	h, err := s.history(ref, opts)
	if err != nil {
		return nil, "", err
	}
	ordinals, next, err := h.page(ctx)
	if err != nil {
		return nil, "", err
	}
	bytes := 0
	for i, o := range ordinals {
		v, err := h.at.historical(o)
		if err != nil {
			return nil, "", err
		}
		if bytes += len(v.JSON); bytes > s.store.pageBytes && i > 0 {
			return versions, h.next(ordinals[i-1]), nil
		}
		versions = append(versions, v)
	}
	return versions, next, nil
}

// A history is what is asked of a history.
type history struct {
	at     *Snapshot
	ref    Ref
	by     access.Permission // whose resources it shows
	since  int64             // microseconds since the Unix epoch
	count  int
	before index.Ordinal // the page begins below it
}

// history reads the options of a history.
func (s *Snapshot) history(ref Ref, opts *HistoryOptions) (*history, error) {
	h := &history{at: s, ref: ref, by: access.Search, since: math.MinInt64, before: index.MaxOrdinal + 1}
	if ref.ID != "" {
		h.by = access.Read
	}
	if opts == nil {
		return h, nil
	}
	if h.count = opts.Count; h.count < 0 {
		return nil, refusal("Count %d of a history is negative", h.count)
	}
	if !opts.Since.IsZero() {
		h.since = opts.Since.UnixMicro()
	}
	if opts.Page != "" {
		then, after, err := s.view.HistoryPage(opts.Page, h.request())
		if err != nil {
			return nil, err
		}
		h.at, h.before = s.store.snapshot(then), after
	}
	return h, nil
}

// request tells histories apart: a token is good for the one that it was made for.
func (h *history) request() uint64 {
	since := ""
	if h.since != math.MinInt64 {
		since = time.UnixMicro(h.since).UTC().Format(time.RFC3339Nano)
	}
	return pagetoken.Hash(h.ref.Type, h.ref.ID, since, h.at.store.caller(), h.at.by.Meaning(h.by))
}

// next returns the token of the page after a version.
func (h *history) next(o index.Ordinal) string { return h.at.view.HistoryToken(h.request(), o) }

// page returns the versions of the page and the token of the next one, "" on the last.
func (h *history) page(ctx context.Context) (ordinals []index.Ordinal, next string, err error) {
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

// ordinals iterates over the versions without reading them.
func (h *history) ordinals(ctx context.Context) iter.Seq2[index.Ordinal, error] {
	return func(yield func(index.Ordinal, error) bool) {
		ordinals, err := h.at.historyOrdinals(ctx, h.ref, h.before)
		if err != nil {
			yield(0, err)
			return
		}
		lets := h.at.view.Judge(ctx, h.at.by, h.by)
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
				yield(0, fmt.Errorf("%w: versions that it has were removed; ask for the history again, from its first page on", ErrStalePage))
				return
			}
			if _, micros := h.at.view.RecordOf(o); micros < h.since {
				return // all that follow are older
			}
			if shown, err := lets(o); err != nil {
				yield(0, err)
				return
			} else if shown && !yield(o, nil) {
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
		if err == nil {
			err = s.showsAny(ctx, o)
		}
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
		return s.view.Newest(nil, before), s.by.May(access.Search, 0)
	}
	t, err := resourceType(ref.Type)
	if err == nil {
		err = s.by.May(access.Search, t)
	}
	of := index.TypeID(t)
	return s.view.Newest(&of, before), err
}

// showsAny reports ErrNotFound unless the caller may read some version of a resource. The
// newest version is o.
func (s *Snapshot) showsAny(ctx context.Context, o index.Ordinal) error {
	lets := s.view.Judge(ctx, s.by, access.Read)
	t, _ := s.view.Key(o)
	for ok := true; ok; o, ok = s.view.Previous(o) {
		if shown, err := lets(o); shown || err != nil {
			return err
		}
	}
	return fmt.Errorf("%w: %s", ErrNotFound, schema.TypeID(t))
}

// historical reads a version together with the interaction that wrote it.
func (s *Snapshot) historical(o index.Ordinal) (Version, error) {
	v, err := s.version(o)
	if err != nil {
		return v, err
	}
	by, err := s.view.Interaction(o)
	v.Interaction = by.String()
	return v, err
}
