package fhirjson_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A mutator damages sound resources in every way that FHIR R4 forbids, one at a
// time, and checks that each damage is found where it is and nowhere else.
type mutator struct {
	tb   testing.TB
	root *tree
	buf  []byte
	doc  fhirjson.Document
	// done has what was tried: each damage is done once to each field.
	done  map[string]bool
	count map[string]int // by damage
}

// mutate damages one resource.
func (m *mutator) mutate(src []byte) {
	require.NoError(m.tb, fhirjson.Parse(src, &m.doc, nil), "%.2000s", src)
	for _, i := range m.doc.Issues {
		require.Equal(m.tb, issue.Warning, i.Severity)
	}
	m.root = readTree(m.tb, src)
	t, _ := schema.ResourceType(strings.Trim(m.root.child("resourceType").raw, `"`))
	m.object(m.root, t, "")
}

// try checks one damage that has been done to the tree, of what is named by what:
// the places are the pointers that may be reported, the first of which must be.
func (m *mutator) try(damage, what string, code issue.Code, places ...string) {
	key := damage + " " + what
	m.done[key] = true
	m.count[damage]++
	m.buf = m.root.append(m.buf[:0])
	err := fhirjson.Parse(m.buf, &m.doc, nil)
	e, ok := err.(*fhirjson.Error)
	require.True(m.tb, ok, "%s is not found: %.3000s", key, m.buf)
	found := false
	for _, i := range e.Issues {
		if i.Severity == issue.Warning {
			continue
		}
		found = found || i.Code == code && i.Pointer == places[0]
		require.True(m.tb, slices.Contains(places, i.Pointer) || consequence(i), "%s, wanted at %v: %v\n%.3000s", key, places, e, m.buf)
		require.True(m.tb, i.Offset >= 0 && i.Offset <= int64(len(m.buf)))
	}
	if m.count[damage]%64 == 0 && fhirjson.Parse(m.buf, &m.doc, minimal) == nil {
		requireMinimalFixedPoint(m.tb, m.buf)
	}
	require.True(m.tb, found, "%s, wanted %s at %v: %v\n%.3000s", key, code, places, e, m.buf)
}

// consequence reports whether an issue is of a rule between elements, which a damage
// to one of them breaks as well.
func consequence(i issue.Issue) bool {
	for _, rule := range []string{"dom-3", "ref-1", "no coding is in", "reference has neither", "fullUrl disagrees", "two elements of", "sqty-1"} {
		if strings.HasPrefix(i.Diagnostics, rule) {
			return true
		}
	}
	return false
}

// replaced tries a damage that puts another value in the place of v.
func (m *mutator) replaced(v, with *tree, damage, what string, code issue.Code, places ...string) {
	if m.done[damage+" "+what] {
		return
	}
	kept := *v
	*v = *with
	m.try(damage, what, code, places...)
	*v = kept
}

// without tries the lack of some members.
func (m *mutator) without(o *tree, lacks func(name string) bool, damage, what string, code issue.Code, places ...string) {
	if m.done[damage+" "+what] {
		return
	}
	kept := o.members
	o.members = slices.DeleteFunc(slices.Clone(kept), func(m member) bool { return lacks(m.name) })
	if len(o.members) > 0 {
		m.try(damage, what, code, places...)
	}
	o.members = kept
}

// with tries another member.
func (m *mutator) with(o *tree, add member, damage, what string, code issue.Code, places ...string) {
	if m.done[damage+" "+what] {
		return
	}
	o.members = append(o.members, add)
	m.try(damage, what, code, places...)
	o.members = o.members[:len(o.members)-1]
}

