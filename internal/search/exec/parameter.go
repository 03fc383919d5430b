package exec

import (
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

// Parameters returns the parameters of a resource type that this package supports, the
// custom ones that are complete included, sorted by code: none for what is no concrete
// resource type. The parameters that shape the answer, such as _sort, are not among them.
func (e *Engine) Parameters(t schema.TypeID) []search.Parameter { return e.current.Load().List(t) }
