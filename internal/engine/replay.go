package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"

	"golang.org/x/sync/errgroup"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A loaded is a record on its way from the log to the index: one goroutine opens its
// items while another applies earlier records. Its memory is used again for a later
// record; allocating it anew would be a third of the time of opening.
type loaded struct {
	record  *txlog.Record
	runs    []landed
	items   []index.Item // the versions
	slots   []uint32     // of the versions
	values  []index.Prepared
	batch   index.Batch // the memory of values
	part    []byte
	payload []byte
	err     error         // why there are no items
	done    chan struct{} // gets a value when items or err are there
}

// replay applies the log, or what follows the checkpoint that was restored. Values parts are opened and prepared on all
// cores; bodies stay sealed. A queue keeps the order of the log: it is emptied record
// by record.
func (e *Engine) replay(ctx context.Context) error {
	workers := runtime.GOMAXPROCS(0)
	loader := e.index.Loader(workers)
	defer loader.Finish()
	last, from := e.log.Last(), e.sequence
	g, ctx := errgroup.WithContext(ctx)
	work := make(chan *loaded)
	order := make(chan *loaded, 2*workers)
	free := make(chan *loaded, cap(order)+workers+2) // every loaded there is
	for range cap(free) {
		free <- &loaded{done: make(chan struct{}, 1)}
	}
	g.Go(func() error {
		defer close(work)
		defer close(order)
		for r, err := range e.log.Records(ctx, from+1) {
			var l *loaded
			select {
			case l = <-free:
				l.record = r
			case <-ctx.Done():
				return ctx.Err()
			}
			to := []chan *loaded{order, work}
			if l.err = err; err != nil {
				l.done <- struct{}{}
				to = to[:1]
			}
			for _, to := range to {
				select {
				case to <- l:
				case <-ctx.Done():
					return ctx.Err()
				}
			}
		}
		return nil
	})
	for range workers {
		g.Go(func() error {
			for l := range work {
				// An error counts in its turn: earlier records are applied.
				if l.err = caught("reading a record", func() error { return e.load(l) }); l.err == nil {
					l.skip(from)
				}
				l.done <- struct{}{}
			}
			return nil
		})
	}
	g.Go(func() error {
		for l := range order {
			select {
			case <-l.done:
			case <-ctx.Done():
				return ctx.Err()
			}
			if l.err == nil {
				l.err = caught("applying a record", func() error { return e.applyLoaded(l) })
			}
			if l.err != nil {
				return l.err
			}
			l.record = nil
			free <- l
		}
		return nil
	})
	if err := g.Wait(); err != nil {
		return e.asFarAsPossible(err)
	}
	e.reached(last)
	return nil
}

// reached notes that everything up to a commit was applied. The last commits may have
// no record, since Rewrite drops items that nobody needs.
func (e *Engine) reached(last txlog.Last) {
	if last.Sequence > e.sequence {
		e.sequence, e.time = last.Sequence, max(e.time, last.Time)
	}
}

// asFarAsPossible lets a store be read up to the point at which its log passes a limit, or,
// if it was asked to be opened for reading, has an item of a later version. Nothing is
// damaged, and nothing more is written.
func (e *Engine) asFarAsPossible(err error) error {
	if errors.Is(err, ErrFull) || errors.Is(err, ErrUnsupported) && e.options.ReadOnly {
		e.stopWriting(fmt.Errorf("after commit %d: %w", e.sequence, err))
		return nil
	}
	return err
}

// catchUp applies the records that others appended to the log.
func (e *Engine) catchUp() error {
	last := e.log.Last()
	for r, err := range e.log.Records(e.background, e.sequence+1) {
		if err != nil {
			return fmt.Errorf("datastore: following the log: %w", logError(err))
		}
		l := loaded{record: r}
		if err = caught("reading a record", func() error { return e.load(&l) }); err == nil {
			l.skip(e.sequence)
			err = caught("applying a record", func() error { return e.applyLoaded(&l) })
		}
		if err != nil {
			e.stopWriting(err)
			return err
		}
		if slices.ContainsFunc(l.items, func(it index.Item) bool { return it.Type == searchParameterType }) {
			e.define()
		}
	}
	e.reached(last)
	return nil
}

