package engine

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"runtime"
	"sync"

	"github.com/RoaringBitmap/roaring/v2"
	"golang.org/x/sync/errgroup"

	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// RewriteProgress says how far Compact is, in bytes of the log.
type RewriteProgress struct {
	// Done of Total bytes have been looked at. Both count sizes before rewriting.
	Done, Total int64
	// After is the present size of the Done bytes.
	After int64
}

// rewriteSize is how many bytes of small segments are joined into one: the log's
// segment size.
const rewriteSize = 16 << 20

// Compact packs everything that is durable when it begins as densely as this version
// can, and drops the versions that a retention does not keep, unless a hold sees them. A
// nil retention keeps all. Values that another extractor made are extracted anew. Each
// named state keeps its last value. Numbers, sequences, times, version numbers and ids
// stay as they are.
//
// It works on one stretch of segments after the other, beside readers and writers. A
// stretch is replaced as a whole, so that Compact may be stopped anywhere, by ctx or by
// a crash, and begun again: stretches that need no change are only read.
//
// progress, which may be nil, is called after each stretch. Compact reports
// ErrReadOnly, ErrClosed, ErrCorrupt, the error of ctx, or one of the disk; after
// ErrOutcomeUnknown the store is read-only.
func (e *Engine) Compact(ctx context.Context, keep *Retention, progress func(RewriteProgress)) (RewriteProgress, error) {
	var p RewriteProgress
	if err := e.beginRewriting(ctx); err != nil {
		return p, err
	}
	defer e.endRewriting()
	drop := roaring.New()
	if keep != nil {
		var err error
		if drop, err = e.outlived(ctx, keep); err != nil {
			return p, err
		}
	}
	segments, err := e.closedSegments(ctx)
	if err != nil {
		return p, err
	}
	for _, s := range segments {
		p.Total += s.Bytes
	}
	for _, part := range rewriteParts(segments) {
		if err := e.rewritePart(ctx, part, drop, false); err != nil {
			return p, e.rewriteFailed(err)
		}
		if err := e.tellProgress(ctx, progress, &p, part); err != nil {
			return p, err
		}
	}
	if drop.IsEmpty() {
		return p, nil
	}
	return p, e.SweepAll(ctx)
}

// beginRewriting waits for the right to rewrite the log. One caller has it at a time.
func (e *Engine) beginRewriting(ctx context.Context) error {
	if err := cmp.Or(e.Open(), ctx.Err()); err != nil {
		return err
	}
	select {
	case e.rewriting <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	case <-e.ending:
		return ErrClosed
	}
}

func (e *Engine) endRewriting() { <-e.rewriting }

// tellProgress counts a finished stretch of segments, and tells progress.
func (e *Engine) tellProgress(ctx context.Context, progress func(RewriteProgress), p *RewriteProgress, part []txlog.Segment) error {
	for _, s := range part {
		p.Done += s.Bytes
	}
	p.After += e.bytesBetween(part[0].FirstNumber, part[len(part)-1].LastNumber)
	if progress == nil {
		return nil
	}
	now := *p
	told := func() bool { progress(now); return true }
	// The end of ctx is looked at by the next part, if there is one.
	if _, err := guarded(ctx, e, nil, "the function told of progress", told); err != nil && ctx.Err() == nil {
		return err
	}
	return nil
}

// closedSegments closes the open segment and returns all closed segments. It does so in
// the writer, so that no append is under way whose record must be found by its id, and
// every record of the segments is applied.
func (e *Engine) closedSegments(ctx context.Context) (closed []txlog.Segment, err error) {
	err = e.take(ctx, func() error {
		if err := e.readOnly(); err != nil {
			return err
		}
		if err := e.log.Roll(ctx); err != nil {
			return e.rewriteFailed(err)
		}
		closed = e.log.Segments()
		closed = closed[:len(closed)-1]
		return nil
	})
	return closed, err
}

// rewriteParts cuts the segments into stretches: one large segment, or several small
// neighbours.
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

// rewritePart rewrites a stretch without some versions, unless it is one segment in which
// nothing would change; with only, everything else stays as it is. The changes are worked
// out first, so that the log's own rewriting is short: Close waits for it.
func (e *Engine) rewritePart(ctx context.Context, part []txlog.Segment, drop *roaring.Bitmap, only bool) error {
	changes, err := e.changesOf(ctx, part, drop, only)
	if err != nil || len(part) == 1 && len(changes) == 0 {
		return err
	}
	names := make([]uint64, len(part))
	for i, s := range part {
		names[i] = s.Name
	}
	err = e.log.Rewrite(ctx, names, func(n txlog.Number, _ txlog.Kind, _, _ func() ([]byte, error)) (txlog.Changed, error) {
		return changes[n], nil
	})
	if gone := e.ordinalsOf(changes); err == nil && !gone.IsEmpty() {
		e.index.Purge(gone)
	}
	return err
}

