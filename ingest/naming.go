package ingest

import (
	"bytes"
	"context"
	"errors"
	"io"
	"slices"
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

// mixed reports whether there is a Bundle beside files of lines, which may refer to its
// entries.
func (j *Job) mixed() bool {
	isBundle := func(s source) bool { return s.bundle }
	return len(j.sources) > 1 && slices.ContainsFunc(j.sources, isBundle)
}

// nameAll collects the fullUrls of all Bundles before a pass over lines that were put
// aside. So references are resolved in every order of files.
func (j *Job) nameAll(ctx context.Context) error {
	if j.from.Pass == 0 || j.links.all != nil || !j.hasBundles() && !j.mixed() {
		return nil
	}
	all := newNames()
	for i := range j.sources {
		if s := &j.sources[i]; s.bundle || s.unpack {
			// The passes report sources that cannot be read.
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
func (j *Job) name(ctx context.Context, s *source, all *names) error {
	if !s.again {
		return nil
	}
	limit := j.store.MaxResourceSize()
	add := func(text []byte, size int64) error {
		if e, err := readEntry(text); err == nil && size <= int64(limit) {
			if t, err := e.target(func() string { return "" }); err == nil && !t.deletes && !t.skips && !all.full() {
				all.add(e.fullURL, t)
			}
		}
		return ctx.Err()
	}
	err, stopped := j.readAgain(ctx, s, func(text io.Reader) error {
		if s.bundle {
			_, err := walkBundle(newSplitter(text), limit, add)
			return err
		}
		c := cutter{text: text, size: batchRoom, limit: limit, line: 1}
		for {
			part, err := c.next(nil)
			if err != nil {
				return nil // it is io.EOF
			}
			for line := range bytes.Lines(part.data) {
				if mayBeBundle(line) {
					_, _ = walkBundle(splitterOf(line), limit, add)
				}
			}
			if ctx.Err() != nil {
				return ctx.Err()
			}
		}
	})
	return errors.Join(err, stopped)
}

// mayBeBundle reports whether a line may be a Bundle.
func mayBeBundle(line []byte) bool { return bytes.Contains(line, []byte(`"Bundle"`)) }
