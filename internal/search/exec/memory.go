package exec

import (
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/search"
)

// Memory shares out what an index holds among the search parameters, the largest
// first. Each stream of values (see the package comment) counts once, with all the
// parameters that see it.
func (e *Engine) Memory(stats *index.Stats) []search.ParameterMemory {
	return e.current.Load().Memory(stats)
}
