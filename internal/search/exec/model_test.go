package exec_test

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A model answers queries the slow way: it evaluates each parameter's own
// FHIRPath expression on each resource and compares the JSON of the elements,
// straight from the rules. It shares the reading of dates with what it checks,
// and nothing else.
type model struct {
	t       require.TestingT
	docs    []*modelDoc // in the order of their ordinals, superseded ones left out
	byKey   map[string]*modelDoc
	exprs   map[string]*fhirpath.Expression
	visitor fhirpath.Evaluator
	level   *fhirjson.Options // nil is strict
}

type modelDoc struct {
	typ, id  string
	doc      *fhirjson.Document
	elements map[string][]element // by expression
	updated  int64                // microseconds since 1970, where the test sets it
	decoded  any                  // the JSON of what canonicals lead to

	root      fhirjson.Index // of a contained resource, its node; else 0
	container *modelDoc      // of a contained resource
	inner     []*modelDoc    // what it contains
}

// An element is one item that an expression yields.
type element struct {
	node   fhirjson.Index
	typ    string
	value  any    // decoded JSON; numbers as json.Number
	bind   string // of a code: the system of its binding
	family bool   // a family name
}

// resource returns the type of the resource, in the tables.
func (d *modelDoc) resource() schema.TypeID { return d.doc.Nodes[d.root].Type }

func newModel(t require.TestingT) *model {
	return &model{t: t, byKey: map[string]*modelDoc{}, exprs: map[string]*fhirpath.Expression{}}
}

func (m *model) put(source []byte) {
	doc := new(fhirjson.Document)
	require.NoError(m.t, fhirjson.Parse(source, doc, m.level))
	d := &modelDoc{typ: doc.Type().String(), id: string(doc.ID()), doc: doc, elements: map[string][]element{}}
	d.contain()
	m.remove(d.typ, d.id)
	m.docs = append(m.docs, d)
	m.byKey[d.typ+"/"+d.id] = d
}

func (m *model) remove(typ, id string) {
	delete(m.byKey, typ+"/"+id)
	m.docs = slices.DeleteFunc(m.docs, func(d *modelDoc) bool { return d.typ == typ && d.id == id })
}

// select evaluates an expression on a node.
func (m *model) nodes(d *modelDoc, at fhirjson.Index, expression string) []element {
	e := m.exprs[expression]
	if e == nil {
		var err error
		e, err = fhirpath.Compile(expression)
		require.NoError(m.t, err, expression)
		m.exprs[expression] = e
	}
	if e.Boolean() {
		items, err := m.visitor.EvaluateNode(context.Background(), e, d.doc, at)
		require.NoError(m.t, err)
		return []element{{typ: "boolean", value: holds(items)}}
	}
	nodes, err := m.visitor.Select(e, d.doc, at, nil)
	require.NoError(m.t, err, expression)
	var all []element
	for _, n := range nodes {
		all = append(all, m.element(d, n))
	}
	return all
}

func (m *model) element(d *modelDoc, n fhirjson.Index) element {
	node := d.doc.Nodes[n]
	text := d.doc.Source[node.Start:node.End]
	if node.Kind == fhirjson.String {
		text = d.doc.Source[node.Start-1 : node.End+1]
	}
	e := element{node: n, typ: node.Type.String(), family: node.Field == familyName}
	if node.Kind != fhirjson.Null {
		decoder := json.NewDecoder(strings.NewReader(string(text)))
		decoder.UseNumber()
		require.NoError(m.t, decoder.Decode(&e.value))
	}
	if e.typ == "Extension" {
		for c := range d.doc.Children(n) {
			if d.doc.Nodes[c].Field.Field().Element == "value" {
				return m.element(d, c)
			}
		}
	}
	if code, ok := e.value.(string); ok && e.typ == "code" {
		if b := node.Field.Field().Binding.Binding(); b.Strength == schema.StrengthRequired {
			for _, c := range b.Codes {
				if c.Code == code {
					e.bind = c.System
					break
				}
			}
		}
	}
	return e
}

// familyName is the field of family names.
var familyName = func() schema.FieldID {
	t, _ := schema.TypeOf("HumanName")
	return schema.Lookup(t, "family")
}()

