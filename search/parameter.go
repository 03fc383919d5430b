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

// Parameters returns the parameters of a resource type that this package supports, the
// custom ones that are complete included, sorted by code: none for what is no concrete
// resource type. The parameters that shape the answer, such as _sort, are not among them.
func (e *Engine) Parameters(t schema.TypeID) []Parameter { return e.current.Load().list(t) }

func (r *registry) list(t schema.TypeID) []Parameter {
	if int(t) >= len(r.types) || r.types[t] == nil {
		return nil
	}
	var supported []Parameter
	for _, code := range r.codes(t) {
		found, _ := r.find(t, code)
		if found.special == specialUnsupported {
			continue
		}
		p := Parameter{Code: code, URL: found.row.URL, Type: found.row.Type}
		if p.Type == schema.ParamReference {
			p.Targets = r.targets(found)
		}
		supported = append(supported, p)
	}
	return supported
}
