package engine

import (
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/txlog"
	"github.com/fhirlake/fhirlake/search"
)

// RewriteProgress says how far Rewrite is, in bytes of the log.
type RewriteProgress struct {
	// Done of Total have been looked at. Both are counted as they were before.
	Done, Total int64
	// After is what the part that is done takes now.
	After int64
}

// rewriteSize is how many bytes of small segments are joined into one: what a segment
// of the log has.
const rewriteSize = 16 << 20

// Rewrite packs everything that is durable when it begins as densely as this version
// can, and leaves out what nobody can ask for any more. Values that another extractor
// made are extracted anew. Of named states the last value of each name is kept.
// Numbers, sequences, times, versions and ids stay as they are.
//
// It works on one part of the log after the other, beside readers and writers. A part
// is its old self until it is replaced, so that Rewrite may be stopped anywhere, by ctx
// or by a crash, and begun again: parts that are as they should be are only read.
//
// progress, which may be nil, is told after each part. Rewrite reports ErrReadOnly,
// ErrClosed, ErrCorrupt, the error of ctx, or one of the disk; after
// ErrOutcomeUnknown the store is read-only.
func (e *Engine) Rewrite(ctx context.Context, progress func(RewriteProgress)) (RewriteProgress, error) {
	var p RewriteProgress
	select {
	case e.rewriting <- struct{}{}:
		defer func() { <-e.rewriting }()
	case <-ctx.Done():
		return p, ctx.Err()
	case <-e.ending:
		return p, ErrClosed
	}
	segments, err := e.closedSegments(ctx)
	if err != nil {
		return p, err
	}
	for _, s := range segments {
		p.Total += s.Bytes
	}
	r := rewriter{engine: e, packer: e.packing.packers.New().(*packer), scratch: new(scratch)}
	for _, part := range rewriteParts(segments) {
		if err := r.part(ctx, part); err != nil {
			if errors.Is(err, ErrOutcomeUnknown) {
				e.stopWriting(err)
			}
			return p, fmt.Errorf("datastore: rewriting: %w", logError(err))
		}
		for _, s := range part {
			p.Done += s.Bytes
		}
		p.After += e.bytesBetween(part[0].FirstNumber, part[len(part)-1].LastNumber)
		if progress != nil {
			progress(p)
		}
	}
	return p, nil
}

// closedSegments closes the open segment and returns all that are closed then. It does
// so in the writer, so that no append is under way whose record must be found by its id,
// and everything that the segments have is applied.
func (e *Engine) closedSegments(ctx context.Context) (closed []txlog.Segment, err error) {
	err = e.take(ctx, func() error {
		if err := e.readOnly(); err != nil {
			return err
		}
		if err := e.log.Roll(ctx); err != nil {
			return fmt.Errorf("datastore: rewriting: %w", logError(err))
		}
		closed = e.log.Segments()
		closed = closed[:len(closed)-1]
		return nil
	})
	return closed, err
}

// rewriteParts cuts neighbouring segments into parts: one large segment, or several
// small ones.
func rewriteParts(segments []txlog.Segment) (parts [][]txlog.Segment) {
	size := int64(rewriteSize)
	for _, s := range segments {
		if size += s.Bytes; size > rewriteSize {
			parts, size = append(parts, nil), s.Bytes
		}
		parts[len(parts)-1] = append(parts[len(parts)-1], s)
	}
	return parts
}

// bytesBetween returns the bytes of the closed segments with some numbers.
func (e *Engine) bytesBetween(first, last txlog.Number) (n int64) {
	for _, s := range e.log.Segments() {
		if s.Closed && s.FirstNumber >= first && s.LastNumber <= last {
			n += s.Bytes
		}
	}
	return n
}

// A rewriter is one run of Rewrite.
type rewriter struct {
	engine  *Engine
	packer  *packer
	scratch *scratch
	payload []byte
	header  []byte
	values  []byte // block with its header
	body    []byte // block
}

