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

// The media types of FHIR's JSON.
const (
	fhirJSON  = "application/fhir+json"
	plainJSON = "application/json"
)

// jsonTypes are the media types that mean FHIR's JSON. The latter two are those of DSTU2
// and of old clients.
var jsonTypes = []string{fhirJSON, plainJSON, "application/json+fhir", "text/json"}

// isR4 reports whether fhirVersion names R4 (FHIR R4 §3.1.0.1.8).
func isR4(version string) bool { return version == "4.0" || version == "4.0.1" }

// negotiate returns the media type of the answer: the type of _format, or else the
// preferred type of the header Accept (FHIR R4 §3.1.0.1, Content Types and encodings).
// It reports 406 if that is not JSON.
func negotiate(r *http.Request, query string) (string, error) {
	refused := refuse(http.StatusNotAcceptable, issue.NotSupported, "only JSON of FHIR R4 can be had: "+fhirJSON+"; fhirVersion=4.0")
	if format := queryValue(query, "_format"); format != "" {
		// A plus sign that was not escaped has become a space.
		format = strings.Replace(strings.Replace(format, "fhir json", "fhir+json", 1), "json fhir", "json+fhir", 1)
		name, version := mediaType(format)
		switch {
		case !version:
		case name == plainJSON:
			return plainJSON, nil
		case name == "json" || slices.Contains(jsonTypes, name):
			return fhirJSON, nil
		}
		return "", refused
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if strings.TrimSpace(accept) == "" {
		return fhirJSON, nil
	}
	fhir, plain := quality(accept, fhirJSON), quality(accept, plainJSON)
	switch {
	case fhir > 0 && fhir >= plain:
		return fhirJSON, nil
	case plain > 0:
		return plainJSON, nil
	}
	return "", refused
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

// quality returns the weight, from 0 to 1, that an Accept header gives to a media type:
// the weight of the most specific range of the type (RFC 9110 §12.5.1).
func quality(accept, name string) float64 {
	best, specific := 0.0, -1
	for part := range strings.SplitSeq(accept, ",") {
		got, version := mediaType(part)
		if !version {
			continue
		}
		rank := -1
		switch got {
		case name:
			rank = 4
		case "text/json", "application/json+fhir":
			if name != fhirJSON {
				continue
			}
			rank = 3
		case "application/*+json":
			if name != fhirJSON {
				continue
			}
			rank = 2
		case "application/*", "text/*":
			rank = 1
		case "*/*":
			rank = 0
		}
		if rank <= specific {
			continue
		}
		best, specific = 1, rank
		_, params, _ := mime.ParseMediaType(part)
		if q, ok := params["q"]; ok {
			var err error
			if best, err = strconv.ParseFloat(q, 64); err != nil {
				best = 0
			}
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
