package ingest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"io"
	"sync/atomic"
)

// hasBundles reports whether more than one Bundle may be taken apart.
func (j *Job) hasBundles() bool {
	n := 0
	for i := range j.sources {
		if j.sources[i].unpack {
			return true
		}
		if j.sources[i].bundle {
			n++
		}
	}
	return n > 1
}

// nameAll learns, before a pass over what was put aside, what Bundles call their entries
// for others to refer to. So references are resolved whatever the order of files.
func (j *Job) nameAll(ctx context.Context) error {
	if j.from.Pass == 0 || j.links.all != nil || !j.hasBundles() {
		return nil
	}
	all := newNames()
	for i := range j.sources {
		if s := &j.sources[i]; s.bundle || s.unpack {
			// What cannot be read, the passes report.
			_ = j.name(ctx, s, all)
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	j.links.all = all
	return nil
}

// name adds the names of one source.
func (j *Job) name(ctx context.Context, s *source, all *names) (err error) {
	if !s.again {
		return nil
	}
	file, err := openNow(ctx, s)
	if err != nil {
		return err
	}
	defer func() { err = cmp.Or(err, file.closeFile(ctx)) }()
	text, err := newDecoder(ctx, file, new(atomic.Int64), j.options.MaxUnpacked)
	if err != nil {
		return err
	}
	defer text.close()
	limit := j.store.MaxResourceSize()
	add := func(text []byte, size int64) error {
		if e, err := readEntry(text); err == nil && size <= int64(limit) {
			if t, err := e.target(func() string { return "" }); err == nil && !t.deletes && !t.skips && !all.full() {
				all.add(e.fullURL, t)
			}
		}
		return ctx.Err()
	}
	if s.bundle {
		_, err := walkBundle(newSplitter(text), limit, add)
		return err
	}
	c := cutter{text: text, size: chunkSize, limit: limit, line: 1}
	for {
		part, err := c.next(nil)
		if err == io.EOF {
			return nil
		}
		for line := range bytes.Lines(part.data) {
			if mayBeBundle(line) {
				_, _ = walkBundle(splitterOf(line), limit, add)
			}
		}
		if err := errors.Join(ctx.Err(), part.readError()); err != nil {
			return err
		}
	}
}

// readError returns why the text cannot be read on.
func (c *cut) readError() error {
	if c.broken {
		return c.fault
	}
	return nil
}

// mayBeBundle reports whether a line may be a Bundle.
func mayBeBundle(line []byte) bool { return bytes.Contains(line, []byte(`"Bundle"`)) }
