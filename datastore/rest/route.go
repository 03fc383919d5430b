package rest

import (
	"net/http"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A route is the method and path of an interaction, and the function that answers it.
type route struct {
	method string // HEAD goes where GET goes
	path   string // below the base; {type}, {compartment}, {id} and {version}
	// stand for what they say
	// interactions are the codes of http://hl7.org/fhir/restful-interaction that
	// the CapabilityStatement gives.
	interactions []string
	takes        takes
	answer       func(*exchange) error
}

// routes returns all interactions that the handler answers (FHIR R4 §3.1.0).
func routes() []route {
	return []route{
		{"GET", metadataPath, nil, takes{parameters: []string{"mode"}, headers: []string{ifNoneMatch, ifModifiedSince}}, (*exchange).metadata},
		{"GET", configurationPath, nil, takes{headers: []string{ifNoneMatch, ifModifiedSince}}, (*exchange).configuration},
		{"POST", "", []string{"transaction", "batch"}, takes{}, (*exchange).transact},
		{"GET", "", []string{"search-system"}, searching, (*exchange).search},
		{"POST", "_search", nil, searching, (*exchange).searchForm},
		{"GET", "_history", []string{"history-system"}, searching, (*exchange).history},
		{"GET", "{type}", []string{"search-type"}, searching, (*exchange).search},
		{"POST", "{type}/_search", nil, searching, (*exchange).searchForm},
		{"POST", "{type}", []string{"create"}, takes{headers: []string{ifNoneExist, provenance}}, (*exchange).create},
		{"PUT", "{type}", nil, takes{query: true, headers: []string{ifMatch}}, (*exchange).conditionalUpdate},
		{"PATCH", "{type}", nil, takes{query: true, headers: []string{ifMatch}}, (*exchange).conditionalPatch},
		{"DELETE", "{type}", nil, takes{query: true, headers: []string{ifMatch}}, (*exchange).conditionalDelete},
		{"GET", "{type}/_history", []string{"history-type"}, searching, (*exchange).history},
		{"GET", "{compartment}/{id}/{type}", nil, searching, (*exchange).search},
		{"GET", "{compartment}/{id}/*", nil, searching, (*exchange).search},
		{"POST", "{compartment}/{id}/{type}/_search", nil, searching, (*exchange).searchForm},
		{"POST", "{compartment}/{id}/*/_search", nil, searching, (*exchange).searchForm},
		{"GET", "{type}/{id}", []string{"read"}, reading, (*exchange).read},
		{"PUT", "{type}/{id}", []string{"update"}, takes{headers: []string{ifMatch, ifNoneMatch, provenance}}, (*exchange).update},
		{"PATCH", "{type}/{id}", []string{"patch"}, takes{headers: []string{ifMatch, provenance}}, (*exchange).patch},
		{"DELETE", "{type}/{id}", []string{"delete"}, takes{headers: []string{ifMatch}}, (*exchange).delete},
		{"GET", "{type}/{id}/_history", []string{"history-instance"}, searching, (*exchange).history},
		{"GET", "{type}/{id}/_history/{version}", []string{"vread"}, reading, (*exchange).readVersion},
	}
}

// route finds the route of the request and reads type, id and version from its path. It
// reports 404 for a path that is not in the table, 405 for a method that the path does
// not have, 501 for an interaction of FHIR that the table lacks, and 400 for a path that leads
// elsewhere than it says.
func (x *exchange) route() (route, error) {
	if err := checkPath(x.r.URL); err != nil {
		return route{}, err
	}
	path := strings.TrimSuffix(x.r.URL.Path, "/")
	if rest, ok := strings.CutPrefix(path, x.options.BasePath); ok && (rest == "" || rest[0] == '/') {
		path = rest
	}
	path = strings.TrimPrefix(path, "/")
	var allowed []string
	for _, r := range x.routes {
		if !x.matches(r.path, path) {
			continue
		}
		if r.method == x.r.Method || r.method == http.MethodGet && x.r.Method == http.MethodHead {
			return r, nil
		}
		if allowed = append(allowed, r.method); r.method == http.MethodGet {
			allowed = append(allowed, http.MethodHead)
		}
	}
	if allowed != nil {
		x.w.Header().Set("Allow", strings.Join(allowed, ", "))
		return route{}, refuse(http.StatusMethodNotAllowed, issue.NotSupported, "the method is not supported here; Allow says which are")
	}
	if last := path[strings.LastIndexByte(path, '/')+1:]; strings.HasPrefix(last, "$") {
		return x.operationRoute(path)
	}
	return route{}, unrouted(path)
}

// matches reports whether a path has the form of a route, and takes the values of the
// form's names from it. Names that begin with _ or $ are FHIR's own and no ids.
func (x *exchange) matches(form, path string) bool {
	x.typ, x.id, x.version, x.compartment = "", "", "", ""
	for form != "" && path != "" {
		var want, step string
		want, form, _ = strings.Cut(form, "/")
		step, path, _ = strings.Cut(path, "/")
		own := step == "" || step[0] == '_' || step[0] == '$'
		switch want {
		case "{type}":
			if _, ok := schema.ResourceType(step); !ok {
				return false
			}
			x.typ = step
		case "{compartment}":
			if !hasCompartment(step) {
				return false
			}
			x.compartment = step
		case "{id}":
			if own {
				return false
			}
			x.id = step
		case "{version}":
			if own {
				return false
			}
			x.version = step
		default:
			if step != want {
				return false
			}
		}
	}
	return form == path // both at their end
}

// hasCompartment reports whether resources of a type have a compartment.
func hasCompartment(typ string) bool {
	t, ok := schema.ResourceType(typ)
	return ok && slices.ContainsFunc(schema.Compartments[:], func(c schema.Compartment) bool { return c.Type == t })
}

// unrouted returns the error for a path that is not in the table.
func unrouted(path string) error {
	steps := strings.Split(path, "/")
	last := steps[len(steps)-1]
	_, isType := schema.ResourceType(steps[0])
	_, isCompartment := schema.ResourceType(last)
	switch {
	case isType && len(steps) == 3 && (isCompartment || last == "*"):
		return refuse(http.StatusNotFound, issue.NotSupported, "there is no compartment of that type")
	case isType || strings.HasPrefix(path, "_"):
		return refuse(http.StatusNotFound, issue.NotFound, "there is nothing at this path")
	}
	return refuse(http.StatusNotFound, issue.NotSupported, "there is no resource type of that name in FHIR R4")
}
