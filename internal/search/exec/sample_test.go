package exec_test

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A sampler builds resources out of the schema tables: the least that a type
// requires, and the element that a search parameter looks at. It reads the
// parameter's expression by itself and shares nothing with the packages it tests.
type sampler struct {
	param *schema.Param
}

// A place is one way to the elements of a parameter: every alternative of a choice
// is a place of its own.
type place struct {
	steps []placeStep
	typ   schema.TypeID // of the elements
	root  bool          // of a component that begins at the resource
}

// A placeStep goes down to a field, whose value must be as the expression's where
// says.
type placeStep struct {
	field       schema.FieldID
	child, text string // where(child='text')
	target      string // where(resolve() is target)
}

// places returns the places of an expression over elements of type t of a resource.
// The expressions of R4 are names, as, ofType, extension, three shapes of where,
// an index and unions.
func places(expression string, resource, t schema.TypeID) (all []place) {
	for term := range strings.SplitSeq(expression, "|") {
		term, _, _ = strings.Cut(strings.TrimSpace(term), ".exists() and ")
		if inner, found := strings.CutPrefix(term, "("); found {
			path, typ, _ := strings.Cut(strings.TrimSuffix(inner, ")"), " as ")
			term = path + ".as(" + typ + ")"
		}
		at := []place{{typ: t}}
		for i, segment := range segments(term) {
			named, isType := schema.TypeOf(segment)
			switch {
			case i == 0 && segment == "%resource":
				at = []place{{typ: resource, root: true}}
			case i == 0 && isType && resource.Is(named):
			default:
				at = step(at, segment)
			}
		}
		all = append(all, at...)
	}
	return all
}

// segments splits a path at the points outside of parentheses.
func segments(path string) (all []string) {
	depth, from := 0, 0
	for i, c := range path {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == '.' && depth == 0:
			all, from = append(all, path[from:i]), i+1
		}
	}
	return append(all, path[from:])
}

// step takes one segment of a path from each place.
func step(from []place, segment string) (to []place) {
	name, argument, called := strings.Cut(strings.TrimSuffix(segment, ")"), "(")
	if !called {
		return down(from, strings.TrimSuffix(segment, "[0]"))
	}
	switch name {
	case "as", "ofType":
		return slices.DeleteFunc(from, func(p place) bool { return !strings.EqualFold(p.typ.String(), argument) })
	case "extension":
		return down(narrowed(down(from, "extension"), func(s *placeStep) { s.child, s.text = "url", strings.Trim(argument, "'") }), "value")
	case "where":
		return narrowed(from, func(s *placeStep) {
			if target, resolved := strings.CutPrefix(argument, "resolve() is "); resolved {
				s.target = target
				return
			}
			child, text, _ := strings.Cut(argument, "=")
			s.child, s.text = strings.TrimSpace(child), strings.Trim(text, " '")
		})
	}
	panic("search_test: no such function in the expressions of R4: " + name)
}

// down goes to every alternative of an element.
func down(from []place, element string) (to []place) {
	for _, p := range from {
		for f, end := schema.Element(p.typ, element); f < end; f++ {
			next := p
			next.steps, next.typ = append(slices.Clone(p.steps), placeStep{field: f}), f.Field().Type
			to = append(to, next)
		}
	}
	return to
}

// narrowed changes the last step of each place.
func narrowed(from []place, change func(*placeStep)) []place {
	for i := range from {
		from[i].steps = slices.Clone(from[i].steps)
		change(&from[i].steps[len(from[i].steps)-1])
	}
	return from
}

// resource returns the least resource of a type.
func (b *sampler) resource(t schema.TypeID, id string) map[string]any {
	r := b.required(t)
	r["resourceType"], r["id"] = t.String(), id
	return r
}

// narrated returns a resource with a narrative, or, of a type that has none, with a
// text elsewhere.
func (b *sampler) narrated(t schema.TypeID) map[string]any {
	r := b.resource(t, "narrated")
	if schema.Lookup(t, "text") != 0 {
		r["text"] = map[string]any{"status": "generated", "div": `<div xmlns="http://www.w3.org/1999/xhtml">It is <b>narrated</b></div>`}
	} else {
		r["meta"] = map[string]any{"tag": []any{map[string]any{"code": "x", "display": "narrated"}}}
	}
	return r
}

