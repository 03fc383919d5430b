package browse

import (
	"net/url"
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A place knows where the API lies.
type place struct {
	base string // its address, without a slash at its end
	path string // the path of base
}

func placeOf(base string) place {
	p := place{base: base}
	if u, err := url.Parse(base); err == nil {
		p.path = u.EscapedPath()
	}
	return p
}

// to returns the link to a path below the base. The steps of the path are those of FHIR:
// types, ids and names.
func (p place) to(path, query string) string {
	link := p.path + "/" + (&url.URL{Path: path}).EscapedPath()
	if query != "" {
		link += "?" + query
	}
	return link
}

// inside returns what stands behind the base in an address, path and query, and false for
// an address elsewhere.
func (p place) inside(address string) (below string, ok bool) {
	below, ok = strings.CutPrefix(address, p.base)
	if !ok || below != "" && below[0] != '/' && below[0] != '?' {
		return "", false
	}
	return below, true
}

// page returns the link to an address that the API gave, such as that of the next page, and
// "" for an address elsewhere.
func (p place) page(address string) string {
	below, ok := p.inside(address)
	if !ok || len(below) > maxAddress {
		return ""
	}
	if below == "" || below[0] == '?' {
		below = "/" + below
	}
	u, err := url.Parse(below)
	if err != nil {
		return ""
	}
	return p.to(strings.TrimPrefix(u.Path, "/"), u.RawQuery)
}

// reference returns the link to what a Reference names, "" for what is not a resource of
// this API.
func (p place) reference(text string) string {
	if below, ok := p.inside(text); ok {
		text = strings.TrimPrefix(below, "/")
	}
	steps := strings.Split(text, "/")
	if len(steps) != 2 && (len(steps) != 4 || steps[2] != "_history" || !linkable(steps[3])) {
		return ""
	}
	if _, ok := schema.ResourceType(steps[0]); !ok || !linkable(steps[1]) {
		return ""
	}
	return p.to(text, "")
}

// linkable reports whether an id may stand in a path. Browsers take "." and ".." for ways.
func linkable(id string) bool { return fhirjson.ValidID(id) && id != "." && id != ".." }

// outside returns a link to a page elsewhere, "" for what is not http or https.
func outside(text string) string {
	if len(text) > 2000 || strings.ContainsFunc(text, func(c rune) bool { return c <= ' ' || c == 0x7f || strings.ContainsRune(`\"'<>`+"`", c) }) {
		return ""
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.User != nil || u.Scheme != "http" && u.Scheme != "https" {
		return ""
	}
	return u.String()
}

// canonical returns the link to a search for what a canonical names.
func (p place) canonical(text string, targets []schema.TypeID) string {
	name, _, _ := strings.Cut(text, "|")
	name, _, _ = strings.Cut(name, "#")
	if len(targets) != 1 || name == "" || len(name) > 2000 {
		return outside(text)
	}
	return p.to(targets[0].String(), "url="+url.QueryEscape(strings.ReplaceAll(strings.ReplaceAll(name, `\`, `\\`), ",", `\,`)))
}
