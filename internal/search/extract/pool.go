package extract

import (
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// A Pool extracts for any number of goroutines, each with a Builder of its own.
type Pool struct{ extractors sync.Pool }

// NewPool returns a pool of extractors for the parameters of a registry.
func NewPool(r *param.Registry) *Pool {
	return &Pool{sync.Pool{New: func() any { return NewExtractor(r) }}}
}

// Extract adds to b the values of a resource.
func (p *Pool) Extract(plan *param.TypePlan, doc *fhirjson.Document, b *index.Builder) {
	x := p.extractors.Get().(*Extractor)
	x.Extract(plan, doc, b)
	p.extractors.Put(x)
}

// ExtractPlaces adds to b the values that a resource has at some places.
func (p *Pool) ExtractPlaces(places []*param.Place, doc *fhirjson.Document, b *index.Builder) {
	x := p.extractors.Get().(*Extractor)
	x.ExtractPlaces(places, doc, b)
	p.extractors.Put(x)
}
