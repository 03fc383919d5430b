package engine

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"iter"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// A Fault is one fault that Verify found.
type Fault struct {
	// Check names the check that failed: "log", "body", "values", "history" or "index".
	Check string `json:"check"`
	// Place says where: a number of the log, or a place of the index. It holds no data.
	Place string `json:"place"`
	// Reason says what is wrong there.
	Reason string `json:"reason"`
}

// String returns the fault on one line.
func (f Fault) String() string { return f.Check + ": " + f.Place + ": " + f.Reason }

// Verification has the functions that Verify calls while it works.
type Verification struct {
	// Progress gets the number of versions read and of all versions. It may be nil. If
	// Progress or Fault panics or ends its goroutine, Verify reports ErrCallback.
	Progress func(done, total int)
	// Fault gets each fault, and returns whether to go on. A nil Fault stops at the
	// first.
	Fault func(Fault) bool
}

// verifySlice is about how many versions are indexed anew at a time, so that a large
// store needs no second index as large as its own.
const verifySlice = 2_000_000

// Verify reads every version that the store holds. It checks that the version opens;
// that its body parses, is canonical and has the id that the index says; that its
// stored values equal the values extracted again; and that the versions of a resource
// follow one another. It then makes the index anew from the bodies and compares it with
// the index that answers searches. Values of another extractor are no fault: readers
// make them again. It reports ErrCorrupt after the first fault, or after all faults if
// v.Fault goes on. It waits for Compact, Purge and Erase, and these wait for it.
func (e *Engine) Verify(ctx context.Context, v Verification) error {
	if err := e.beginRewriting(ctx); err != nil {
		return err
	}
	defer e.endRewriting()
	now, err := e.Hold()
	if err != nil {
		return err
	}
	defer now.Release()
	run := verifying{Verification: v, ctx: ctx, engine: e, view: now.View, all: int(now.Last())}
	for _, types := range now.slices(verifySlice) {
		if err := run.slice(ctx, types); err != nil {
			return err
		}
		if run.failed != nil {
			return run.failed
		}
		if run.stopped {
			break
		}
	}
	if run.first != nil {
		return fmt.Errorf("%w: %s", ErrCorrupt, run.first)
	}
	return nil
}

// slices cuts the resource types into sets of about size versions each.
func (v View) slices(size int) (slices []map[index.TypeID]bool) {
	n := size
	for t := range schema.Types {
		of := v.OfType(index.TypeID(t)).Len()
		if of == 0 {
			continue
		}
		if n += of; n > size || slices == nil {
			slices, n = append(slices, map[index.TypeID]bool{}), of
		}
		slices[len(slices)-1][index.TypeID(t)] = true
	}
	return slices
}

// verifying is one run of Verify.
type verifying struct {
	Verification
	ctx     context.Context // of the call
	engine  *Engine
	view    View
	all     int
	done    int
	first   *Fault
	stopped bool
	failed  error // of Progress or Fault
}

// fault tells of a fault.
func (r *verifying) fault(f Fault) {
	if r.first == nil {
		r.first = &f
	}
	r.stopped = r.stopped || r.Fault == nil || !r.tell("the function told of faults", func() bool { return r.Fault(f) })
}

// tell calls a function of the caller's and returns whether to go on.
func (r *verifying) tell(name string, f func() bool) bool {
	goOn, err := guarded(r.ctx, r.engine, nil, name, f)
	r.failed = cmp.Or(r.failed, err)
	r.stopped = r.stopped || err != nil
	return goOn && err == nil
}

// verifyBatch is about how many versions are checked before their faults are told.
const verifyBatch = 4096

