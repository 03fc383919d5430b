package browse

import "github.com/fhirlake/fhirlake/internal/schema"

// JSON returns what a page shows of the JSON of a resource.
func JSON(base string, src []byte) string {
	m := &markup{}
	m.json(placeOf(base), src)
	return string(m.b)
}

// XML returns what a page shows of XML.
func XML(base, src string) string {
	m := &markup{}
	m.xml(placeOf(base), src)
	return string(m.b)
}

// Narrative returns what is kept of a narrative.
func Narrative(div string) string {
	m := &markup{}
	m.xhtml(div)
	return string(m.b)
}

// Text returns a text as it stands in a page.
func Text(s string) string {
	m := &markup{}
	m.add("%", s)
	return string(m.b)
}

// Reference and Outside return the links to what a text names.
func Reference(base, text string) string { return placeOf(base).reference(text) }
func Outside(text string) string         { return outside(text) }

// Modifiers are the modifiers that the form offers for a search parameter.
func Modifiers(typ, code string) []string {
	t, _ := schema.ResourceType(typ)
	return modifiersOf(t, code)
}
