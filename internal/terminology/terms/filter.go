package terms

import (
	"regexp"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/issue"
)

// filter returns the function that reports whether a concept passes a filter (FHIR R4
// filter-operator).
func (s *System) filter(f *filter) (func(*Concept) bool, error) {
	if f.Value == "" {
		return nil, fail(issue.Invalid, "the ValueSet has a filter without a value")
	}
	onHierarchy := slices.Contains([]string{"is-a", "is-not-a", "descendent-of", "generalizes"}, f.Op)
	switch {
	case onHierarchy && f.Property != "concept" && f.Property != "code":
		return nil, fail(issue.NotSupported, "the ValueSet has a filter on the hierarchy that is not on the property concept")
	case !s.knows(f.Property):
		return nil, fail(issue.NotFound, "the ValueSet has a filter on a property that the CodeSystem "+s.URL+" does not have")
	}
	at := s.Concept(f.Value)
	any := func(holds func(v string) bool) func(*Concept) bool {
		return func(c *Concept) bool { return slices.ContainsFunc(s.values(c, f.Property), holds) }
	}
	switch below := below(at); f.Op {
	case "is-a":
		return func(c *Concept) bool { return c == at || below(c) }, nil
	case "is-not-a":
		return func(c *Concept) bool { return c != at && !below(c) }, nil
	case "descendent-of":
		return func(c *Concept) bool { return c != at && below(c) }, nil
	case "generalizes":
		over := map[*Concept]bool{}
		reach(over, at, (*Concept).Parents)
		return func(c *Concept) bool { return over[c] }, nil
	case "=":
		return any(func(v string) bool { return v == f.Value }), nil
	case "in":
		return any(func(v string) bool { return inList(f.Value, v) }), nil
	case "not-in":
		in := any(func(v string) bool { return inList(f.Value, v) })
		return func(c *Concept) bool { return !in(c) }, nil
	case "regex":
		pattern, err := regexp.Compile("^(?:" + f.Value + ")$")
		if err != nil {
			return nil, fail(issue.Invalid, "the ValueSet has a filter that is no regular expression")
		}
		return any(pattern.MatchString), nil
	case "exists":
		return func(c *Concept) bool { return (len(s.values(c, f.Property)) > 0) == (f.Value == "true") }, nil
	}
	return nil, fail(issue.NotSupported, "the ValueSet has a filter with an operator that is not supported")
}

// below returns the function that reports whether a concept lies below another, which may be
// nil. Asked of many, it finds all of them once.
func below(at *Concept) func(c *Concept) bool {
	asked := 0
	var all map[*Concept]bool
	return func(c *Concept) bool {
		if at == nil {
			return false
		}
		if asked++; asked < 10 {
			return at.above(c)
		}
		if all == nil {
			all = map[*Concept]bool{}
			for _, child := range at.children {
				reach(all, child, (*Concept).Children)
			}
		}
		return all[c]
	}
}

// reach adds to a set a concept, which may be nil, and all to which edges lead from it;
// circles end.
func reach(set map[*Concept]bool, c *Concept, edges func(*Concept) []*Concept) {
	if c == nil {
		return
	}
	pending := []*Concept{c}
	for len(pending) > 0 {
		last := pending[len(pending)-1]
		pending = pending[:len(pending)-1]
		if !set[last] {
			set[last] = true
			pending = append(pending, edges(last)...)
		}
	}
}

func inList(list, value string) bool {
	for one := range strings.SplitSeq(list, ",") {
		if strings.TrimSpace(one) == value {
			return true
		}
	}
	return false
}

// knows reports whether concepts may have a property.
func (s *System) knows(property string) bool {
	switch property {
	case "concept", "code", "display", "definition", "parent", "child":
		return true
	}
	return slices.ContainsFunc(s.Properties, func(d defined) bool { return d.Code == property })
}

// values returns the values of a property of a concept, as filters compare them.
func (s *System) values(c *Concept, property string) (list []string) {
	switch property {
	case "concept", "code":
		return []string{c.Code}
	case "display":
		return []string{c.Display}
	case "definition":
		return []string{c.Definition}
	case "parent":
		for _, p := range c.parents {
			list = append(list, p.Code)
		}
		return list
	case "child":
		for _, p := range c.children {
			list = append(list, p.Code)
		}
		return list
	}
	for i := range c.Properties {
		if c.Properties[i].Code == property {
			list = append(list, c.Properties[i].text())
		}
	}
	return list
}
