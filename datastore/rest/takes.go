package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/issue"
)

// Headers that some interactions take.
const (
	ifMatch           = "If-Match"
	ifNoneMatch       = "If-None-Match"
	ifModifiedSince   = "If-Modified-Since"
	ifUnmodifiedSince = "If-Unmodified-Since"
	ifNoneExist       = "If-None-Exist"
	provenance        = "X-Provenance"
)

// restricting are the headers that restrict an interaction. An interaction that does
// not take one refuses it: ignoring it would do more than the client asked for.
var restricting = []string{ifMatch, ifNoneMatch, ifModifiedSince, ifUnmodifiedSince, ifNoneExist, provenance}

// single are the headers that may stand in a request once. Proxies and servers disagree
// about which of two counts.
var single = []string{
	ifMatch, ifModifiedSince, ifUnmodifiedSince, ifNoneExist, provenance, levelHeader,
	"Content-Type", "Content-Length", "Content-Encoding",
}

// takes are the parameters and headers of an interaction, beside path and body.
type takes struct {
	parameters []string // beside _format and _pretty
	headers    []string // of restricting
	// query says that the interaction reads the whole query itself.
	query bool
}

var (
	// searching are the parameters and headers of searches and histories. Their answers
	// have no ETag, nor has metadata, so the conditions that caches set never hold.
	searching = takes{query: true, headers: []string{ifNoneMatch, ifModifiedSince}}
	reading   = takes{parameters: []string{"_summary", "_elements"}, headers: []string{ifNoneMatch, ifModifiedSince}}
)

// check refuses headers that an interaction does not take, and parameters too unless
// the client prefers leniency.
func (x *exchange) check(t *takes) error {
	for _, name := range single {
		if len(x.r.Header.Values(name)) > 1 {
			return refuse(http.StatusBadRequest, issue.Invalid, "the header "+name+" is there more than once")
		}
	}
	for _, name := range restricting {
		if x.r.Header.Values(name) != nil && !slices.Contains(t.headers, name) {
			return refuse(http.StatusBadRequest, issue.NotSupported, "the header "+name+" does not go with this interaction")
		}
	}
	if t.query {
		return nil
	}
	var used []string
	for part := range strings.SplitSeq(x.r.URL.RawQuery, "&") {
		if part == "" {
			continue
		}
		name, value, ok := urlquery.Cut(part)
		if !ok {
			return refuse(http.StatusBadRequest, issue.Invalid, "the query is not percent-encoded")
		}
		fits := name == "_format" || name == "_pretty" && (value == "" || value == "true" || value == "false") ||
			slices.Contains(t.parameters, name) && (name != "mode" || value == "full" || value == "terminology")
		switch {
		case fits:
			used = append(used, part)
		case !x.lenient():
			return refuse(http.StatusBadRequest, issue.NotSupported, "this interaction takes no parameter but "+strings.Join(append([]string{"_format", "_pretty"}, t.parameters...), ", ")+", each with a value that fits")
		default:
			x.leaveAside(name)
		}
	}
	x.query = strings.Join(used, "&")
	return nil
}

// leaveAside notes a parameter that is ignored, and says so in the headers of the
// answer.
func (x *exchange) leaveAside(name string) {
	shown := "a parameter"
	if len(name) <= 64 && !strings.ContainsFunc(name, func(c rune) bool { return c <= ' ' || c > '~' || c == '"' || c == '\\' }) {
		shown = "parameter " + name
	}
	x.aside = append(x.aside, datastore.Issue{
		Severity: issue.Warning, Code: issue.NotSupported, Offset: -1, Diagnostics: shown + " is not supported here and was left aside",
	})
	x.w.Header().Set("Preference-Applied", "handling=lenient")
	x.w.Header().Add("Warning", `299 - "`+shown+` was left aside"`)
}
