package terms

import (
	"cmp"
	"context"
	"errors"
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
	leave, err := s.enter(ctx, set)
	if err != nil {
		return nil, err
	}
	defer leave()
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

// enter notes that a value set is being looked at, until leave is called. It reports an error
// for one that includes itself.
func (s *Service) enter(ctx context.Context, set *Set) (leave func(), err error) {
	if slices.Contains(s.open, set) || len(s.open) > maxNested {
		return nil, fail(issue.Processing, "the ValueSet "+set.URL+" includes itself")
	}
	if err := s.charge(1000); err != nil {
		return nil, err
	}
	if s.open = append(s.open, set); len(s.open) > 1 {
		s.use("used-valueset", set.URL, set.Version)
	}
	return func() { s.open = s.open[:len(s.open)-1] }, ctx.Err()
}

// maxWork is how many codes one request may look at.
const maxWork = 10_000_000

// charge counts work, and reports an error if it is too much.
func (s *Service) charge(work int) error {
	if s.work += work; s.work > maxWork {
		return fail(issue.TooCostly, "the ValueSet includes too much")
	}
	return nil
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
// of its filters, or all codes.
func (s *Service) ofSystem(ctx context.Context, c *component) (*Expanded, error) {
	x := newExpanded()
	system, passes, err := s.systemOf(ctx, c)
	if err != nil {
		return nil, err
	}
	for i := range c.Concepts {
		if e := c.listed(system, &c.Concepts[i]); e != nil {
			x.add(*e)
		}
	}
	if c.Concepts == nil {
		if err := s.charge(len(system.all)); err != nil {
			return nil, err
		}
		for _, known := range system.all {
			if passes(known) {
				x.add(system.entry(known))
			}
		}
	}
	return x, nil
}

// systemOf returns the code system of a component, and its filters. A component that lists
// codes needs no code system: it is nil then if it is not there.
func (s *Service) systemOf(ctx context.Context, c *component) (*System, func(*Concept) bool, error) {
	system, err := s.System(ctx, c.System, c.Version)
	if c.Concepts != nil {
		var missing *Error
		if errors.As(err, &missing) && missing.Code == issue.NotFound {
			err = nil
		}
		return system, nil, err
	}
	if err != nil {
		return nil, nil, err
	}
	if system.Content == "not-present" {
		return nil, nil, fail(issue.NotFound, "the CodeSystem "+system.URL+" is there without its codes")
	}
	filters := make([]func(*Concept) bool, len(c.Filters))
	for i := range c.Filters {
		if filters[i], err = system.filter(&c.Filters[i]); err != nil {
			return nil, nil, err
		}
	}
	return system, func(known *Concept) bool {
		return !slices.ContainsFunc(filters, func(passes func(*Concept) bool) bool { return !passes(known) })
	}, nil
}

// listed returns the entry of a code that a component lists, nil for a code that its system,
// if that is there, does not have.
func (c *component) listed(system *System, l *listed) *Entry {
	e := Entry{System: c.System, Version: c.Version, Code: l.Code, Display: l.Display, Designations: l.Designations, Parent: -1}
	if system == nil {
		return &e
	}
	known := system.Concept(l.Code)
	if known == nil {
		if system.Content == "complete" {
			return nil
		}
		return &e
	}
	e = system.entry(known)
	e.Display = cmp.Or(l.Display, e.Display)
	e.Designations = append(slices.Clone(l.Designations), e.Designations...)
	return &e
}

func (s *System) entry(c *Concept) Entry {
	return Entry{
		System: s.URL, Version: s.Version, Code: c.Code, Display: c.Display, Designations: c.Designations,
		Abstract: s.Abstract(c), Inactive: s.Inactive(c), Parent: -1, of: s, concept: c,
	}
}