// slice checks the versions of some types, and compares the index with a new one made
// from their bodies.
func (r *verifying) slice(ctx context.Context, types map[index.TypeID]bool) error {
	twin := r.engine.index.Twin()
	next, stop := iter.Pull(r.view.Commits(0))
	defer stop()
	var checked *checkedBatch // and not in the twin yet
	for {
		g, ctx := errgroup.WithContext(ctx)
		if before := checked; before != nil {
			g.Go(func() error {
				before.apply(twin)
				return nil
			})
		}
		batch := newCheckedBatch(next, types, r.view)
		batch.check(ctx, g, r, twin)
		if err := g.Wait(); err != nil {
			return err
		}
		if r.report(checked, batch); r.stopped {
			return nil
		}
		if checked = batch; len(batch.commits) == 0 {
			break
		}
	}
	return index.Diff(ctx, r.view.View, twin.View(), func(t index.TypeID) bool { return types[t] }, func(d index.Difference) bool {
		place := d.Kind.String()
		if d.Ordinal != 0 {
			place = fmt.Sprintf("item %d", r.engine.numbers.of(d.Ordinal))
		}
		r.fault(Fault{"index", place, fmt.Sprintf("the index and the bodies differ: %s", d)})
		return !r.stopped
	})
}

// report tells of the faults of two batches, one applied and one checked, and of progress.
func (r *verifying) report(applied, checked *checkedBatch) {
	if applied != nil && applied.refused != nil {
		r.fault(*applied.refused)
		r.stopped = true // the twin lacks a commit
		return
	}
	for i := range checked.versions {
		for _, f := range checked.versions[i].faults {
			if r.fault(f); r.stopped {
				return
			}
		}
	}
	if n := len(checked.versions); n > 0 && r.Progress != nil {
		r.done += n
		r.tell("the function told of progress", func() bool { r.Progress(r.done, r.all); return true })
	}
}

// A checkedBatch is some commits, with their versions of the types that are verified.
type checkedBatch struct {
	commits  []index.CommitRange
	items    [][]index.Item // of each commit
	versions []checkedVersion
	refused  *Fault // by the twin
}

// A checkedVersion is one version and what is wrong with it.
type checkedVersion struct {
	ordinal index.Ordinal
	item    *index.Item
	faults  []Fault
}

// newCheckedBatch takes the next commits; none are left if it has none.
func newCheckedBatch(next func() (index.CommitRange, bool), types map[index.TypeID]bool, view View) *checkedBatch {
	b := new(checkedBatch)
	for len(b.versions) < verifyBatch && len(b.commits) < verifyBatch {
		c, ok := next()
		if !ok {
			break
		}
		items := make([]index.Item, c.Last+1-c.First)
		for i := range items {
			o := c.First + index.Ordinal(i)
			if t, _ := view.Key(o); view.Hole(o) || !types[t] {
				items[i].Hole = true
			} else {
				b.versions = append(b.versions, checkedVersion{ordinal: o, item: &items[i]})
			}
		}
		b.commits, b.items = append(b.commits, c), append(b.items, items)
	}
	return b
}

// check checks the versions on all cores, in the goroutines of a group.
func (b *checkedBatch) check(ctx context.Context, g *errgroup.Group, r *verifying, twin *index.Index) {
	const step = 32
	var next atomic.Int64
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			x := checker{engine: r.engine, view: r.view, twin: twin, scratch: scratches.Get().(*scratch)}
			defer scratches.Put(x.scratch)
			for {
				first := int(next.Add(step)) - step
				if first >= len(b.versions) {
					return nil
				}
				for i := first; i < min(first+step, len(b.versions)); i++ {
					if err := ctx.Err(); err != nil {
						return err
					}
					x.version(&b.versions[i])
				}
			}
		})
	}
}

// apply puts the checked versions into the twin.
func (b *checkedBatch) apply(twin *index.Index) {
	for i, c := range b.commits {
		if err := twin.Apply(c.Sequence, c.Time, c.First, b.items[i]); err != nil {
			b.refused = &Fault{"index", fmt.Sprintf("commit %d", c.Sequence), fmt.Sprintf("cannot be indexed anew: %v", err)}
			return
		}
	}
}