// all returns the elements of a parameter.
func (m *model) all(d *modelDoc, p *schema.Param) []element {
	if p.Code == "_lastUpdated" {
		return []element{{typ: "instant", value: time.UnixMicro(d.updated).UTC().Format("2006-01-02T15:04:05.000000Z")}}
	}
	found, ok := d.elements[p.Expression]
	if !ok {
		found = m.nodes(d, d.root, p.Expression)
		d.elements[p.Expression] = found
	}
	return found
}

// A modelQuery is one condition, as the tests make them: it is written as text
// for the engine and evaluated as it is by the model.
type modelQuery struct {
	param    *schema.Param
	modifier string
	values   []modelValue // alternatives
	chain    *modelQuery  // what the reference's target must satisfy
	target   string       // type of the chain's target
	has      *modelQuery  // what a resource that refers here must satisfy
	via      *schema.Param
	other    modelCondition // what is no comparison of a parameter's values
}

// A modelCondition is a condition of a kind of its own, as a query writes it and as
// the model answers it.
type modelCondition interface {
	name() string
	value() string
	holds(m *model, d *modelDoc) bool
}

// A modelValue is one alternative: only what its type of parameter has is set.
type modelValue struct {
	prefix  string
	text    string
	system  *string
	parts   []modelValue
	hasUnit bool
}

func (q *modelQuery) name() string {
	switch {
	case q.other != nil:
		return q.other.name()
	case q.has != nil:
		return "_has:" + q.via.Base.String() + ":" + q.via.Code + ":" + q.has.name()
	case q.chain != nil:
		return q.param.Code + ":" + q.target + "." + q.chain.name()
	case q.modifier != "":
		return q.param.Code + ":" + q.modifier
	}
	return q.param.Code
}

func (q *modelQuery) value() string {
	switch {
	case q.other != nil:
		return q.other.value()
	case q.has != nil:
		return q.has.value()
	case q.chain != nil:
		return q.chain.value()
	}
	var parts []string
	for _, v := range q.values {
		parts = append(parts, v.String())
	}
	return strings.Join(parts, ",")
}

