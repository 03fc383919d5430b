package param

import (
	"fmt"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Place is a parameter on one of its bases whose values are found by evaluating its
// expression: a custom one, or one of R4 that is no part of the trie.
type Place struct {
	Base       schema.TypeID
	param      *Param
	Expression *fhirpath.Expression
	Feed       *Feed       // nil for a composite
	Parts      []placePart // of a composite
	Grouped    bool        // the composite's elements may be several
}

// A placePart is a component of a composite on one base.
type placePart struct {
	Expression *fhirpath.Expression
	Feed       *Feed
	param      *Param
}

// feed makes the feeds of the place and the streams of its parameter. number gives each
// stream its number; it is told the component that has the stream.
func (p *Place) feed(number func(component int, s *Stream)) {
	if p.Parts == nil {
		p.Feed = feedOf(p.param, p.Expression, func(s *Stream) { number(0, s) })
		return
	}
	names, any := p.Expression.Yields()
	p.Grouped = any || len(names) != 1 || names[0] != p.Base.String() || p.Base.Type().Abstract
	whole := Composite{Grouped: p.Grouped}
	for i := range p.Parts {
		part := &p.Parts[i]
		part.Feed = feedOf(part.param, part.Expression, func(s *Stream) { number(i, s) })
		whole.Components = append(whole.Components, component{Param: part.param})
	}
	p.param.Composites = []Composite{whole}
}

// evaluated makes the place of one of R4's parameters on a type.
func (b *registryBuilder) evaluated(t schema.TypeID, p *Param) *Place {
	at := &Place{Base: t, param: p, Expression: mustCompile(p.Row.Expression, t.String())}
	element := ""
	if names, any := at.Expression.Yields(); !any && len(names) == 1 {
		element = names[0]
	}
	for _, id := range p.Row.Components {
		row := id.Param()
		at.Parts = append(at.Parts, placePart{Expression: mustCompile(row.Expression, element), param: &Param{Row: row}})
	}
	at.feed(func(component int, s *Stream) {
		place := fmt.Sprintf("%s %s evaluated %d", t, p.Row.Code, component)
		if s.Integer() {
			place += " whole"
		}
		b.newStream(s, place)
	})
	return at
}

// mustCompile compiles an expression of R4 on a type; "" is any type.
func mustCompile(expression, context string) *fhirpath.Expression {
	e, err := fhirpath.CompileWith(expression, &fhirpath.Options{Context: context})
	if err != nil {
		panic("search: expression " + expression + ": " + err.Error())
	}
	return e
}
