package param

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// Limits of a custom parameter.
const (
	maxCode       = 64
	maxComponents = 16
)

// A Definition is a custom search parameter as its SearchParameter resource has it,
// checked by itself; [CheckDefinitions] checks it beside others. It is immutable.
type Definition struct {
	URL, Code string
	Type      schema.ParamType
	// Bases are the types that have the parameter; an abstract one stands for all
	// that specialise it.
	Bases []schema.TypeID
	// Targets are, for a reference, the types that it may lead to; none is all.
	Targets    []schema.TypeID
	Expression string
	parts      []definitionPart // of a composite
	compiled   []compiledBase
}

// Meaning returns a text that is equal for definitions that find the same.
func (d *Definition) Meaning() string {
	text := "\x00" + d.Type.String() + "\x00" + d.Expression
	for i := range d.parts {
		text += "\x00" + d.parts[i].definition + "\x00" + d.parts[i].source
	}
	return text
}

// A definitionPart is a component of a composite: the parameter that gives its type,
// and its expression on the composite's elements.
type definitionPart struct {
	definition string
	expression *fhirpath.Expression
	source     string
}

// A compiledBase is the expression on one base.
type compiledBase struct {
	typ        schema.TypeID
	expression *fhirpath.Expression
}

// Same reports whether two definitions mean the same, so that they have the same
// values.
func (d *Definition) Same(other *Definition) bool {
	return d.URL == other.URL && d.Code == other.Code && d.Type == other.Type && d.Expression == other.Expression &&
		slices.Equal(d.Bases, other.Bases) && slices.Equal(d.Targets, other.Targets) &&
		slices.EqualFunc(d.parts, other.parts, func(a, b definitionPart) bool {
			return a.definition == b.definition && a.source == b.source
		})
}

// ownParameters are the types of R4's own parameters, by the URLs of their
// definitions.
var ownParameters = sync.OnceValue(func() map[string]*schema.Param {
	own := map[string]*schema.Param{}
	for i := range schema.Params {
		if row := &schema.Params[i]; row.Code != "" {
			own[row.URL] = row
		}
	}
	return own
})

// ReadDefinition reads a SearchParameter resource. It returns nil for one that is not
// active, and for one that is R4's own, or is derived from R4's own under the same code
// as in implementation guides. For one that cannot be used it returns nil and issues
// that name the places.
func ReadDefinition(doc *fhirjson.Document) (*Definition, []issue.Issue) {
	if doc.Member(0, "status") != "active" {
		return nil, nil
	}
	r := definitionReader{doc: doc, d: &Definition{URL: doc.Member(0, "url"), Code: doc.Member(0, "code")}}
	for _, url := range []string{r.d.URL, doc.Member(0, "derivedFrom")} {
		if row := ownParameters()[url]; row != nil && row.Code == r.d.Code {
			return nil, nil
		}
	}
	r.code()
	r.typ()
	r.bases()
	r.targets()
	r.expression()
	r.components()
	if len(r.issues) > 0 {
		return nil, r.issues
	}
	return r.d, nil
}

type definitionReader struct {
	doc    *fhirjson.Document
	d      *Definition
	issues []issue.Issue
}

// wrong notes an issue at an element; a place below the element may follow it.
func (r *definitionReader) wrong(pointer string, code issue.Code, format string, args ...any) {
	r.issues = append(r.issues, issue.Issue{
		Severity: issue.Error, Code: code, Root: "SearchParameter", Pointer: pointer, Offset: -1, Diagnostics: fmt.Sprintf(format, args...),
	})
}

// code checks the name of the parameter: a name that has another meaning in a query is
// refused.
func (r *definitionReader) code() {
	ordinary := func(c rune) bool {
		return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '-' || c == '_'
	}
	code := r.d.Code
	switch {
	case code == "" || len(code) > maxCode || strings.ContainsFunc(code, func(c rune) bool { return !ordinary(c) }):
		r.wrong("/code", issue.Value, "a search parameter's code is 1 to %d letters, digits, - and _", maxCode)
	case code[0] == '_' || code[0] == '-':
		r.wrong("/code", issue.Value, "a search parameter's code begins with a letter or digit: names with _ are FHIR's own")
	}
	if r.d.URL == "" {
		r.wrong("/url", issue.Required, "a search parameter needs a URL")
	}
}

func (r *definitionReader) typ() {
	name := r.doc.Member(0, "type")
	for t := schema.ParamNumber; t <= schema.ParamSpecial; t++ {
		if t.String() == name {
			r.d.Type = t
		}
	}
	switch r.d.Type {
	case schema.ParamNone:
		r.wrong("/type", issue.Value, "no type of search parameters")
	case schema.ParamSpecial:
		r.wrong("/type", issue.NotSupported, "parameters of type special are not supported")
	}
}

