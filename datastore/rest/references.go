package rest

import (
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// parseAny parses a stored resource, whatever its faults.
func parseAny(text []byte, doc *fhirjson.Document) error {
	return fhirjson.Parse(text, doc, &fhirjson.Options{Level: fhirjson.Minimal, AnyNarrative: true, MaxBytes: len(text)})
}

// local returns the resource of this server that a reference names, if it names one. A
// reference to a version is one to its resource.
func (c *Call) local(reference string) (datastore.Ref, bool) {
	ref, _, ok := c.localVersion(reference)
	return ref, ok
}

// localVersion is local with the version that the reference names, or "".
func (c *Call) localVersion(reference string) (ref datastore.Ref, version string, ok bool) {
	typ, id, ok := strings.Cut(strings.TrimPrefix(reference, c.Base+"/"), "/")
	if _, isType := schema.ResourceType(typ); !ok || !isType {
		return ref, "", false
	}
	id, version, _ = strings.Cut(id, "/_history/")
	id, _, _ = strings.Cut(id, "#")
	return datastore.Ref{Type: typ, ID: id}, version, fhirjson.ValidID(id)
}

// references iterates over the references of a resource, and over the addresses of its
// attachments.
func references(doc *fhirjson.Document) func(yield func(reference string) bool) {
	return func(yield func(string) bool) {
		for i := range doc.Nodes {
			name := ""
			switch doc.Nodes[i].Type {
			case schema.TypeReference:
				name = "reference"
			case schema.TypeAttachment:
				name = "url"
			default:
				continue
			}
			if text := doc.Member(fhirjson.Index(i), name); text != "" && !yield(text) {
				return
			}
		}
	}
}
