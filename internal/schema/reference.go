package schema

import "strings"

// A ReferenceType is a type that a reference may name, Patient in Patient/123,
// for which the Reference message of google/fhir has a field of its own. Beside
// the resource types these are three abstract ones.
type ReferenceType struct {
	Name  string
	Proto int32 // number of the field
}

// NameInReference returns the name that stands for the type in the text of a literal
// reference, empty if there is none: Type/id, also with _history and after the base of an
// absolute URL, or Type?query (FHIR R4 §2.3.0.1, §3.1.0.11.2). It need not be a type's.
func NameInReference(reference string) string {
	if query := strings.IndexByte(reference, '?'); query >= 0 {
		return reference[strings.LastIndexByte(reference[:query], '/')+1 : query]
	}
	rest, last := cutLast(reference)
	before, name := cutLast(rest)
	if name == "_history" {
		rest, last = cutLast(before)
		_, name = cutLast(rest)
	}
	if last == "" {
		return ""
	}
	return name
}

// cutLast splits a path before its last segment: "a/b/c" into "a/b" and "c".
func cutLast(path string) (before, last string) {
	slash := strings.LastIndexByte(path, '/')
	return path[:max(slash, 0)], path[slash+1:]
}
