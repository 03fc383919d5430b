package param

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Reference is a parsed reference. Either type and id are set, of a resource of this
// store that need not exist, or the text is.
type Reference struct {
	Type schema.TypeID
	ID   string
	Text string
}

// ReadReference parses a reference (FHIR R4 §2.3.0.1). Relative references, and
// absolute ones below base, are local. A version is left out: a reference to a version
// matches as one to the resource. Conditional references (Practitioner?identifier=…),
// urns and fragments are text.
func (r *Registry) ReadReference(s, base string) Reference {
	s = WithoutVersion(s)
	relative := s
	if base != "" {
		if after, found := strings.CutPrefix(s, base); found {
			relative = after
		}
	}
	if name, id, found := strings.Cut(relative, "/"); found && ValidID(id) {
		if typ, ok := r.Names[name]; ok {
			return Reference{Type: typ, ID: id}
		}
	}
	return Reference{Text: s}
}

// Address splits a reference that may be below some store's address: it ends in
// /Type/id.
func (r *Registry) Address(s string) (before string, typ schema.TypeID, id string, ok bool) {
	last := strings.LastIndexByte(s, '/')
	if last < 0 {
		return "", 0, "", false
	}
	start := strings.LastIndexByte(s[:last], '/') + 1
	typ, id = r.Names[s[start:last]], s[last+1:]
	return s[:start], typ, id, start > 0 && typ != 0 && ValidID(id)
}

// WithoutVersion cuts /_history/… off a reference.
func WithoutVersion(s string) string {
	if strings.IndexByte(s, '_') < 0 { // most references: a byte is found much faster
		return s
	}
	if i := strings.LastIndex(s, "/_history/"); i > 0 {
		return s[:i]
	}
	return s
}

// TypeOfReference returns the resource type that a reference's text names, or 0.
func (r *Registry) TypeOfReference(s string) schema.TypeID {
	return r.Names[schema.NameInReference(s)]
}

// maxID is the length of the longest id (FHIR R4 §2.24.0.1).
const maxID = 64

// ValidID reports whether s is an id as FHIR has them: [A-Za-z0-9\-\.]{1,64}.
func ValidID(s string) bool {
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

// Targets returns the types that a reference parameter may lead to.
func (r *Registry) Targets(p *Param) []schema.TypeID {
	all := len(p.Row.Targets) == 0
	for _, t := range p.Row.Targets {
		all = all || t.Type().Abstract
	}
	if !all {
		return p.Row.Targets
	}
	var types []schema.TypeID
	for t, plan := range r.Types {
		if plan != nil {
			types = append(types, schema.TypeID(t))
		}
	}
	return types
}

// Hierarchy returns the parameter by which resources of a type refer to a whole of the
// same type: Location.partof (FHIR R4 §3.1.1.4.14).
func (r *Registry) Hierarchy(t schema.TypeID) *Param {
	for _, code := range []string{"partof", "part-of"} {
		if p, ok := r.Find(t, code); ok && slices.Contains(p.Row.Targets, t) {
			return p
		}
	}
	return nil
}

// HasHierarchy reports whether :above and :below have a meaning for a reference
// parameter: its targets have a hierarchy or versions.
func (r *Registry) HasHierarchy(p *Param) bool {
	if slices.ContainsFunc(p.Streams, (*Stream).Canonical) {
		return true
	}
	return slices.ContainsFunc(r.Targets(p), func(t schema.TypeID) bool { return r.Hierarchy(t) != nil })
}
