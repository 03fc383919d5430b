package custom

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

const (
	// Chunk is how many versions are extracted between two turns of the writer's: some ten
	// milliseconds of work, which nobody waits for.
	Chunk = 512
	// gain is by how many versions each turn has to come nearer to the end: where others
	// write so much that it does not, or few are left, the last stage begins.
	gain = Chunk / 2
	// keptChunk is how many kept values the writer adds in one turn: a millisecond or two.
	keptChunk = 1024
)

// errNoTurn is the error of a turn that the store did not take.
var errNoTurn = errors.New("search: the store gives no turn")

// Run fills parameters whenever there are some to fill, until ctx ends or the store is
// closed. It is called once. What ends a filling is told to the logger.
func (p *Parameters) Run(ctx context.Context, s Store, log *slog.Logger) {
	for {
		select {
		case <-p.wake:
		case <-ctx.Done():
			return
		}
		for f := p.Begin(s); f != nil; f = p.Begin(s) {
			err := f.run(ctx)
			if ctx.Err() != nil || errors.Is(err, errNoTurn) {
				return
			}
			if err != nil {
				log.ErrorContext(ctx, "datastore: search parameters could not be indexed", "error", err)
				f.fail(err)
				if f.turn(ctx, func() error { f.unstage(); return nil }) != nil {
					return
				}
			}
			s.Changed()
		}
	}
}

// A Filling is the work of filling the parameters that were being indexed when it began. It
// is for one goroutine, but for Turn.
//
// Every version up to done has its values if it was visible when done went past it: no
// view that may ask for the parameters sees another version.
type Filling struct {
	parameters *Parameters
	store      Store
	of         []*param.Custom
	wanted     map[index.TypeID]bool // the types that have a parameter
	done       index.Ordinal
	end        index.Ordinal // the last version that was extracted, and is not filled in yet
	left       int           // versions after done at the turn before
	staged     bool          // the last stage has begun:
	stage      index.Ordinal // versions after it bring their values along
	doc        fhirjson.Document
	builder    index.Builder
	batch      index.Batch
	late       []index.Late
	values     []index.Prepared
}

// Begin returns the work of filling the parameters that are being indexed and have not
// failed, nil if there are none. Where some have the values of more versions than others,
// these come first.
func (p *Parameters) Begin(s Store) *Filling {
	f := &Filling{parameters: p, store: s, values: make([]index.Prepared, Chunk)}
	for _, c := range p.current.Load().Customs.Indexing {
		switch {
		case c.Failed.Load() != nil:
		case f.of == nil || c.Filled > f.of[0].Filled:
			f.of = []*param.Custom{c}
		case c.Filled == f.of[0].Filled:
			f.of = append(f.of, c)
		}
	}
	if f.of == nil {
		return nil
	}
	f.done = f.of[0].Filled
	if p.index != nil {
		f.left = int(p.index.View().Last() - f.done)
	}
	f.choose()
	return f
}

// run carries the work out. A panic is an error of it.
func (f *Filling) run(ctx context.Context) (err error) {
	defer func() {
		if v := recover(); v != nil { // its text may quote data
			err = fmt.Errorf("search: panic while indexing search parameters (%T)", v)
		}
	}()
	for ended := false; !ended; {
		if err := f.Extract(ctx); err != nil {
			return err
		}
		if err := f.turn(ctx, func() (err error) { ended, err = f.Turn(); return err }); err != nil {
			return err
		}
	}
	return nil
}

// turn has the writer call a function. It reports errNoTurn if that was not called.
func (f *Filling) turn(ctx context.Context, call func() error) error {
	called := false
	err := f.store.Turn(ctx, func() error { called = true; return call() })
	if err != nil && !called {
		return fmt.Errorf("%w: %w", errNoTurn, err)
	}
	return err
}

// choose works out the wanted types.
func (f *Filling) choose() {
	f.wanted = map[index.TypeID]bool{}
	for _, c := range f.of {
		for _, base := range c.Bases {
			for _, t := range f.parameters.registry.Concrete(base) {
				f.wanted[index.TypeID(t)] = true
			}
		}
	}
}