// object damages an object of type t, then what is in it.
func (m *mutator) object(o *tree, t schema.TypeID, pointer string) {
	name := t.String()
	m.with(o, member{"unknown", scalar(`1`)}, "extra element", name, issue.Structure, pointer+"/unknown")
	m.with(o, member{"_unknown", object(member{"id", scalar(`"a"`)})}, "extra twin", name, issue.Structure, pointer+"/_unknown")
	if t.Type().Kind == schema.KindResource {
		m.resource(o, t, pointer)
	}
	if t == schema.TypeExtension {
		m.extension(o, pointer)
	}
	m.required(o, t, pointer)
	for i := range o.members {
		p := o.members[i]
		f, twin := schema.Lookup(t, p.name), false
		if f == 0 && p.name[0] == '_' {
			f, twin = schema.Lookup(t, p.name[1:]), true
		}
		if f == 0 {
			require.Equal(m.tb, "resourceType", p.name)
			continue
		}
		what, at := name+"."+p.name, pointer+"/"+p.name
		m.with(o, p, "name twice", what, issue.Structure, at)
		m.renamed(o, i, f, what, pointer)
		m.alternative(o, f, what, pointer)
		pair := at // where values and twins that do not match are reported: at the twins
		if t := o.child("_" + p.name); !twin && t != nil {
			pair = pointer + "/_" + p.name
			longer := array(append(slices.Clone(t.items), object(member{"id", scalar(`"a"`)}))...)
			if f.Field().Array() {
				m.replaced(t, longer, "longer twin", what, issue.Structure, pair)
			}
		}
		m.property(p.value, f, twin, what, at, pair)
	}
}

// resource damages what makes an object a resource.
func (m *mutator) resource(o *tree, t schema.TypeID, pointer string) {
	v := o.child("resourceType")
	m.replaced(v, scalar(`"Nothing"`), "unknown resourceType", t.String()+pointerShape(pointer), issue.Structure, pointer+"/resourceType")
	m.replaced(v, scalar(`"Resource"`), "abstract resourceType", t.String()+pointerShape(pointer), issue.Structure, pointer+"/resourceType")
	m.replaced(v, scalar(`1`), "resourceType of a wrong kind", t.String()+pointerShape(pointer), issue.Structure, pointer+"/resourceType")
	isType := func(name string) bool { return name == "resourceType" }
	m.without(o, isType, "no resourceType", t.String()+pointerShape(pointer), issue.Required, pointer)
	m.with(o, member{"resourceType", v}, "resourceType twice", t.String(), issue.Structure, pointer+"/resourceType")
}

// pointerShape tells the root from a resource in another.
func pointerShape(pointer string) string {
	if pointer == "" {
		return ""
	}
	return " inside"
}

// extension breaks ext-1.
func (m *mutator) extension(o *tree, pointer string) {
	inner := object(member{"url", scalar(`"a"`)}, member{"valueString", scalar(`"a"`)})
	if o.child("extension") != nil {
		m.with(o, member{"valueString", scalar(`"a"`)}, "extension with both", "value", issue.Invariant, pointer)
	} else {
		m.with(o, member{"extension", array(inner)}, "extension with both", "extension", issue.Invariant, pointer)
	}
	m.without(o, func(name string) bool { return name != "url" }, "extension with neither", "", issue.Invariant, pointer)
}

// required leaves out each element that must be there.
func (m *mutator) required(o *tree, t schema.TypeID, pointer string) {
	row := t.Type()
	for f := row.First; f < row.End; f++ {
		if f.Field().Min == 0 {
			continue
		}
		isIt := func(name string) bool {
			g := schema.Lookup(t, strings.TrimPrefix(name, "_"))
			return g != 0 && g.Field().Element == f.Field().Element
		}
		// Of an extension the lack of the value or of all but the url shows as ext-1.
		m.without(o, isIt, "missing element", t.String()+"."+f.Field().Element, issue.Required, pointer)
	}
}

// renamed changes the case of a name. If the element is required it is missed too.
func (m *mutator) renamed(o *tree, i int, f schema.FieldID, what, pointer string) {
	if m.done["other case "+what] {
		return
	}
	kept := o.members[i].name
	o.members[i].name = strings.ToUpper(kept)
	m.try("other case", what, issue.Structure, append([]string{pointer + "/" + strings.ToUpper(kept)}, pointer)...)
	o.members[i].name = kept
}

// alternative adds another alternative of a choice.
func (m *mutator) alternative(o *tree, f schema.FieldID, what, pointer string) {
	if !f.Field().Choice() {
		return
	}
	for _, g := range []schema.FieldID{f - 1, f + 1} {
		if g.Field().Owner == f.Field().Owner && g.Field().Choice() && g.Field().Element == f.Field().Element {
			add := member{g.Field().Name, newGenerator().value(g, []schema.TypeID{f.Field().Owner}, 3)}
			later := max(f, g) // is the one that is reported
			m.with(o, add, "two alternatives", what+" "+g.Field().Name, issue.Structure, pointer+"/"+later.Field().Name,
				pointer+"/_"+later.Field().Name)
			return
		}
	}
}

