package exec

import (
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/extract"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// Extract adds to b the values of every search parameter of the resource: those
// of all parameters that FHIR R4 defines for its type, the components of
// composites and the values that :text and :identifier look at included, and its
// words. The resource's id and the time of its update are no values: the index knows
// them. The values of contained resources follow, under numbers of their own; their
// words are the resource's. A malformed date or number, which only a lenient store
// keeps, has no values.
//
// It is safe for several goroutines with a Builder each.
func (e *Engine) Extract(doc *fhirjson.Document, b *index.Builder) error {
	plan := e.registry.Types[doc.Type()]
	if plan == nil {
		return &param.TypeError{Type: doc.Type()}
	}
	x := e.extractors.Get().(*extract.Extractor)
	x.Extract(plan, doc, b)
	e.extractors.Put(x)
	return nil
}
