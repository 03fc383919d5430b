package datastore

import (
	"context"
	"io"
	"net/url"
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/etag"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/search"
)

// HistoryTo writes a page of a history to w, as a Bundle of type history (FHIR R4
// §3.1.0.12). base is the address of the server, without a slash at its end. It reads one
// version after the other while it writes, so that a page takes no more memory than its
// largest version; the links stand behind the entries. Nothing was written if the error is
// one of the options or of ref.
func (s *Store) HistoryTo(ctx context.Context, w io.Writer, base string, ref Ref, opts *HistoryOptions) (err error) {
	defer s.told("history", ref.Type, &err)()
	now, err := s.now()
	if err != nil {
		return err
	}
	defer now.Close()
	h, err := now.history(ref, opts)
	if err != nil {
		return err
	}
	ordinals, next, err := h.page(ctx)
	if err != nil {
		return err
	}
	total, this := -1, ""
	if opts != nil {
		this = opts.Page
	}
	if next == "" && this == "" {
		total = len(ordinals) // all there is
	}
	b := bundleWriter{w: w}
	b.begin("history", total)
	var resource []byte
	bytes := 0
	for i, o := range ordinals {
		if err := ctx.Err(); err != nil {
			return err
		}
		v := h.at.view.Version(o)
		if v.Interaction, err = h.at.view.Interaction(o); err != nil {
			return err
		}
		resource = resource[:0]
		if !v.Deleted {
			if resource, err = h.at.view.AppendJSON(resource, o); err != nil {
				return err
			}
		}
		if bytes += len(resource); bytes > s.pageBytes && i > 0 {
			next = h.next(ordinals[i-1])
			break
		}
		b.historyEntry(base, &v, resource)
	}
	b.endEntries()
	b.link("self", h.url(base, opts, this)) // behind the entries, since these decide where the page ends
	if next != "" {
		b.link("next", h.url(base, opts, next))
	}
	return b.end()
}

// url is the address of a page of the history.
func (h *history) url(base string, opts *HistoryOptions, page string) string {
	address := base
	for _, step := range []string{h.ref.Type, h.ref.ID, "_history"} {
		if step != "" {
			address += "/" + step
		}
	}
	address += "?_count=" + strconv.Itoa(h.count)
	if opts != nil && !opts.Since.IsZero() {
		address += "&_since=" + url.QueryEscape(opts.Since.Format(time.RFC3339Nano))
	}
	if page != "" {
		address += "&" + search.PageParameter + "=" + url.QueryEscape(page)
	}
	return address
}

// historyEntry is the entry of one version: the resource, and the request that wrote it.
func (b *bundleWriter) historyEntry(base string, v *engine.Version, resource []byte) {
	method, to, status := "PUT", v.Ref(), "200 OK"
	switch {
	case v.Deleted:
		method, status = "DELETE", "204 No Content"
	case v.Interaction == engine.Create:
		method, to, status = "POST", v.Type.String(), "201 Created"
	case v.Interaction == engine.Patch:
		method = "PATCH"
	case v.Number == 1:
		status = "201 Created"
	}
	b.nextEntry()
	b.text = append(quote.Append(append(b.text, `"fullUrl":`...), base+"/"+v.Ref()), ',')
	if !v.Deleted {
		b.text = append(b.text, `"resource":`...)
		b.flush()
		b.write(resource)
		b.text = append(b.text, ',')
	}
	b.text = append(append(append(append(append(b.text, `"request":{"method":"`...), method...), `","url":"`...), to...), `"},"response":{"status":"`...)
	b.text = etag.Append(append(append(b.text, status...), `","etag":`...), v.VersionID())
	b.text = append(v.Time().AppendFormat(append(b.text, `,"lastModified":"`...), time.RFC3339Nano), `"}}`...)
}
