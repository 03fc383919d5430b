package exec_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A modelSearch is a whole search: where to look, the conditions, the order, what to
// include and how long pages are.
type modelSearch struct {
	typ        string   // "" for a search of all types
	named      []string // by _type
	in         string   // Type/id of a compartment, "" for none
	conditions []*modelQuery
	sort       []modelSort
	includes   []modelInclude
	count      int
}

// types returns those that are searched.
func (s *modelSearch) types() []string {
	switch {
	case s.typ != "":
		return []string{s.typ}
	case s.named != nil:
		return s.named
	}
	return worldTypes
}

func (s *modelSearch) String() string {
	text := fmt.Sprint(queryText(s.conditions), "&_count=", s.count)
	if s.named != nil {
		text += "&_type=" + strings.Join(s.named, ",")
	}
	var keys []string
	for _, key := range s.sort {
		keys = append(keys, key.String())
	}
	if keys != nil {
		text += "&_sort=" + strings.Join(keys, ",")
	}
	for _, in := range s.includes {
		text += "&" + in.String()
	}
	return text
}

// found returns the resources that a search matches, in its order.
func (m *model) found(s *modelSearch) (found []*modelDoc) {
	for _, d := range slices.Backward(m.docs) {
		if slices.Contains(s.types(), d.typ) && (s.in == "" || m.inCompartment(d, s.in)) &&
			!slices.ContainsFunc(s.conditions, func(q *modelQuery) bool { return !m.holds(d, q) }) {
			found = append(found, d)
		}
	}
	m.order(found, s.sort)
	return found
}

// inCompartment reports whether a resource belongs to the compartment of another
// (FHIR R4 §3.3).
func (m *model) inCompartment(d *modelDoc, of string) bool {
	typ, id, _ := strings.Cut(of, "/")
	for _, c := range schema.Compartments {
		for _, member := range c.Members {
			if c.Type.String() != typ || member.Type.String() != d.typ {
				continue
			}
			if member.Self && d.id == id {
				return true
			}
			for _, p := range member.Params {
				if slices.Contains(m.edges(d, p.Param()), of) {
					return true
				}
			}
		}
	}
	return false
}

// A commonCondition is one on a parameter that several types have, each its own.
type commonCondition struct{ of *modelQuery }

func (c commonCondition) name() string  { return c.of.name() }
func (c commonCondition) value() string { return c.of.value() }

func (c commonCondition) holds(m *model, d *modelDoc) bool {
	own := *c.of
	own.param = paramOf(d.typ, c.of.param.Code)
	return m.holds(d, &own)
}

// A modelInclude is one _include or _revinclude.
type modelInclude struct {
	reverse, iterate bool
	of               string        // the type that has the reference; "" for a lone *
	param            *schema.Param // nil for all of them
	target           string        // "" for any
}

func (in modelInclude) String() string {
	name := "_include"
	if in.reverse {
		name = "_revinclude"
	}
	if in.iterate {
		name += ":iterate"
	}
	if in.of == "" {
		return url.QueryEscape(name) + "=*"
	}
	value := in.of + ":*"
	if in.param != nil {
		value = in.of + ":" + in.param.Code
	}
	if in.target != "" {
		value += ":" + in.target
	}
	return url.QueryEscape(name) + "=" + url.QueryEscape(value)
}

// leads reports whether one resource refers to another in the way that an include asks
// for.
func (m *model) leads(in modelInclude, searched []string, from, to *modelDoc) bool {
	if in.of != "" && in.of != from.typ || in.target != "" && in.target != to.typ {
		return false
	}
	if in.of == "" && !in.reverse && !in.iterate && !slices.Contains(searched, from.typ) {
		return false
	}
	params := []*schema.Param{in.param}
	if in.param == nil {
		params = referencesOf(from.doc.Type())
	}
	return slices.ContainsFunc(params, func(p *schema.Param) bool { return slices.Contains(m.edges(from, p), to.typ+"/"+to.id) })
}

// referencesOf returns the reference parameters of a type.
func referencesOf(t schema.TypeID) (all []*schema.Param) {
	for _, id := range schema.ParamsOf(t) {
		if p := id.Param(); p.Type == schema.ParamReference {
			all = append(all, p)
		}
	}
	return all
}

// included returns what a page with the given matches brings along, in the order in
// which it was written.
func (m *model) included(s *modelSearch, matches []*modelDoc) []string {
	seen := map[*modelDoc]bool{}
	for _, d := range matches {
		seen[d] = true
	}
	reached := map[*modelDoc]bool{}
	from := matches
	for round := 0; len(from) > 0; round++ {
		var next []*modelDoc
		for _, d := range m.docs {
			leads := func(in modelInclude) bool {
				return (round == 0 || in.iterate) && slices.ContainsFunc(from, func(f *modelDoc) bool {
					if in.reverse {
						return m.leads(in, s.types(), d, f)
					}
					return m.leads(in, s.types(), f, d)
				})
			}
			if !seen[d] && slices.ContainsFunc(s.includes, leads) {
				next = append(next, d)
			}
		}
		for _, d := range next {
			seen[d], reached[d] = true, true
		}
		from = next
	}
	keys := []string{}
	for _, d := range m.docs {
		if reached[d] {
			keys = append(keys, d.typ+"/"+d.id)
		}
	}
	return keys
}