// bases reads the types that have the parameter. A type that specialises another base
// is left out.
func (r *definitionReader) bases() {
	var bases []schema.TypeID
	for n := range r.doc.Members(0, "base") {
		t, ok := schema.TypeOf(string(r.doc.Text(n, nil)))
		if !ok || t.Type().Kind != schema.KindResource {
			r.wrong(r.doc.Pointer(n), issue.Value, "no resource type")
			continue
		}
		bases = append(bases, t)
		r.clash(t)
	}
	if len(bases) == 0 {
		r.wrong("/base", issue.Required, "a search parameter needs a base")
	}
	for _, t := range bases {
		covered := func(other schema.TypeID) bool { return t != other && t.Is(other) }
		if !slices.ContainsFunc(bases, covered) && !slices.Contains(r.d.Bases, t) {
			r.d.Bases = append(r.d.Bases, t)
		}
	}
}

// clash notes that a type has the parameter already, by R4.
func (r *definitionReader) clash(base schema.TypeID) {
	for t, plan := range R4().Types {
		if plan != nil && schema.TypeID(t).Is(base) && plan.params[r.d.Code] != nil {
			r.wrong("/code", issue.Duplicate, "%s has a parameter of this name by R4", schema.TypeID(t))
			return
		}
	}
}

func (r *definitionReader) targets() {
	for n := range r.doc.Members(0, "target") {
		t, ok := schema.TypeOf(string(r.doc.Text(n, nil)))
		if !ok || t.Type().Kind != schema.KindResource {
			r.wrong(r.doc.Pointer(n), issue.Value, "no resource type")
			continue
		}
		r.d.Targets = append(r.d.Targets, t)
	}
}

// expression compiles the expression on each base, and checks that it can yield
// what the parameter's type can index.
func (r *definitionReader) expression() {
	r.d.Expression = r.doc.Member(0, "expression")
	if r.d.Expression == "" {
		r.wrong("/expression", issue.Required, "a search parameter needs an expression to be used")
		return
	}
	for _, base := range r.d.Bases {
		e := r.compile("/expression", r.d.Expression, base.String())
		switch {
		case e == nil:
			return
		case !e.AppliesTo(base.String()):
			r.wrong("/expression", issue.Value, "the expression has no part for %s", base)
		case r.d.Type != schema.ParamComposite && len(outletsOf(r.d.Type, e)) == 0:
			r.wrong("/expression", issue.Value, "on %s the expression yields nothing that a parameter of type %s can index", base, r.d.Type)
		}
		r.d.compiled = append(r.d.compiled, compiledBase{base, e})
	}
}

// compile compiles an expression, or notes why it cannot be used.
func (r *definitionReader) compile(pointer, source, context string) *fhirpath.Expression {
	e, err := fhirpath.CompileWith(source, &fhirpath.Options{Context: context})
	if err != nil {
		reason := err.Error()
		if bad := (*fhirpath.Error)(nil); errors.As(err, &bad) {
			reason = fmt.Sprintf("line %d, column %d: %s", bad.Line, bad.Column, bad.Reason)
		}
		r.wrong(pointer, issue.Value, "the expression does not compile on %s: %s", context, reason)
		return nil
	}
	if !e.Pure() {
		r.wrong(pointer, issue.NotSupported, "the expression depends on more than the resource: on the time, variables, terminology or profiles")
		return nil
	}
	return e
}

// components reads the parts of a composite.
func (r *definitionReader) components() {
	n := 0
	for c := range r.doc.Members(0, "component") {
		pointer := r.doc.Pointer(c)
		n++
		if n > maxComponents {
			r.wrong(pointer, issue.TooCostly, "more than %d components", maxComponents)
			return
		}
		part := definitionPart{definition: r.doc.Member(c, "definition"), source: r.doc.Member(c, "expression")}
		part.definition, _, _ = strings.Cut(part.definition, "|")
		if part.expression = r.compile(pointer+"/expression", part.source, r.elements()); part.expression != nil {
			r.d.parts = append(r.d.parts, part)
		}
	}
	switch composite := r.d.Type == schema.ParamComposite; {
	case composite && n == 0:
		r.wrong("/component", issue.Required, "a composite needs components")
	case !composite && n > 0:
		r.wrong("/component", issue.Invalid, "only a composite has components")
	}
}

// elements returns the type of a composite's elements if there is only one, for the
// check of its components.
func (r *definitionReader) elements() string {
	name := ""
	for i, base := range r.d.compiled {
		names, any := base.expression.Yields()
		if any || len(names) != 1 || i > 0 && names[0] != name {
			return ""
		}
		name = names[0]
	}
	if _, ok := schema.TypeOf(name); !ok {
		return ""
	}
	return name
}
