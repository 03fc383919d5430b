package param

import (
	"iter"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// naming has the fields, by schema.FieldID, whose texts may name a resource: those of
// references, urls, uris and canonicals, but for identifiers of systems, profiles and
// extensions; and those whose resources have no place in the store of their own.
var naming = sync.OnceValue(func() (fields struct{ texts, contained []bool }) {
	names := make([]bool, len(schema.Fields))
	fields.texts, fields.contained = names, make([]bool, len(schema.Fields))
	for f := range names {
		row := &schema.Fields[f]
		fields.contained[f] = row.Name == "contained"
		switch row.Type.String() {
		case "uri", "url", "canonical":
			names[f] = row.Name != "system" && row.Name != "profile" && !(row.Name == "url" && row.Owner.String() == "Extension")
		case "string":
			names[f] = row.Name == "reference" && row.Owner.String() == "Reference"
		}
	}
	return fields
})

// A Mentioner finds the resources that a resource names. It is for one goroutine.
type Mentioner struct {
	texts, contained []bool // by field; see naming
	registry         *Registry
	raw              []byte // a text without the escapes of JSON
}

// NewMentioner returns a Mentioner of the types of a registry.
func NewMentioner(r *Registry) Mentioner {
	fields := naming()
	return Mentioner{texts: fields.texts, contained: fields.contained, registry: r}
}

// Mentions iterates over the resources that a document names: by a reference, a URL that
// ends like one whatever comes before, or by having it. The id is valid until the next one.
func (m *Mentioner) Mentions(doc *fhirjson.Document) iter.Seq2[schema.TypeID, string] {
	return func(yield func(schema.TypeID, string) bool) {
		for i := 1; i < int(doc.Nodes[0].Next); i++ {
			node := &doc.Nodes[i]
			var typ schema.TypeID
			var id string
			switch {
			case node.Kind == fhirjson.String && m.texts[node.Field]:
				typ, id = m.named(m.text(doc, fhirjson.Index(i)))
			case node.Kind == fhirjson.Object && m.registry.Types[node.Type] != nil && !m.contained[node.Field]:
				if at, ok := doc.Child(fhirjson.Index(i), schema.Lookup(node.Type, "id")); ok {
					typ, id = node.Type, m.text(doc, at)
				}
			}
			if typ != 0 && ValidID(id) && !yield(typ, id) {
				return
			}
		}
	}
}

// named splits a text that ends in Type/id.
func (m *Mentioner) named(s string) (schema.TypeID, string) {
	s = WithoutVersion(s)
	last := strings.LastIndexByte(s, '/')
	if last < 0 {
		return 0, ""
	}
	return m.registry.Names[s[strings.LastIndexByte(s[:last], '/')+1:last]], s[last+1:]
}

// text returns the value of a string, valid until the next one.
func (m *Mentioner) text(doc *fhirjson.Document, at fhirjson.Index) string {
	if !doc.Nodes[at].Escaped {
		return AsText(doc.Raw(at))
	}
	m.raw = doc.Text(at, m.raw)
	return AsText(m.raw)
}

// LinkedTypes are the types of resources that are about nobody by themselves: an erasure
// takes them if only what it takes names them.
var LinkedTypes = []string{"Binary", "Bundle", "DocumentReference", "Linkage"}

// mentioned makes the stream of mentions, which no search parameter sees. The index finds
// by it what names a resource of LinkedTypes, and what a Bundle or a Binary names.
func (b *registryBuilder) mentioned() {
	b.Mentions = b.newStream(&Stream{Kind: leafMention}, "Resource")
	for _, name := range LinkedTypes {
		t, _ := schema.ResourceType(name)
		b.Linked[t] = true
	}
	bundle, _ := schema.ResourceType("Bundle")
	binary, _ := schema.ResourceType("Binary")
	b.Naming = map[schema.TypeID]bool{bundle: true, binary: true}
}