// changesOf works out the changes of a stretch's items, on half of the cores. Items
// that stay as they are have no entry.
func (e *Engine) changesOf(ctx context.Context, part []txlog.Segment, drop *roaring.Bitmap, only bool) (map[txlog.Number]txlog.Changed, error) {
	var mu sync.Mutex
	all := map[txlog.Number]txlog.Changed{}
	g, ctx := errgroup.WithContext(ctx)
	records := make(chan *txlog.Record)
	g.Go(func() error {
		defer close(records)
		for r, err := range e.log.Records(ctx, part[0].FirstSequence) {
			if err != nil {
				return err
			}
			if r.Number(0) > part[len(part)-1].LastNumber {
				return nil
			}
			select {
			case records <- r:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	for range max(1, runtime.GOMAXPROCS(0)/2) {
		g.Go(func() error {
			r := rewriter{engine: e, drop: drop, only: only, packer: e.packing.packers.New().(*packer), scratch: new(scratch)}
			for record := range records {
				for i := range record.Len() {
					if err := cmp.Or(ctx.Err(), e.Open()); err != nil {
						return err
					}
					c, err := r.change(record, i)
					if err != nil {
						return fmt.Errorf("item %d: %w", record.Number(i), err)
					}
					if c.Drop || c.Values != nil || c.Body != nil {
						mu.Lock()
						all[record.Number(i)] = c
						mu.Unlock()
					}
				}
			}
			return nil
		})
	}
	return all, g.Wait()
}

// A rewriter works out the changes of items, for one goroutine.
type rewriter struct {
	engine  *Engine
	drop    *roaring.Bitmap // versions that go
	only    bool            // nothing else changes
	packer  *packer
	scratch *scratch
	part    []byte // values part
	body    []byte
	payload []byte
	out     []byte
}

// change returns the change of item i of a record. Items of a later version of the
// program stay as they are.
func (r *rewriter) change(record *txlog.Record, i int) (c txlog.Changed, err error) {
	if record.Kind(i) == txlog.Version && r.goes(record.Number(i), record.Slot(i)) {
		return txlog.Changed{Drop: true}, nil
	}
	if r.only {
		return c, nil
	}
	if r.part, err = record.Values(i, r.part[:0]); err != nil {
		return c, err
	}
	switch record.Kind(i) {
	case txlog.State:
		// The log is rewritten from its beginning on, so all older values of the name
		// are gone, and the item that removes it is not needed any more.
		last, ok := r.engine.states.get(string(r.part))
		c.Drop = !ok || record.Number(i) != last
	case txlog.Version:
		if c, err = r.version(record, i); errors.Is(err, ErrUnsupported) {
			return txlog.Changed{}, nil
		}
	}
	return c, err
}

// goes reports whether a version leaves the log: it is to, it stands for nothing any
// more, or nobody can open it.
func (r *rewriter) goes(n txlog.Number, slot uint32) bool {
	if r.engine.log.Erased(slot) {
		return true
	}
	o := r.engine.numbers.from(n)
	return r.engine.numbers.of(o) == n && (r.drop.Contains(uint32(o)) || r.engine.index.Purged(o))
}

// version returns the change of a version, whose values part is read already.
func (r *rewriter) version(record *txlog.Record, i int) (c txlog.Changed, err error) {
	h, block, err := splitItem(r.part)
	if err != nil || h.deleted {
		return c, err
	}
	packing, s := &r.engine.packing, r.scratch
	if r.payload, err = packing.unpack(r.payload[:0], block); err != nil {
		return c, err
	}
	if r.body, err = record.Body(i, r.body[:0]); err != nil {
		return c, err
	}
	stale, dense := param.Stale(h.typ, h.extractor, r.payload), r.packer.Smallest(r.body)
	if stale || !dense { // unpacking a dense body takes as long as all else
		if s.stored, err = packing.unpack(s.stored[:0], r.body); err != nil {
			return c, err
		}
	}
	header := r.part[:len(r.part)-len(block)]
	if stale {
		if err := r.extract(); err != nil {
			return c, err
		}
		setExtractor(header, h.typ)
	}
	if stale || !r.packer.Smallest(block) {
		if r.out = r.packer.Values(append(r.out[:0], header...), r.payload); stale || len(r.out) < len(r.part) {
			c.Values = bytes.Clone(r.out)
		}
	}
	if !dense {
		if r.out = r.packer.DenseBody(r.out[:0], s.stored); len(r.out) < len(r.body) {
			c.Body = bytes.Clone(r.out)
		}
	}
	return c, nil
}

// extract makes the values of a version anew.
func (r *rewriter) extract() error {
	s := r.scratch
	if err := ParseStored(s.stored, &s.doc); err != nil {
		return err
	}
	s.builder.Reset()
	if err := r.engine.search.Extract(&s.doc, &s.builder); err != nil {
		return err
	}
	r.payload = append(r.payload[:0], s.builder.Payload()...)
	return nil
}
