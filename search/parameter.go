package search

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
