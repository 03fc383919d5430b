package engine

import (
	"bytes"
	"context"
	"fmt"
	"iter"
	"math"
	"slices"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/custom"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/nlp"
)

// How says how a resource is prepared. The zero How takes the resource's own id and
// checks it at level Strict.
type How struct {
	// ID is the resource's new id; "" takes its own id, which it must have.
	ID string
	// Check says how the resource is validated.
	Check Check
	// Compare stops if the current version has the same content. Then only operations
	// with SkipSame can take the resource.
	Compare bool
	// Source keeps the meta.versionId and the meta.lastUpdated that the resource brings.
	Source bool
	// Resolve replaces conditional references by references to the resources that they
	// find.
	Resolve bool
	// Know notes the resource's content, so that an operation with SkipSame can take
	// it, and goes on.
	Know bool
	// Keep keeps the stored form for the answer ([Prepared.Stored]).
	Keep bool
	// Rewrite, if it is set, gets the parsed resource before any other step and returns
	// the text to take instead, or nil.
	Rewrite func(ctx context.Context, doc *fhirjson.Document) ([]byte, error)

	// Binary, if it is set, returns the text of a Binary that is written in the same
	// commit, or nil: an attachment of a document may lead to it.
	Binary func(id string) []byte
	// By is who asks: what is read of the store for the resource passes the rights of
	// this caller. A nil Access permits everything.
	By *Access

	// annotation is the annotator's answer, made in the background.
	annotation *found
	// time is the time that the document brought from which the resource was derived,
	// if it brought one.
	time brought
}

// A Prepared is a resource made ready for the writer: only its version number, its time
// and its seal are missing. It keeps no reference to the input, and is written once.
type Prepared struct {
	Type schema.TypeID
	ID   string
	// Issues are what was found and accepted.
	Issues []Issue
	// Stored is the stored form, if How.Keep asked for it.
	Stored []byte

	part   []byte          // values part, version number still to be set
	body   []byte          // body part; nil for a deletion
	values *index.Prepared // nil for a deletion
	custom custom.Values

	patient string // in whose compartment alone it is; "" for none or several

	brought  brought
	compared comparison
	derived  []*Prepared // from a document, by its annotation
	// definition is the checked definition of an active SearchParameter.
	definition *param.Definition
}

// PrepareDeletion returns the deletion of a resource.
func PrepareDeletion(typ schema.TypeID, id string) *Prepared {
	return &Prepared{Type: typ, ID: id, part: appendItemHeader(nil, typ, id, true, brought{})}
}

// Size returns the estimated size of the resource in the log, in bytes.
func (p *Prepared) Size() int {
	size := 0
	for p := range p.all() {
		size += len(p.part) + len(p.body)
	}
	return size
}

// all iterates over the resource and the resources derived from it.
func (p *Prepared) all() iter.Seq[*Prepared] {
	return func(yield func(*Prepared) bool) {
		if !yield(p) {
			return
		}
		for _, d := range p.derived {
			if !yield(d) {
				return
			}
		}
	}
}

// Deletes reports whether it is a deletion.
func (p *Prepared) Deletes() bool { return p.body == nil && !p.isBare() }

// Disown makes the stored values look as if another extractor had made them, so that
// readers make them again. Tests need it.
func (p *Prepared) Disown() { p.part[itemExtractorAt]++ }

// valuesPool keeps the memory of applied values: a version has about ten slices of
// them, and allocating them would be a tenth of an import.
var valuesPool = sync.Pool{New: func() any { return new(index.Prepared) }}

// documentsPool is that of documents: what an annotator adds has hundreds of values, and
// other resources have a few.
var documentsPool = sync.Pool{New: func() any { return new(index.Prepared) }}

// poolOf returns the pool of the values of a type.
func poolOf(t schema.TypeID) *sync.Pool {
	if t == schema.TypeDocumentReference {
		return &documentsPool
	}
	return &valuesPool
}

// release gives the values back once they were applied. Only the writer calls it.
func (p *Prepared) release() {
	if p.values != nil {
		poolOf(p.Type).Put(p.values)
		p.values = nil
	}
	p.custom.Release()
}

