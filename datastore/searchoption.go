package datastore

import (
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/issue"
)

// A SearchOption changes how a query is read. Every form of search takes every option,
// each of them once.
type SearchOption func(*searchOptions)

type searchOptions struct {
	lenient     bool
	compartment *Ref
	twice       string // the name of an option that is given twice
}

// Lenient leaves out parameters that are not known or not supported instead of
// refusing the query, and says so in [Page.Issues] (FHIR R4 §3.1.1.3, Prefer:
// handling=lenient).
func Lenient() SearchOption {
	return func(o *searchOptions) {
		if o.lenient {
			o.twice = "Lenient"
		}
		o.lenient = true
	}
}

// InCompartment looks only among what belongs to one resource: a Patient, an
// Encounter, a RelatedPerson, a Practitioner or a Device, which need not be in the
// store (FHIR R4 §3.3). Without a resource type, the search is over all types that
// the compartment has.
func InCompartment(of Ref) SearchOption {
	return func(o *searchOptions) {
		if o.compartment != nil {
			o.twice = "InCompartment"
		}
		o.compartment = &of
	}
}

// gatherSearch collects the options of a search.
func gatherSearch(opts []SearchOption) (o searchOptions, err error) {
	for _, opt := range opts {
		if opt == nil {
			return o, refusal("a nil option does not go with a search")
		}
		opt(&o)
	}
	if o.twice != "" {
		return o, refusal("%s is given twice", o.twice)
	}
	return o, nil
}

// in returns the compartment and the path of a search.
func (o *searchOptions) in(typ string) (in query.Compartment, path string, err error) {
	if o.compartment == nil {
		return in, typ, nil
	}
	if in.Type, err = resourceType(o.compartment.Type); err != nil {
		return in, "", err
	}
	if !fhirjson.ValidID(o.compartment.ID) {
		return in, "", engine.Failf(ErrInvalid, issue.Value, "the id of the compartment is none")
	}
	in.ID = o.compartment.ID
	if typ == "" {
		typ = "*"
	}
	return in, o.compartment.String() + "/" + typ, nil
}