// skip leaves out the runs up to a sequence. Rewriting may put applied and new runs
// into one record.
func (l *loaded) skip(sequence uint64) {
	versions := 0
	for len(l.runs) > 0 && l.runs[0].Sequence <= sequence {
		for _, it := range l.runs[0].items {
			if it.Kind == txlog.Version {
				versions++
			}
		}
		l.runs = l.runs[1:]
	}
	l.items, l.slots = l.items[versions:], l.slots[versions:]
}

// load opens the values parts of a record and prepares them.
func (e *Engine) load(l *loaded) error {
	r := l.record
	l.runs, l.items, l.slots = l.runs[:0], l.items[:0], l.slots[:0]
	l.values = slices.Grow(l.values[:0], r.Len())[:r.Len()]
	l.batch.Reset()
	i := 0
	for _, run := range r.Runs() {
		to := landed{run, make([]txlog.Item, run.Count)}
		for j := range to.items {
			if err := e.loadItem(l, i, &to.items[j]); err != nil {
				return err
			}
			i++
		}
		l.runs = append(l.runs, to)
	}
	return nil
}

// loadItem opens the values part of item i.
func (e *Engine) loadItem(l *loaded, i int, it *txlog.Item) (err error) {
	r := l.record
	slot := r.Slot(i)
	if e.log.Erased(slot) {
		it.Kind = erasedItem
		return nil
	}
	if l.part, err = r.Values(i, l.part[:0]); err != nil {
		return err
	}
	switch it.Kind = r.Kind(i); it.Kind {
	case txlog.Version:
	case txlog.State:
		it.Values = slices.Clone(l.part)
		it.Body, err = r.Body(i, nil)
		return err
	default:
		return txlog.Unsupported(fmt.Sprintf("item of kind %d", it.Kind), itemFormat, itemFormat)
	}
	h, block, err := splitItem(l.part)
	if err != nil {
		return err
	}
	x := index.Item{Type: index.TypeID(h.typ), ID: h.id, Version: uint64(h.version), Deleted: h.deleted, Brought: h.brought.timed, SourceTime: h.brought.micros}
	if !h.deleted {
		l.payload, err = e.packing.unpack(l.payload[:0], block)
		if h.extractor != param.Version(h.typ) || err == nil && param.Stale(h.typ, h.extractor, l.payload) {
			l.payload, err = e.extractFrom(r, i, l.payload[:0])
		}
		if err != nil {
			return err
		}
		x.Values = &l.values[i]
		if err := e.index.PrepareIn(&l.batch, x.Values, l.payload); err != nil {
			return fmt.Errorf("%w: %w", ErrCorrupt, err)
		}
	}
	l.items, l.slots = append(l.items, x), append(l.slots, slot)
	return nil
}

// extractFrom extracts the values of item i from its body, because another extractor
// wrote them.
func (e *Engine) extractFrom(r *txlog.Record, i int, dst []byte) ([]byte, error) {
	body, err := r.Body(i, nil)
	if err != nil {
		return nil, err
	}
	stored, err := e.packing.unpack(nil, body)
	if err != nil {
		return nil, err
	}
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	if err := ParseStored(stored, &c.doc); err != nil {
		return nil, err
	}
	c.builder.Reset()
	if err := e.search.Extract(&c.doc, &c.builder); err != nil {
		return nil, err
	}
	return append(dst, c.builder.Payload()...), nil
}

// erasedItem is the kind of an item that nobody can open any more. It has no ordinal.
const erasedItem = ^txlog.Kind(0)

// noteSlots notes whose the key slots of versions are, so that what is written for a
// patient goes on with its key.
func (e *Engine) noteSlots(l *loaded) {
	for i, slot := range l.slots {
		if slot == 0 || e.noted.Test(uint(slot)) {
			continue
		}
		e.noted.Set(uint(slot))
		x := &l.items[i]
		if patient, _ := patientOf(schema.TypeID(x.Type), x.ID, x.Values); patient != "" {
			e.log.NoteSlot(patient, slot)
		}
	}
}

// applyLoaded applies a record that was loaded.
func (e *Engine) applyLoaded(l *loaded) error {
	e.noteSlots(l)
	err := e.apply(l.runs, l.items)
	switch {
	case errors.Is(err, index.ErrFull):
		return fmt.Errorf("%w: %w", ErrFull, err)
	case err != nil:
		return fmt.Errorf("%w: commit %d: %w", ErrCorrupt, l.runs[0].Sequence, err)
	}
	return nil
}
