package param

import (
	"bytes"
	"iter"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A textKind is the form of an element's text.
type textKind uint8

const (
	noText textKind = iota
	plainText
	xhtmlText
)

// textKinds has the textKind of each field, by schema.FieldID: strings, markdown and
// XHTML hold text. Ids of elements and literal references, though strings in FHIR, are
// names and no text.
var textKinds = sync.OnceValue(func() []textKind {
	kinds := make([]textKind, len(schema.Fields))
	for f := range kinds {
		row := &schema.Fields[f]
		switch row.Type.String() {
		case "string", "markdown":
			if row.Name != "id" && !(row.Name == "reference" && row.Owner.String() == "Reference") {
				kinds[f] = plainText
			}
		case "xhtml":
			kinds[f] = xhtmlText
		}
	}
	return kinds
})

// A WordReader reads the texts of resources as words with one space between. It is for
// one goroutine; a result is valid until the next text.
type WordReader struct {
	kinds []textKind
	raw   []byte // a text without the escapes of JSON
	text  []byte // a narrative without its markup
	words []byte
}

func NewWordReader() WordReader { return WordReader{kinds: textKinds()} }

// Narrative returns the words of the narrative of the resource at a node, and the
// narrative's node: 0 if there is none.
func (r *WordReader) Narrative(doc *fhirjson.Document, resource fhirjson.Index) (words []byte, at fhirjson.Index) {
	text, ok := doc.Child(resource, schema.Lookup(doc.Nodes[resource].Type, "text"))
	if !ok {
		return nil, 0
	}
	for at := range doc.Children(text) {
		if node := &doc.Nodes[at]; r.kinds[node.Field] == xhtmlText && node.Kind == fhirjson.String {
			return r.read(doc, at), at
		}
	}
	return nil, 0
}

// Others iterates over the words of all texts of the resource at a node except the text
// at but, with texts of contained resources, extensions and sections' narratives. It
// leaves out a text that equals the text before, as a concept's text mostly equals its
// display, and texts that a store drops.
func (r *WordReader) Others(doc *fhirjson.Document, resource, but fhirjson.Index) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		var last []byte
		var dropped [3]fhirjson.Index
		n := 0
		if resource == 0 {
			dropped, n = doc.Dropped()
		}
		for i, at := uint32(resource), 0; i < doc.Nodes[resource].Next; i++ {
			node := &doc.Nodes[i]
			if at < n && fhirjson.Index(i) == dropped[at] {
				at++
				i = node.Next - 1
				continue
			}
			if r.kinds[node.Field] == noText || node.Kind != fhirjson.String || fhirjson.Index(i) == but {
				continue
			}
			if text := doc.Raw(fhirjson.Index(i)); r.kinds[node.Field] == plainText {
				if bytes.Equal(text, last) {
					continue
				}
				last = text
			}
			if !yield(r.read(doc, fhirjson.Index(i))) {
				return
			}
		}
	}
}

// read returns the words of one text.
func (r *WordReader) read(doc *fhirjson.Document, at fhirjson.Index) []byte {
	text := doc.Raw(at)
	if node := &doc.Nodes[at]; node.Escaped {
		r.raw = doc.Text(at, r.raw)
		text = r.raw
	}
	if r.kinds[doc.Nodes[at].Field] == xhtmlText {
		r.text = appendNarrative(r.text[:0], AsText(text))
		text = r.text
	}
	r.words = AppendWords(r.words[:0], AsText(text))
	return r.words
}

// fullText makes _text and _content with their streams. R4 defines _text for the types
// that have a narrative, but counts it among the parameters of all resources (FHIR R4
// §3.1.1.2): it never finds a resource of another type.
func (b *registryBuilder) fullText() {
	add := func(kind leafKind) *Stream { return b.newStream(&Stream{Kind: kind}, "Resource") }
	b.Narrative, b.Content = add(leafNarrative), add(leafContent)
	domain, _ := schema.TypeOf("DomainResource")
	b.words = map[string]*Param{}
	for code, streams := range map[string][]*Stream{"_text": {b.Narrative}, "_content": {b.Narrative, b.Content}} {
		row, _ := schema.FindParam(domain, code)
		b.words[code] = &Param{Row: row.Param(), Special: SpecialWords, Streams: streams}
	}
}
