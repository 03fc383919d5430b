package bundle

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A LinkKind is the kind of place of a link.
type LinkKind uint8

// The places of links (FHIR R4 §3.1.0.11.2).
const (
	InReference LinkKind = iota // Reference.reference
	InAddress                   // an element of type uri or url that leads somewhere
	InNarrative                 // an attribute of the narrative
	InName                      // an element of type oid or uuid, which has no relative form
)

// Relink returns a resource with its links replaced, or nil if none changes. visit
// returns the new text of a link, "" if it stays. Errors of visit get the link's place;
// its errors for links in the narrative, a text for people, count as "". Nodes for
// which skip, which may be nil, returns true are not looked at. A Bundle stays as it
// is: links between its entries are its own.
func Relink(doc *fhirjson.Document, skip func(fhirjson.Index) bool, visit func(kind LinkKind, n fhirjson.Index, text string) (string, error)) ([]byte, error) {
	if doc.Type() == schema.TypeBundle {
		return nil, nil
	}
	var edits *fhirjson.Edits
	for i := range doc.Nodes {
		n := fhirjson.Index(i)
		kind, ok := linkKind(doc, n)
		if !ok || skip != nil && skip(n) {
			continue
		}
		text := string(doc.Text(n, nil))
		var to string
		var err error
		if kind == InNarrative {
			to = relinkNarrative(text, func(text string) (string, error) { return visit(kind, n, text) })
		} else {
			to, err = visit(kind, n, text)
		}
		if err != nil {
			return nil, engine.At(doc.Pointer(n), err)
		}
		if to == "" {
			continue
		}
		quoted, ok := quote.AppendValid(nil, to)
		if !ok {
			return nil, engine.At(doc.Pointer(n), engine.Failf(engine.ErrInvalid, issue.Value, "not valid UTF-8"))
		}
		if edits == nil {
			edits = fhirjson.NewEdits(doc)
		}
		edits.Replace(n, quoted)
	}
	if edits == nil {
		return nil, nil
	}
	return edits.Apply(nil), nil
}

var (
	referenceText = schema.Lookup(schema.TypeReference, "reference")
	extensionURL  = schema.Lookup(schema.TypeExtension, "url")
)

// linkKind reports whether a node may be a link, and its kind.
func linkKind(doc *fhirjson.Document, n fhirjson.Index) (LinkKind, bool) {
	node := &doc.Nodes[n]
	if node.Kind != fhirjson.String {
		return 0, false
	}
	switch {
	case node.Type == schema.TypeXhtml:
		return InNarrative, true
	case node.Field == referenceText:
		return InReference, true
	case node.Type == schema.TypeUri, node.Type == schema.TypeUrl:
		return InAddress, !isName(doc, node.Field)
	case node.Type == schema.TypeOid, node.Type == schema.TypeUuid:
		return InName, true
	}
	return 0, false
}

// isName reports whether the values of an element name a definition or a namespace, as
// canonicals do, and lead nowhere.
func isName(doc *fhirjson.Document, f schema.FieldID) bool {
	switch {
	case f == extensionURL, f == schema.Lookup(doc.Type(), "url"):
		return true
	case doc.Type() == schema.TypeConceptMap && (f.Field().Name == "source" || f.Field().Name == "target"):
		return true // the code systems of a group
	}
	return f.Field().Name == "system" // of a Coding, an Identifier, a Quantity, a ValueSet's codes
}

// relinkNarrative returns an XHTML text with its links replaced, "" if none changes.
func relinkNarrative(div string, visit func(text string) (string, error)) string {
	var out strings.Builder
	at := 0
	for _, l := range narrativeLinks(div) {
		to, err := visit(unescapeXML(div[l.start:l.end]))
		if err != nil || to == "" {
			continue // a text for people is no reason to refuse a resource
		}
		out.WriteString(div[at:l.start])
		out.WriteString(escapeXML(to))
		at = l.end
	}
	if at == 0 {
		return ""
	}
	out.WriteString(div[at:])
	return out.String()
}
