package search

import (
	"fmt"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Compartment is that of one resource: what belongs to Patient/123 (FHIR R4
// §3.3). The zero Compartment is the whole store.
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

// scope sets the types that are searched: t, or for 0 all types of the store or
// of the compartment, as far as _type names them.
func (p *parser) scope(t schema.TypeID, parts []part) error {
	if t != 0 {
		if int(t) >= len(p.types) || p.types[t] == nil {
			return &TypeError{Type: t}
		}
		p.q.types = []schema.TypeID{t}
	}
	var members []schema.CompartmentMember
	if in := p.opts.Compartment; in != (Compartment{}) {
		table := in.table()
		if table == nil {
			return &QueryError{Code: issue.NotSupported, Reason: fmt.Sprintf("there is no compartment of type %s", in.Type)}
		}
		members = slices.DeleteFunc(slices.Clone(table.Members), func(m schema.CompartmentMember) bool { return t != 0 && t != m.Type })
		if len(members) == 0 {
			return &QueryError{Code: issue.Invalid, Reason: fmt.Sprintf("%s is not in the compartment of %s", t, in.Type)}
		}
	}
	if t == 0 {
		for typ := range p.types {
			id := schema.TypeID(typ)
			member := func(m schema.CompartmentMember) bool { return m.Type == id }
			if p.types[typ] != nil && (members == nil || slices.ContainsFunc(members, member)) {
				p.q.types = append(p.q.types, id)
			}
		}
	}
	if err := p.chooseTypes(t, parts); err != nil {
		return err
	}
	if members != nil {
		p.q.in = p.opts.Compartment
		p.q.clauses = append(p.q.clauses, p.compartment(members))
	}
	return nil
}

// chooseTypes narrows the types to those that _type names.
func (p *parser) chooseTypes(t schema.TypeID, parts []part) error {
	for _, part := range parts {
		if part.name != "_type" {
			continue
		}
		p.name = part.name
		if t != 0 {
			return p.fail(issue.Invalid, "a search of one type cannot name others")
		}
		if p.q.named {
			return p.fail(issue.Invalid, "given more than once")
		}
		p.q.named = true
		var chosen []schema.TypeID
		for name := range strings.SplitSeq(part.value, ",") {
			typ, ok := p.names[name]
			switch {
			case !ok:
				return p.fail(issue.Value, "unknown resource type")
			case !slices.Contains(p.q.types, typ):
				return p.fail(issue.Invalid, "%s is not in the compartment", typ)
			case !slices.Contains(chosen, typ):
				chosen = append(chosen, typ)
			}
		}
		p.q.types = chosen
	}
	return nil
}

// compartment makes the condition that a resource belongs to the compartment: by
// any of the parameters of its type that the definition names.
func (p *parser) compartment(members []schema.CompartmentMember) clause {
	in := p.opts.Compartment
	local := value{text: in.Type.String() + "/" + in.ID, reference: reference{typ: in.Type, id: in.ID}}
	c := clause{part: "compartment", of: make([]condition, len(p.q.types))}
	for i, t := range p.q.types {
		any := &combination{}
		for _, m := range members {
			if m.Type != t {
				continue
			}
			for _, id := range m.Params {
				if found, ok := p.find(t, id.Param().Code); ok {
					any.of = append(any.of, &match{typ: t, param: found, values: []value{local}})
				}
			}
			if m.Self {
				found, _ := p.find(t, "_id")
				any.of = append(any.of, &match{typ: t, param: found, values: []value{{text: in.ID, code: in.ID}}})
			}
		}
		c.of[i] = any
	}
	return c
}

// clause reads a condition for each type that is searched. It reports false where
// every alternative is empty.
func (p *parser) clause(name, text string) (clause, bool, error) {
	c := clause{part: name}
	for _, t := range p.q.types {
		read, err := p.condition(t, name, text, 0)
		if err != nil || read == nil {
			return c, false, err
		}
		if c.of = append(c.of, read); read.alike() {
			for len(c.of) < len(p.q.types) {
				c.of = append(c.of, read)
			}
			break
		}
	}
	return c, true, nil
}

func (m *match) alike() bool {
	return m.param.row.Base.Type().Base == 0 || m.param.special == specialWords
}

func (*chain) alike() bool { return false }

func (*reverse) alike() bool { return true }

func (c *combination) alike() bool {
	return !slices.ContainsFunc(c.of, func(c condition) bool { return !c.alike() })
}

func (n *negation) alike() bool { return n.of.alike() }

func (*phrase) alike() bool { return true }
