package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// A SearchParameterStatus is the progress of a custom search parameter: one of
// [Options.SearchParameters], or an active SearchParameter resource of the store that
// is none of R4's own.
type SearchParameterStatus struct {
	URL, Code, Type string
	Base            []string // the types that have it, as its definition names them
	Target          []string // of a reference: the types that it may lead to; none is all
	// Indexed of Total versions have been looked at. The total grows while others
	// write.
	Indexed, Total int
	// Complete is set once queries may use the parameter.
	Complete bool
	// Issues say why the parameter is not used: faults of a definition that was stored
	// without the checks of [Strict], or the error that ended indexing.
	Issues []Issue
}

// SearchParameters returns all custom search parameters: complete ones, ones that are
// being indexed, and unused ones with the issues that say why.
func (s *Store) SearchParameters() []SearchParameterStatus {
	var all []SearchParameterStatus
	for _, p := range s.engine.SearchParameters() {
		all = append(all, SearchParameterStatus(p))
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
