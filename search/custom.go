package search

import (
	"fmt"
	"maps"
	"slices"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/fhirpath"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A custom is a search parameter of the store's own, with streams in the index. It
// is pending until every resource has its values, then complete; once it is gone
// from the registry its streams may belong to another.
type custom struct {
	*Definition
	types  []schema.ParamType // of the components
	places []*place
	params []index.Param // numbers of its streams
	// since is the sequence of the first view that has all values. It is set
	// before the registry has the parameter as complete.
	since          uint64
	staged         atomic.Bool // what is written brings its values along, although it is not complete
	indexed, total atomic.Int64
	failed         atomic.Pointer[error] // why it will never be complete
}

// A place is a custom parameter on one of its bases: what makes values of a
// resource.
type place struct {
	custom     *custom
	base       schema.TypeID
	param      *param
	expression *fhirpath.Expression
	feed       *feed       // nil for a composite
	parts      []placePart // of a composite
	grouped    bool        // the composite's elements may be several
}

// A placePart is a component of a composite on one base.
type placePart struct {
	expression *fhirpath.Expression
	feed       *feed
}

// customs are the custom parameters of a registry.
type customs struct {
	complete, incomplete []*custom
	places               map[schema.TypeID][]*place           // of the complete ones, by concrete type
	staged               map[schema.TypeID][]*place           // of those in the last stage of filling
	pending              map[schema.TypeID]map[string]*custom // by concrete type and code
}

// concrete returns the concrete resource types that a base stands for.
func (r *registry) concrete(base schema.TypeID) []schema.TypeID {
	var types []schema.TypeID
	for t, plan := range r.types {
		if plan != nil && schema.TypeID(t).Is(base) {
			types = append(types, schema.TypeID(t))
		}
	}
	return types
}

// with returns the registry of R4 together with custom parameters.
func (r *registry) with(complete, incomplete []*custom) *registry {
	next := *r
	next.types = slices.Clone(r.types)
	next.customs = customs{
		complete, incomplete, map[schema.TypeID][]*place{}, map[schema.TypeID][]*place{}, map[schema.TypeID]map[string]*custom{},
	}
	for _, c := range complete {
		for _, p := range c.places {
			for _, t := range r.concrete(p.base) {
				if next.types[t] == r.types[t] {
					plan := *r.types[t]
					plan.params = maps.Clone(plan.params)
					next.types[t] = &plan
				}
				next.types[t].params[c.Code] = p.param
				next.customs.places[t] = append(next.customs.places[t], p)
			}
		}
	}
	for _, c := range incomplete {
		if c.staged.Load() {
			for _, p := range c.places {
				for _, t := range r.concrete(p.base) {
					next.customs.staged[t] = append(next.customs.staged[t], p)
				}
			}
		}
		for _, base := range c.Bases {
			for _, t := range r.concrete(base) {
				if next.customs.pending[t] == nil {
					next.customs.pending[t] = map[string]*custom{}
				}
				next.customs.pending[t][c.Code] = c
			}
		}
	}
	return &next
}

// find returns the parameter of a type with the given code, and notes that the
// query asks for it if it is a custom one.
func (p *parser) find(t schema.TypeID, code string) (*param, bool) {
	found, ok := p.registry.find(t, code)
	if ok && found.custom != nil && !slices.Contains(p.q.customs, found.custom) {
		p.q.customs = append(p.q.customs, found.custom)
	}
	return found, ok
}

// supported reports a parameter that cannot be asked for, depth steps away from the
// resources that are searched.
func (p *parser) supported(found *param, depth int) error {
	switch {
	case found.special == specialUnsupported:
		return p.unsupported("not supported")
	case found.custom != nil && depth == 0 && p.q.contained.inside:
		return p.fail(issue.NotSupported, "contained resources have no values of %s, a custom search parameter", found.row.Code)
	}
	return nil
}

// unfilled reports a parameter that has not all its values yet.
func (p *parser) unfilled(c *custom) *QueryError {
	reason := fmt.Sprintf("search parameter %s is being indexed, %d of %d", c.Code, c.indexed.Load(), c.total.Load())
	if c.failed.Load() != nil {
		reason = fmt.Sprintf("search parameter %s could not be indexed", c.Code)
	}
	return &QueryError{Part: p.name, Code: issue.Transient, Reason: reason}
}

// final reports whether an error about one type of a chain's targets is one about
// the chain: leaving the type out would make the answer wrong.
func final(err error) bool {
	e, ok := err.(*QueryError)
	return ok && (e.Code == issue.TooCostly || e.Code == issue.Transient)
}

// stands reports that an answer must not be given: values that the view had were
// swept, or it was made with values of custom parameters that the view lacks or that
// were freed. It is asked after the evaluation, since all that happens beside it.
func (e *Engine) stands(view index.View, q *Query) error {
	if !view.Whole() {
		return ErrStalePage
	}
	customs := asked(view, q)
	if len(customs) == 0 {
		return nil
	}
	complete := e.current.Load().customs.complete
	for _, c := range customs {
		switch {
		case !slices.Contains(complete, c):
			return &QueryError{Part: c.Code, Code: issue.NotFound, Reason: "the search parameter was removed or changed meanwhile"}
		case view.Sequence() >= c.since:
		case q.page != "":
			return ErrStalePage
		default:
			return &QueryError{Part: c.Code, Code: issue.NotSupported, Reason: "the search parameter is newer than the state that is searched"}
		}
	}
	return nil
}

// asked returns the custom parameters that a query asks for, or the filter of the view.
func asked(view index.View, q *Query) []*custom {
	if f := filterOf(view); f != nil {
		return slices.Concat(q.customs, f.customs)
	}
	return q.customs
}

// A CustomSet is the custom parameters that were complete at one time, and those that
// were staged ([Pending.Stage]). It is immutable.
type CustomSet struct{ of *registry }

// CustomSet returns the custom parameters that are complete or staged now.
func (e *Engine) CustomSet() CustomSet { return CustomSet{e.current.Load()} }

// Has reports whether resources of a type have any of the parameters.
func (s CustomSet) Has(t schema.TypeID) bool {
	return len(s.of.customs.places[t])+len(s.of.customs.staged[t]) > 0
}

// SameFor reports whether two sets have the same parameters of a type.
func (s CustomSet) SameFor(t schema.TypeID, other CustomSet) bool {
	if s == other {
		return true
	}
	a, b := &s.of.customs, &other.of.customs
	return slices.Equal(a.places[t], b.places[t]) && slices.Equal(a.staged[t], b.staged[t])
}

// ExtractStaged adds to b the values of a set's staged parameters, as ExtractCustom
// does those of the complete ones.
func (e *Engine) ExtractStaged(s CustomSet, doc *fhirjson.Document, b *index.Builder) {
	e.extractPlaces(s.of.customs.staged[doc.Type()], doc, b)
}

// ExtractCustom adds to b the values of a set's complete parameters. Where an expression
// fails on the resource the parameter has no values there.
//
// It is safe for several goroutines with a Builder each.
func (e *Engine) ExtractCustom(s CustomSet, doc *fhirjson.Document, b *index.Builder) {
	e.extractPlaces(s.of.customs.places[doc.Type()], doc, b)
}

func (e *Engine) extractPlaces(places []*place, doc *fhirjson.Document, b *index.Builder) {
	x := e.extractors.Get().(*extractor)
	x.extractPlaces(places, doc, b)
	e.extractors.Put(x)
}

// payloadsOf returns a function that reads the values of a version, as far as a
// stream is among them.
func (ev *evaluation) payloadsOf(s *stream) func(index.Ordinal) ([]byte, error) {
	if s.place == nil {
		return ev.valuesOf
	}
	return func(o index.Ordinal) ([]byte, error) { return ev.customPayload(s.place, o) }
}

// customPayload returns the values of a custom parameter as a payload, made of the
// resource: they are stored nowhere.
func (ev *evaluation) customPayload(p *place, o index.Ordinal) ([]byte, error) {
	if ev.documents == nil {
		return nil, errNoDocuments
	}
	var doc fhirjson.Document
	if err := ev.documents(o, &doc); err != nil {
		return nil, err
	}
	var b index.Builder
	if doc.Type().Is(p.base) {
		ev.extractPlaces([]*place{p}, &doc, &b)
	}
	return b.Payload(), ev.charge(costOfBlock + len(doc.Source))
}

// A CustomStatus says how far a custom parameter is.
type CustomStatus struct {
	*Definition
	// Indexed of Total resources have the values. The total grows while others write.
	Indexed, Total int
	Complete       bool
	Err            error // why it will never be complete
}

// CustomStatus returns the custom parameters, first those that are complete.
func (e *Engine) CustomStatus() []CustomStatus {
	current := &e.current.Load().customs
	var all []CustomStatus
	for _, c := range current.complete {
		all = append(all, c.status(true))
	}
	for _, c := range current.incomplete {
		all = append(all, c.status(false))
	}
	return all
}

func (c *custom) status(complete bool) CustomStatus {
	s := CustomStatus{c.Definition, int(c.indexed.Load()), int(c.total.Load()), complete, nil}
	if err := c.failed.Load(); err != nil {
		s.Err = *err
	}
	return s
}
