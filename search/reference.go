package search

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A reference is what a reference's text says. Either typ and id are set, of a
// resource of this store that need not exist, or text is.
type reference struct {
	typ  schema.TypeID
	id   string
	text string
}

// readReference takes a reference apart (FHIR R4 §2.3.0.1). Relative references,
// and absolute ones below base, are local. A version is left out: a reference
// to a version matches as one to the resource. Conditional references
// (Practitioner?identifier=…), urns and fragments are text.
func (r *registry) readReference(s, base string) reference {
	s = withoutVersion(s)
	relative := s
	if base != "" {
		if after, found := strings.CutPrefix(s, base); found {
			relative = after
		}
	}
	if name, id, found := strings.Cut(relative, "/"); found && validID(id) {
		if typ, ok := r.names[name]; ok {
			return reference{typ: typ, id: id}
		}
	}
	return reference{text: s}
}

// refer adds a reference as far as it is known without the store's own address.
func (x *extractor) refer(p index.Param, group uint32, s string) {
	s = withoutVersion(s)
	if to := x.readReference(s, ""); to.typ != 0 {
		x.local(p, group, to.typ, to.id)
		return
	}
	if before, typ, id, ok := x.address(s); ok {
		x.b.Address(p, group, before, index.TypeID(typ), id, x.shift != 0)
		return
	}
	x.b.ReferenceText(p, group, s)
}

// local adds a reference to a resource of this store. In a contained resource it is
// a mention: an edge of the index would cost several times as much.
func (x *extractor) local(p index.Param, group uint32, typ schema.TypeID, id string) {
	if x.shift != 0 {
		x.b.Mention(p, group, index.TypeID(typ), id)
		return
	}
	x.b.Reference(p, group, index.TypeID(typ), id)
}

// address takes apart a reference that may be below some store's address: it ends in
// /Type/id.
func (r *registry) address(s string) (before string, typ schema.TypeID, id string, ok bool) {
	last := strings.LastIndexByte(s, '/')
	if last < 0 {
		return "", 0, "", false
	}
	start := strings.LastIndexByte(s[:last], '/') + 1
	typ, id = r.names[s[start:last]], s[last+1:]
	return s[:start], typ, id, start > 0 && typ != 0 && validID(id)
}

// withoutVersion cuts /_history/… off a reference.
func withoutVersion(s string) string {
	if strings.IndexByte(s, '_') < 0 { // most references: a byte is found much faster
		return s
	}
	if i := strings.LastIndex(s, "/_history/"); i > 0 {
		return s[:i]
	}
	return s
}

// typeOfReference returns the resource type that a reference's text names, or 0.
func (r *registry) typeOfReference(s string) schema.TypeID {
	s = withoutVersion(s)
	if name, _, found := strings.Cut(s, "?"); found {
		return r.names[name[strings.LastIndexByte(name, '/')+1:]]
	}
	last := strings.LastIndexByte(s, '/')
	if last < 0 {
		return 0
	}
	return r.names[s[strings.LastIndexByte(s[:last], '/')+1:last]]
}

// maxID is the length of the longest id (FHIR R4 §2.24.0.1).
const maxID = 64

// validID reports whether s is an id as FHIR has them: [A-Za-z0-9\-\.]{1,64}.
func validID(s string) bool {
	if len(s) == 0 || len(s) > maxID {
		return false
	}
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '.':
		default:
			return false
		}
	}
	return true
}