var escaper = strings.NewReplacer(`\`, `\\`, `,`, `\,`, `$`, `\$`, `|`, `\|`)

func (v modelValue) String() string {
	if v.parts != nil {
		var parts []string
		for _, p := range v.parts {
			parts = append(parts, p.String())
		}
		return strings.Join(parts, "$")
	}
	s := v.prefix + escaper.Replace(v.text)
	if v.system != nil {
		if v.hasUnit {
			number, code, _ := strings.Cut(v.text, " ")
			return v.prefix + number + "|" + escaper.Replace(*v.system) + "|" + escaper.Replace(code)
		}
		return escaper.Replace(*v.system) + "|" + s
	}
	return s
}

// search returns the ids of the resources for which all conditions hold, newest first.
func (m *model) search(typ string, queries []*modelQuery) []string {
	ids := []string{}
	for _, d := range slices.Backward(m.docs) {
		if d.typ == typ && !slices.ContainsFunc(queries, func(q *modelQuery) bool { return !m.holds(d, q) }) {
			ids = append(ids, d.id)
		}
	}
	return ids
}

func (m *model) holds(d *modelDoc, q *modelQuery) bool {
	switch {
	case q.other != nil:
		return q.other.holds(m, d)
	case q.has != nil:
		return d.container == nil && slices.ContainsFunc(m.docs, func(from *modelDoc) bool {
			return schema.TypeID(from.doc.Type()).Is(q.via.Base) && m.refersTo(from, q.via, d) && m.holds(from, q.has)
		})
	case q.chain != nil:
		return slices.ContainsFunc(m.docs, func(to *modelDoc) bool {
			return to.typ == q.target && m.refersTo(d, q.param, to) && m.holds(to, q.chain)
		}) || m.chainsInside(d, q)
	case q.modifier == "missing":
		return m.present(d, q.param) != (q.values[0].text == "true")
	case q.modifier == "not":
		return !m.anyValue(d, q, "")
	}
	return m.anyValue(d, q, q.modifier)
}

func (m *model) anyValue(d *modelDoc, q *modelQuery, modifier string) bool {
	if q.param.Type == schema.ParamComposite {
		return slices.ContainsFunc(q.values, func(v modelValue) bool { return m.composite(d, q.param, v) })
	}
	elements := m.all(d, q.param)
	return slices.ContainsFunc(q.values, func(v modelValue) bool {
		return slices.ContainsFunc(elements, func(e element) bool { return m.matches(q.param, modifier, v, e) })
	})
}

func (m *model) composite(d *modelDoc, p *schema.Param, v modelValue) bool {
	return slices.ContainsFunc(m.all(d, p), func(e element) bool {
		for i, part := range p.Components {
			found := m.nodes(d, e.node, part.Param().Expression)
			if !slices.ContainsFunc(found, func(e element) bool { return m.matches(part.Param(), "", v.parts[i], e) }) {
				return false
			}
		}
		return true
	})
}

// present reports whether a parameter has anything that a value could match.
func (m *model) present(d *modelDoc, p *schema.Param) bool {
	return slices.ContainsFunc(m.all(d, p), func(e element) bool {
		switch p.Type {
		case schema.ParamString:
			return len(stringsOf(e)) > 0
		case schema.ParamToken:
			return len(tokensOf(e)) > 0 || len(labelsOf(e)) > 0
		case schema.ParamReference:
			identifier, _ := field(e.value, "identifier").(map[string]any)
			return referenceOf(e) != "" || identifier["value"] != nil || identifier["system"] != nil
		case schema.ParamDate:
			_, _, ok := rangeOf(e)
			return ok
		case schema.ParamQuantity, schema.ParamNumber:
			_, ok := quantityOf(e)
			return ok
		}
		_, ok := e.value.(string)
		return ok
	})
}

func (m *model) refersTo(from *modelDoc, p *schema.Param, to *modelDoc) bool {
	return slices.ContainsFunc(m.all(from, p), func(e element) bool {
		if text, ok := e.value.(string); ok {
			return namesByURL(text, to)
		}
		return local(referenceOf(e)) == to.typ+"/"+to.id
	})
}

// namesByURL reports whether a canonical leads to a resource: by its address, or by
// its url and, if the canonical has one, its version.
func namesByURL(canonical string, to *modelDoc) bool {
	own := func(name string) string {
		child, ok := to.doc.Child(0, schema.Lookup(to.doc.Type(), name))
		if !ok || to.doc.Nodes[child].Kind != fhirjson.String {
			return ""
		}
		return string(to.doc.Text(child, nil))
	}
	url, version, versioned := strings.Cut(canonical, "|")
	return local(url) == to.typ+"/"+to.id || url == own("url") && (!versioned || strings.EqualFold(version, own("version")))
}

func (m *model) matches(p *schema.Param, modifier string, v modelValue, e element) bool {
	switch {
	case modifier == "text":
		return slices.ContainsFunc(labelsOf(e), func(s string) bool { return strings.HasPrefix(plainText(s), plainText(v.text)) })
	case modifier == "identifier":
		return matchToken(v, tokensOf(element{typ: "Identifier", value: field(e.value, "identifier")}))
	}
	switch p.Type {
	case schema.ParamString:
		if modifier == "exact" {
			return slices.Contains(partsOf(e), v.text)
		}
		return slices.ContainsFunc(stringsOf(e), func(s string) bool {
			if plainText(v.text) == "" {
				return strings.Contains(s, v.text)
			}
			if modifier == "contains" {
				return strings.Contains(plainText(s), plainText(v.text))
			}
			return strings.HasPrefix(plainText(s), plainText(v.text))
		})
	case schema.ParamToken:
		return matchToken(v, tokensOf(e))
	case schema.ParamReference:
		return matchReference(p, modifier, v.text, referenceOf(e))
	case schema.ParamDate:
		return matchDate(v, e, time.UTC)
	case schema.ParamNumber, schema.ParamQuantity:
		return matchQuantity(v, e)
	case schema.ParamURI:
		s, _ := e.value.(string)
		url, _, _ := strings.Cut(s, "|")
		if modifier == "below" && strings.Contains(v.text, "|") {
			return s == v.text || strings.HasPrefix(s, v.text+".")
		}
		if e.typ != "canonical" {
			url = s
		}
		if modifier == "below" {
			return s == v.text || isUnder(url, v.text)
		}
		if modifier == "above" {
			return s == v.text || isUnder(v.text, url) || url == v.text+"/" // a slash at the end is no segment
		}
		return s == v.text || url == v.text
	}
	return false
}

// isUnder reports whether a uri is parent or below it, by whole segments.
func isUnder(uri, parent string) bool {
	return uri == parent || strings.HasPrefix(uri, strings.TrimSuffix(parent, "/")+"/")
}

// holds reports whether a result is true.
func holds(items fhirpath.Collection) bool {
	if len(items) != 1 {
		return false
	}
	value, _ := items[0].Bool()
	return value
}
