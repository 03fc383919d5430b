package rest

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// jsonValue is the extension of FHIRPath Lab's convention for values that value[x] of
// Parameters cannot hold: JSON in a string.
const jsonValue = "http://fhir.forms-lab.com/StructureDefinition/json-value"

// appendParts appends the items of a collection, separated by commas. It stops when
// it has appended more than max bytes.
func appendParts(dst []byte, items fhirpath.Collection, max int64) []byte {
	start := len(dst)
	for i, item := range items {
		if i > 0 {
			dst = append(dst, ',')
		}
		if dst = appendPart(dst, item); int64(len(dst)-start) > max {
			break
		}
	}
	return dst
}

// appendTrace appends the items that trace() shows under a name.
func appendTrace(dst []byte, name string, items fhirpath.Collection, max int64) []byte {
	dst = append(dst, `{"name":"trace"`...)
	if text := quote.Append(nil, name); holds("valueString", text) {
		dst = append(append(dst, `,"valueString":`...), text...)
	}
	if len(items) > 0 {
		dst = append(appendParts(append(dst, `,"part":[`...), items, max), ']')
	}
	return append(dst, '}')
}

// appendPart appends an item as a part that has the name of its type and the item
// as value[x], as a resource or as JSON in an extension.
func appendPart(dst []byte, item fhirpath.Item) []byte {
	if doc, n, ok := item.Node(); ok {
		return appendNode(dst, doc, n)
	}
	name := fhirType(item.Type())
	property, raw := valueProperty(name), item.JSON()
	if property == "" || !holds(property, raw) {
		return appendJSONValue(dst, name, raw)
	}
	dst = append(quote.Append(append(dst, `{"name":`...), name), `,"`+property+`":`...)
	return append(append(dst, raw...), '}')
}

func appendNode(dst []byte, doc *fhirjson.Document, n fhirjson.Index) []byte {
	t := doc.Nodes[n].Type.Type()
	property := valueProperty(t.Name)
	if t.Kind == schema.KindResource {
		property = "resource"
	}
	if property == "" {
		return appendJSONValue(dst, t.Name, fhirjson.AppendCanonical(nil, doc, n))
	}
	dst = quote.Append(append(dst, `{"name":`...), t.Name)
	if doc.Nodes[n].Kind == fhirjson.Object {
		dst = fhirjson.AppendCanonical(append(dst, `,"`+property+`":`...), doc, n)
		return append(dst, '}')
	}
	if doc.HasValue(n) {
		dst = fhirjson.AppendCanonical(append(dst, `,"`+property+`":`...), doc, n)
	}
	return append(appendTwin(dst, property, doc, n), '}')
}

// appendTwin appends the id and the extensions of a primitive, if it has any, as
// the member that stands beside its value.
func appendTwin(dst []byte, property string, doc *fhirjson.Document, n fhirjson.Index) []byte {
	var id, extensions []byte
	for c := range doc.Children(n) {
		if doc.Nodes[c].Kind != fhirjson.Object {
			id = fhirjson.AppendCanonical(append(id, `,"id":`...), doc, c)
			continue
		}
		extensions = fhirjson.AppendCanonical(append(extensions, ','), doc, c)
	}
	if extensions != nil {
		id = append(append(append(id, `,"extension":[`...), extensions[1:]...), ']')
	}
	if id == nil {
		return dst
	}
	return append(append(append(dst, `,"_`+property+`":{`...), id[1:]...), '}')
}

func appendJSONValue(dst []byte, name string, raw []byte) []byte {
	dst = append(dst, `{"extension":[{"url":"`+jsonValue+`","valueString":`...)
	dst = append(quote.Append(dst, raw), `}],"name":`...)
	return append(quote.Append(dst, name), '}')
}

// fhirType returns the FHIR type of one of FHIRPath's own types (FHIR R4 §2.9.1.2):
// dateTime for System.DateTime.
func fhirType(name string) string {
	name = strings.TrimPrefix(name, "System.")
	if name == "Quantity" || name == "TypeInfo" {
		return name
	}
	return strings.ToLower(name[:1]) + name[1:]
}

// valueProperty returns the name of value[x] of Parameters for a type, "" if it cannot
// have that type.
func valueProperty(name string) string {
	property := "value" + strings.ToUpper(name[:1]) + name[1:]
	owner, _ := schema.TypeOf("Parameters.parameter")
	if schema.Lookup(owner, property) == 0 {
		return ""
	}
	return property
}

// holds reports whether value[x] can hold a value of FHIRPath's own. FHIR has no
// empty string, no time without minutes and no dateTime without a zone.
func holds(property string, raw []byte) bool {
	text := `{"resourceType":"Parameters","parameter":[{"name":"x","` + property + `":` + string(raw) + `}]}`
	return fhirjson.Parse([]byte(text), new(fhirjson.Document), nil) == nil
}