// A checker checks versions. It is used by one goroutine.
type checker struct {
	*scratch
	buffers
	engine *Engine
	view   View
	twin   *index.Index
	values []byte // a values part
	again  []byte // what is made again, to be compared
	of     *checkedVersion
}

// fault notes a fault of the version.
func (x *checker) fault(check, format string, args ...any) {
	place := fmt.Sprintf("item %d", x.engine.numbers.of(x.of.ordinal))
	x.of.faults = append(x.of.faults, Fault{check, place, fmt.Sprintf(format, args...)})
}

// order checks that a version follows the version before: its number rises, and its
// time does not fall and is not after the commit's.
func (x *checker) order(o index.Ordinal) {
	_, micros := x.view.RecordOf(o)
	if micros > x.view.CommitTime(o) {
		x.fault("history", "its time is after that of the commit")
	}
	before, ok := x.view.Previous(o)
	if !ok {
		return
	}
	if x.view.VersionNumber(before) >= x.view.VersionNumber(o) {
		x.fault("history", "its version number does not follow that of the version before")
	}
	if _, earlier := x.view.RecordOf(before); earlier > micros {
		x.fault("history", "its time is before that of the version before")
	}
}

// version checks one version and makes it an item for the twin.
func (x *checker) version(of *checkedVersion) {
	x.of = of
	e, v, o, item := x.engine, x.view, of.ordinal, of.item
	t, id := v.Key(o)
	*item = index.Item{Type: t, ID: id, Version: v.VersionNumber(o), Deleted: v.Deleted(o)}
	item.SourceTime, item.Brought = v.SourceTime(o)
	part, err := e.log.Values(e.numbers.of(o), x.values[:0])
	if err != nil {
		x.fault("log", "its values do not open: %v", err)
		return
	}
	x.values = part
	h, block, err := splitItem(part)
	switch {
	case err != nil:
		x.fault("log", "its header cannot be read: %v", err)
		return
	case h.typ != schema.TypeID(t) || h.id != id || uint64(h.version) != item.Version || h.deleted != item.Deleted:
		x.fault("index", "its header and the index differ")
		return
	case h.brought.timed != item.Brought || h.brought.micros != item.SourceTime:
		x.fault("index", "the times in its header and in the index differ")
		return
	}
	x.order(o)
	if h.deleted {
		return
	}
	if err := e.stored(o, &x.buffers); err != nil {
		x.fault("body", "it does not open: %v", err)
		return
	}
	if err := ParseStored(x.buffers.stored, &x.doc); err != nil {
		x.fault("body", "it does not parse: %v", err)
		return
	}
	if string(x.doc.ID()) != id || index.TypeID(x.doc.Type()) != t {
		x.fault("body", "it is another resource than the index says")
	}
	// Version and time have their place in the stored form alone.
	if x.again = fhirjson.AppendStored(x.again[:0], &x.doc, x.doc.ID()); !bytes.Equal(x.again, x.buffers.stored) {
		x.fault("body", "it is not canonical")
	}
	x.builder.Reset()
	if err := e.search.Extract(&x.doc, &x.builder); err != nil {
		x.fault("values", "they cannot be extracted: %v", err)
		return
	}
	if h.extractor == param.Version(h.typ) { // those of another are made again by whoever reads them
		stored, err := e.packing.unpack(x.again[:0], block)
		switch {
		case err != nil:
			x.fault("values", "they do not open: %v", err)
		case !param.Stale(h.typ, h.extractor, stored) && !bytes.Equal(stored, x.builder.Payload()):
			x.fault("values", "they are not what extracting them again gives")
		}
	}
	item.Values = new(index.Prepared)
	if err := x.twin.Prepare(item.Values, x.builder.Payload()); err != nil {
		x.fault("values", "they cannot be indexed: %v", err)
		item.Values = nil
	}
}
