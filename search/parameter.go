package search

import "github.com/fhirlake/fhirlake/internal/schema"

// A Parameter is a search parameter that queries for a resource type may name.
type Parameter struct {
	Code string // its name in a query
	URL  string // of the SearchParameter that defines it
	Type schema.ParamType
	// Targets are, for a reference, the resource types that it may lead to. The
	// slice is shared and must not be changed.
	Targets []schema.TypeID
}
