package param

import (
	"iter"
	"slices"
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
	all, linked      []bool // types of resources, by schema.TypeID
	names            map[string]schema.TypeID
	raw              []byte // a text without the escapes of JSON
}

// NewMentioner returns a Mentioner of the types of a registry.
func NewMentioner(r *Registry) Mentioner {
	fields := naming()
	m := Mentioner{
		texts: fields.texts, contained: fields.contained, names: r.Names,
		all: make([]bool, len(r.Types)), linked: make([]bool, len(r.Types)),
	}
	for t, plan := range r.Types {
		m.all[t], m.linked[t] = plan != nil, r.Linked[schema.TypeID(t)]
	}
	return m
}

// Mentions iterates over the resources that a document names, with linked those of linked
// types alone: by a reference, a URL that ends like one whatever comes before, or by having
// it. The id is valid until the next one.
func (m *Mentioner) Mentions(doc *fhirjson.Document, linked bool) iter.Seq2[schema.TypeID, string] {
	return func(yield func(schema.TypeID, string) bool) {
		types := m.all
		if linked {
			types = m.linked
		}
		nodes := doc.Nodes[:doc.Nodes[0].Next]
		for i := 1; i < len(nodes); i++ {
			node := &nodes[i]
			var typ schema.TypeID
			var id string
			switch node.Kind {
			case fhirjson.String:
				if !m.texts[node.Field] {
					continue
				}
				var name string
				if name, id = named(m.text(doc, fhirjson.Index(i))); linked && !isLinked(name) {
					continue
				}
				typ = m.names[name]
			case fhirjson.Object:
				if !types[node.Type] || m.contained[node.Field] {
					continue
				}
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

// named splits the end of a text, Type/id or Type/id/_history/version.
func named(s string) (typ, id string) {
	before, at := 0, 0 // where the last two parts begin
	for {
		n := strings.IndexByte(s[at:], '/')
		if n < 0 {
			break
		}
		before, at = at, at+n+1
	}
	if at == 0 {
		return "", ""
	}
	typ, id = s[before:at-1], s[at:]
	if typ == "_history" && before > 0 {
		return named(s[:before-1])
	}
	return typ, id
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

func isLinked(typ string) bool { return slices.Contains(LinkedTypes, typ) }

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
