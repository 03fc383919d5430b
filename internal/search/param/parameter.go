package param

import (
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

func (r *Registry) List(t schema.TypeID) []search.Parameter {
	if int(t) >= len(r.Types) || r.Types[t] == nil {
		return nil
	}
	var supported []search.Parameter
	for _, code := range r.Codes(t) {
		found, _ := r.Find(t, code)
		if found.Special == SpecialUnsupported {
			continue
		}
		p := search.Parameter{Code: code, URL: found.Row.URL, Type: found.Row.Type.String()}
		if found.Row.Type == schema.ParamReference {
			for _, target := range r.Targets(found) {
				p.Targets = append(p.Targets, target.String())
			}
		}
		supported = append(supported, p)
	}
	return supported
}
