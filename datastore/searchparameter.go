package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// SearchParameters returns the custom search parameters: the complete ones, the
// ones that are being indexed, and the ones that are not used, with the issues that say
// why.
func (s *Store) SearchParameters() []search.ParameterStatus {
	var all []search.ParameterStatus
	for _, p := range s.engine.SearchParameters() {
		all = append(all, search.ParameterStatus(p))
	}
	return all
}

// Parameters returns the search parameters that queries for a resource type may name,
// sorted: R4's and complete custom ones.
func (s *Store) Parameters(resourceType string) []search.Parameter {
	t, ok := schema.ResourceType(resourceType)
	if !ok {
		return nil
	}
	return s.engine.Search().Parameters(t)
}

// WaitIndexed waits until no search parameter is being indexed. It reports the error of
// the first parameter that could not be indexed, ErrClosed, or the error of ctx.
// Parameters that are defined while it waits count too.
func (s *Store) WaitIndexed(ctx context.Context) error { return s.engine.WaitIndexed(ctx) }
