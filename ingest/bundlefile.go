package ingest

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/issue"
)

// A bundleInfo is the result of a first look at a text that may be a Bundle.
type bundleInfo struct {
	resourceType, typ string
	names             *names
	entries           int64
	isLine            bool // and not a file
}

// unpacks reports whether the text is a Bundle. A wrong type of Bundle is an error.
func (b *bundleInfo) unpacks() (bool, error) {
	if b.resourceType != "Bundle" {
		return false, nil
	}
	refuse := func(code issue.Code, text string) (bool, error) {
		return true, engine.At("/type", &engine.Error{Class: engine.ErrInvalid, Issues: []engine.Issue{{
			Severity: issue.Error, Code: code, Root: "Bundle", Offset: -1, Diagnostics: text,
		}}})
	}
	switch b.typ {
	case "collection", "batch", "transaction", "document", "message", "searchset":
		return true, nil
	case "history":
		return refuse(issue.NotSupported, "a history is not imported: export the versions as lines, the oldest first")
	case "batch-response", "transaction-response":
		return refuse(issue.NotSupported, "the answer to a batch or a transaction is not imported")
	}
	return refuse(issue.Value, "the Bundle has no type, or none that there is")
}

// errTwice says that a Bundle has one of its elements twice.
var errTwice = errors.New("ingest: an element twice")

// walkBundle splits a text. Without entry it only collects the bundleInfo. entry is
// called with each entry, which may be overwritten afterwards, and with its size: it
// gets only the start of an entry larger than limit.
func walkBundle(s *splitter, limit int, entry func(text []byte, size int64) error) (info bundleInfo, err error) {
	seen := map[string]bool{}
	var buffer []byte
	err = s.members(func(name string) error {
		switch name {
		case "resourceType", "type", "entry":
			if seen[name] {
				return errTwice
			}
			seen[name] = true
		}
		switch {
		case name == "resourceType":
			return s.text1(&info.resourceType)
		case name == "type":
			return s.text1(&info.typ)
		case name == "entry" && s.peek() == '[':
			return s.elements(func() (err error) {
				var size int64
				if buffer, size, err = s.value(buffer[:0], limit); err != nil {
					return err
				}
				info.entries++
				err = entry(buffer, size)
				if cap(buffer) > 2*chunkSize {
					buffer = nil // a very large entry keeps no memory
				}
				return err
			})
		}
		return s.skip()
	})
	if err == nil {
		err = s.atEnd()
	}
	return info, err
}

// lookAt collects the bundleInfo of a text, and the resources that its entries'
// fullUrls name. made makes the id of an entry, from 0, that has none.
func lookAt(ctx context.Context, s *splitter, limit int, made func(i int64) string) (bundleInfo, error) {
	all, i := newNames(), int64(-1)
	info, err := walkBundle(s, limit, func(text []byte, size int64) error {
		i++
		if size > int64(limit) {
			return nil
		}
		e, err := readEntry(text)
		if err != nil {
			return nil // whoever imports it tells
		}
		if t, err := e.target(func() string { return made(i) }); err == nil && !t.deletes && !t.skips {
			all.add(e.fullURL, t)
		}
		return ctx.Err()
	})
	info.names = all
	return info, err
}

// wholeInMemory is up to how many bytes a file is held while it is looked at. A larger
// one is read twice.
const wholeInMemory = 8 << 20

// readBundle adds the chunks of a source that is one JSON text.
func (r *reader) readBundle(ctx context.Context, of chunk, text *decoder) error {
	limit := r.job.store.MaxResourceSize()
	most := wholeInMemory
	if !of.source.again {
		most = limit
	}
	start, err := io.ReadAll(io.LimitReader(text, int64(most)+1))
	held := int64(len(start))
	inMemory := held <= int64(most)
	switch {
	case err != nil:
		return r.add(ctx, of, unreadable(1, held, err))
	case !inMemory && !of.source.again:
		return r.add(ctx, of, cut{first: 1, bytes: held, fault: invalid(issue.TooLong, fmt.Sprintf(
			"the text is longer than %d bytes: so long a Bundle is read twice, from a file or an io.Seeker", limit))})
	}
	made := func(i int64) string { return madeID(r.job.record.ID, of.source.name, i+1) }
	info, err := lookAt(ctx, newSplitter(io.MultiReader(bytes.NewReader(start), text)), limit, made)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	isBundle, wrong := info.unpacks()
	switch {
	case errors.Is(err, errTwice):
		return r.add(ctx, of, cut{first: 1, bytes: held, fault: invalid(issue.Structure, "the Bundle has an element twice")})
	case wrong != nil && err == nil:
		return r.add(ctx, of, cut{first: 1, bytes: held, fault: wrong})
	case wrong != nil:
		return r.add(ctx, of, unreadable(1, held, brokenBundle(err)))
	}
	read := func(text io.Reader) error {
		if !isBundle {
			return r.add(ctx, of, wholeCut(text, limit))
		}
		u := unbundler{reader: r, of: of, limit: limit, info: &info, number: 1}
		return u.add(ctx, newSplitter(text))
	}
	if inMemory {
		return read(bytes.NewReader(start))
	}
	start = nil
	err, stopped := r.job.readAgain(ctx, of.source, read)
	if err != nil && stopped == nil {
		return r.add(ctx, of, unreadable(1, 0, err))
	}
	return stopped
}

