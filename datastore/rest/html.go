package rest

import (
	"mime"
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/datastore/rest/internal/browse"
)

// page answers with a page for browsers. It is made of the answers that the handler itself
// gives to the same caller in JSON.
func (h *handler) page(w http.ResponseWriter, r *http.Request) {
	x := &exchange{handler: h, w: w, r: r, form: form{mediaType: fhirJSON}}
	defer x.recover()
	options := browse.Options{Root: h.options.BasePath, Base: h.base, Parameters: h.store.Parameters, Stats: h.store.Stats}
	browse.New(h, options).ServeHTTP(w, r)
}

// wantsPage reports whether a request asks for HTML: by _format, or by an Accept that names
// it and likes it better than FHIR's JSON and XML. Only searches and reads have pages.
func wantsPage(r *http.Request) bool {
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodPost:
		if !strings.HasSuffix(r.URL.Path, "/_search") {
			return false
		}
	default:
		return false
	}
	accept := strings.Join(r.Header.Values("Accept"), ",")
	if !strings.Contains(strings.ToLower(accept), "html") && !strings.Contains(r.URL.RawQuery, "html") {
		return false // what most clients send
	}
	if format := queryValue(r.URL.RawQuery, "_format"); format != "" {
		name, _, err := mime.ParseMediaType(format)
		return err == nil && (name == "html" || name == "text/html")
	}
	ranges := rangesOf(accept)
	html := 0.0
	for _, m := range ranges {
		if m.name == "text/html" {
			html = max(html, m.weight)
		}
	}
	for _, name := range []string{fhirJSON, plainJSON, fhirXML, plainXML} {
		if quality(ranges, name) >= html {
			return false
		}
	}
	return true
}
