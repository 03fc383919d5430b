package param

import (
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Targets returns the types that a reference parameter may lead to.
func (r *Registry) Targets(p *Param) []schema.TypeID {
	all := len(p.Row.Targets) == 0
	for _, t := range p.Row.Targets {
		all = all || t.Type().Abstract
	}
	if !all {
		return p.Row.Targets
	}
	var types []schema.TypeID
	for t, plan := range r.Types {
		if plan != nil {
			types = append(types, schema.TypeID(t))
		}
	}
	return types
}
