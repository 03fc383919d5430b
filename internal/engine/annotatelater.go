package engine

import (
	"context"
	"errors"
	"runtime"
	"strconv"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/nlp"
	"golang.org/x/sync/errgroup"
)

// annotatorState names the state that keeps how far documents were annotated in the
// background: the sequence of the last commit, as decimal digits.
const annotatorState = "annotator/position"

// annotateBatch is how many documents, of annotateBytes at most, are annotated together
// and written in one commit.
const (
	annotateBatch = 32
	annotateBytes = 4 << 20
)

// A follower annotates documents in the background: it reads the tail of the log, and
// writes another version of each document that has no annotation.
type follower struct {
	done  chan struct{} // closed when it has ended; nil if there is none
	moved signal        // told whenever position or err changes

	mu struct {
		sync.Mutex
		position index.Ordinal // all up to here were looked at
		err      error         // why it ended before the engine did
	}
}

// follow starts the follower, if the options ask for one.
func (e *Engine) follow(ctx context.Context) error {
	f := &e.follower
	if e.options.Annotator == nil || !e.options.AnnotateLater || e.options.ReadOnly {
		return nil
	}
	value, err := e.State(ctx, annotatorState)
	if err != nil {
		return err
	}
	after, _ := strconv.ParseUint(string(value), 10, 64) // what is no number, or absent, is the start
	view := e.Last()
	f.mu.position = view.Last()
	for c := range view.Commits(after) {
		f.mu.position = c.First - 1
		break
	}
	f.done = make(chan struct{})
	go func() {
		defer close(f.done)
		err := e.followFrom(e.background, after)
		if err == nil || e.background.Err() != nil || errors.Is(err, ErrClosed) {
			return
		}
		e.options.Logger.Error("datastore: documents are not annotated any more until the store is opened again", "error", err)
		f.mu.Lock()
		f.mu.err = err
		f.mu.Unlock()
		f.moved.tell()
	}()
	return nil
}

// followFrom annotates the documents that the commits after a sequence wrote.
func (e *Engine) followFrom(ctx context.Context, after uint64) error {
	whatever := func(uint64) bool { return true } // superseded versions are not annotated
	for c, err := range e.tail(ctx, after, whatever) {
		if err != nil {
			return err
		}
		if err := e.annotateChange(ctx, &c); err != nil {
			return err
		}
		e.follower.mu.Lock()
		e.follower.mu.position = c.Last
		e.follower.mu.Unlock()
		e.follower.moved.tell()
	}
	return nil
}

// annotateChange annotates the documents of one commit, a batch at a time.
func (e *Engine) annotateChange(ctx context.Context, c *Change) error {
	var of []index.Ordinal
	for o := c.First; o <= c.Last; o++ {
		if t, _ := c.View.Key(o); schema.TypeID(t) == schema.TypeDocumentReference && !c.View.Deleted(o) {
			of = append(of, o)
		}
	}
	for len(of) > 0 {
		n, err := e.annotateStored(ctx, of, c.Sequence)
		if err != nil {
			return err
		}
		of = of[n:]
	}
	return nil
}

// A waiting document is one that the follower annotates.
type waiting struct {
	source  []byte
	version Version
}

// readWaiting reads the first documents that are current and have no annotation, up to
// one batch. n is how many versions it looked at.
func (e *Engine) readWaiting(of []index.Ordinal) (docs []*nlp.Document, all []waiting, n int, err error) {
	view := e.Last()
	size := 0
	for n < len(of) && len(all) < annotateBatch && size < annotateBytes {
		o := of[n]
		n++
		v := view.Version(o)
		if now, ok := view.Find(v.Type, v.ID); !ok || now != o {
			continue
		}
		var doc fhirjson.Document
		if err := e.Document(o, &doc); err != nil {
			return nil, nil, n, err
		}
		if _, annotated := withExtensions(nil, &doc, nil, nlp.Owned); annotated {
			continue
		}
		docs = append(docs, e.document(&doc, v.ID, binaries{ctx: e.background}))
		all = append(all, waiting{doc.Source, v})
		size += len(doc.Source)
	}
	return docs, all, n, nil
}

