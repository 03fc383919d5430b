package browse

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
)

// A written is a version in a history.
type written struct {
	ref, version, time, method, status string
	resource                           any // nil for a deletion
	raw                                []byte
}

// versionsOf reads the entries of an answer that is a Bundle of type history.
func versionsOf(a *answer, o object) (versions []written) {
	var bundle struct {
		Entry []struct {
			Resource jsontext.Value `json:"resource"`
		} `json:"entry"`
	}
	if json.Unmarshal(a.body, &bundle) != nil {
		return nil
	}
	for i, e := range list(o["entry"]) {
		w := written{method: text(e, "request", "method"), status: text(e, "response", "status"), time: text(e, "response", "lastModified"), resource: get(e, "resource")}
		w.ref, _, _ = strings.Cut(text(e, "request", "url"), "/_history/")
		w.version = strings.Trim(strings.TrimPrefix(text(e, "response", "etag"), "W/"), `"`)
		if typ, id := text(w.resource, "resourceType"), text(w.resource, "id"); typ != "" && id != "" {
			w.ref, w.raw = typ+"/"+id, bundle.Entry[i].Resource
		}
		versions = append(versions, w)
	}
	return versions
}

// versions answers with the page of a history.
func (v *visit) versions(a *answer, o object) {
	p := &page{title: "History", crumbs: v.crumbs()}
	m := &p.body
	versions := versionsOf(a, o)
	switch {
	case v.id != "":
		p.title = joined(" ", "History of", v.typ+"/"+v.id)
	case v.typ != "":
		p.title = "History of " + v.typ
	default:
		p.title = "History of the store"
	}
	m.add("<h1>%</h1>\n", p.title)
	if v.id != "" {
		v.tabs(m, "history")
		v.changes(m, o, versions)
	} else {
		v.writtenTable(m, versions)
	}
	v.pages(m, o)
	v.send(http.StatusOK, p)
}

// writtenTable writes the versions of several resources as a table.
func (v *visit) writtenTable(m *markup, versions []written) {
	m.add(`<div class="scroll" role="region" aria-label="Versions" tabindex="0"><table><caption>Newest first</caption><thead><tr><th scope="col">Resource</th><th scope="col">What</th><th scope="col">Version</th><th scope="col">Done by</th><th scope="col">Time</th></tr></thead><tbody>` + "\n")
	for _, w := range versions {
		if m.full() {
			m.add(`<tr><td colspan="5">More versions have no room here: ask for fewer with _count.</td></tr>`)
			break
		}
		r, _ := w.resource.(object)
		m.add(`<tr><th scope="row"><a href="%">%</a></th><td>%</td><td>`, v.reference(w.ref), w.ref, titleOf(r))
		if w.resource != nil {
			m.add(`<a href="%">%</a>`, v.to(w.ref+"/_history/"+w.version, ""), w.version)
		} else {
			m.text(w.version)
		}
		m.add(`</td><td>%</td><td class="stamp"><time datetime="%">%</time></td></tr>`+"\n", did(w), w.time, when(w.time))
	}
	m.add("</tbody></table></div>\n")
}

// did says what wrote a version.
func did(w written) string {
	switch {
	case w.method == "DELETE":
		return "deleted"
	case strings.HasPrefix(w.status, "201"):
		return "created"
	case w.method == "PATCH":
		return "patched"
	}
	return "updated"
}

// changes writes the versions of one resource, each with what it changed in the one
// before.
func (v *visit) changes(m *markup, o object, versions []written) {
	before := v.versionBehind(o)
	for i, w := range versions {
		if m.full() {
			m.add("<p>More versions have no room here: ask for fewer with _count.</p>\n")
			break
		}
		m.add(`<section class="version" aria-label="Version %"><h2>`, w.version)
		if w.resource != nil {
			m.add(`<a href="%">Version %</a>`, v.to(w.ref+"/_history/"+w.version, ""), w.version)
		} else {
			m.add(`Version %`, w.version)
		}
		m.add(`</h2><p class="muted">% <time datetime="%">%</time></p>`+"\n", did(w), w.time, when(w.time))
		older := before
		if i+1 < len(versions) {
			older = &versions[i+1]
		}
		switch {
		case w.resource == nil, older == nil:
		case older.resource == nil:
			m.add("<p>It came back after a deletion.</p>\n")
		default:
			m.difference(older, &w)
		}
		m.add("</section>\n")
	}
}

// versionBehind returns the version that follows a page of a history, nil if there is
// none or it cannot be read.
func (v *visit) versionBehind(o object) *written {
	below, ok := v.inside(linkOf(o, "next"))
	if !ok {
		return nil
	}
	u, err := url.Parse(below)
	if err != nil {
		return nil
	}
	next := v.ask(strings.TrimPrefix(u.Path, "/"), u.RawQuery)
	if next.status != http.StatusOK {
		return nil
	}
	if versions := versionsOf(next, next.resource()); len(versions) > 0 {
		return &versions[0]
	}
	return nil
}

// linkOf returns the address of a link of a Bundle.
func linkOf(o object, relation string) string {
	for _, l := range list(o["link"]) {
		if text(l, "relation") == relation {
			return text(l, "url")
		}
	}
	return ""
}

// pages writes the links between the pages of an answer.
func (v *visit) pages(m *markup, o object) {
	m.add(`<nav aria-label="Pages of the answer"><ul class="pages">`)
	for _, l := range []struct {
		relation  string
		rel, name literal
	}{{"first", "first", "First"}, {"previous", "prev", "Previous"}, {"next", "next", "Next"}, {"last", "last", "Last"}} {
		if link := v.page(linkOf(o, l.relation)); link != "" {
			m.add(`<li><a href="%" rel="`+l.rel+`">`+l.name+`</a></li>`, link)
		}
	}
	if v.r.Method != http.MethodPost {
		m.add(`<li><a href="%">As JSON</a></li>`, v.raw("json"))
	}
	m.add("</ul></nav>\n")
}
