package terms

import (
	"context"
	"regexp"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/issue"
)

// An Entry is a code of an expansion.
type Entry struct {
	System, Version, Code, Display string
	Abstract, Inactive             bool
	Designations                   []Designation
	// Parent is the place of the entry above this one, -1 for none. See Nest.
	Parent  int
	of      *System
	concept *Concept
}

// key names the code of an entry.
func (e *Entry) key() [2]string { return [2]string{e.System, e.Code} }

// DisplayIn returns the display in a language, as far as there is one.
func (e *Entry) DisplayIn(language string) string {
	if language == "" || e.of != nil && sameLanguage(e.of.Language, language) {
		return e.Display
	}
	for _, d := range e.Designations {
		if sameLanguage(d.Language, language) {
			return d.Value
		}
	}
	return e.Display
}

// named reports whether a text is a display of the entry, in any language.
func (e *Entry) named(text string) bool {
	same := func(other string) bool {
		return strings.EqualFold(strings.Join(strings.Fields(other), " "), strings.Join(strings.Fields(text), " "))
	}
	return same(e.Display) || e.concept != nil && same(e.concept.Display) ||
		slices.ContainsFunc(e.Designations, func(d Designation) bool { return same(d.Value) })
}

// An Expanded is the codes of a value set, each once, in the order of its definition.
type Expanded struct {
	Entries []Entry
	places  map[[2]string]int
}

func newExpanded() *Expanded { return &Expanded{places: map[[2]string]int{}} }

// add adds an entry that is not there.
func (x *Expanded) add(e Entry) {
	if _, there := x.places[e.key()]; !there {
		x.places[e.key()] = len(x.Entries)
		x.Entries = append(x.Entries, e)
	}
}

// keep keeps the entries for which keep returns true.
func (x *Expanded) keep(keep func(e *Entry) bool) *Expanded {
	kept := newExpanded()
	for i := range x.Entries {
		if keep(&x.Entries[i]) {
			kept.add(x.Entries[i])
		}
	}
	return kept
}

// Find returns the entry of a code, nil if there is none. Without a system, the code must
// be one of one system alone.
func (x *Expanded) Find(system, code string) *Entry {
	if i, ok := x.places[[2]string{system, code}]; ok && system != "" {
		return &x.Entries[i]
	}
	var found *Entry
	for i := range x.Entries {
		e := &x.Entries[i]
		fits := e.Code == code || e.of != nil && e.of.folded != nil && strings.EqualFold(e.Code, code)
		if !fits || system != "" && e.System != system {
			continue
		}
		if found != nil && found.System != e.System {
			return nil
		}
		if found == nil {
			found = e
		}
	}
	return found
}

// maxNested is how deep entries are nested: readers of JSON have limits.
const maxNested = 64

// Nest sets the Parent of each entry that has one in its system's hierarchy, and puts each
// behind its parent.
func (x *Expanded) Nest() {
	above, depth := make([]int, len(x.Entries)), make([]int, len(x.Entries))
	below := make([][]int, len(x.Entries))
	for i := range x.Entries {
		above[i] = -1
		e := &x.Entries[i]
		if e.concept == nil {
			continue
		}
		for _, p := range e.concept.parents {
			if at, ok := x.places[[2]string{e.System, p.Code}]; ok && at < i && depth[at] < maxNested {
				above[i], depth[i] = at, depth[at]+1
				below[at] = append(below[at], i)
				break
			}
		}
	}
	ordered := make([]Entry, 0, len(x.Entries))
	var put func(i, parent int)
	put = func(i, parent int) {
		e := x.Entries[i]
		e.Parent = parent
		ordered = append(ordered, e)
		at := len(ordered) - 1
		for _, c := range below[i] {
			put(c, at)
		}
	}
	for i := range x.Entries {
		if above[i] < 0 {
			put(i, -1)
		}
	}
	x.Entries = ordered
	for i := range ordered {
		x.places[ordered[i].key()] = i
	}
}

// Expand returns the codes of a value set (FHIR R4 §4.9.5).
func (s *Service) Expand(ctx context.Context, set *Set) (*Expanded, error) {
	if set.URL != "" {
		if slices.Contains(s.open, set.URL) {
			return nil, fail(issue.Processing, "the ValueSet "+set.URL+" includes itself")
		}
		s.open = append(s.open, set.URL)
		defer func() { s.open = s.open[:len(s.open)-1] }()
		if len(s.open) > 1 {
			s.use("used-valueset", set.URL, set.Version)
		}
	}
	x := newExpanded()
	if set.Compose == nil {
		if set.Expansion == nil {
			return nil, fail(issue.NotFound, "the ValueSet has neither a definition nor an expansion")
		}
		x.addContained(set.Expansion.Contains)
		return x, nil
	}
	for i := range set.Compose.Include {
		part, err := s.component(ctx, &set.Compose.Include[i])
		if err != nil {
			return nil, err
		}
		for _, e := range part.Entries {
			x.add(e)
		}
		if len(x.Entries) > maxCodes {
			return nil, fail(issue.TooCostly, "the ValueSet has too many codes")
		}
	}
	for i := range set.Compose.Exclude {
		part, err := s.component(ctx, &set.Compose.Exclude[i])
		if err != nil {
			return nil, err
		}
		x = x.keep(func(e *Entry) bool { _, out := part.places[e.key()]; return !out })
	}
	if inactive := set.Compose.Inactive; inactive != nil && !*inactive {
		x = x.keep(func(e *Entry) bool { return !e.Inactive })
	}
	return x, nil
}