// Extract extracts the values of the next versions that lack theirs, until it has the values
// of a chunk of versions.
func (f *Filling) Extract(ctx context.Context) error {
	x := f.parameters.index
	f.batch.Reset()
	f.late = f.late[:0]
	view := x.View()
	last := view.Last()
	if f.staged {
		last = f.stage
	}
	for f.end = f.done; f.end < last && len(f.late) < Chunk; {
		f.end++
		if err := ctx.Err(); err != nil {
			return err
		}
		if !view.Visible(f.end) {
			continue
		}
		if t, _ := view.Key(f.end); !f.wanted[t] {
			continue
		}
		if err := f.store.Document(f.end, &f.doc); err != nil {
			return err
		}
		f.extract(&f.doc, &f.builder)
		if f.builder.Len() == 0 {
			continue
		}
		to := &f.values[len(f.late)]
		if err := x.PrepareIn(&f.batch, to, f.builder.Payload()); err != nil {
			return err
		}
		f.late = append(f.late, index.Late{Ordinal: f.end, Values: to})
	}
	return nil
}

// extract makes b the values that a resource has of the parameters.
func (f *Filling) extract(doc *fhirjson.Document, b *index.Builder) {
	var places []*param.Place
	for _, c := range f.of {
		for _, at := range c.Places {
			if doc.Type().Is(at.Base) {
				places = append(places, at)
			}
		}
	}
	b.Reset()
	f.parameters.extractors.ExtractPlaces(places, doc, b)
}

// Turn takes in what was extracted, and reports whether the work has ended. It is the
// writer's.
func (f *Filling) Turn() (ended bool, err error) {
	x := f.parameters.index
	late := f.late
	f.late = f.late[:0]
	if f.settle() {
		// The streams of the extracted values may belong to another parameter by now.
		f.unstage()
		f.staged, f.end = false, f.done
		f.choose()
		return len(f.of) == 0, nil
	}
	if err := x.Fill(late); err != nil {
		return true, err
	}
	f.done = f.end
	last := x.View().Last()
	f.progress(int(f.done), int(last))
	left := int(last - f.done)
	switch {
	case !f.staged && (left <= Chunk || left > f.left-gain):
		f.restage(true)
		f.staged, f.stage = true, last
	case f.staged && f.done >= f.stage:
		return f.finish()
	}
	f.left = left
	return false, nil
}

// finish adds the values that were kept, some in each turn, and puts the parameters into use
// when none is left.
func (f *Filling) finish() (ended bool, err error) {
	p := f.parameters
	some := p.kept[:min(keptChunk, len(p.kept))]
	if err := p.index.Fill(some); err != nil {
		return true, err
	}
	if p.kept = p.kept[len(some):]; len(p.kept) > 0 {
		return false, nil
	}
	f.use(p.index.View().Sequence())
	f.unstage()
	return true, nil
}

// use puts the parameters into use: every version that is visible in the state of a
// sequence, or will be in a later one, has its values or will be applied with them.
func (f *Filling) use(sequence uint64) {
	now := f.parameters.current.Load().Customs
	for _, c := range f.of {
		c.Since = sequence
		c.Staged.Store(false)
	}
	rest := slices.DeleteFunc(slices.Clone(now.Indexing), func(c *param.Custom) bool { return slices.Contains(f.of, c) })
	f.parameters.move(append(slices.Clip(now.InUse), f.of...), rest)
}

// settle leaves out the parameters that were dropped, and reports whether there were any.
func (f *Filling) settle() (changed bool) {
	now := f.parameters.current.Load().Customs.Indexing
	before := len(f.of)
	f.of = slices.DeleteFunc(f.of, func(c *param.Custom) bool { return !slices.Contains(now, c) })
	return len(f.of) != before
}

// progress says how many versions have their values, and of how many.
func (f *Filling) progress(indexed, total int) {
	for _, c := range f.of {
		c.Indexed.Store(int64(indexed))
		c.Total.Store(int64(total))
	}
}

// restage begins or ends the last stage.
func (f *Filling) restage(on bool) {
	for _, c := range f.of {
		c.Staged.Store(on)
	}
	now := f.parameters.current.Load().Customs
	f.parameters.move(now.InUse, now.Indexing)
}

// unstage ends the last stage, and forgets what was kept.
func (f *Filling) unstage() {
	f.restage(false)
	f.parameters.kept = nil
}

// fail gives the parameters up.
func (f *Filling) fail(err error) {
	for _, c := range f.of {
		c.Failed.Store(&err)
	}
}
