package query

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// A Compartment is the resources that belong to one resource, such as Patient/123 (FHIR
// R4 §3.3). The zero Compartment is the whole store.
type Compartment struct {
	Type schema.TypeID // Patient, Encounter, RelatedPerson, Practitioner or Device
	ID   string
}

// table returns the row of the compartment's definition, nil if there is none.
func (c Compartment) table() *schema.Compartment {
	for i := range schema.Compartments {
		if schema.Compartments[i].Type == c.Type {
			return &schema.Compartments[i]
		}
	}
	return nil
}

// Has reports whether resources of a type belong to such compartments.
func (c Compartment) Has(t schema.TypeID) bool {
	table := c.table()
	return table != nil && slices.ContainsFunc(table.Members, func(m schema.CompartmentMember) bool { return m.Type == t })
}

// scope sets the searched types: t, or for 0 all types of the store or of the
// compartment, narrowed by _type.
func (p *Parser) scope(t schema.TypeID, parts []pair) error {
	if t != 0 {
		if int(t) >= len(p.Types) || p.Types[t] == nil {
			return &param.TypeError{Type: t}
		}
		p.q.Searched = []schema.TypeID{t}
	}
	var members []schema.CompartmentMember
	if in := p.opts.Compartment; in != (Compartment{}) {
		table := in.table()
		if table == nil {
			return &param.QueryError{Code: issue.NotSupported, Reason: fmt.Sprintf("there is no compartment of type %s", in.Type)}
		}
		members = slices.DeleteFunc(slices.Clone(table.Members), func(m schema.CompartmentMember) bool { return t != 0 && t != m.Type })
		if len(members) == 0 {
			return &param.QueryError{Code: issue.Invalid, Reason: fmt.Sprintf("%s is not in the compartment of %s", t, in.Type)}
		}
	}
	if t == 0 {
		for typ := range p.Types {
			id := schema.TypeID(typ)
			member := func(m schema.CompartmentMember) bool { return m.Type == id }
			if p.Types[typ] != nil && (members == nil || slices.ContainsFunc(members, member)) {
				p.q.Searched = append(p.q.Searched, id)
			}
		}
	}
	if err := p.chooseTypes(t, parts); err != nil {
		return err
	}
	if members != nil {
		p.q.in = p.opts.Compartment
		p.q.Clauses = append(p.q.Clauses, p.compartment(members))
	}
	return nil
}

// chooseTypes narrows the searched types to the types of _type.
func (p *Parser) chooseTypes(t schema.TypeID, parts []pair) error {
	for _, part := range parts {
		if part.Name != "_type" {
			continue
		}
		p.name = part.Name
		if t != 0 {
			return p.Fail(issue.Invalid, "a search of one type cannot name others")
		}
		if p.q.named {
			return p.Fail(issue.Invalid, "given more than once")
		}
		p.q.named = true
		var chosen []schema.TypeID
		for name := range strings.SplitSeq(part.Value, ",") {
			typ, ok := p.Names[name]
			switch {
			case !ok:
				return p.Fail(issue.Value, "unknown resource type")
			case !slices.Contains(p.q.Searched, typ):
				return p.Fail(issue.Invalid, "%s is not in the compartment", typ)
			case !slices.Contains(chosen, typ):
				chosen = append(chosen, typ)
			}
		}
		p.q.Searched = chosen
	}
	return nil
}

// compartment makes the condition that a resource belongs to the compartment: by
// any of the parameters of its type that the definition names.
func (p *Parser) compartment(members []schema.CompartmentMember) clause {
	in := p.opts.Compartment
	local := Value{Text: in.Type.String() + "/" + in.ID, Reference: param.Reference{Type: in.Type, ID: in.ID}}
	c := clause{Part: "compartment", Of: make([]Condition, len(p.q.Searched))}
	for i, t := range p.q.Searched {
		any := &Combination{}
		for _, m := range members {
			if m.Type != t {
				continue
			}
			for _, id := range m.Params {
				if found, ok := p.find(t, id.Param().Code); ok {
					any.Of = append(any.Of, &Match{Type: t, Param: found, Values: []Value{local}})
				}
			}
			if m.Self {
				found, _ := p.find(t, "_id")
				any.Of = append(any.Of, &Match{Type: t, Param: found, Values: []Value{{Text: in.ID, Code: in.ID}}})
			}
		}
		c.Of[i] = any
	}
	return c
}

// clause reads a condition for each searched type. It reports false if every
// alternative is empty.
func (p *Parser) clause(name, text string) (clause, bool, error) {
	c := clause{Part: name}
	for _, t := range p.q.Searched {
		read, err := p.condition(t, name, text, 0)
		if err != nil || read == nil {
			return c, false, err
		}
		if c.Of = append(c.Of, read); read.alike() {
			for len(c.Of) < len(p.q.Searched) {
				c.Of = append(c.Of, read)
			}
			break
		}
	}
	return c, true, nil
}

func (m *Match) alike() bool {
	return m.Param.Row.Base.Type().Base == 0 || m.Param.Special == param.SpecialWords
}

func (*Chain) alike() bool { return false }

func (*Reverse) alike() bool { return true }

func (c *Combination) alike() bool {
	return !slices.ContainsFunc(c.Of, func(c Condition) bool { return !c.alike() })
}

func (n *Negation) alike() bool { return n.Of.alike() }

func (*Phrase) alike() bool { return true }