// property damages the value of one property, then what is in it.
func (m *mutator) property(v *tree, f schema.FieldID, twin bool, what, at, pair string) {
	if !f.Field().Array() {
		m.replaced(v, array(v.clone()), "array for one value", what, issue.Structure, at)
		m.item(v, f, twin, what, at)
		return
	}
	m.replaced(v, v.items[0].clone(), "one value for an array", what, issue.Structure, at)
	m.replaced(v, array(), "empty array", what, issue.Structure, at)
	m.replaced(v, array(v.clone()), "array in an array", what, issue.Structure, at+"/0", at)
	if f.Field().Type.Type().Kind == schema.KindPrimitive {
		m.replaced(v, array(scalar(`null`)), "nothing but null", what, issue.Structure, at)
		m.replaced(v, array(append(slices.Clone(v.items), scalar(`null`))...), "null without counterpart", what, issue.Structure, pair)
	} else {
		m.replaced(v, array(scalar(`null`)), "null for an item", what, issue.Structure, at+"/0")
	}
	for i, item := range v.items {
		if item.raw != "null" {
			m.item(item, f, twin, what, at+"/"+strconv.Itoa(i))
		}
	}
}

func (t *tree) clone() *tree {
	kept := *t
	return &kept
}

// item damages one value.
func (m *mutator) item(v *tree, f schema.FieldID, twin bool, what, at string) {
	row := f.Field()
	kinds := map[string]*tree{"an object": object(member{"id", scalar(`"a"`)}), "a string": scalar(`"a1"`), "a number": scalar(`1`), "true": scalar(`true`)}
	if !row.Array() {
		kinds["null"] = scalar(`null`)
	}
	kind := row.Type.Type().Kind
	if twin || kind != schema.KindPrimitive {
		delete(kinds, "an object")
		m.replaced(v, object(), "empty object", what, emptyCode(kind), at)
	} else {
		delete(kinds, kindOf(row.Type))
	}
	for name, other := range kinds {
		m.replaced(v, other, "wrong kind: "+name, what, issue.Structure, at)
	}
	switch {
	case twin:
		m.object(v, row.Type, at)
	case kind == schema.KindPrimitive:
		m.primitive(v, f, what, at)
	case kind == schema.KindResource:
		t, _ := schema.ResourceType(strings.Trim(v.child("resourceType").raw, `"`))
		m.object(v, t, at)
	default:
		m.object(v, row.Type, at)
		m.complex(v, f, what, at)
	}
}

// emptyCode is the code of an empty object: a resource lacks its type first.
func emptyCode(k schema.Kind) issue.Code {
	if k == schema.KindResource {
		return issue.Required
	}
	return issue.Structure
}

func kindOf(t schema.TypeID) string {
	switch t.String() {
	case "boolean":
		return "true"
	case "integer", "positiveInt", "unsignedInt", "decimal":
		return "a number"
	}
	return "a string"
}

// primitive puts malformed values in.
func (m *mutator) primitive(v *tree, f schema.FieldID, what, at string) {
	for i, bad := range badPrimitives[f.Field().Type.String()] {
		m.replaced(v, scalar(bad), "bad value "+strconv.Itoa(i), what, issue.Value, at)
	}
	if kindOf(f.Field().Type) == "a string" {
		m.replaced(v, scalar(`""`), "empty string", what, issue.Value, at)
	}
	if requiredCode(f) != nil {
		m.replaced(v, scalar(`"no-such-code"`), "wrong code", what, issue.CodeInvalid, at)
	}
}

// badPrimitives has malformed values of the right JSON kind for each type that has
// any.
var badPrimitives = map[string][]string{
	"integer":      {`1.5`, `2147483648`, `1e400`},
	"positiveInt":  {`0`, `-1`, `1.0`},
	"unsignedInt":  {`-1`, `1.5`},
	"string":       {`"\u0000"`},
	"markdown":     {`"\u0000"`},
	"code":         {`" a"`, `"a  b"`},
	"id":           {`"a_b"`},
	"uri":          {`"a b"`},
	"url":          {`"a b"`},
	"canonical":    {`"a b"`},
	"oid":          {`"1.2"`},
	"uuid":         {`"urn:uuid:a"`},
	"date":         {`"2021-02-29"`, `"2020-1-1"`},
	"dateTime":     {`"2021-02-29"`, `"2020-01-01T00:00Z"`, `"2020-01-01T00:00:00"`},
	"instant":      {`"2020-01-01"`},
	"time":         {`"24:00:00"`},
	"base64Binary": {`"A"`},
	"xhtml":        {`"a"`, `"<div><script/></div>"`, `"<div><a href='javascript:a'>a</a></div>"`},
}

