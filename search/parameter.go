package search

import "github.com/fhirlake/fhirlake/issue"

// A Parameter is a search parameter that queries for a resource type may name.
type Parameter struct {
	Code string // its name in a query
	URL  string // of the SearchParameter that defines it
	Type string // FHIR's code: "number", "date", "string", "token", "reference", …
	// Targets are, for a reference, the resource types that it may lead to.
	Targets []string
}

// A ParameterMemory says how much of the index is there for a search parameter, or
// for several that see the same values: what Observation's patient finds is what its
// subject finds, and is kept, and told, once.
type ParameterMemory struct {
	// Type is the resource type, or Resource where all types share the values.
	Type string
	// Codes are the parameters, sorted: mostly one.
	Codes []string
	// Versions have a value, superseded ones that were not swept included.
	Versions int
	// Values were indexed since the store was opened, of all versions.
	Values int
	// Bytes are estimated from the sizes of the structures.
	Bytes int64
}

// A ParameterStatus says how far a custom search parameter is: one of
// datastore.Options.SearchParameters, or an active SearchParameter resource of the store
// that is none of R4's own.
type ParameterStatus struct {
	URL, Code, Type string
	Base            []string // the types that have it, as its definition names them
	Target          []string // of a reference: the types that it may lead to; none is all
	// Indexed of Total versions have been looked at. The total grows while others
	// write.
	Indexed, Total int
	// Complete is set once queries may use the parameter.
	Complete bool
	// Issues say why the parameter is not used: what is wrong with a definition that
	// was stored without the checks of datastore.Strict, or why indexing ended.
	Issues []issue.Issue
}