// A scratch is the memory for preparing one resource. It is used again.
type scratch struct {
	how        *How
	source     []byte // as it was given
	doc        fhirjson.Document
	issues     []Issue // what was found and accepted
	definition *param.Definition
	evaluator  fhirpath.Evaluator
	builder    index.Builder
	stored     []byte
	annotated  []byte // memory for the source of an annotated document
	out        *Prepared
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// keptSource is the size in bytes from which on a resource's scratch is not used again:
// the memory of large resources must not stay.
const keptSource = 1 << 20

// put gives a scratch back. It keeps the memory and no part of the resource.
func (c *scratch) put() {
	if len(c.doc.Source) > keptSource || cap(c.stored) > keptSource || cap(c.annotated) > keptSource {
		return
	}
	c.doc.Source, c.how, c.source = nil, nil, nil
	scratches.Put(c)
}

// A step does one part of preparing a resource.
type step func(e *Engine, ctx context.Context, c *scratch) error

// The steps in their order. Validate goes as far as checking; a write goes on.
var (
	checking = []step{
		(*Engine).rewrite,           // the links of a Bundle's entry
		(*Engine).resolveReferences, // that are conditional
		(*Engine).checkReferences,   // that none is conditional any more
		(*Engine).checkInvariants,   // that R4 writes in FHIRPath
		(*Engine).checkDefinition,   // of a SearchParameter
	}
	naming = []step{
		(*Engine).noteIssues,  // at level Minimal, in an extension
		(*Engine).unannotate,  // a document that was annotated before
		(*Engine).name,        // the id
		(*Engine).readBrought, // version and time of the source
		(*Engine).form,        // the stored form
		(*Engine).compare,     // with the current version
	}
	// Between these a document is annotated, which prepares other resources.
	storing = []step{
		(*Engine).extract,    // the values of R4's search parameters
		(*Engine).packValues, // the values part
		(*Engine).extractOwn, // the values of custom search parameters
		(*Engine).packBody,   // the body part
	}
)

// Prepare makes a resource ready for the writer: it parses, validates and annotates it,
// extracts its search values and packs its parts. It may be called by many goroutines
// at once. It reports an [Error] with the place of each fault, or the error of ctx.
func (e *Engine) Prepare(ctx context.Context, src []byte, how *How) (*Prepared, error) {
	c := scratches.Get().(*scratch)
	defer c.put()
	if err := e.run(ctx, c, src, how, checking); err != nil {
		return nil, err
	}
	c.out = new(Prepared)
	err := e.runSteps(ctx, c, naming)
	if err == nil {
		err = e.annotate(ctx, c)
	}
	if err == nil {
		err = e.runSteps(ctx, c, storing)
	}
	if err != nil && err != errSame {
		return nil, err
	}
	p := c.out
	p.Issues, p.definition, c.out = c.issues, c.definition, nil
	return p, nil
}

// Validate checks a resource as a write would, and stores nothing. It returns what was
// found and accepted.
func (e *Engine) Validate(ctx context.Context, src []byte, check Check) ([]Issue, error) {
	c := scratches.Get().(*scratch)
	defer c.put()
	if err := e.run(ctx, c, src, &How{Check: check}, checking); err != nil {
		return nil, err
	}
	if err := e.checkBesideOthers(c); err != nil {
		return nil, err
	}
	return c.issues, nil
}

// run parses a resource and takes steps.
func (e *Engine) run(ctx context.Context, c *scratch, src []byte, how *How, steps []step) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c.how, c.source, c.definition, c.issues = how, src, nil, nil
	if err := e.parse(ctx, src, &c.doc, how.Check.Level); err != nil {
		return err
	}
	return e.runSteps(ctx, c, steps)
}

func (e *Engine) runSteps(ctx context.Context, c *scratch, steps []step) error {
	for _, take := range steps {
		if err := take(e, ctx, c); err != nil {
			return err
		}
	}
	return nil
}