// put goes down to a place from an element, making what is missing, and puts
// there a value that the parameter can find.
func (b *sampler) put(parent map[string]any, at place) {
	for i, s := range at.steps {
		f := s.field.Field()
		clearChoice(parent, f)
		if last := i == len(at.steps)-1; last || f.Type.Type().Kind == schema.KindPrimitive {
			value := b.rich(f, s)
			if object, ok := value.(map[string]any); ok {
				b.satisfy(object, s, f.Type)
			}
			set(parent, f, value)
			return
		}
		child := childOf(parent, f)
		if child == nil {
			child = b.required(f.Type)
			set(parent, f, child)
		}
		b.satisfy(child, s, f.Type)
		parent = child
	}
}

// satisfy gives an element the child that a where asks for.
func (b *sampler) satisfy(element map[string]any, s placeStep, t schema.TypeID) {
	if s.child != "" {
		set(element, schema.Lookup(t, s.child).Field(), s.text)
	}
}

// clearChoice takes away the other alternatives of a choice.
func clearChoice(parent map[string]any, f *schema.Field) {
	for g, end := schema.Element(f.Owner, f.Element); g < end; g++ {
		if g.Field().Name != f.Name {
			delete(parent, g.Field().Name)
		}
	}
}

func set(parent map[string]any, f *schema.Field, value any) {
	if f.Array() {
		value = []any{value}
	}
	parent[f.Name] = value
}

func childOf(parent map[string]any, f *schema.Field) map[string]any {
	value := parent[f.Name]
	if list, ok := value.([]any); ok {
		value = list[0]
	}
	child, _ := value.(map[string]any)
	return child
}

// required returns an object of a type with what it must have.
func (b *sampler) required(t schema.TypeID) map[string]any {
	object := map[string]any{}
	row := t.Type()
	for f := row.First; f < row.End; f++ {
		field := f.Field()
		if first, _ := schema.Element(t, field.Element); field.Min > 0 && f == first {
			set(object, field, b.plain(field))
		}
	}
	if also, ok := invariantElements[t.String()]; ok {
		if err := json.Unmarshal([]byte(also), &object); err != nil {
			panic(err)
		}
	}
	return object
}

// plain returns any valid value of a field, never an empty one.
func (b *sampler) plain(f *schema.Field) any {
	switch kind := f.Type.Type().Kind; {
	case kind == schema.KindPrimitive:
		return b.primitive(f)
	case f.Type == schema.TypeResource:
		t, _ := schema.ResourceType("Basic")
		return b.resource(t, "inner")
	case f.Type.String() == "Reference":
		return map[string]any{"reference": b.target(f, "") + "/t1"}
	case f.Type.String() == "CodeableConcept" || f.Type.String() == "Coding":
		return b.coded(f)
	}
	object := b.required(f.Type)
	row := f.Type.Type()
	for c := row.First; c < row.End && len(object) == 0; c++ {
		if field := c.Field(); field.Name != "id" && field.Type.Type().Kind == schema.KindPrimitive {
			set(object, field, b.primitive(field))
		}
	}
	return object
}

// target returns a type that a reference in a field may name: the one that is
// asked for, or the first that the field and the parameter both allow.
func (b *sampler) target(f *schema.Field, asked string) string {
	if asked != "" {
		return asked
	}
	concrete := func(t schema.TypeID) bool { return !t.Type().Abstract }
	both := func(t schema.TypeID) bool {
		return concrete(t) && (b.param == nil || len(b.param.Targets) == 0 || slices.Contains(b.param.Targets, t))
	}
	for _, fits := range []func(schema.TypeID) bool{both, concrete} {
		if i := slices.IndexFunc(f.Targets, fits); i >= 0 {
			return f.Targets[i].String()
		}
		if b.param != nil && len(f.Targets) == 0 {
			if i := slices.IndexFunc(b.param.Targets, fits); i >= 0 {
				return b.param.Targets[i].String()
			}
		}
	}
	return "Patient"
}

// coded returns a CodeableConcept or a Coding with a code that the field allows.
func (b *sampler) coded(f *schema.Field) map[string]any {
	coding := map[string]any{"system": "http://example.org/codes", "code": "Sample", "display": "A sample"}
	if binding := f.Binding.Binding(); binding.Strength == schema.StrengthRequired && len(binding.Codes) > 0 {
		coding["system"], coding["code"] = binding.Codes[0].System, binding.Codes[0].Code
	}
	if f.Type.String() == "Coding" {
		return coding
	}
	return map[string]any{"coding": []any{coding}, "text": "Text of a sample"}
}

