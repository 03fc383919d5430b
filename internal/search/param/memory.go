package param

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/search"
)

func (r *Registry) Memory(stats *index.Stats) []search.ParameterMemory {
	found := map[string]*search.ParameterMemory{}
	for p, seen := range r.seers() {
		s, ok := stats.Params[p]
		if !ok {
			continue
		}
		key := seen.typ + " " + strings.Join(seen.codes, " ")
		m := found[key]
		if m == nil {
			m = &search.ParameterMemory{Type: seen.typ, Codes: seen.codes}
			found[key] = m
		}
		m.Versions = max(m.Versions, s.Versions)
		for _, n := range stats.Values[p] {
			m.Values += n
		}
		m.Bytes += s.Total()
	}
	all := make([]search.ParameterMemory, 0, len(found))
	for _, m := range found {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b search.ParameterMemory) int {
		return cmp.Or(cmp.Compare(b.Bytes, a.Bytes), cmp.Compare(a.Type, b.Type), slices.Compare(a.Codes, b.Codes))
	})
	return all
}

// seers are the parameters that see a stream.
type seers struct {
	typ   string
	codes []string
}

// seers returns the parameters that see each stream, those of composites included.
func (r *Registry) seers() map[index.Param]seers {
	types, codes := map[index.Param]map[string]bool{}, map[index.Param]map[string]bool{}
	add := func(typ, code string, p *Param) {
		for _, s := range slices.Concat(p.Streams, p.Aside) {
			if types[s.ID] == nil {
				types[s.ID], codes[s.ID] = map[string]bool{}, map[string]bool{}
			}
			types[s.ID][typ], codes[s.ID][code] = true, true
		}
	}
	for t, plan := range r.Types {
		if plan == nil {
			continue
		}
		for code, p := range plan.params {
			add(schema.TypeID(t).String(), code, p)
			for _, c := range p.Composites {
				for _, part := range c.Components {
					add(schema.TypeID(t).String(), code, part.Param)
				}
			}
		}
	}
	all := make(map[index.Param]seers, len(types))
	for id, of := range types {
		s := seers{typ: "Resource", codes: slices.Sorted(maps.Keys(codes[id]))}
		if len(of) == 1 {
			s.typ = slices.Collect(maps.Keys(of))[0]
		}
		all[id] = s
	}
	return all
}
