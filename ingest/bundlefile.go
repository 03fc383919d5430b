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
	"github.com/fhirlake/fhirlake/internal/issue"
)

// A bundleInfo is what a first look at a text tells of the Bundle that it is.
type bundleInfo struct {
	resourceType, typ string
	names             *names
	entries           int64
	isLine            bool // and not a file
}

// unpacks reports whether the text is a Bundle. What is wrong with its type is an error.
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

// walkBundle takes a text apart. Without entry it looks for what the text is. entry is
// called with each entry, which may be overwritten afterwards, and with its size: of one
// that is larger than limit it gets the start.
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

// lookAt finds out what a text is, and what the fullUrls of its entries stand for.
// made makes the id of an entry, from 0, that says nothing of one.
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

// A bundleReader reads a source that is one JSON text, however many lines it has: a
// Bundle, entry by entry, or another resource.
type bundleReader struct {
	reader   *reader
	of       chunk
	limit    int // of a resource
	held     []byte
	inMemory bool
}

// readBundle adds the chunks of a source that is one JSON text.
func (p *reader) readBundle(ctx context.Context, of chunk, text *decoder) error {
	r := bundleReader{reader: p, of: of, limit: p.job.store.MaxResourceSize()}
	most := wholeInMemory
	if !of.source.again {
		most = r.limit
	}
	var err error
	if r.held, err = io.ReadAll(io.LimitReader(text, int64(most)+1)); err != nil {
		return p.add(ctx, of, unreadable(1, int64(len(r.held)), err))
	}
	r.inMemory = len(r.held) <= most
	if !r.inMemory && !of.source.again {
		return p.add(ctx, of, cut{first: 1, bytes: int64(len(r.held)), fault: invalid(issue.TooLong, fmt.Sprintf(
			"the text is longer than %d bytes: so long a Bundle is read twice, from a file or an io.Seeker", r.limit))})
	}
	made := func(i int64) string { return madeID(p.job.record.ID, of.source.name, i+1) }
	info, err := lookAt(ctx, newSplitter(io.MultiReader(bytes.NewReader(r.held), text)), r.limit, made)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	isBundle, wrong := info.unpacks()
	held := int64(len(r.held))
	switch {
	case errors.Is(err, errTwice):
		return p.add(ctx, of, cut{first: 1, bytes: held, fault: invalid(issue.Structure, "the Bundle has an element twice")})
	case wrong != nil && err == nil:
		return p.add(ctx, of, cut{first: 1, bytes: held, fault: wrong})
	case wrong != nil:
		return p.add(ctx, of, unreadable(1, held, brokenBundle(err)))
	}
	if !r.inMemory {
		r.held = nil
	}
	return r.again(ctx, func(text io.Reader) error {
		if !isBundle {
			return p.add(ctx, of, wholeCut(text, r.limit))
		}
		u := unbundler{reader: p, of: of, limit: r.limit, info: &info, number: 1}
		return u.send(ctx, newSplitter(text))
	})
}

// again reads the text from its start.
func (r *bundleReader) again(ctx context.Context, read func(io.Reader) error) (err error) {
	if r.inMemory {
		return read(bytes.NewReader(r.held))
	}
	file, err := openNow(ctx, r.of.source)
	if err != nil {
		return r.reader.add(ctx, r.of, unreadable(1, 0, err))
	}
	defer func() { err = cmp.Or(err, file.closeFile(ctx)) }()
	text, err := newDecoder(ctx, file, new(atomic.Int64), r.reader.job.options.MaxUnpacked)
	if err != nil {
		return r.reader.add(ctx, r.of, unreadable(1, 0, err))
	}
	defer text.close()
	return read(text)
}

// An unbundler sends the entries of a Bundle as chunks.
type unbundler struct {
	reader *reader
	of     chunk
	limit  int
	info   *bundleInfo
	room   int   // for the text of a cut
	number int64 // of the next entry among what the source has
	index  int64 // of the next entry in its Bundle
	line   int64 // number of the line that the Bundle is, 0 if it is a file

	part cut   // that is being filled
	sent int64 // bytes of the text that were sent
}

// send sends all entries.
func (u *unbundler) send(ctx context.Context, s *splitter) error {
	u.begin()
	_, err := walkBundle(s, u.limit, func(text []byte, size int64) error {
		if size > int64(u.limit) {
			if err := u.flush(ctx, s.offset()); err != nil {
				return stop{err}
			}
			u.part.fault = inEntry(u.index, invalid(issue.TooLong, fmt.Sprintf(
				"the entry is longer than %d bytes, the size up to which this store takes a resource", u.limit)))
			u.number, u.index = u.number+1, u.index+1
			if err := u.flush(ctx, s.offset()); err != nil {
				return stop{err}
			}
			return nil
		}
		if n := len(u.part.marks); n > 0 && (len(u.part.data)+len(text) > u.room || n == chunkLines) {
			if err := u.flush(ctx, s.offset()-size); err != nil {
				return stop{err}
			}
		}
		u.part.data = append(u.part.data, text...)
		u.part.marks = append(u.part.marks, len(u.part.data))
		u.part.starts = append(u.part.starts, s.offset()-size-u.sent)
		u.number, u.index = u.number+1, u.index+1
		return nil
	})
	var stopped stop
	if errors.As(err, &stopped) {
		return stopped.error
	}
	if err == nil && s.offset() > u.sent {
		return u.finish(ctx, s.offset())
	}
	if failed := cmp.Or(u.flush(ctx, s.offset()), ctx.Err()); failed != nil || err == nil {
		return failed
	}
	u.part.fault, u.part.broken = brokenBundle(err), u.line == 0
	u.number++
	return u.finish(ctx, s.offset())
}

// brokenBundle tells what ended a Bundle too early.
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
	room := u.reader.batch.room()
	u.room = cap(room)
	u.part = cut{first: u.number, line: u.line, bundle: u.info, index: u.index, data: room}
}

// flush sends the cut, up to an offset of the text, and begins the next one.
func (u *unbundler) flush(ctx context.Context, offset int64) error {
	if len(u.part.marks) == 0 && u.part.fault == nil {
		return nil
	}
	err := u.finish(ctx, offset)
	u.begin()
	return err
}

// finish sends the last cut, which may be empty.
func (u *unbundler) finish(ctx context.Context, offset int64) error {
	u.part.bytes, u.sent = offset-u.sent, offset
	u.part.lineEnds = int64(len(u.part.marks))
	return u.reader.add(ctx, u.of, u.part)
}
