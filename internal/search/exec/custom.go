package exec

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// stands returns an error if an answer must not be given: a sweep has passed the view,
// or the answer used custom parameters whose values the view lacks or that were freed.
// It is called after the evaluation, since all this happens beside it.
func (e *Engine) stands(view index.View, q *query.Query) error {
	if !view.Whole() {
		if q.Page != "" {
			return errStaleToken
		}
		return errStaleView
	}
	customs := asked(view, q)
	if len(customs) == 0 {
		return nil
	}
	for _, c := range customs {
		switch {
		case !e.custom.InUse(c):
			return &param.QueryError{Part: c.Code, Code: issue.NotFound, Reason: "the search parameter was removed or changed meanwhile"}
		case view.Sequence() >= c.Since:
		case q.Page != "":
			return errStaleToken
		default:
			return &param.QueryError{Part: c.Code, Code: issue.NotSupported, Reason: "the search parameter is newer than the state that is searched"}
		}
	}
	return nil
}

// asked returns the custom parameters in a query and in the filter of the view.
func asked(view index.View, q *query.Query) []*param.Custom {
	if f := filterOf(view); f != nil {
		return slices.Concat(q.Customs, f.customs())
	}
	return q.Customs
}

// payloadsOf returns a function that reads the values of a version in a stream.
func (ev *evaluation) payloadsOf(s *param.Stream) func(index.Ordinal) ([]byte, error) {
	if s.Place == nil {
		return ev.valuesOf
	}
	return func(o index.Ordinal) ([]byte, error) { return ev.customPayload(s.Place, o) }
}

// customPayload extracts the values of a custom parameter from the resource as a
// payload: they are stored nowhere.
func (ev *evaluation) customPayload(p *param.Place, o index.Ordinal) ([]byte, error) {
	if ev.documents == nil {
		return nil, errNoDocuments
	}
	var doc fhirjson.Document
	if err := ev.documents(o, &doc); err != nil {
		return nil, err
	}
	var b index.Builder
	if doc.Type().Is(p.Base) {
		ev.extractors.ExtractPlaces([]*param.Place{p}, &doc, &b)
	}
	return b.Payload(), ev.charge(costOfBlock + len(doc.Source))
}

// Extract adds to b the resource's values of every search parameter that FHIR R4
// defines for its type, with the components of composites and the values for :text and
// :identifier, and its words. The resource's id and the time of its update are no
// values: the index knows them. The values of contained resources follow, under numbers
// of their own; their words count as the resource's. A malformed date or number, which
// only a lenient store keeps, has no values.
//
// It is safe for several goroutines with a Builder each.
func (e *Engine) Extract(doc *fhirjson.Document, b *index.Builder) error {
	plan := e.registry.Types[doc.Type()]
	if plan == nil {
		return &param.TypeError{Type: doc.Type()}
	}
	e.extractors.Extract(plan, doc, b)
	return nil
}

// Parameters returns the parameters of a resource type that this package supports, the
// custom ones in use included, sorted by code: none for what is no concrete
// resource type. The parameters that shape the answer, such as _sort, are not among them.
func (e *Engine) Parameters(t schema.TypeID) []search.Parameter { return e.custom.Registry().List(t) }

// IsReference reports whether a type has a search parameter of that name whose values are
// references.
func (e *Engine) IsReference(t schema.TypeID, code string) bool {
	r := e.custom.Registry()
	if r.Types[t] == nil {
		return false // no concrete resource type
	}
	p, ok := r.Find(t, code)
	return ok && p.Row.Type == schema.ParamReference && p.Special != param.SpecialUnsupported
}

// Memory shares out what an index holds among the search parameters, the largest
// first. Each stream of values (see the package comment) counts once, with all the
// parameters that see it.
func (e *Engine) Memory(stats *index.Stats) []search.ParameterMemory {
	return e.custom.Registry().Memory(stats)
}
