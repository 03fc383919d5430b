package fhirxml

import (
	"bytes"
	"encoding/xml"

	"github.com/go-json-experiment/json/jsontext"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// primitive reads a primitive: its value, and an object of its id and extensions, as
// JSON, "" for none.
func (r *reader) primitive(t schema.TypeID, start xml.StartElement) (value, twin string, err error) {
	if t == xhtml {
		value, err = r.narrative(start)
		return value, "", err
	}
	a, err := r.attributes(t, start.Attr)
	if err != nil {
		return "", "", err
	}
	if a.value != nil {
		value = literal(t, *a.value)
	}
	from := len(r.out)
	if err := r.members(t, a); err != nil {
		return "", "", err
	}
	if len(r.out) > from {
		twin = "{" + string(r.out[from:]) + "}"
		r.out = r.out[:from]
	}
	return value, twin, nil
}

// literal returns the JSON of a value: a number or a boolean where the type has such and
// the text is one, otherwise a string, which the type refuses.
func literal(t schema.TypeID, text string) string {
	switch t.String() {
	case "boolean":
		if text == "true" || text == "false" {
			return text
		}
	case "decimal", "integer", "positiveInt", "unsignedInt":
		if v := jsontext.Value(text); v.IsValid() && v.Kind() == '0' && len(bytes.TrimSpace(v)) == len(v) {
			return text
		}
	}
	return string(quote.Append(nil, text))
}

// narrative reads the div of a narrative, as it is.
func (r *reader) narrative(start xml.StartElement) (string, error) {
	if start.Name.Space != xhtmlNamespace {
		return "", wrong("the div of a narrative is of the namespace " + xhtmlNamespace)
	}
	from := r.at
	for depth := 1; depth > 0; {
		token, err := r.decoder.Token()
		if err != nil {
			return "", err
		}
		switch token.(type) {
		case xml.StartElement:
			if depth++; depth > fhirjson.MaxDepth {
				return "", flaw{issue.TooLong, "elements are nested too deeply"}
			}
		case xml.EndElement:
			depth--
		case xml.Directive, xml.ProcInst:
			return "", wrong("a narrative has no processing instructions and no document type")
		}
	}
	return string(quote.Append(nil, r.source[from:r.decoder.InputOffset()])), nil
}
