package fhirjson

// allowedTag reports whether a narrative may have the element: those of HTML 4.0's
// chapters 7 to 11, without ins and del, and 15, links and images (FHIR R4 §2.4.0,
// txt-1). Only img loads, and none acts.
func allowedTag(name []byte) bool {
	switch string(name) {
	case "p", "br", "div", "h1", "h2", "h3", "h4", "h5", "h6", "a", "span", "b", "em", "i", "strong", "small", "big",
		"tt", "s", "strike", "u", "font", "center", "dfn", "q", "var", "abbr", "acronym", "cite", "blockquote", "hr",
		"address", "bdo", "kbd", "sub", "sup", "ul", "ol", "li", "dl", "dt", "dd", "dir", "menu", "pre", "table",
		"caption", "colgroup", "col", "thead", "tr", "tfoot", "tbody", "th", "td", "code", "samp", "img", "map", "area":
		return true
	}
	return false
}

// The numbers of attributes that decide something.
var numberOfNamespace, numberOfSource = attributeNumbers["xmlns"], attributeNumbers["src"]

// attributeNumbers numbers the attributes that a narrative may have, from 1: the
// attributes in the XPath form of txt-1, XML's own, and further attributes of the
// elements of allowedTag.
var attributeNumbers = func() map[string]uint8 {
	numbers := map[string]uint8{}
	for _, name := range [...]string{
		"xmlns", "xml:lang", "xml:space",
		"abbr", "accesskey", "align", "alt", "axis", "bgcolor", "border", "cellhalign", "cellpadding", "cellspacing",
		"cellvalign", "char", "charoff", "charset", "cite", "class", "colspan", "compact", "coords", "dir", "frame",
		"headers", "height", "href", "hreflang", "hspace", "id", "lang", "longdesc", "name", "nowrap", "rel", "rev",
		"rowspan", "rules", "scope", "shape", "span", "src", "start", "style", "summary", "tabindex", "title", "type",
		"valign", "value", "vspace", "width",
		"clear", "color", "face", "ismap", "nohref", "noshade", "size", "usemap",
	} {
		numbers[name] = uint8(len(numbers) + 1)
	}
	return numbers
}()
