package engine

import (
	"context"
	"errors"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

const (
	// fillChunk is how many versions are extracted between two turns of the
	// writer's: some ten milliseconds of work, which nobody waits for.
	fillChunk = 512
	// fillGain is by how many versions each turn has to come nearer to the end: where
	// others write so much that it does not, or few are left, the last stage begins.
	fillGain = fillChunk / 2
	// fillKept is how many kept values the writer adds in one turn: a millisecond or
	// two.
	fillKept = 1024
)

// A filler is the goroutine that gives the versions that are there their values of new
// search parameters. It reads and extracts beside the writer, and hands over in turns
// of the writer's, between two records: no expression of a user runs in the writer.
//
// Values of a parameter are added in the order of the versions. In the last stage what
// is written brings the values along ([exec.Pending.Stage]), and the writer keeps
// them until those before them are there.
type filler struct {
	engine *Engine
	wake   chan struct{} // tells that there may be work; closed when the writer has ended
	ended  chan struct{} // closed when the filler has ended
	kept   []index.Late  // values that what was written brought along; the writer's alone
}

func (f *filler) start(e *Engine) {
	f.engine, f.wake, f.ended = e, make(chan struct{}, 1), make(chan struct{})
}

// call wakes the filler.
func (f *filler) call() {
	select {
	case f.wake <- struct{}{}:
	default: // it has been told, and not looked yet
	}
}

// keep keeps the staged values of a version that was just applied. The writer calls it.
func (f *filler) keep(o index.Ordinal, values *index.Prepared) {
	if values != nil {
		f.kept = append(f.kept, index.Late{Ordinal: o, Values: values})
	}
}

// run fills until the writer has ended, or ctx ends.
func (f *filler) run(ctx context.Context) {
	defer close(f.ended)
	e := f.engine
	for range f.wake {
		for p := e.search.Pending(); p != nil; p = e.search.Pending() {
			err := caught("indexing search parameters", func() error { return e.fill(ctx, p) })
			if ctx.Err() != nil || errors.Is(err, ErrClosed) {
				return
			}
			if err != nil {
				e.options.Logger.ErrorContext(ctx, "datastore: search parameters could not be indexed", "error", err)
				p.Fail(err)
				if e.take(ctx, func() error { f.unstage(p); return nil }) != nil {
					return
				}
			}
			e.parameters.changed.tell()
		}
	}
}

// completeFilled makes those parameters complete that every version has values of, as the
// index was restored. It is called before the writer and the filler start.
func (e *Engine) completeFilled() {
	view := e.index.View()
	for p := e.search.Pending(); p != nil && p.Filled() > 0 && p.Filled() == view.Last(); p = e.search.Pending() {
		p.Progress(int(view.Last()), int(view.Last()))
		p.Complete(view.Sequence())
	}
}

// unstage forgets what was kept. The writer calls it.
func (f *filler) unstage(p *exec.Pending) {
	p.Unstage()
	f.kept = nil
}

// A filling is the work on some parameters. Every version up to done has its values,
// as far as it was visible when done went past it: no view that may ask for the
// parameters sees the others.
type filling struct {
	engine  *Engine
	pending *exec.Pending
	wanted  map[index.TypeID]bool // the types that have a parameter
	done    index.Ordinal
	left    int           // versions after done at the turn before
	staged  bool          // the last stage has begun:
	stage   index.Ordinal // versions after it bring their values along
	batch   index.Batch
	late    []index.Late
	values  []index.Prepared
}

func (e *Engine) fill(ctx context.Context, p *exec.Pending) error {
	f := &filling{engine: e, pending: p, values: make([]index.Prepared, fillChunk), done: p.Filled()}
	f.left = int(e.index.View().Last() - f.done)
	f.choose()
	for ended := false; !ended; {
		end, err := f.extract(ctx)
		if err != nil {
			return err
		}
		if err := e.take(ctx, func() (err error) { ended, err = f.turn(end); return err }); err != nil {
			return err
		}
	}
	return nil
}

// choose works out which types are wanted.
func (f *filling) choose() {
	f.wanted = map[index.TypeID]bool{}
	for _, t := range f.pending.Types() {
		f.wanted[index.TypeID(t)] = true
	}
}

// extract extracts the values of versions after done, until it has a chunk of them, and
// returns where it ended.
func (f *filling) extract(ctx context.Context) (end index.Ordinal, err error) {
	f.batch.Reset()
	f.late = f.late[:0]
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	view := f.engine.index.View()
	last := view.Last()
	if f.staged {
		last = f.stage
	}
	for end = f.done; end < last && len(f.late) < fillChunk; {
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
		if err := f.engine.Document(end, &c.doc); err != nil {
			return end, err
		}
		c.builder.Reset()
		f.pending.Extract(&c.doc, &c.builder)
		if c.builder.Len() == 0 {
			continue
		}
		to := &f.values[len(f.late)]
		if err := f.engine.index.PrepareIn(&f.batch, to, c.builder.Payload()); err != nil {
			return end, err
		}
		f.late = append(f.late, index.Late{Ordinal: end, Values: to})
	}
	return end, nil
}

// turn is the writer's: it takes in what was extracted up to an end, and reports
// whether the work has ended.
func (f *filling) turn(end index.Ordinal) (ended bool, err error) {
	e := f.engine
	if f.pending.Settle() {
		// What was extracted is of streams that may be another's by now.
		e.filler.unstage(f.pending)
		f.staged = false
		f.choose()
		return f.pending.Empty(), nil
	}
	if err := e.index.Fill(f.late); err != nil {
		return true, err
	}
	f.done = end
	last := e.index.View().Last()
	f.pending.Progress(int(f.done), int(last))
	left := int(last - f.done)
	switch {
	case !f.staged && (left <= fillChunk || left > f.left-fillGain):
		f.pending.Stage()
		f.staged, f.stage = true, last
	case f.staged && f.done >= f.stage:
		return f.end()
	}
	f.left = left
	return false, nil
}

// end adds the values that were kept, some in each turn, and completes the parameters
// when none is left.
func (f *filling) end() (ended bool, err error) {
	e := f.engine
	some := e.filler.kept[:min(fillKept, len(e.filler.kept))]
	if err := e.index.Fill(some); err != nil {
		return true, err
	}
	if e.filler.kept = e.filler.kept[len(some):]; len(e.filler.kept) > 0 {
		f.late = f.late[:0]
		return false, nil
	}
	f.pending.Complete(e.index.View().Sequence())
	e.filler.unstage(f.pending)
	return true, nil
}

// customValues are the values of custom search parameters that a version brings along.
type customValues struct {
	set              param.CustomSet
	complete, staged *index.Prepared // nil for none
}

// extractOwn extracts the values of custom parameters. They may ask for any element,
// and those of versions that are there are filled from the stored form.
func (e *Engine) extractOwn(_ context.Context, c *scratch) error {
	p := c.out
	p.custom = customValues{set: e.search.CustomSet()}
	if !p.custom.set.Has(p.Type) {
		return nil
	}
	if !c.doc.AsStored([]byte(p.ID)) {
		if err := ParseStored(c.stored, &c.doc); err != nil {
			return err
		}
	}
	return e.customValues(c, p)
}

// customValues extracts the values of the set of p from the document of c.
func (e *Engine) customValues(c *scratch, p *Prepared) error {
	for _, part := range []struct {
		to      **index.Prepared
		extract func(param.CustomSet)
		make    func() *index.Prepared
	}{
		{&p.custom.complete, func(s param.CustomSet) { e.search.ExtractCustom(s, &c.doc, &c.builder) }, func() *index.Prepared { return customPool.Get().(*index.Prepared) }},
		{&p.custom.staged, func(s param.CustomSet) { e.search.ExtractStaged(s, &c.doc, &c.builder) }, func() *index.Prepared { return new(index.Prepared) }},
	} {
		*part.to = nil
		c.builder.Reset()
		part.extract(p.custom.set)
		if c.builder.Len() == 0 {
			continue
		}
		*part.to = part.make()
		if err := e.index.Prepare(*part.to, c.builder.Payload()); err != nil {
			return err
		}
	}
	return nil
}

// renew brings the custom values of a resource in line with the parameters, where
// these have changed since it was prepared.
func (e *Engine) renew(p *Prepared) error {
	set := e.search.CustomSet()
	if p.Deletes() || p.isBare() || set.SameFor(p.Type, p.custom.set) {
		return nil
	}
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	var err error
	if c.stored, err = e.packing.unpack(c.stored[:0], p.body); err != nil {
		return err
	}
	if err := ParseStored(c.stored, &c.doc); err != nil {
		return err
	}
	p.custom = customValues{set: set}
	return e.customValues(c, p)
}
