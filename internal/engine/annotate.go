package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/nlp"
)

// DefaultAnnotateTimeout is how long one call of an annotator may take.
const DefaultAnnotateTimeout = 30 * time.Second

// maxHanging is how many calls of the annotator may be overdue at once before no more are
// made: each keeps a goroutine.
const maxHanging = 8

var errHanging = errors.New("nlp: the annotator hangs: it was not called")

// annotates reports whether the store's annotator reads resources of a type.
func (e *Engine) annotates(t schema.TypeID) bool {
	return t == schema.TypeDocumentReference && e.options.Annotator != nil
}

// annotatesLater reports whether a document is annotated in the background. A document
// that keeps the version number of its source is not: the annotation would take the
// next number, which a version of the source may have. Nor is one with a Binary that not
// every caller may read: in the background nobody knows who wrote the document.
func (e *Engine) annotatesLater(c *scratch) bool {
	return e.options.AnnotateLater && c.out.brought.version == 0 &&
		(c.how.By.Whole(access.Read, schema.TypeBinary) || !e.leadsToBinary(&c.doc))
}

// unannotate drops the annotator's own extensions from a document: they are made anew,
// or do not belong to the new text.
func (e *Engine) unannotate(ctx context.Context, c *scratch) error {
	if !e.annotates(c.doc.Type()) {
		return nil
	}
	text, dropped := withExtensions(nil, &c.doc, nil, nlp.Owned)
	if !dropped {
		return nil
	}
	return e.parse(ctx, text, &c.doc, c.how.Check.Level)
}

