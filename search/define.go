package search

import (
	"errors"
	"fmt"
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// CheckDefinitions reports for each of several definitions what keeps it from
// being used beside those before it: another with the same code on the same type,
// or a component that is no parameter. nil is nothing.
func CheckDefinitions(definitions []*Definition) [][]issue.Issue {
	issues, _ := resolve(definitions)
	return issues
}

// CheckDefinition reports what keeps a definition from being used beside those that
// are defined now, but for the one with a URL, whose place it takes.
func (e *Engine) CheckDefinition(d *Definition, replaced string) []issue.Issue {
	var all []*Definition
	current := &e.current.Load().customs
	for _, c := range slices.Concat(current.complete, current.incomplete) {
		if c.URL != replaced {
			all = append(all, c.Definition)
		}
	}
	return CheckDefinitions(append(all, d))[len(all)]
}

// resolve checks definitions as a set, and returns the types of the components of
// each that can be used.
func resolve(definitions []*Definition) (issues [][]issue.Issue, types [][]schema.ParamType) {
	issues, types = make([][]issue.Issue, len(definitions)), make([][]schema.ParamType, len(definitions))
	byURL := map[string]*Definition{}
	var used []*Definition
	for i, d := range definitions {
		if slices.ContainsFunc(used, d.clashes) {
			issues[i] = append(issues[i], problem("/code", issue.Duplicate,
				"another active search parameter has this code on a type of this one's base"))
		} else if byURL[d.URL] != nil {
			issues[i] = append(issues[i], problem("/url", issue.Duplicate, "another active search parameter has this URL"))
		} else {
			byURL[d.URL] = d
			used = append(used, d)
		}
	}
	for i, d := range definitions {
		for n, part := range d.parts {
			kind := schema.ParamNone
			if row := ownParameters()[part.definition]; row != nil {
				kind = row.Type
			} else if other := byURL[part.definition]; other != nil {
				kind = other.Type
			}
			pointer := fmt.Sprintf("/component/%d", n)
			switch {
			case kind == schema.ParamNone:
				issues[i] = append(issues[i], problem(pointer+"/definition", issue.NotFound, "no search parameter has this URL"))
			case kind == schema.ParamComposite || kind == schema.ParamSpecial:
				issues[i] = append(issues[i], problem(pointer+"/definition", issue.NotSupported,
					"a component of type %s is not supported", kind))
			case len(outletsOf(kind, part.expression)) == 0:
				issues[i] = append(issues[i], problem(pointer+"/expression", issue.Value,
					"the expression yields nothing that a parameter of type %s can index", kind))
			}
			types[i] = append(types[i], kind)
		}
	}
	return issues, types
}

func problem(pointer string, code issue.Code, format string, args ...any) issue.Issue {
	return issue.Issue{Severity: issue.Error, Code: code, Root: "SearchParameter", Pointer: pointer, Offset: -1, Diagnostics: fmt.Sprintf(format, args...)}
}

// clashes reports whether a type has both parameters, under one code.
func (d *Definition) clashes(other *Definition) bool {
	return d.Code == other.Code && slices.ContainsFunc(d.Bases, func(a schema.TypeID) bool {
		return slices.ContainsFunc(other.Bases, func(b schema.TypeID) bool { return a.Is(b) || b.Is(a) })
	})
}

// Define makes the custom parameters those of the given definitions. Those that mean
// the same as before stay as they are; new ones are pending until [Engine.Pending]
// has filled them; the values of others are freed. It returns what
// [CheckDefinitions] does: a definition with issues is not used.
//
// It is called by the goroutine that applies to the index.
func (e *Engine) Define(definitions []*Definition) [][]issue.Issue {
	issues, types := resolve(definitions)
	old := &e.current.Load().customs
	keep := map[*custom]bool{}
	var complete, incomplete []*custom
	var fresh []int
	for i, d := range definitions {
		same := func(c *custom) bool { return d.same(c.Definition) && slices.Equal(types[i], c.types) }
		if issues[i] != nil {
			continue
		}
		if at := slices.IndexFunc(old.complete, same); at >= 0 {
			complete = append(complete, old.complete[at])
			keep[old.complete[at]] = true
		} else if at := slices.IndexFunc(old.incomplete, same); at >= 0 {
			incomplete = append(incomplete, old.incomplete[at])
			keep[old.incomplete[at]] = true
		} else {
			fresh = append(fresh, i)
		}
	}
	numbers := numbering{taken: map[index.Param]bool{}}
	var gone []index.Param
	for _, c := range slices.Concat(old.complete, old.incomplete) {
		if !keep[c] {
			gone = append(gone, c.params...)
			continue
		}
		for _, p := range c.params {
			numbers.taken[p] = true
		}
	}
	for _, i := range fresh {
		c := newCustom(definitions[i], types[i], &numbers)
		if numbers.out {
			issues[i] = append(issues[i], problem("", issue.TooCostly, "there are too many search parameters"))
			continue
		}
		if e.index != nil {
			c.total.Store(int64(e.index.View().Last()))
		}
		incomplete = append(incomplete, c)
	}
	e.current.Store(e.registry.with(complete, incomplete))
	if e.index != nil {
		e.index.Drop(gone...)
	}
	return issues
}

// A numbering gives out numbers of streams that are not taken.
type numbering struct {
	taken map[index.Param]bool
	next  index.Param // above FirstCustom
	out   bool        // there were none left
}

func (n *numbering) number() index.Param {
	for n.taken[index.FirstCustom+n.next] {
		n.next++
	}
	p := index.FirstCustom + n.next
	if n.next++; p < index.FirstCustom { // the numbers have come round
		n.out = true
	}
	return p
}

// newCustom makes a parameter of a definition.
func newCustom(d *Definition, types []schema.ParamType, numbers *numbering) *custom {
	c := &custom{Definition: d, types: types}
	number := func() index.Param {
		p := numbers.number()
		c.params = append(c.params, p)
		return p
	}
	for _, base := range d.compiled {
		row := &schema.Param{
			Code: d.Code, Name: d.Code, URL: d.URL, Base: base.typ, Type: d.Type,
			Expression: d.Expression, Source: d.Expression, Targets: d.Targets,
		}
		p := &place{custom: c, base: base.typ, expression: base.expression, param: &param{row: row, custom: c}}
		c.places = append(c.places, p)
		if d.Type != schema.ParamComposite {
			p.feed = feedOf(p.param, p, p.expression, number)
			continue
		}
		names, any := p.expression.Yields()
		p.grouped = any || len(names) != 1 || names[0] != base.typ.String() || base.typ.Type().Abstract
		whole := composite{grouped: p.grouped}
		for i, part := range d.parts {
			of := &param{row: &schema.Param{Base: base.typ, Type: types[i], Expression: part.source}, custom: c}
			p.parts = append(p.parts, placePart{part.expression, feedOf(of, p, part.expression, number)})
			whole.components = append(whole.components, component{param: of})
		}
		p.param.composites = []composite{whole}
	}
	return c
}

// A Pending is the work of filling the custom parameters that were pending when
// it began. It is for one goroutine, but for Settle and Complete.
type Pending struct {
	engine  *Engine
	customs []*custom
}

// Pending returns the work of filling those custom parameters that are pending and
// have not failed, or nil if there are none.
func (e *Engine) Pending() *Pending {
	var customs []*custom
	for _, c := range e.current.Load().customs.incomplete {
		if c.failed.Load() == nil {
			customs = append(customs, c)
		}
	}
	if customs == nil {
		return nil
	}
	return &Pending{e, customs}
}

// Types returns the concrete types of the resources that need values.
func (p *Pending) Types() []schema.TypeID {
	var types []schema.TypeID
	for _, c := range p.customs {
		for _, base := range c.Bases {
			types = append(types, p.engine.registry.concrete(base)...)
		}
	}
	slices.Sort(types)
	return slices.Compact(types)
}

// Extract adds to b the values that a resource has of the parameters.
func (p *Pending) Extract(doc *fhirjson.Document, b *index.Builder) {
	var places []*place
	for _, c := range p.customs {
		for _, at := range c.places {
			if doc.Type().Is(at.base) {
				places = append(places, at)
			}
		}
	}
	p.engine.extractPlaces(places, doc, b)
}

// Progress says how many resources have their values, and of how many.
func (p *Pending) Progress(indexed, total int) {
	for _, c := range p.customs {
		c.indexed.Store(int64(indexed))
		c.total.Store(int64(total))
	}
}

// Settle leaves out the parameters that are no longer defined, and reports whether
// there were any: what was extracted for them must not be filled in, since their
// streams may be another's. Empty then says whether any is left.
//
// It is called by the goroutine that applies, as is Complete.
func (p *Pending) Settle() (changed bool) {
	now := p.engine.current.Load().customs.incomplete
	before := len(p.customs)
	p.customs = slices.DeleteFunc(p.customs, func(c *custom) bool { return !slices.Contains(now, c) })
	return len(p.customs) != before
}

// Empty reports whether there is nothing left to fill.
func (p *Pending) Empty() bool { return len(p.customs) == 0 }

// Stage begins the last stage: what is prepared from now on brings the values of the
// parameters along ([Engine.ExtractStaged]), so that those before are a number that no
// longer grows. It is called by the goroutine that applies, as is Unstage.
func (p *Pending) Stage() { p.stage(true) }

// Unstage ends what Stage began.
func (p *Pending) Unstage() { p.stage(false) }

func (p *Pending) stage(on bool) {
	for _, c := range p.customs {
		c.staged.Store(on)
	}
	current := p.engine.current.Load().customs
	p.engine.current.Store(p.engine.registry.with(current.complete, current.incomplete))
}

// Complete makes the parameters complete: every version that is visible in the view
// of a sequence, or will be in a later one, has its values or will be applied with
// them.
func (p *Pending) Complete(sequence uint64) {
	current := p.engine.current.Load().customs
	for _, c := range p.customs {
		c.since = sequence
		c.staged.Store(false)
	}
	rest := slices.DeleteFunc(slices.Clone(current.incomplete), func(c *custom) bool { return slices.Contains(p.customs, c) })
	p.engine.current.Store(p.engine.registry.with(append(slices.Clip(current.complete), p.customs...), rest))
}

// Fail gives the parameters up: they stay incomplete.
func (p *Pending) Fail(err error) {
	if err == nil {
		err = errors.New("search: indexing failed")
	}
	for _, c := range p.customs {
		c.failed.Store(&err)
	}
}