// parse reads and validates one resource at a level. It ends soon after ctx does.
func (e *Engine) parse(ctx context.Context, src []byte, doc *fhirjson.Document, level Level) error {
	return Invalid(fhirjson.ParseContext(ctx, src, doc, &fhirjson.Options{MaxBytes: e.options.MaxResourceSize, MaxNodes: e.options.MaxValues, Level: level, KnownModifier: nlp.IsModifier}))
}

// rewrite replaces the resource by another text, if How.Rewrite is set.
func (e *Engine) rewrite(ctx context.Context, c *scratch) error {
	if c.how.Rewrite != nil {
		text, err := c.how.Rewrite(ctx, &c.doc)
		if err != nil {
			return err
		}
		if text != nil {
			if err := e.parse(ctx, text, &c.doc, c.how.Check.Level); err != nil {
				return err
			}
		}
	}
	c.issues = slices.Clone(c.doc.Issues)
	return nil
}

// name decides the id.
func (e *Engine) name(_ context.Context, c *scratch) error {
	c.out.Type, c.out.ID = c.doc.Type(), c.how.ID
	if c.out.ID == "" {
		c.out.ID = string(c.doc.ID())
	}
	wrong := func(code issue.Code, text string) error {
		return &Error{Class: ErrInvalid, Issues: []Issue{{Severity: issue.Error, Code: code, Root: c.doc.Type().String(), Pointer: "/id", Offset: 0, Diagnostics: text}}}
	}
	switch {
	case c.out.ID == "":
		return wrong(issue.Required, "the resource needs an id")
	case !fhirjson.ValidID(c.out.ID):
		// Every level checks the id, which stands in addresses and answers.
		return wrong(issue.Value, "the id is none: 1 to 64 of A-Z, a-z, 0-9, '-' and '.'")
	}
	return nil
}

// extract prepares the values of R4's parameters for the index.
func (e *Engine) extract(_ context.Context, c *scratch) error {
	c.builder.Reset()
	if err := e.search.Extract(&c.doc, &c.builder); err != nil {
		return err
	}
	p := c.out
	p.values = poolOf(p.Type).Get().(*index.Prepared)
	if err := e.index.Prepare(p.values, c.builder.Payload()); err != nil {
		return err
	}
	// Whose key it lies under must not depend on settings, which may be others later.
	if p.Type == schema.TypePatient || !p.values.Addresses() {
		p.patient, _ = patientOf(p.Type, p.ID, p.values)
	}
	return nil
}

// form makes the stored form.
func (e *Engine) form(_ context.Context, c *scratch) error {
	c.stored = fhirjson.AppendStored(slices.Grow(c.stored[:0], len(c.doc.Source)+versionRoom), &c.doc, []byte(c.out.ID))
	return nil
}

// packValues makes the values part of the log item.
func (e *Engine) packValues(_ context.Context, c *scratch) error {
	p := c.out
	p.part = e.packing.values(appendItemHeader(nil, p.Type, p.ID, false, p.brought), c.builder.Payload())
	return nil
}

// packBody makes the body part. A large resource then releases its document.
func (e *Engine) packBody(_ context.Context, c *scratch) error {
	large := len(c.stored) > keptSource
	if large {
		c.doc = fhirjson.Document{}
	}
	c.out.body = e.packing.body(c.stored)
	switch {
	case c.how.Keep && large:
		c.out.Stored, c.stored = c.stored, nil
	case c.how.Keep:
		c.out.Stored = bytes.Clone(c.stored)
	}
	return nil
}

// anyStored reads every resource that a level has accepted.
var anyStored = fhirjson.Options{MaxBytes: math.MaxInt, Level: Minimal}

// ParseStored parses a stored form, of a resource accepted at any level. It reports
// ErrCorrupt for a text that does not parse.
func ParseStored(stored []byte, doc *fhirjson.Document) error {
	if err := fhirjson.Parse(stored, doc, &anyStored); err != nil {
		return fmt.Errorf("%w: a stored resource: %w", ErrCorrupt, err)
	}
	return nil
}