// part rewrites a part, unless it is one segment in which nothing would change.
func (r *rewriter) part(ctx context.Context, part []txlog.Segment) error {
	if len(part) == 1 {
		changes, err := r.changes(ctx, part[0])
		if err != nil || !changes {
			return err
		}
	}
	names := make([]uint64, len(part))
	for i, s := range part {
		names[i] = s.Name
	}
	return r.engine.log.Rewrite(ctx, names, r.change)
}

// changes reports whether there is anything to change in a segment.
func (r *rewriter) changes(ctx context.Context, s txlog.Segment) (bool, error) {
	for record, err := range r.engine.log.Records(ctx, s.FirstSequence) {
		if err != nil {
			return false, err
		}
		for i := range record.Len() {
			if record.Number(i) > s.LastNumber {
				return false, nil
			}
			c, err := r.change(record.Number(i), record.Kind(i),
				func() ([]byte, error) { return record.Values(i, nil) },
				func() ([]byte, error) { return record.Body(i, nil) })
			if err != nil || c.Drop || c.Values != nil || c.Body != nil {
				return true, err
			}
		}
	}
	return false, nil
}

// change says what becomes of an item. It is a txlog.Change. What a later version of the
// program wrote stays as it is.
func (r *rewriter) change(n txlog.Number, kind txlog.Kind, values, body func() ([]byte, error)) (c txlog.Changed, err error) {
	switch kind {
	case txlog.State:
		name, err := values()
		if err != nil {
			return c, err
		}
		// The log is rewritten from its beginning on: where the last value is gone, what
		// says so is not needed any more, since all older values went before.
		last, ok := r.engine.states.get(string(name))
		c.Drop = !ok || n != last
		return c, nil
	case txlog.Version:
		if c, err = r.version(values, body); errors.Is(err, ErrUnsupported) {
			return txlog.Changed{}, nil
		}
		if err != nil {
			return c, fmt.Errorf("item %d: %w", n, err)
		}
	}
	return c, nil
}

// version says what becomes of a version.
func (r *rewriter) version(values, body func() ([]byte, error)) (c txlog.Changed, err error) {
	part, err := values()
	if err != nil {
		return c, err
	}
	h, block, err := splitItem(part)
	if err != nil || h.deleted {
		return c, err
	}
	bodyBlock, err := body()
	if err != nil {
		return c, err
	}
	packing := &r.engine.packing
	if r.payload, err = packing.unpack(r.payload[:0], block); err != nil {
		return c, err
	}
	s := r.scratch
	if s.stored, err = packing.unpack(s.stored[:0], bodyBlock); err != nil {
		return c, err
	}
	r.header = append(r.header[:0], part[:len(part)-len(block)]...)
	if search.Stale(h.typ, h.extractor, r.payload) {
		if err := r.extract(h); err != nil {
			return c, err
		}
		r.values = r.packer.DenseValues(append(r.values[:0], r.header...), r.payload)
		c.Values = r.values
	} else if !r.packer.Densest(block) {
		r.values = r.packer.DenseValues(append(r.values[:0], r.header...), r.payload)
		if len(r.values) < len(part) {
			c.Values = r.values
		}
	}
	if !r.packer.Densest(bodyBlock) {
		if r.body = r.packer.DenseBody(r.body[:0], s.stored); len(r.body) < len(bodyBlock) {
			c.Body = r.body
		}
	}
	return c, nil
}

// extract makes the values of a version anew, and says so in its header.
func (r *rewriter) extract(h itemHeader) error {
	s := r.scratch
	if err := ParseStored(s.stored, &s.doc); err != nil {
		return err
	}
	s.builder.Reset()
	if err := r.engine.search.Extract(&s.doc, &s.builder); err != nil {
		return err
	}
	r.payload = append(r.payload[:0], s.builder.Payload()...)
	setExtractor(r.header, h.typ)
	return nil
}
