package datastore

import (
	"strconv"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/go-json-experiment/json/jsontext"
)

// Bundle returns the page as a Bundle of type searchset (FHIR R4 §3.1.1.5). base
// is the address of the server, without a slash at its end; full URLs and links
// begin with it. Where it is "", full URLs are left out and links are relative.
func (p *Page) Bundle(base string) []byte {
	prefix := base
	if base != "" && p.path != "" {
		prefix += "/"
	}
	prefix += p.path
	dst := append([]byte(nil), `{"resourceType":"Bundle","type":"searchset","total":`...)
	dst = strconv.AppendInt(dst, int64(p.Total), 10)
	dst = append(dst, `,"link":[`...)
	for i, link := range []struct{ relation, query string }{
		{"self", p.Self}, {"first", p.First}, {"previous", p.Previous}, {"next", p.Next}, {"last", p.Last},
	} {
		if i > 0 && link.query == "" {
			continue
		}
		if i > 0 {
			dst = append(dst, ',')
		}
		url := prefix
		if link.query != "" || url == "" { // a uri is never empty
			url += "?" + link.query
		}
		dst = append(append(append(dst, `{"relation":"`...), link.relation...), `","url":`...)
		dst = append(appendQuoted(dst, url), '}')
	}
	dst = append(dst, ']')
	entries := 0
	entry := func(mode, fullURL string, resource []byte) {
		if entries == 0 {
			dst = append(dst, `,"entry":[{`...)
		} else {
			dst = append(dst, `,{`...)
		}
		entries++
		if fullURL != "" {
			dst = append(appendQuoted(append(dst, `"fullUrl":`...), fullURL), ',')
		}
		dst = append(append(dst, `"resource":`...), resource...)
		dst = append(append(append(dst, `,"search":{"mode":"`...), mode...), `"}}`...)
	}
	for _, v := range p.Matches {
		entry("match", v.fullURL(base), v.JSON)
	}
	for _, v := range p.Included {
		entry("include", v.fullURL(base), v.JSON)
	}
	if len(p.Issues) > 0 {
		entry("outcome", "", issue.AppendOutcome(nil, p.Issues...))
	}
	if entries > 0 {
		dst = append(dst, ']')
	}
	return append(dst, '}')
}

// fullURL is the address of the resource on a server, or "" without one. That of a
// contained resource is its container's with the id (FHIR R4 §3.1.1.5.5).
func (v *Version) fullURL(base string) string {
	if base == "" {
		return ""
	}
	if v.Container != (Ref{}) {
		return base + "/" + v.Container.String() + "#" + v.Ref.ID
	}
	return base + "/" + v.Ref.String()
}

// appendQuoted appends s as a JSON string.
func appendQuoted(dst []byte, s string) []byte {
	out, err := jsontext.AppendQuote(dst, s)
	if err != nil {
		out, _ = jsontext.AppendQuote(dst, "") // not UTF-8: nothing that this package makes
	}
	return out
}
