package param

import (
	"fmt"
	"slices"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// CheckDefinitions returns for each definition the reasons why it cannot be used beside
// the definitions before it: one of them has the same code on the same type, or a
// component is no parameter. nil stands for none.
func CheckDefinitions(definitions []*Definition) [][]issue.Issue {
	issues, _ := Resolve(definitions)
	return issues
}

// Resolve checks definitions as a set, and returns the component types of each usable
// definition.
func Resolve(definitions []*Definition) (issues [][]issue.Issue, types [][]schema.ParamType) {
	issues, types = make([][]issue.Issue, len(definitions)), make([][]schema.ParamType, len(definitions))
	byURL := map[string]*Definition{}
	var used []*Definition
	for i, d := range definitions {
		if slices.ContainsFunc(used, d.clashes) {
			issues[i] = append(issues[i], Problem("/code", issue.Duplicate,
				"another active search parameter has this code on a type of this one's base"))
		} else if byURL[d.URL] != nil {
			issues[i] = append(issues[i], Problem("/url", issue.Duplicate, "another active search parameter has this URL"))
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
				issues[i] = append(issues[i], Problem(pointer+"/definition", issue.NotFound, "no search parameter has this URL"))
			case kind == schema.ParamComposite || kind == schema.ParamSpecial:
				issues[i] = append(issues[i], Problem(pointer+"/definition", issue.NotSupported,
					"a component of type %s is not supported", kind))
			case len(outletsOf(kind, part.expression)) == 0:
				issues[i] = append(issues[i], Problem(pointer+"/expression", issue.Value,
					"the expression yields nothing that a parameter of type %s can index", kind))
			}
			types[i] = append(types[i], kind)
		}
	}
	return issues, types
}

func Problem(pointer string, code issue.Code, format string, args ...any) issue.Issue {
	return issue.Issue{Severity: issue.Error, Code: code, Root: "SearchParameter", Pointer: pointer, Offset: -1, Diagnostics: fmt.Sprintf(format, args...)}
}

// clashes reports whether a type has both parameters, under one code.
func (d *Definition) clashes(other *Definition) bool {
	return d.Code == other.Code && slices.ContainsFunc(d.Bases, func(a schema.TypeID) bool {
		return slices.ContainsFunc(other.Bases, func(b schema.TypeID) bool { return a.Is(b) || b.Is(a) })
	})
}

// NewCustom makes a parameter of a definition. types are those of its components, and number
// gives out the numbers of its streams.
func NewCustom(d *Definition, types []schema.ParamType, number func() index.Param) *Custom {
	c := &Custom{Definition: d, Types: types}
	for _, base := range d.compiled {
		row := &schema.Param{
			Code: d.Code, Name: d.Code, URL: d.URL, Base: base.typ, Type: d.Type,
			Expression: d.Expression, Source: d.Expression, Targets: d.Targets,
		}
		at := &Place{Base: base.typ, Expression: base.expression, param: &Param{Row: row, Custom: c}}
		for i, part := range d.parts {
			of := &Param{Row: &schema.Param{Base: base.typ, Type: types[i], Expression: part.source}, Custom: c}
			at.Parts = append(at.Parts, placePart{Expression: part.expression, param: of})
		}
		at.feed(func(_ int, s *Stream) {
			s.ID, s.Place = number(), at
			c.Params = append(c.Params, s.ID)
		})
		c.Places = append(c.Places, at)
	}
	return c
}