// addContained adds the codes of an expansion that is stored.
func (x *Expanded) addContained(list []contained) {
	for _, c := range list {
		if c.Code != "" {
			x.add(Entry{System: c.System, Version: c.Version, Code: c.Code, Display: c.Display, Abstract: c.Abstract, Inactive: c.Inactive, Designations: c.Designations, Parent: -1})
		}
		x.addContained(c.Contains)
	}
}

// component returns the codes of an include or an exclude: the codes of its system that
// are in every value set that it names.
func (s *Service) component(ctx context.Context, c *component) (*Expanded, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var x *Expanded
	if c.System != "" && slices.Contains(s.Excluded, c.System) {
		return newExpanded(), nil
	}
	if c.System != "" {
		var err error
		if x, err = s.ofSystem(ctx, c); err != nil {
			return nil, err
		}
	}
	for _, canonical := range c.ValueSets {
		set, err := s.Set(ctx, canonical)
		if err != nil {
			return nil, err
		}
		other, err := s.Expand(ctx, set)
		if err != nil {
			return nil, err
		}
		if x == nil {
			x = other
			continue
		}
		x = x.keep(func(e *Entry) bool { _, in := other.places[e.key()]; return in })
	}
	if x == nil {
		return nil, fail(issue.Invalid, "the ValueSet has an include without a system and without a value set")
	}
	return x, nil
}

// ofSystem returns the codes of a system that a component lists, or the codes that pass all
// of its filters, or all codes. Listed codes need no code system in the store; if it is there,
// codes that it does not have are left out.
func (s *Service) ofSystem(ctx context.Context, c *component) (*Expanded, error) {
	x := newExpanded()
	system, err := s.System(ctx, c.System, c.Version)
	if c.Concepts != nil {
		if missing, ok := err.(*Error); ok && missing.Code == issue.NotFound {
			err = nil
		}
		if err != nil {
			return nil, err
		}
		for _, l := range c.Concepts {
			e := Entry{System: c.System, Version: c.Version, Code: l.Code, Display: l.Display, Designations: l.Designations, Parent: -1}
			if system != nil {
				known := system.Concept(l.Code)
				if known == nil && system.Content == "complete" {
					continue
				}
				if known != nil {
					e = system.entry(known)
					if l.Display != "" {
						e.Display = l.Display
					}
					e.Designations = append(slices.Clone(l.Designations), e.Designations...)
				}
			}
			x.add(e)
		}
		return x, nil
	}
	if err != nil {
		return nil, err
	}
	if system.Content == "not-present" {
		return nil, fail(issue.NotFound, "the CodeSystem "+system.URL+" is there without its codes")
	}
	in := make([]map[*Concept]bool, len(c.Filters))
	for i := range c.Filters {
		if in[i], err = system.filter(&c.Filters[i]); err != nil {
			return nil, err
		}
	}
	for _, known := range system.all {
		if !slices.ContainsFunc(in, func(set map[*Concept]bool) bool { return !set[known] }) {
			x.add(system.entry(known))
		}
	}
	return x, nil
}

func (s *System) entry(c *Concept) Entry {
	return Entry{
		System: s.URL, Version: s.Version, Code: c.Code, Display: c.Display, Designations: c.Designations,
		Abstract: s.Abstract(c), Inactive: s.Inactive(c), Parent: -1, of: s, concept: c,
	}
}

// filter returns the concepts that pass a filter (FHIR R4 filter-operator).
func (s *System) filter(f *filter) (map[*Concept]bool, error) {
	if f.Value == "" {
		return nil, fail(issue.Invalid, "the ValueSet has a filter without a value")
	}
	set := map[*Concept]bool{}
	at := s.Concept(f.Value)
	parents := func(c *Concept) []*Concept { return c.parents }
	children := func(c *Concept) []*Concept { return c.children }
	switch f.Op {
	case "is-a", "descendent-of", "is-not-a", "generalizes":
		if f.Property != "concept" && f.Property != "code" {
			return nil, fail(issue.NotSupported, "the ValueSet has a filter on the hierarchy that is not on the property concept")
		}
		if at == nil {
			if f.Op == "is-not-a" {
				break
			}
			return set, nil
		}
		if f.Op == "generalizes" {
			reach(set, at, parents)
			return set, nil
		}
		reach(set, at, children)
		if f.Op == "descendent-of" {
			delete(set, at)
		}
		if f.Op != "is-not-a" {
			return set, nil
		}
	}
	var pattern *regexp.Regexp
	if f.Op == "regex" {
		var err error
		if pattern, err = regexp.Compile("^(?:" + f.Value + ")$"); err != nil {
			return nil, fail(issue.Invalid, "the ValueSet has a filter that is no regular expression")
		}
	}
	if !s.knows(f.Property) {
		return nil, fail(issue.NotFound, "the ValueSet has a filter on a property that the CodeSystem "+s.URL+" does not have")
	}
	below, passed := set, map[*Concept]bool{}
	for _, c := range s.all {
		ok, values := false, s.values(c, f.Property)
		any := func(holds func(v string) bool) bool { return slices.ContainsFunc(values, holds) }
		switch f.Op {
		case "is-not-a":
			ok = !below[c]
		case "=":
			ok = any(func(v string) bool { return v == f.Value })
		case "in":
			ok = any(func(v string) bool { return inList(f.Value, v) })
		case "not-in":
			ok = !any(func(v string) bool { return inList(f.Value, v) })
		case "regex":
			ok = any(pattern.MatchString)
		case "exists":
			ok = (len(values) > 0) == (f.Value == "true")
		default:
			return nil, fail(issue.NotSupported, "the ValueSet has a filter with an operator that is not supported")
		}
		if ok {
			passed[c] = true
		}
	}
	return passed, nil
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
