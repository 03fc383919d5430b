package browse

import (
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/search"
)

// Options say what a handler knows of the API beside its answers.
type Options struct {
	// Root is the path below which the API takes requests, without a slash at its end.
	Root string
	// Base returns the address at which links begin, without a slash at its end.
	Base func(*http.Request) string
	// Parameters returns the search parameters of a resource type.
	Parameters func(typ string) []search.Parameter
	// Stats, if it is not nil, returns the sizes that the start page shows to a caller who
	// sees every resource.
	Stats func() (datastore.Stats, error)
}

// A Handler answers requests for pages. It is safe for use by many goroutines.
type Handler struct {
	api     http.Handler
	options Options
}

// New returns a handler of pages over the handler of an API.
func New(api http.Handler, options Options) *Handler { return &Handler{api, options} }

// A visit is one request for a page.
type visit struct {
	*Handler
	place
	w http.ResponseWriter
	r *http.Request

	steps []string // of the path below the base
	query string   // for the API
	own   own      // the page's own parameters

	typ, id, version string // that the path names, "" for none
}

// own are the parameters of a page.
type own struct {
	view, to, before string
	names, values    []string
	form             bool // the search form was sent
}

// maxAddress is the length of the longest address that has a page, and to which a page has
// a link. A page has a few links of that length.
const maxAddress = 16 << 10

// ServeHTTP implements [http.Handler]. The request is a GET, a HEAD, or a POST to _search.
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &visit{Handler: h, place: placeOf(h.options.Base(r)), w: w, r: r}
	path := strings.TrimSuffix(r.URL.Path, "/")
	if rest, ok := strings.CutPrefix(path, h.options.Root); ok && (rest == "" || rest[0] == '/') {
		path = rest
	}
	path = strings.TrimPrefix(path, "/")
	if path != "" {
		v.steps = strings.Split(path, "/")
	}
	v.readQuery()
	switch {
	case len(r.URL.Path)+len(r.URL.RawQuery) > maxAddress:
		v.refuse(http.StatusRequestURITooLong, "The address is too long for a page", "Ask for less, or for JSON.")
	case v.own.to != "":
		v.redirect(v.goal())
	case v.own.form:
		v.sendForm()
	case r.Method != http.MethodPost && path == "" && v.query == "":
		v.start()
	default:
		v.show(path)
	}
}

// readQuery tells the page's own parameters from those of the API. What shapes the answer
// of the API is left out.
func (v *visit) readQuery() {
	var kept []string
	for part := range strings.SplitSeq(v.r.URL.RawQuery, "&") {
		name, value, _ := urlquery.Cut(part)
		switch name {
		case "_format", "_pretty":
		case ":view":
			v.own.view = value
		case ":before":
			v.own.before = value
		case ":go":
			v.own.to = value
		case ":name":
			v.own.names, v.own.form = append(v.own.names, value), true
		case ":value":
			v.own.values = append(v.own.values, value)
		default:
			if part != "" {
				kept = append(kept, part)
			}
		}
	}
	v.query = strings.Join(kept, "&")
}

// show asks the API and answers with the page of its answer.
func (v *visit) show(path string) {
	var a *answer
	if v.r.Method == http.MethodPost {
		r := v.request(http.MethodPost, path, v.query)
		r.Header.Set("Accept", fhirJSON)
		a = v.run(r)
	} else {
		a = v.ask(path, v.query)
	}
	o := a.resource()
	v.name()
	switch {
	case a.status >= 300 || o == nil:
		v.failed(a, o)
	case path == "metadata":
		v.capabilities(a, o)
	case v.id != "" && v.own.view == "timeline" && v.typ == "Patient":
		v.timeline(o)
	case v.id != "" && v.own.view == "curves" && v.typ == "Patient":
		v.curves(o)
	case v.id == "" && text(o, "resourceType") == "Bundle" && text(o, "type") == "history",
		v.history() && text(o, "resourceType") == "Bundle":
		v.versions(a, o)
	case v.id == "" && text(o, "resourceType") == "Bundle":
		v.results(o)
	default:
		v.resource(a, o)
	}
}

// name reads from the path what it names: a resource, or a type.
func (v *visit) name() {
	isType := func(i int) bool {
		if i >= len(v.steps) {
			return false
		}
		_, ok := schema.ResourceType(v.steps[i])
		return ok
	}
	switch n := len(v.steps); {
	case n == 3 && isType(0) && isType(2): // in a compartment
		v.typ = v.steps[2]
	case n > 0 && isType(0):
		v.typ = v.steps[0]
		if fhirjson.ValidID(v.second()) && (n == 2 || v.history() || n == 4 && v.steps[2] == "_history") {
			v.id = v.steps[1]
			if n == 4 {
				v.version = v.steps[3]
			}
		}
	}
}

// second returns the second step of the path, "" for none.
func (v *visit) second() string {
	if len(v.steps) < 2 {
		return ""
	}
	return v.steps[1]
}

// history reports whether the path is that of a resource's history.
func (v *visit) history() bool { return len(v.steps) == 3 && v.steps[2] == "_history" }

// goal returns where the field at the top leads: to a type, a resource, or a search. It is
// "" for what is none of them.
func (v *visit) goal() string {
	path, query, _ := strings.Cut(strings.TrimSpace(v.own.to), "?")
	path = strings.Trim(path, "/")
	if below, ok := v.inside(path); ok {
		path = strings.TrimPrefix(below, "/")
	}
	typ, _, _ := strings.Cut(path, "/")
	if _, ok := schema.ResourceType(typ); !ok {
		return ""
	}
	var pairs pairs
	for part := range strings.SplitSeq(query, "&") {
		name, value, ok := urlquery.Cut(part)
		if !ok {
			return ""
		}
		pairs.add(name, value)
	}
	return v.to(path, pairs.encode())
}

// redirect sends the browser to a page of the API, "" for none.
func (v *visit) redirect(link string) {
	if link == "" {
		v.refuse(http.StatusBadRequest, "That is no resource type, no resource and no search", "Write Patient, Patient/123 or Patient?name=ann.")
		return
	}
	v.headers()
	v.w.Header().Set("Location", link)
	v.w.WriteHeader(http.StatusSeeOther)
}
