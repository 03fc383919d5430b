package engine

import (
	"bytes"
	"cmp"
	"context"
	"fmt"

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

// fault notes a fault.
func (r *verifying) fault(check, place, format string, args ...any) {
	f := Fault{check, place, fmt.Sprintf(format, args...)}
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

// slice checks the versions of some types, and compares the index with a new one made
// from their bodies.
func (r *verifying) slice(ctx context.Context, types map[index.TypeID]bool) error {
	twin := r.engine.index.Twin()
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	for commit := range r.view.Commits(0) {
		items := make([]index.Item, 0, commit.Last+1-commit.First)
		for o := commit.First; o <= commit.Last; o++ {
			if err := ctx.Err(); err != nil {
				return err
			}
			t, _ := r.view.Key(o)
			if r.view.Hole(o) || !types[t] {
				items = append(items, index.Item{Hole: true})
				continue
			}
			items = append(items, r.version(c, o, twin))
			if r.done++; r.Progress != nil && (r.done%1024 == 0 || r.done == r.all) {
				r.tell("the function told of progress", func() bool { r.Progress(r.done, r.all); return true })
			}
			if r.stopped {
				return nil
			}
		}
		if err := twin.Apply(commit.Sequence, commit.Time, commit.First, items); err != nil {
			r.fault("index", fmt.Sprintf("commit %d", commit.Sequence), "cannot be indexed anew: %v", err)
			return nil
		}
	}
	return index.Diff(ctx, r.view.View, twin.View(), func(t index.TypeID) bool { return types[t] }, func(d index.Difference) bool {
		place := d.Kind.String()
		if d.Ordinal != 0 {
			place = fmt.Sprintf("item %d", r.engine.numbers.of(d.Ordinal))
		}
		r.fault("index", place, "the index and the bodies differ: %s", d)
		return !r.stopped
	})
}

// order checks that a version follows the version before: its number rises, and its
// time does not fall and is not after the commit's.
func (r *verifying) order(o index.Ordinal, place string) {
	_, micros := r.view.RecordOf(o)
	if micros > r.view.CommitTime(o) {
		r.fault("history", place, "its time is after that of the commit")
	}
	before, ok := r.view.Previous(o)
	if !ok {
		return
	}
	if r.view.VersionNumber(before) >= r.view.VersionNumber(o) {
		r.fault("history", place, "its version number does not follow that of the version before")
	}
	if _, earlier := r.view.RecordOf(before); earlier > micros {
		r.fault("history", place, "its time is before that of the version before")
	}
}

// version checks one version and returns it as an item for the twin.
func (r *verifying) version(c *scratch, o index.Ordinal, twin *index.Index) index.Item {
	e, v := r.engine, r.view
	place := fmt.Sprintf("item %d", e.numbers.of(o))
	t, id := v.Key(o)
	item := index.Item{Type: t, ID: id, Version: v.VersionNumber(o), Deleted: v.Deleted(o)}
	item.SourceTime, item.Brought = v.SourceTime(o)
	part, err := e.log.Values(e.numbers.of(o), nil)
	if err != nil {
		r.fault("log", place, "its values do not open: %v", err)
		return item
	}
	h, block, err := splitItem(part)
	switch {
	case err != nil:
		r.fault("log", place, "its header cannot be read: %v", err)
		return item
	case h.typ != schema.TypeID(t) || h.id != id || uint64(h.version) != item.Version || h.deleted != item.Deleted:
		r.fault("index", place, "its header and the index differ")
		return item
	case h.brought.timed != item.Brought || h.brought.micros != item.SourceTime:
		r.fault("index", place, "the times in its header and in the index differ")
		return item
	}
	r.order(o, place)
	if h.deleted {
		return item
	}
	json, err := v.AppendJSON(nil, o)
	if err != nil {
		r.fault("body", place, "it does not open: %v", err)
		return item
	}
	if err := ParseStored(json, &c.doc); err != nil {
		r.fault("body", place, "it does not parse: %v", err)
		return item
	}
	if string(c.doc.ID()) != id || index.TypeID(c.doc.Type()) != t {
		r.fault("body", place, "it is another resource than the index says")
	}
	if again := fhirjson.AppendCanonical(nil, &c.doc, 0); !bytes.Equal(again, json) {
		r.fault("body", place, "it is not canonical")
	}
	// A write extracts from the stored form, which has neither version nor time.
	if err := e.Document(o, &c.doc); err != nil {
		r.fault("body", place, "it does not parse: %v", err)
		return item
	}
	c.builder.Reset()
	if err := e.search.Extract(&c.doc, &c.builder); err != nil {
		r.fault("values", place, "they cannot be extracted: %v", err)
		return item
	}
	if h.extractor == param.Version(h.typ) { // those of another are made again by whoever reads them
		stored, err := e.packing.unpack(nil, block)
		switch {
		case err != nil:
			r.fault("values", place, "they do not open: %v", err)
		case !param.Stale(h.typ, h.extractor, stored) && !bytes.Equal(stored, c.builder.Payload()):
			r.fault("values", place, "they are not what extracting them again gives")
		}
	}
	item.Values = new(index.Prepared)
	if err := twin.Prepare(item.Values, c.builder.Payload()); err != nil {
		r.fault("values", place, "they cannot be indexed: %v", err)
		item.Values = nil
	}
	return item
}
