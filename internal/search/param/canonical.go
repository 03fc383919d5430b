package param

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// VersionMark is put before the texts that the index holds for joins alone. Values of
// queries have no control characters, so none is taken for such a text.
//
// A canonical stands in the index as it is written. A canonical with a version also
// stands there as its url behind the mark, so that canonicals without a version are
// told apart; and, if the version has capitals, as url|version behind the mark with the
// version folded, as the version of a resource is.
const VersionMark = "\x01"

// HoldsCanonical reports whether a stored text is a canonical that text finds.
func HoldsCanonical(text, stored string) bool {
	return stored == text || stored == VersionMark+text && !strings.Contains(text, "|")
}

// SortText returns the text by which a reference sorts that does not lead to a resource
// of this store.
func SortText(stored string) string {
	marked, found := strings.CutPrefix(stored, VersionMark)
	if !found {
		return stored
	}
	url, _, _ := strings.Cut(marked, "|")
	return url
}

// Canonical reports whether the stream holds references by canonical url.
func (s *Stream) Canonical() bool { return s.Kind == LeafCanonicalReference }

// Canonicals returns the streams of a parameter that hold canonicals.
func (p *Param) Canonicals() []*Stream {
	if !slices.ContainsFunc(p.Streams, (*Stream).Canonical) {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(p.Streams), func(s *Stream) bool { return !s.Canonical() })
}

// An Identity is the streams of url and version of a type: the canonical of a resource.
type Identity struct{ URL, Version *Stream }

// Identity returns the identity of a type. Types to which canonicals lead have a url
// and a version (FHIR R4 §2.24.0.1); a Device and a Subscription have a url of another
// kind, and no version.
func (r *Registry) Identity(t schema.TypeID) (Identity, bool) {
	url, hasURL := r.Find(t, "url")
	version, hasVersion := r.Find(t, "version")
	if !hasURL || !hasVersion || url.Row.Type != schema.ParamURI || len(url.Streams) != 1 || len(version.Streams) != 1 {
		return Identity{}, false
	}
	return Identity{url.Streams[0], version.Streams[0]}, true
}