// annotate calls the annotator on a document, unless that is done in the background,
// adds its extensions, and prepares the resources that it derived. A failure of the
// annotator becomes an extension; only the end of ctx or of the engine fails the write.
func (e *Engine) annotate(ctx context.Context, c *scratch) error {
	if !e.annotates(c.doc.Type()) || c.how.annotation == nil && e.annotatesLater(c) {
		return nil
	}
	found := c.how.annotation
	if found == nil {
		doc := e.document(&c.doc, c.out.ID, binaries{ctx, c.how.Binary, c.how.By})
		found = e.askAnnotator(ctx, []*nlp.Document{doc})[0]
	}
	if err := errors.Join(ctx.Err(), e.Open()); err != nil {
		return err
	}
	original := c.doc.Source
	err := found.err
	if err == nil {
		err = e.addAnnotation(ctx, c, found.annotation)
	}
	if err == nil {
		return e.form(ctx, c)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	e.options.Logger.WarnContext(ctx, "datastore: a document was stored without its annotation; its extension says why")
	c.out.derived = nil
	if err := e.parse(ctx, original, &c.doc, c.how.Check.Level); err != nil {
		return err
	}
	text, _ := withExtensions(nil, &c.doc, [][]byte{nlp.Failure(err)}, nlp.Owned)
	if err := e.parse(ctx, text, &c.doc, c.how.Check.Level); err != nil {
		return err
	}
	return e.form(ctx, c)
}

// addAnnotation puts an annotation into the document and prepares the derived
// resources.
func (e *Engine) addAnnotation(ctx context.Context, c *scratch, a *nlp.Annotation) error {
	subject := subjectOf(&c.doc)
	if text, changed := withExtensions(c.annotated[:0], &c.doc, a.Extensions, nlp.Owned); changed {
		c.annotated = text
		if err := e.parse(ctx, text, &c.doc, c.how.Check.Level); err != nil {
			return fmt.Errorf("nlp: the annotator's extensions are not valid: %w", err)
		}
		if err := areOwned(&c.doc, a.Extensions); err != nil {
			return err
		}
	}
	var err error
	c.out.derived, err = e.prepareDerived(ctx, a.Derived, c.out, subject)
	return err
}

// A found is the annotator's answer for one document.
type found struct {
	annotation *nlp.Annotation
	err        error
}

// askAnnotator calls the annotator: once for all documents if it takes batches, and
// otherwise for each document. The annotator may panic, end its goroutine or hang.
func (e *Engine) askAnnotator(ctx context.Context, docs []*nlp.Document) []*found {
	all := make([]*found, len(docs))
	if batch, ok := e.options.Annotator.(nlp.BatchAnnotator); ok && len(docs) > 1 {
		type answer struct {
			annotations []*nlp.Annotation
			errs        []error
		}
		a, err := inTime(ctx, e, func(ctx context.Context) answer {
			annotations, errs := batch.AnnotateBatch(ctx, docs)
			return answer{annotations, errs}
		})
		if err == nil && (len(a.annotations) != len(docs) || len(a.errs) != len(docs)) {
			err = errors.New("nlp: the annotator did not answer for each document of a batch")
		}
		for i := range all {
			if err != nil {
				all[i] = &found{err: err}
			} else {
				all[i] = foundOf(a.annotations[i], a.errs[i])
			}
		}
		return all
	}
	for i, doc := range docs {
		type answer struct {
			annotation *nlp.Annotation
			err        error
		}
		a, err := inTime(ctx, e, func(ctx context.Context) answer {
			annotation, err := e.options.Annotator.Annotate(ctx, doc)
			return answer{annotation, err}
		})
		if err == nil {
			all[i] = foundOf(a.annotation, a.err)
		} else {
			all[i] = &found{err: err}
		}
	}
	return all
}

func foundOf(a *nlp.Annotation, err error) *found {
	if a == nil {
		a = new(nlp.Annotation)
	}
	return &found{a, err}
}

// inTime calls the annotator and waits for it as long as the options say.
func inTime[T any](ctx context.Context, e *Engine, call func(ctx context.Context) T) (T, error) {
	if e.hanging.Load() >= maxHanging {
		return *new(T), errHanging
	}
	limited, cancel := context.WithTimeout(ctx, e.options.AnnotateTimeout)
	defer cancel()
	var over atomic.Bool // it returned, or nobody waits for it any more: the second to set it knows
	a, err := guarded(limited, e, nil, "the annotator", func() T {
		defer func() {
			if over.Swap(true) {
				e.hanging.Add(-1)
				e.options.Logger.Warn("datastore: a call of the annotator returned after its time")
			}
		}()
		return call(limited)
	})
	if !over.Swap(true) {
		e.hanging.Add(1)
	}
	if errors.Is(err, context.DeadlineExceeded) && ctx.Err() == nil {
		err = fmt.Errorf("nlp: the annotator took longer than %v", e.options.AnnotateTimeout)
	}
	return a, err
}

// withExtensions puts extensions at the root of a resource, and removes extensions for
// whose url giveWay reports true. It appends the resource to dst, or returns its source
// if nothing changed.
func withExtensions(dst []byte, doc *fhirjson.Document, extensions [][]byte, giveWay func(url string) bool) (text []byte, changed bool) {
	field := schema.Lookup(doc.Type(), "extension")
	var items [][]byte
	for c := range doc.Children(0) {
		if doc.Nodes[c].Field != field {
			continue
		}
		if url, ok := doc.Child(c, schema.Lookup(schema.TypeExtension, "url")); ok && giveWay(string(doc.Text(url, nil))) {
			changed = true
			continue
		}
		items = append(items, doc.Raw(c))
	}
	items = append(items, extensions...)
	if !changed && len(extensions) == 0 {
		return doc.Source, false
	}
	edits := fhirjson.NewEdits(doc)
	edits.SetItems(0, field, items...)
	return edits.Apply(dst), true
}

// areOwned checks that the last extensions of the root are the given ones, in their
// order, and that exactly these have the annotator's own urls.
func areOwned(doc *fhirjson.Document, given [][]byte) error {
	field := schema.Lookup(doc.Type(), "extension")
	var owned []fhirjson.Index
	others := 0 // behind the first of its own
	for c := range doc.Children(0) {
		if doc.Nodes[c].Field != field {
			continue
		}
		if nlp.Owned(textOf(doc, c, schema.Lookup(schema.TypeExtension, "url"))) {
			owned = append(owned, c)
		} else if len(owned) > 0 {
			others++
		}
	}
	if len(owned) != len(given) || others > 0 {
		return errors.New("nlp: the annotator returned an extension with a url that is not its own")
	}
	for i, c := range owned {
		if !bytes.Equal(doc.Raw(c), bytes.TrimSpace(given[i])) {
			return errors.New("nlp: the annotator returned an extension that is no JSON object")
		}
	}
	return nil
}
