package rest

import (
	"mime"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/issue"
)

// The media types that are answered with.
const (
	fhirJSON  = "application/fhir+json"
	plainJSON = "application/json"
	fhirXML   = "application/fhir+xml"
	plainXML  = "application/xml"
)

// jsonTypes and xmlTypes are the media types that mean FHIR's JSON and its XML. The latter
// two of each are those of DSTU2 and of old clients.
var (
	jsonTypes = []string{fhirJSON, plainJSON, "application/json+fhir", "text/json"}
	xmlTypes  = []string{fhirXML, plainXML, "application/xml+fhir", "text/xml"}
	// fhirTypes are the media types that mean FHIR and nothing else.
	fhirTypes = []string{fhirJSON, fhirXML, "application/json+fhir", "application/xml+fhir"}
)

// isR4 reports whether fhirVersion names R4 (FHIR R4 §3.1.0.1.8).
func isR4(version string) bool { return version == "4.0" || version == "4.0.1" }

// A form is the form in which an answer is wanted.
type form struct {
	mediaType string
	xml       bool
	pretty    bool // for people to read
}

// negotiate returns the form of the answer: by _format, or else by the header Accept, or
// else the form of the request's body (FHIR R4 §3.1.0.1, Content Types and encodings). It
// reports 406 if that is neither JSON nor XML.
func negotiate(r *http.Request, query string) (f form, err error) {
	if query != "" {
		f.pretty = queryValue(query, "_pretty") == "true"
		if format := queryValue(query, "_format"); format != "" {
			f.mediaType = formatOf(format)
		}
	}
	if f.mediaType == "" && (query == "" || queryValue(query, "_format") == "") {
		f.mediaType = accepted(r)
	}
	if f.mediaType == "" {
		return f, refuse(http.StatusNotAcceptable, issue.NotSupported, "only JSON and XML of FHIR R4 can be had: "+fhirJSON+", "+fhirXML+"; fhirVersion=4.0")
	}
	f.xml = slices.Contains(xmlTypes, f.mediaType)
	return f, nil
}

// formatOf returns the media type that a value of _format means, "" for none.
func formatOf(format string) string {
	// A plus sign that was not escaped has become a space.
	for _, kind := range []string{"json", "xml"} {
		format = strings.Replace(strings.Replace(format, "fhir "+kind, "fhir+"+kind, 1), kind+" fhir", kind+"+fhir", 1)
	}
	name, version := mediaType(format)
	switch {
	case !version:
	case name == plainJSON, name == plainXML:
		return name
	case name == "json" || slices.Contains(jsonTypes, name):
		return fhirJSON
	case name == "xml" || slices.Contains(xmlTypes, name):
		return fhirXML
	}
	return ""
}

// accepted returns the media type that the header Accept likes best, "" if the server has
// none of them.
func accepted(r *http.Request) string {
	given := r.Header.Values("Accept")
	switch {
	case len(given) == 1 && (given[0] == fhirJSON || given[0] == plainJSON):
		return given[0] // what most clients send
	case len(given) == 0, strings.TrimSpace(strings.Join(given, "")) == "", len(given) == 1 && given[0] == "*/*":
		if name, _ := mediaType(r.Header.Get("Content-Type")); slices.Contains(xmlTypes, name) {
			return fhirXML
		}
		return fhirJSON
	}
	ranges := rangesOf(strings.Join(given, ","))
	best, most := "", 0.0
	for _, name := range []string{fhirJSON, plainJSON, fhirXML, plainXML} {
		if q := quality(ranges, name); q > most {
			best, most = name, q
		}
	}
	return best
}

// queryValue returns the first value of a parameter in a query, "" if it has none.
func queryValue(query, name string) string {
	for part := range strings.SplitSeq(query, "&") {
		if given, value, ok := urlquery.Cut(part); ok && given == name && value != "" {
			return value
		}
	}
	return ""
}

// mediaType returns the name of a media type, in lower case, and whether its
// fhirVersion, if it has one, is R4's.
func mediaType(s string) (name string, version bool) {
	name, params, err := mime.ParseMediaType(s)
	if err != nil {
		return "", false
	}
	v, ok := params["fhirversion"]
	return name, !ok || isR4(v)
}

// A mediaRange is a part of an Accept header.
type mediaRange struct {
	name   string
	weight float64
}

// rangesOf reads an Accept header. Ranges of other versions of FHIR are left out.
func rangesOf(accept string) (ranges []mediaRange) {
	for part := range strings.SplitSeq(accept, ",") {
		name, params, err := mime.ParseMediaType(part)
		if v, ok := params["fhirversion"]; err != nil || ok && !isR4(v) {
			continue
		}
		r := mediaRange{name, 1}
		if q, ok := params["q"]; ok {
			if r.weight, err = strconv.ParseFloat(q, 64); err != nil {
				r.weight = 0
			}
		}
		ranges = append(ranges, r)
	}
	return ranges
}

// quality returns how much an Accept header likes a media type, from 0 to 1: the
// weight of the most specific range that it falls into (RFC 9110 §12.5.1).
func quality(ranges []mediaRange, name string) float64 {
	kind, isFHIR := strings.CutPrefix(name, "application/fhir+")
	if !isFHIR {
		kind = strings.TrimPrefix(name, "application/")
	}
	best, specific := 0.0, -1
	for _, r := range ranges {
		rank := -1
		switch r.name {
		case name:
			rank = 4
		case "text/" + kind, "application/" + kind + "+fhir":
			if isFHIR {
				rank = 3
			}
		case "application/*+" + kind:
			if isFHIR {
				rank = 2
			}
		case "application/*", "text/*":
			rank = 1
		case "*/*":
			rank = 0
		}
		if rank > specific {
			best, specific = r.weight, rank
		}
	}
	return best
}

// preference returns the value of one of the preferences in the headers Prefer,
// in lower case (RFC 7240): "minimal" for return in "return=minimal, wait=10".
func preference(r *http.Request, name string) string {
	for _, header := range r.Header.Values("Prefer") {
		for part := range strings.FieldsFuncSeq(header, func(c rune) bool { return c == ',' || c == ';' }) {
			key, value, _ := strings.Cut(part, "=")
			if strings.EqualFold(strings.TrimSpace(key), name) {
				return strings.ToLower(strings.Trim(strings.TrimSpace(value), `"`))
			}
		}
	}
	return ""
}