// complex breaks the rules of references and of required concepts.
func (m *mutator) complex(v *tree, f schema.FieldID, what, at string) {
	row := f.Field()
	switch text := v.child("reference"); {
	case row.Type == schema.TypeReference && text != nil:
		m.replaced(text, scalar(`"Nothing/1"`), "reference to no type", what, issue.Value, at+"/reference")
		m.replaced(text, scalar(`"#nothing"`), "reference to nothing", what, issue.Value, at+"/reference")
		for _, other := range []string{"Patient", "Linkage"} {
			t, _ := schema.ResourceType(other)
			if row.Targets == nil || slices.Contains(row.Targets, t) {
				continue
			}
			kept := v.members
			v.members = slices.DeleteFunc(slices.Clone(kept), func(m member) bool { return m.name == "type" })
			for i, form := range []string{"%s/1", "%s/1/_history/2", "https://example.org/fhir/%s/1"} {
				m.replaced(text, scalar(fmt.Sprintf(`"`+form+`"`, other)), "wrong reference type, form "+strconv.Itoa(i), what, issue.Value, at+"/reference")
			}
			v.members = kept
			break
		}
	case requiredCode(f) != nil && v.child("coding") != nil:
		m.replaced(v.child("coding"), array(object(member{"code", scalar(`"no-such-code"`)})), "wrong concept", what, issue.CodeInvalid, at)
	}
}

// requireAllFields checks that each field that a resource can have was damaged.
func (m *mutator) requireAllFields() {
	var left []string
	for i := range schema.Fields {
		f := &schema.Fields[i]
		owner := f.Owner.Type()
		if f.Name == "extension" && owner.Kind != schema.KindResource {
			continue // nowhere but in an extension for some types, and the same everywhere
		}
		if name := f.Owner.String() + "." + f.Name; owner.Kind > schema.KindPrimitive && !owner.Abstract && !m.done["name twice "+name] {
			left = append(left, name)
		}
	}
	require.Empty(m.tb, left)
}

// log says how many damages were done, and of how many sorts.
func (m *mutator) log() {
	total := 0
	for _, n := range m.count {
		total += n
	}
	m.tb.Logf("%d damages of %d sorts", total, len(m.count))
}

func newMutator(t *testing.T) *mutator {
	return &mutator{tb: t, done: map[string]bool{}, count: map[string]int{}}
}

func TestMutations(t *testing.T) {
	t.Run("generated", func(t *testing.T) {
		m := newMutator(t)
		g := newGenerator()
		for i := range schema.Types {
			row := &schema.Types[i]
			if row.Kind != schema.KindResource || row.Abstract {
				continue
			}
			for range alternatives(schema.TypeID(i)) {
				m.mutate(g.resource(schema.TypeID(i)).append(nil))
			}
		}
		// The alternatives of an ElementDefinition would make its resource too large.
		definition, _ := schema.TypeOf("ElementDefinition")
		for range alternatives(definition) {
			r := readTree(t, []byte(`{"resourceType":"StructureDefinition","url":"urn:a","name":"a","status":"draft","kind":"resource",`+
				`"abstract":false,"type":"a","differential":{"element":[{}]}}`))
			g.fill(r.child("differential").child("element").items[0], definition, []schema.TypeID{definition}, 0)
			m.mutate(r.append(nil))
		}
		m.requireAllFields()
		m.log()
	})
	t.Run("examples", func(t *testing.T) {
		m := newMutator(t)
		for _, line := range lines(t, "fhir-r4/examples.ndjson.gz") {
			if len(line) < 20<<10 && fhirjson.Parse(line, &m.doc, nil) == nil {
				m.mutate(line)
			}
		}
		m.log()
	})
	t.Run("synthea", func(t *testing.T) {
		m := newMutator(t)
		for i, line := range lines(t, "synthea/*.gz") {
			if i%20 == 0 {
				m.mutate(line)
			}
		}
		m.log()
	})
}
