package search

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// versionMark is put before the texts that the index holds for joins alone, so that
// no value of a query is taken for one: neither has control characters.
//
// A canonical stands in the index as it is written. One with a version stands there
// as its url behind the mark too, so that those of a url without a version are told
// from those with one; and, where the version has capitals, as url|version behind
// the mark with the version folded, as the version of a resource is.
const versionMark = "\x01"

// canonicalTerms appends the terms of a canonical in a query: without a version it
// finds every version.
func (ev *evaluation) canonicalTerms(dst []index.Term, s *stream, text string) []index.Term {
	dst = append(dst, ev.terms.ReferenceText(s.id, text))
	if s.canonical() && !strings.Contains(text, "|") {
		dst = append(dst, ev.terms.ReferenceText(s.id, versionMark+text))
	}
	return dst
}

// holdsCanonical does for one stored text what canonicalTerms do for many.
func holdsCanonical(text, stored string) bool {
	return stored == text || stored == versionMark+text && !strings.Contains(text, "|")
}

// sortText returns the text by which a reference sorts that is no resource of this
// store.
func sortText(stored string) string {
	marked, found := strings.CutPrefix(stored, versionMark)
	if !found {
		return stored
	}
	url, _, _ := strings.Cut(marked, "|")
	return url
}

// canonical reports whether the stream holds references by canonical url.
func (s *stream) canonical() bool { return s.kind == leafCanonicalReference }

// canonicals returns the streams of a parameter that hold canonicals.
func (p *param) canonicals() []*stream {
	if !slices.ContainsFunc(p.streams, (*stream).canonical) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.streams), func(s *stream) bool { return !s.canonical() })
}

// An identity is where resources of a type say under which canonical they are found.
type identity struct{ url, version *stream }

// identity returns that of a type. Those that canonicals lead to have a url and a
// version (FHIR R4 §2.24.0.1); a Device and a Subscription have a url of another
// kind, and no version.
func (r *registry) identity(t schema.TypeID) (identity, bool) {
	url, hasURL := r.find(t, "url")
	version, hasVersion := r.find(t, "version")
	if !hasURL || !hasVersion || url.row.Type != schema.ParamURI || len(url.streams) != 1 || len(version.streams) != 1 {
		return identity{}, false
	}
	return identity{url.streams[0], version.streams[0]}, true
}