// readAgain reads the text of a source from its start. err is why it cannot be read;
// stopped is the error of read, or the context's.
func (j *Job) readAgain(ctx context.Context, s *source, read func(io.Reader) error) (err, stopped error) {
	file, err := openNow(ctx, s)
	if err != nil {
		return err, ctx.Err()
	}
	defer func() {
		if closed := file.closeFile(ctx); stopped == nil {
			stopped = closed
		}
	}()
	text, err := newDecoder(ctx, file, new(atomic.Int64), j.options.MaxUnpacked)
	if err != nil {
		return err, ctx.Err()
	}
	defer text.close()
	return nil, read(text)
}

// An unbundler adds the entries of a Bundle as chunks.
type unbundler struct {
	reader *reader
	of     chunk
	limit  int
	info   *bundleInfo
	number int64 // of the next entry among what the source has
	index  int64 // of the next entry in its Bundle
	line   int64 // number of the line that the Bundle is, 0 if it is a file

	part cut   // that is being filled
	done int64 // bytes of the text that were added
}

// add adds all entries.
func (u *unbundler) add(ctx context.Context, s *splitter) error {
	u.begin()
	_, err := walkBundle(s, u.limit, func(text []byte, size int64) error {
		if size > int64(u.limit) {
			if err := u.flush(ctx); err != nil {
				return stop{err}
			}
			u.part.fault = inEntry(u.index, invalid(issue.TooLong, fmt.Sprintf(
				"the entry is longer than %d bytes, the size up to which this store takes a resource", u.limit)))
			u.number, u.index = u.number+1, u.index+1
			if err := u.finish(ctx, s.offset()); err != nil {
				return stop{err}
			}
			u.begin()
			return nil
		}
		if n := len(u.part.marks); n > 0 && (len(u.part.data)+len(text) > cap(u.part.data) || n == chunkLines) {
			if err := u.flush(ctx); err != nil {
				return stop{err}
			}
		}
		u.part.data = append(u.part.data, text...)
		u.part.marks = append(u.part.marks, len(u.part.data))
		u.part.taken = append(u.part.taken, s.offset()-u.done)
		u.number, u.index = u.number+1, u.index+1
		return nil
	})
	var stopped stop
	if errors.As(err, &stopped) {
		return stopped.error
	}
	if err == nil && s.offset() > u.done {
		return u.finish(ctx, s.offset())
	}
	if failed := cmp.Or(u.flush(ctx), ctx.Err()); failed != nil || err == nil {
		return failed
	}
	u.part.fault, u.part.broken = brokenBundle(err), u.line == 0
	u.number++
	return u.finish(ctx, s.offset())
}

// brokenBundle returns the error of a Bundle that ends too early.
func brokenBundle(err error) error {
	if errors.Is(err, errSyntax) || errors.Is(err, errTwice) {
		return invalid(issue.Structure, "the Bundle is no JSON from here on, is cut short, or something follows it")
	}
	return err
}

// stop is an error of the pipeline, and not of the text.
type stop struct{ error }

// begin begins a cut with the next entry.
func (u *unbundler) begin() {
	u.part = cut{first: u.number, line: u.line, bundle: u.info, index: u.index, data: u.reader.batch.room()}
}

// flush adds the cut, if it has entries, up to the end of the last one, and begins the
// next.
func (u *unbundler) flush(ctx context.Context) error {
	n := len(u.part.taken)
	if n == 0 {
		return nil
	}
	err := u.finish(ctx, u.done+u.part.taken[n-1])
	u.begin()
	return err
}

// finish adds the cut, which may be empty, up to an offset of the text.
func (u *unbundler) finish(ctx context.Context, offset int64) error {
	u.part.bytes, u.done = offset-u.done, offset
	u.part.lineEnds = int64(len(u.part.marks))
	return u.reader.add(ctx, u.of, u.part)
}
