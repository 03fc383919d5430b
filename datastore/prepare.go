package datastore

import (
	"bytes"
	"context"
	"fmt"
	"math"
	"sync"

	"github.com/fhirlake/fhirlake/fhirpath"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// A prepared resource is all that the writer needs of one: everything but its
// version number, its time and its seal. It refers to nothing of the input.
type prepared struct {
	typ    schema.TypeID
	id     string
	part   []byte           // values part, version number still to be set
	body   []byte           // body part; nil for a deletion
	values *index.Prepared  // nil for a deletion, and once the writer has applied them
	issues []Issue          // what was found and accepted
	set    search.CustomSet // the custom search parameters that custom is of
	custom *index.Prepared  // their values; nil for none, and once the writer has applied them
	// definition is that of an active SearchParameter that was checked.
	definition *search.Definition
}

// valuesPool holds values that were applied, for their memory: a version has about
// ten slices of them, and making those anew would be a tenth of an import.
var valuesPool = sync.Pool{New: func() any { return new(index.Prepared) }}

// release gives the values back. Only the writer calls it.
func (p *prepared) release() {
	for _, values := range []**index.Prepared{&p.values, &p.custom} {
		if *values != nil {
			valuesPool.Put(*values)
			*values = nil
		}
	}
}

// scratch is what preparing one resource needs and can be used again.
type scratch struct {
	doc        fhirjson.Document
	builder    index.Builder
	stored     []byte
	block      []byte
	body       []byte
	issues     []Issue // what was found and accepted
	evaluator  fhirpath.Evaluator
	definition *search.Definition // of a SearchParameter
}

var scratches = sync.Pool{New: func() any { return new(scratch) }}

// prepare takes a resource on the way in: parse, validate, enrich, extract,
// compress. id is what the resource is to be called; "" takes its own id, which
// it then must have. It may be called by many goroutines at once.
func (s *Store) prepare(ctx context.Context, src []byte, id string, k check) (*prepared, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	if err := s.parse(src, &c.doc, k.level); err != nil {
		return nil, err
	}
	if err := s.settle(ctx, c, k); err != nil {
		return nil, err
	}
	return s.prepareDocument(c, id)
}

// prepareDocument does what follows once the tape of scratch is final.
func (s *Store) prepareDocument(c *scratch, id string) (*prepared, error) {
	if id == "" {
		own := c.doc.ID()
		if own == nil {
			return nil, &Error{Class: ErrInvalid, Issues: []Issue{{
				Severity: issue.Error, Code: issue.Required, Pointer: "/id", Offset: 0, Diagnostics: "the resource needs an id",
			}}}
		}
		id = string(own)
	}
	c.builder.Reset()
	if err := s.engine.Extract(&c.doc, &c.builder); err != nil {
		return nil, err
	}
	p := &prepared{typ: c.doc.Type(), id: id, issues: c.issues, values: valuesPool.Get().(*index.Prepared)}
	if err := s.index.Prepare(p.values, c.builder.Payload()); err != nil {
		return nil, err
	}
	c.block = index.Pack(c.block[:0], c.builder.Payload())
	p.part = append(appendItemHeader(make([]byte, 0, itemFixed+2+32+len(id)+len(c.block)), p.typ, id, false), c.block...)
	c.stored = fhirjson.AppendStored(c.stored[:0], &c.doc, []byte(id))
	c.body = appendBody(c.body[:0], c.stored)
	p.body = bytes.Clone(c.body) // a block is a third of the room that making it takes
	p.definition, p.set = c.definition, s.engine.CustomSet()
	// Custom parameters may ask for any element, and those of versions that are there
	// are filled from the stored form.
	if p.set.Has(p.typ) && !c.doc.AsStored([]byte(id)) {
		if err := parseStored(c.stored, &c.doc); err != nil {
			return nil, err
		}
	}
	var err error
	p.custom, err = s.customValues(c, p.set)
	return p, err
}

// prepareDelete makes the item that deletes a resource.
func prepareDelete(typ schema.TypeID, id string) *prepared {
	return &prepared{typ: typ, id: id, part: appendItemHeader(nil, typ, id, true)}
}

// parse reads and validates one resource at a level.
func (s *Store) parse(src []byte, doc *fhirjson.Document, level Level) error {
	if err := fhirjson.Parse(src, doc, &fhirjson.Options{MaxBytes: s.options.MaxResourceSize, Level: level}); err != nil {
		return invalid(err)
	}
	return nil
}

// Validate checks a resource as a write would, at the store's level or that of
// [Validation], and stores nothing. It reports an [Error] of class ErrInvalid.
func (s *Store) Validate(ctx context.Context, json []byte, opts ...WriteOption) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	o, _, err := s.gather(opts)
	if err != nil {
		return err
	}
	if err := s.parse(json, &c.doc, o.check.level); err != nil {
		return err
	}
	c.issues = nil
	if err := s.checkInvariants(ctx, c, o.check); err != nil {
		return err
	}
	if err := s.checkDefinition(c, o.check); err != nil {
		return err
	}
	return s.checkBesideOthers(c)
}

// payloadOf appends the values of a stored version to dst, for package search.
func (s *Store) payloadOf(o index.Ordinal, dst []byte) ([]byte, error) {
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	part, err := s.log.Values(logOrdinal(o), c.block[:0])
	if err != nil {
		return nil, err
	}
	c.block = part
	h, block, err := splitItem(part)
	if err != nil {
		return nil, err
	}
	start := len(dst)
	if dst, err = unpack(dst, block); err != nil || h.deleted || !search.Stale(h.typ, h.extractor, dst[start:]) {
		return dst, err
	}
	return s.extractAgain(o, dst[:start])
}

// unpack appends to dst the values that a block holds.
func unpack(dst, block []byte) ([]byte, error) {
	payload, err := index.Unpack(dst, block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return payload, nil
}

// anyStored reads whatever the store has let in, at whatever level.
var anyStored = fhirjson.Options{MaxBytes: math.MaxInt, Level: Minimal}

// document parses the stored form of a version, for package search.
func (s *Store) document(o index.Ordinal, doc *fhirjson.Document) error {
	body, err := s.log.Body(logOrdinal(o), nil)
	if err != nil {
		return err
	}
	stored, err := openBody(nil, body)
	if err != nil {
		return err
	}
	return parseStored(stored, doc)
}

// parseStored parses a stored form.
func parseStored(stored []byte, doc *fhirjson.Document) error {
	if err := fhirjson.Parse(stored, doc, &anyStored); err != nil {
		return invalid(err)
	}
	return nil
}

// extractAgain appends to dst the values of a stored version, extracted from its
// body, because they were written by another version of the extractor.
func (s *Store) extractAgain(o index.Ordinal, dst []byte) ([]byte, error) {
	c := scratches.Get().(*scratch)
	defer scratches.Put(c)
	if err := s.document(o, &c.doc); err != nil {
		return nil, err
	}
	c.builder.Reset()
	if err := s.engine.Extract(&c.doc, &c.builder); err != nil {
		return nil, err
	}
	return append(dst, c.builder.Payload()...), nil
}
