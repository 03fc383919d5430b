package bundle

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A Target is the meaning of a request's URL: a resource, a version of it, or the
// matches of a query.
type Target struct {
	Type    schema.TypeID // 0 of a query for all types
	ID      string
	Version string
	// Query is the text behind the question mark: conditions, or for a read the wanted
	// elements.
	Query   string
	IsQuery bool
	// InType and InID name the compartment of a query, if it has one.
	InType, InID string
	// Operation is the name of the operation that is called on the resource, type or
	// store, or "".
	Operation string
}

func badURL(code issue.Code, text string) error {
	return engine.Failf(engine.ErrInvalid, code, "%s", text)
}

// parseTarget reads Type, Type/id, Type/id/_history/version, Type?query, ?query, and
// of compartments Type/id/Type?query and Type/id/*?query; each may begin with the
// store's own address or with a slash.
func parseTarget(url, base string) (Target, error) {
	path, query, isQuery := strings.Cut(url, "?")
	if hasScheme(path) {
		below, ok := strings.CutPrefix(path, base)
		if !ok || base == "" || below != "" && below[0] != '/' {
			return Target{}, badURL(issue.NotSupported, "the URL is absolute and not below this store's address: write it relative to that, as in Patient/1")
		}
		path = below
	}
	path = strings.TrimPrefix(path, "/")
	if path == "" && isQuery {
		return Target{Query: query, IsQuery: true}, nil
	}
	steps := strings.Split(path, "/")
	for _, step := range steps {
		if strings.HasPrefix(step, "$") {
			return parseOperation(steps, query)
		}
	}
	t, ok := schema.ResourceType(steps[0])
	if !ok {
		return Target{}, badURL(issue.NotSupported, "the URL does not begin with a resource type")
	}
	if last := steps[len(steps)-1]; last == "_history" || last == "_search" {
		return Target{}, badURL(issue.NotSupported, "histories and _search have a form that is not supported in a Bundle")
	}
	if len(steps) == 3 {
		return parseCompartment(steps, query)
	}
	to := Target{Type: t, Query: query, IsQuery: len(steps) == 1}
	switch {
	case len(steps) == 4 && steps[2] == "_history":
		to.Version = steps[3]
		fallthrough
	case len(steps) == 2:
		if to.ID = steps[1]; !fhirjson.ValidID(to.ID) {
			return Target{}, badURL(issue.Value, "the URL has no valid id")
		}
	case len(steps) != 1:
		return Target{}, badURL(issue.NotSupported, "the URL has a form that is not supported in a Bundle")
	}
	return to, nil
}

// parseCompartment reads the URL of a search in a compartment.
func parseCompartment(steps []string, query string) (Target, error) {
	to := Target{Query: query, IsQuery: true, InType: steps[0], InID: steps[1]}
	var ok bool
	if to.Type, ok = schema.ResourceType(steps[2]); !ok && steps[2] != "*" {
		return Target{}, badURL(issue.NotSupported, "the URL has a form that is not supported in a Bundle")
	}
	return to, nil
}

// hasScheme reports whether an address is absolute.
func hasScheme(url string) bool {
	scheme, _, ok := strings.Cut(url, ":")
	return ok && !strings.ContainsAny(scheme, "/?#")
}
