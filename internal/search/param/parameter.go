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
		p := search.Parameter{Code: code, URL: found.Row.URL, Type: found.Row.Type}
		if p.Type == schema.ParamReference {
			p.Targets = r.Targets(found)
		}
		supported = append(supported, p)
	}
	return supported
}
