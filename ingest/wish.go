package ingest

import (
	"bytes"
	"context"
	"fmt"
	"iter"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/engine"
)

// A wish is the content of a line or an entry: a resource to write, or resources to
// delete.
type wish struct {
	nothing  bool
	deletes  bool
	refs     []deletion // what it deletes
	resource []byte     // what it writes

	plain bool   // its references are left as they are
	index int64  // of an entry: its place in the Bundle
	root  string // of its fullUrl, "" if that is no address of a resource
}

// wish reads a line, or an entry, of the chunk.
func (c *chunk) wish(number int64, text []byte) (w wish, err error) {
	if c.bundle != nil {
		w.index = c.indexOf(number)
		return c.entryWish(w, number, text)
	}
	w.resource = bytes.Trim(text, " \t\r\n") // JSON's white space, RFC 8259 §2
	w.nothing = len(w.resource) == 0 && !c.whole || isBlockHead(w.resource)
	w.refs, err = deletions(w.resource, c.source.deletes)
	w.deletes = w.refs != nil
	return w, err
}

// entryWish reads an entry.
func (c *chunk) entryWish(w wish, number int64, text []byte) (wish, error) {
	e, err := readEntry(text)
	if err != nil {
		return w, inEntry(w.index, err)
	}
	t, err := e.target(func() string { return madeID(c.job.record.ID, c.source.name, number) })
	if err != nil {
		return w, inEntry(w.index, err)
	}
	w.nothing, w.deletes, w.resource = t.skips, t.deletes, e.resource
	if t.deletes {
		w.refs = []deletion{{Ref: t.ref()}}
	}
	if t.made {
		w.resource = withID(e.resource, t.id)
	}
	w.root = rootOf(e.fullURL)
	return w, nil
}

// update adds what a line or an entry writes to a transaction.
func (c *chunk) update(ctx context.Context, tx *datastore.Transaction, store *datastore.Store, w *wish, checks []datastore.WriteOption) (ref datastore.Ref, err error) {
	if c.bundle == nil {
		return c.updateLine(ctx, tx, store, w, checks)
	}
	text := w.resource
	if !w.plain {
		l := linker{chunk: c, store: store, root: w.root}
		text, err = l.relink(ctx, text)
	}
	if err == nil {
		ref, err = tx.Update(ctx, text, checks...)
	}
	if err != nil && ctx.Err() == nil {
		return ref, engine.At(fmt.Sprintf("/entry/%d/resource", w.index), err)
	}
	return ref, err
}

// updateLine is update for a line. It resolves references by UUID or OID, as those of an
// entry of a Bundle; a reference that finds nothing stays as it is.
func (c *chunk) updateLine(ctx context.Context, tx *datastore.Transaction, store *datastore.Store, w *wish, checks []datastore.WriteOption) (datastore.Ref, error) {
	text := w.resource
	if !w.plain && hasURN(text) {
		l := linker{chunk: c, store: store}
		var err error
		if text, err = l.relink(ctx, text); err != nil {
			return datastore.Ref{}, err
		}
	}
	return tx.Update(ctx, text, checks...)
}

// hasURN reports whether a line has references by UUID or OID.
func hasURN(line []byte) bool {
	for rest := line; ; {
		at := bytes.Index(rest, []byte(`"urn:`))
		if at < 0 {
			return false
		}
		before := bytes.TrimRight(bytes.TrimRight(bytes.TrimRight(rest[:at], " \t"), ":"), " \t")
		if bytes.HasSuffix(before, []byte(`"reference"`)) {
			return true
		}
		rest = rest[at+1:]
	}
}

// entries returns the texts of the chunk's entries.
func (c *chunk) entries() iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		start := 0
		for _, end := range c.marks {
			if !yield(c.data[start:end]) {
				return
			}
			start = end
		}
	}
}

// indexOf returns the place of an entry in its Bundle, from 0.
func (c *chunk) indexOf(number int64) int64 { return c.index + number - c.first }

// lineOf returns the number of a line or an entry in the report: the entries of a
// Bundle that is a line have the line's number.
func (c *chunk) lineOf(number int64) int64 {
	if c.bundle != nil && c.bundle.isLine {
		return c.line
	}
	return c.line + number - c.first
}

// placed returns the issues of a resource with their places in the file.
func (c *chunk) placed(number int64, issues []datastore.Issue) []datastore.Issue {
	if c.bundle == nil || len(issues) == 0 {
		return issues
	}
	return datastore.Issues(engine.At(fmt.Sprintf("/entry/%d/resource", c.indexOf(number)),
		&engine.Error{Class: engine.ErrInvalid, Issues: issues}))
}