// annotateStored annotates the first batch of some versions of a commit, and writes
// another version of each document. It returns how many versions it looked at. It
// leaves out a document that has a newer version by now, and a document that the
// store's stricter options now refuse.
func (e *Engine) annotateStored(ctx context.Context, of []index.Ordinal, sequence uint64) (int, error) {
	docs, all, n, err := e.readWaiting(of)
	if err != nil {
		return n, err
	}
	var states []State
	if n == len(of) {
		states = []State{{Name: annotatorState, Value: strconv.AppendUint(nil, sequence, 10)}}
	}
	var ops []Op
	for i, found := range e.askForAll(ctx, docs) {
		if found.err == nil && len(found.annotation.Extensions) == 0 && len(found.annotation.Derived) == 0 {
			continue
		}
		w := &all[i]
		p, err := e.Prepare(ctx, w.source, &How{ID: w.version.ID, Check: Check{Level: Minimal, WithoutInvariants: true}, annotation: found})
		if errors.Is(err, ErrInvalid) {
			e.options.Logger.WarnContext(ctx, "datastore: a document is not annotated, since the store does not take it any more")
			continue
		}
		if err != nil {
			return n, err
		}
		ops = append(ops, Op{Prepared: p, Condition: Condition{IfMatch: w.version.Number}, Interaction: Derived})
	}
	if len(ops) == 0 {
		return n, nil // position is kept with the next document
	}
	_, err = e.Commit(ctx, &Commit{Ops: ops, States: states})
	if !errors.Is(err, ErrPreconditionFailed) {
		return n, err
	}
	for i := range ops {
		if _, err := e.Commit(ctx, &Commit{Ops: ops[i : i+1]}); err != nil && !errors.Is(err, ErrPreconditionFailed) {
			return n, err
		}
	}
	_, err = e.Commit(ctx, &Commit{States: states})
	return n, err
}

// askForAll asks the annotator about documents: in one call if it takes batches, and
// otherwise in one call a document, one at a time for each processor.
func (e *Engine) askForAll(ctx context.Context, docs []*nlp.Document) []*found {
	if _, ok := e.options.Annotator.(nlp.BatchAnnotator); ok {
		return e.askAnnotator(ctx, docs)
	}
	results := make([]*found, len(docs))
	var calls errgroup.Group
	calls.SetLimit(runtime.GOMAXPROCS(0))
	for i := range docs {
		calls.Go(func() error {
			results[i] = e.askAnnotator(ctx, docs[i:i+1])[0]
			return nil
		})
	}
	_ = calls.Wait() // no call returns an error
	return results
}

// Unannotated returns how many documents the follower has still to look at, and why it
// ended, if it did.
func (e *Engine) Unannotated() (n int, err error) {
	f := &e.follower
	if f.done == nil {
		return 0, nil
	}
	f.mu.Lock()
	position, err := f.mu.position, f.mu.err
	f.mu.Unlock()
	view := e.Last()
	for o := position + 1; o <= view.Last(); o++ {
		if t, id := view.Key(o); schema.TypeID(t) == schema.TypeDocumentReference {
			if now, ok := view.Find(schema.TypeDocumentReference, id); !ok || now != o || view.Deleted(o) {
				continue
			}
			if by, err := view.Interaction(o); err != nil || by != Derived {
				n++
			}
		}
	}
	return n, err
}

// WaitAnnotated waits until the follower has looked at every version that is written by
// now.
func (e *Engine) WaitAnnotated(ctx context.Context) error {
	f := &e.follower
	last := e.Last().Last()
	for f.done != nil {
		moved := f.moved.wait()
		f.mu.Lock()
		position, err := f.mu.position, f.mu.err
		f.mu.Unlock()
		if err != nil || position >= last {
			return err
		}
		select {
		case <-moved:
		case <-e.ending:
			return ErrClosed
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	return e.Open()
}
