package datastore

import (
	"bytes"
	"context"
	"io"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/issue"
)

// Bundle returns the page as a Bundle of type searchset (FHIR R4 §3.1.1.5). base is the
// address of the server, without a slash at its end; full URLs and links begin with it.
// If it is "", full URLs are left out and links are relative.
func (p *Page) Bundle(base string) []byte {
	var out bytes.Buffer
	b := p.begin(&out, base)
	for i := range p.Matches {
		b.entry("match", &p.Matches[i])
	}
	for i := range p.Included {
		b.entry("include", &p.Included[i])
	}
	b.finish(p, p.Issues) // a buffer takes everything
	return out.Bytes()
}

// SearchTo answers a query as [Store.Search] does and writes [Page.Bundle] to w. It reads
// one resource after the other while it writes, so that a page takes no more memory than
// its largest resource; the links stand behind the entries. Nothing was written if the
// error is one of the search.
func (s *Store) SearchTo(ctx context.Context, w io.Writer, base, resourceType, query string, opts ...SearchOption) (err error) {
	defer s.told("search", resourceType, &err)()
	r, err := s.find(ctx, s, resourceType, query, opts)
	if err != nil {
		return err
	}
	defer r.at.Close()
	r.passing = true
	b := r.begin(w, base)
	write := func(mode string) func(v Version) bool {
		return func(v Version) bool { return b.entry(mode, &v) }
	}
	if err := r.fill(ctx, room{bytes: s.pageBytes, least: 1}, write("match"), write("include")); err != nil {
		return err
	}
	return b.finish(r.Page, r.issues())
}

// A searchset is a Bundle of that type while it is written.
type searchset struct {
	bundleWriter
	base, path string
}

// begin begins the Bundle of a page.
func (p *Page) begin(w io.Writer, base string) *searchset {
	b := &searchset{bundleWriter{w: w}, base, p.path}
	b.begin("searchset", p.Total)
	return b
}

// links writes the links of a page.
func (b *searchset) links(p *Page) {
	prefix := b.base
	if b.base != "" && b.path != "" {
		prefix += "/"
	}
	prefix += b.path
	for _, link := range []struct{ relation, query string }{
		{"self", p.Self}, {"first", p.First}, {"previous", p.Previous}, {"next", p.Next}, {"last", p.Last},
	} {
		if link.relation != "self" && link.query == "" {
			continue
		}
		url := prefix
		if link.query != "" || url == "" { // a uri is never empty
			url += "?" + link.query
		}
		b.link(link.relation, url)
	}
}

// entry writes a resource. It reports whether more can be written.
func (b *searchset) entry(mode string, v *Version) bool {
	b.nextEntry()
	if url := v.fullURL(b.base); url != "" {
		b.text = append(quote.Append(append(b.text, `"fullUrl":`...), url), ',')
	}
	b.text = append(b.text, `"resource":`...)
	b.flush()
	b.write(v.JSON)
	b.text = append(append(append(b.text, `,"search":{"mode":"`...), mode...), `"}}`...)
	return b.err == nil
}

// finish writes what the page has to say, and its links: behind the entries, since these
// decide where the page ends. It reports whether all was written.
func (b *searchset) finish(p *Page, issues []Issue) error {
	if len(issues) > 0 {
		b.entry("outcome", &Version{JSON: issue.AppendOutcome(nil, issues...)})
	}
	b.endEntries()
	b.links(p)
	return b.end()
}

// A bundleWriter writes a Bundle with links and entries.
type bundleWriter struct {
	w       io.Writer
	text    []byte // that is still to be written
	linked  int    // links in the list under way
	entries int
	err     error // of w
}

// begin writes the type and the total, -1 for none.
func (b *bundleWriter) begin(kind string, total int) {
	b.text = append(append(append(b.text, `{"resourceType":"Bundle","type":"`...), kind...), '"')
	if total >= 0 {
		b.text = strconv.AppendInt(append(b.text, `,"total":`...), int64(total), 10)
	}
}

// link writes a link. Links come before entries, or after endEntries.
func (b *bundleWriter) link(relation, url string) {
	if b.linked++; b.linked == 1 {
		b.text = append(b.text, `,"link":[`...)
	} else {
		b.text = append(b.text, ',')
	}
	b.text = append(append(append(b.text, `{"relation":"`...), relation...), `","url":`...)
	b.text = append(quote.Append(b.text, url), '}')
}

// endLinks ends the links.
func (b *bundleWriter) endLinks() {
	if b.linked > 0 {
		b.text, b.linked = append(b.text, ']'), 0
	}
}

// nextEntry begins an entry.
func (b *bundleWriter) nextEntry() {
	b.endLinks()
	if b.entries++; b.entries == 1 {
		b.text = append(b.text, `,"entry":[{`...)
	} else {
		b.text = append(b.text, `,{`...)
	}
}

// endEntries ends the entries.
func (b *bundleWriter) endEntries() {
	if b.entries > 0 {
		b.text, b.entries = append(b.text, ']'), 0
	}
}

// end ends the Bundle.
func (b *bundleWriter) end() error {
	b.endLinks()
	b.endEntries()
	b.text = append(b.text, '}')
	b.flush()
	return b.err
}

// flush writes the text that waits.
func (b *bundleWriter) flush() {
	b.write(b.text)
	b.text = b.text[:0]
}

func (b *bundleWriter) write(p []byte) {
	if b.err == nil {
		_, b.err = b.w.Write(p)
	}
}

// fullURL is the address of the resource on a server, or "" without one. A contained
// resource has its container's address with its own id (FHIR R4 §3.1.1.5.5).
func (v *Version) fullURL(base string) string {
	if base == "" || v.Type == "" {
		return ""
	}
	if v.Container != (Ref{}) {
		return base + "/" + v.Container.String() + "#" + v.Ref.ID
	}
	return base + "/" + v.Ref.String()
}
