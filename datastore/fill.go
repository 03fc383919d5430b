package datastore

import (
	"context"
	"errors"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/search"
)

const (
	// fillChunk is how many versions are extracted between two turns of the
	// writer's: some ten milliseconds of work, which nobody waits for.
	fillChunk = 512
	// fillRest is how many versions the writer extracts itself to end a filling: a
	// millisecond or two, which every write waits for.
	fillRest = 64
	// fillGain is by how many versions each turn comes nearer to the end at least,
	// however many were written meanwhile.
	fillGain = fillChunk / 2
)

// fill is the filler: the goroutine that gives the versions that are there their
// values of new search parameters. It reads and extracts beside the writer, and
// hands over in turns of the writer's, between two records. It ends when the writer
// has ended, or when ctx is done.
func (s *Store) fill(ctx context.Context) {
	defer close(s.parameters.filled)
	for range s.parameters.wake {
		for p := s.engine.Pending(); p != nil; p = s.engine.Pending() {
			err := s.fillPending(ctx, p)
			if ctx.Err() != nil || errors.Is(err, ErrClosed) {
				return
			}
			if err != nil {
				s.options.Logger.ErrorContext(ctx, "datastore: search parameters could not be indexed", "error", err)
				p.Fail(err)
			}
			s.parameters.notify()
		}
	}
}

// A filling is the work on some parameters. Every version up to done has its values,
// as far as it was visible when done went past it: no view that may ask for the
// parameters sees the others.
type filling struct {
	store   *Store
	pending *search.Pending
	wanted  map[index.TypeID]bool // the types that have a parameter
	done    index.Ordinal
	seen    index.Ordinal // the last version there was at the turn before
	batch   index.Batch
	late    []index.Late
}

func (s *Store) fillPending(ctx context.Context, p *search.Pending) error {
	f := &filling{store: s, pending: p, seen: s.index.View().Last()}
	f.choose()
	for {
		view := s.index.View()
		end, err := f.extract(ctx, view, view.Last(), fillChunk)
		if err != nil {
			return err
		}
		var ended bool
		turn := &commit{turn: func() { ended, err = f.turn(end) }}
		if submitted := s.submit(ctx, turn); submitted != nil {
			return submitted
		}
		if err != nil || ended {
			return err
		}
	}
}

// choose works out which types are wanted.
func (f *filling) choose() {
	f.wanted = map[index.TypeID]bool{}
	for _, t := range f.pending.Types() {
		f.wanted[index.TypeID(t)] = true
	}
}

// extract extracts the values of the versions after done, up to a last one or
// until it has n of them. It returns where it ended.
func (f *filling) extract(ctx context.Context, view index.View, last index.Ordinal, n int) (end index.Ordinal, err error) {
	f.batch.Reset()
	f.late = f.late[:0]
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	values := make([]index.Prepared, n)
	for end = f.done; end < last && len(f.late) < n; {
		end++
		if err := ctx.Err(); err != nil {
			return end, err
		}
		if !view.Visible(end) {
			continue
		}
		if t, _ := view.Key(end); !f.wanted[t] {
			continue
		}
		if err := f.store.document(end, &c.doc); err != nil {
			return end, err
		}
		c.builder.Reset()
		f.pending.Extract(&c.doc, &c.builder)
		if c.builder.Len() == 0 {
			continue
		}
		to := &values[len(f.late)]
		if err := f.store.index.PrepareIn(&f.batch, to, c.builder.Payload()); err != nil {
			return end, err
		}
		f.late = append(f.late, index.Late{Ordinal: end, Values: to})
	}
	return end, nil
}

// apply adds what was extracted to the index.
func (f *filling) apply(end index.Ordinal) error {
	if err := f.store.index.Fill(f.late); err != nil {
		return err
	}
	f.done = end
	return nil
}

// turn is the writer's: it takes in what was extracted up to an end, and reports
// whether the work has ended. Where more was written since the turn before than
// was extracted, the writer makes up for it, so that the end is reached in any
// case. When few versions are left it extracts these too: then every
// version has its values, and those that are applied from now on bring theirs along.
func (f *filling) turn(end index.Ordinal) (ended bool, err error) {
	if f.pending.Settle() {
		// What was extracted is of streams that may be another's by now.
		f.choose()
		return f.pending.Empty(), nil
	}
	extracted := int(end - f.done)
	if err := f.apply(end); err != nil {
		return true, err
	}
	view := f.store.index.View()
	last := view.Last()
	n := max(fillRest, int(last-f.seen)+fillGain-extracted)
	f.seen = last
	if rest := int(last - f.done); rest <= n || n > fillRest {
		if end, err = f.extract(context.Background(), view, min(last, f.done+index.Ordinal(n)), n); err != nil {
			return true, err
		}
		if err := f.apply(end); err != nil {
			return true, err
		}
	}
	f.pending.Progress(int(f.done), int(last))
	if f.done < last {
		return false, nil
	}
	f.pending.Complete(view.Sequence())
	return true, nil
}

// renewCustom brings the custom values of a resource that is about to be applied in
// line with the parameters, where these have changed since it was prepared. The
// writer calls it.
func (s *Store) renewCustom(p *prepared) error {
	set := s.engine.CustomSet()
	if p.body == nil || set.SameFor(p.typ, p.set) {
		return nil
	}
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	var err error
	if c.stored, err = openBody(c.stored[:0], p.body); err != nil {
		return err
	}
	if err := parseStored(c.stored, &c.doc); err != nil {
		return err
	}
	p.set = set
	p.custom, err = s.customValues(c, set)
	return err
}

// customValues extracts the values of a set of parameters from the document of c.
// They are given back with release; nil is none.
func (s *Store) customValues(c *scratch, set search.CustomSet) (*index.Prepared, error) {
	if !set.Has(c.doc.Type()) {
		return nil, nil
	}
	c.builder.Reset()
	s.engine.ExtractCustom(set, &c.doc, &c.builder)
	if c.builder.Len() == 0 {
		return nil, nil
	}
	values := valuesPool.Get().(*index.Prepared)
	return values, s.index.Prepare(values, c.builder.Payload())
}
