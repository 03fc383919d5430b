package bundle

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Target is what a relative URL names: a resource, a version of one, or the
// resources that a query finds.
type Target struct {
	Type    schema.TypeID // 0 of a query for all types
	ID      string
	Version string
	Query   string
	IsQuery bool
	// InType and InID name the compartment of a query, if it has one.
	InType, InID string
}

// parseTarget reads Type, Type/id, Type/id/_history/version, Type?query, ?query, and
// of compartments Type/id/Type?query and Type/id/*?query.
func parseTarget(url string) (Target, error) {
	path, query, isQuery := strings.Cut(strings.TrimPrefix(url, "/"), "?")
	if path == "" && isQuery {
		return Target{Query: query, IsQuery: true}, nil
	}
	steps := strings.Split(path, "/")
	if len(steps) == 3 {
		return parseCompartment(steps, query)
	}
	t, ok := schema.ResourceType(steps[0])
	if !ok {
		return Target{}, engine.Failf(engine.ErrInvalid, issue.NotSupported, "the URL does not begin with a resource type")
	}
	to := Target{Type: t, Query: query, IsQuery: isQuery || len(steps) == 1}
	switch {
	case len(steps) == 4 && steps[2] == "_history" && !isQuery:
		to.Version = steps[3]
		fallthrough
	case len(steps) == 2 && !isQuery:
		if to.ID = steps[1]; !engine.ValidID(to.ID) {
			return Target{}, engine.Failf(engine.ErrInvalid, issue.Value, "the URL has no valid id")
		}
	case len(steps) != 1:
		return Target{}, engine.Failf(engine.ErrInvalid, issue.NotSupported, "the URL has a form that is not supported in a Bundle")
	}
	return to, nil
}

// parseCompartment reads the URL of a search in a compartment.
func parseCompartment(steps []string, query string) (Target, error) {
	to := Target{Query: query, IsQuery: true, InType: steps[0], InID: steps[1]}
	var ok bool
	if to.Type, ok = schema.ResourceType(steps[2]); !ok && steps[2] != "*" {
		return Target{}, engine.Failf(engine.ErrInvalid, issue.NotSupported, "the URL has a form that is not supported in a Bundle")
	}
	return to, nil
}
