package datastore

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A target is what a relative URL names: a resource, a version of one, or the
// resources that a query finds.
type target struct {
	typ     schema.TypeID // 0 of a query for all types
	id      string
	version string
	query   string
	isQuery bool
	in      Ref // the compartment of a query, if it has one
}

// parseTarget reads Type, Type/id, Type/id/_history/version, Type?query, ?query, and
// of compartments Type/id/Type?query and Type/id/*?query.
func parseTarget(url string) (target, error) {
	path, query, isQuery := strings.Cut(strings.TrimPrefix(url, "/"), "?")
	if path == "" && isQuery {
		return target{query: query, isQuery: true}, nil
	}
	steps := strings.Split(path, "/")
	if len(steps) == 3 {
		return parseCompartment(steps, query)
	}
	t, ok := schema.ResourceType(steps[0])
	if !ok {
		return target{}, failf(ErrInvalid, issue.NotSupported, "the URL does not begin with a resource type")
	}
	to := target{typ: t, query: query, isQuery: isQuery || len(steps) == 1}
	switch {
	case len(steps) == 4 && steps[2] == "_history" && !isQuery:
		to.version = steps[3]
		fallthrough
	case len(steps) == 2 && !isQuery:
		if to.id = steps[1]; !validID(to.id) {
			return target{}, failf(ErrInvalid, issue.Value, "the URL has no valid id")
		}
	case len(steps) != 1:
		return target{}, failf(ErrInvalid, issue.NotSupported, "the URL has a form that is not supported in a Bundle")
	}
	return to, nil
}

// parseCompartment reads the URL of a search in a compartment.
func parseCompartment(steps []string, query string) (target, error) {
	to := target{query: query, isQuery: true, in: Ref{Type: steps[0], ID: steps[1]}}
	var ok bool
	if to.typ, ok = schema.ResourceType(steps[2]); !ok && steps[2] != "*" {
		return target{}, failf(ErrInvalid, issue.NotSupported, "the URL has a form that is not supported in a Bundle")
	}
	return to, nil
}
