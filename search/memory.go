package search

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A ParameterMemory says how much of the index is there for a search parameter, or
// for several that see the same values: what Observation's patient finds is what its
// subject finds, and is kept, and told, once.
type ParameterMemory struct {
	// Type is the resource type, or Resource where all types share the values.
	Type string
	// Codes are the parameters, sorted: mostly one.
	Codes []string
	// Versions have a value, superseded ones that were not swept included.
	Versions int
	// Values were indexed since the store was opened, of all versions.
	Values int
	// Bytes are estimated from the sizes of the structures.
	Bytes int64
}

// Memory shares out what an index holds among the search parameters, the largest
// first. Each stream of values (see the package comment) counts once, with all the
// parameters that see it.
func (e *Engine) Memory(stats *index.Stats) []ParameterMemory {
	return e.current.Load().memory(stats)
}

func (r *registry) memory(stats *index.Stats) []ParameterMemory {
	found := map[string]*ParameterMemory{}
	for p, seen := range r.seers() {
		s, ok := stats.Params[p]
		if !ok {
			continue
		}
		key := seen.typ + " " + strings.Join(seen.codes, " ")
		m := found[key]
		if m == nil {
			m = &ParameterMemory{Type: seen.typ, Codes: seen.codes}
			found[key] = m
		}
		m.Versions = max(m.Versions, s.Versions)
		for _, n := range stats.Values[p] {
			m.Values += n
		}
		m.Bytes += s.Total()
	}
	all := make([]ParameterMemory, 0, len(found))
	for _, m := range found {
		all = append(all, *m)
	}
	slices.SortFunc(all, func(a, b ParameterMemory) int {
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
func (r *registry) seers() map[index.Param]seers {
	types, codes := map[index.Param]map[string]bool{}, map[index.Param]map[string]bool{}
	add := func(typ, code string, p *param) {
		for _, s := range slices.Concat(p.streams, p.aside) {
			if types[s.id] == nil {
				types[s.id], codes[s.id] = map[string]bool{}, map[string]bool{}
			}
			types[s.id][typ], codes[s.id][code] = true, true
		}
	}
	for t, plan := range r.types {
		if plan == nil {
			continue
		}
		for code, p := range plan.params {
			add(schema.TypeID(t).String(), code, p)
			for _, c := range p.composites {
				for _, part := range c.components {
					add(schema.TypeID(t).String(), code, part.param)
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