// primitive returns a value of a primitive field.
func (b *sampler) primitive(f *schema.Field) any {
	switch f.Type.String() {
	case "boolean":
		return true
	case "integer", "positiveInt", "unsignedInt":
		return 7
	case "decimal":
		return 0.5
	case "code":
		if codes := f.Binding.Binding().Codes; len(codes) > 0 {
			return codes[0].Code
		}
		return "en"
	case "date":
		return "2015-03-17"
	case "dateTime", "instant":
		return "2015-03-17T10:30:00Z"
	case "time":
		return "10:30:00"
	case "id":
		return "an-id"
	case "uri", "url":
		return "http://example.org/sample/of/uri"
	case "canonical":
		return "http://example.org/sample|1.2.0"
	case "oid":
		return "urn:oid:1.2.3"
	case "uuid":
		return "urn:uuid:c757873d-ec9a-4326-a141-556f43239520"
	case "base64Binary":
		return "YQ=="
	case "xhtml":
		return `<div xmlns="http://www.w3.org/1999/xhtml">x</div>`
	}
	return "Sample of a string"
}

// rich returns a value of a field that has all that a search may look at.
func (b *sampler) rich(f *schema.Field, s placeStep) any {
	quantity := map[string]any{"value": 12.50, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}
	switch f.Type.String() {
	case "Resource":
		return b.resource(b.param.Targets[0], "inner")
	case "Reference":
		return map[string]any{
			"reference":  b.target(f, s.target) + "/t1",
			"identifier": map[string]any{"system": "http://example.org/ids", "value": "Ref-1"},
		}
	case "Identifier":
		return map[string]any{"system": "http://example.org/ids", "value": "Id-1", "type": map[string]any{
			"coding": []any{map[string]any{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "MR"}}, "text": "Record number",
		}}
	case "ContactPoint":
		return map[string]any{"system": "phone", "value": "555-0100"}
	case "HumanName":
		return map[string]any{"text": "Dr. Åse O'Neil", "family": "O'Neil", "given": []any{"Åse"}, "prefix": []any{"Dr."}, "suffix": []any{"Jr"}}
	case "Address":
		return map[string]any{"text": "1 Main St., Würzburg", "line": []any{"1 Main St."}, "city": "Würzburg", "district": "Unterfranken", "state": "Bayern", "postalCode": "97070", "country": "DE"}
	case "Period":
		return map[string]any{"start": "2015-03-17T10:30:00Z", "end": "2015-04"}
	case "Timing":
		return map[string]any{"event": []any{"2015-03-17T10:30:00Z", "2015-05-01"}, "repeat": map[string]any{"boundsPeriod": map[string]any{"start": "2015-02-01"}}}
	case "Quantity":
		return quantity
	case "Age", "Duration":
		return map[string]any{"value": 12.5, "unit": "a", "system": "http://unitsofmeasure.org", "code": "a"}
	case "Money":
		return map[string]any{"value": 12.50, "currency": "EUR"}
	case "Range":
		return map[string]any{"low": quantity, "high": map[string]any{"value": 20, "unit": "mg", "system": "http://unitsofmeasure.org", "code": "mg"}}
	case "SampledData":
		return map[string]any{"origin": quantity, "period": 10, "dimensions": 1, "data": "1 2.5 E 3"}
	}
	if s.child != "" {
		return map[string]any{}
	}
	return b.plain(f)
}

// composite puts into the element at a place every part of a composite, of
// which the n-th alternative each.
func (b *sampler) composite(resource map[string]any, t schema.TypeID, at place, n int) error {
	element := resource
	if len(at.steps) > 0 {
		b.put(resource, at)
		for _, s := range at.steps {
			element = childOf(element, s.field.Field())
		}
	}
	for _, id := range b.param.Components {
		part := &sampler{id.Param()}
		alternatives := searchable(places(part.param.Expression, t, at.typ), part.param.Type)
		if len(alternatives) == 0 {
			return fmt.Errorf("no place for %s", part.param.Expression)
		}
		one := alternatives[min(n, len(alternatives)-1)]
		if one.root {
			part.put(resource, one)
		} else {
			part.put(element, one)
		}
	}
	return nil
}

// searchable keeps the places whose elements a parameter of a type can search, by
// the tables of FHIR R4 §3.1.1.4.
func searchable(all []place, kind schema.ParamType) []place {
	types := map[schema.ParamType]string{
		schema.ParamString:    "string markdown code id uri HumanName Address CodeableConcept Coding",
		schema.ParamToken:     "code Coding CodeableConcept Identifier ContactPoint boolean string id uri canonical",
		schema.ParamReference: "Reference canonical uri Resource",
		schema.ParamDate:      "date dateTime instant Period Timing",
		schema.ParamNumber:    "decimal integer positiveInt unsignedInt Range",
		schema.ParamQuantity:  "Quantity Age Duration Money Range SampledData",
		schema.ParamURI:       "uri url oid uuid canonical",
	}
	return slices.DeleteFunc(all, func(p place) bool { return !slices.Contains(strings.Fields(types[kind]), p.typ.String()) })
}
