package search

import (
	"context"
	"maps"
	"slices"
	"sync"

	"github.com/fhirlake/fhirlake/fhirpath"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// An outlet is one way in which what an expression yields becomes values: the type
// of an item, and what is made of it.
type outlet struct {
	item string // as fhirpath.Item.Type has it; Resource for every resource
	conversion
}

// computed says for a type of parameter which of FHIRPath's own values it can index.
// They have the kind of the element that they are most like.
var computed = sync.OnceValue(func() map[schema.ParamType]map[string]leafKind {
	return map[schema.ParamType]map[string]leafKind{
		schema.ParamString:    {"System.String": leafString},
		schema.ParamToken:     {"System.Boolean": leafBoolean, "System.String": leafInsensitive},
		schema.ParamNumber:    {"System.Integer": leafNumber, "System.Decimal": leafNumber},
		schema.ParamDate:      {"System.Date": leafDate, "System.DateTime": leafDate},
		schema.ParamQuantity:  {"System.Quantity": leafQuantity},
		schema.ParamReference: {"System.String": leafReference},
		schema.ParamURI:       {"System.String": leafURI},
	}
})

// outletsOf returns the ways in which a parameter can index what an expression may
// yield. What is not among them has no meaning for it, such as the Range among the
// values of a token parameter. An extension stands for its value, as it does in
// R4's own definitions.
func outletsOf(kind schema.ParamType, e *fhirpath.Expression) []outlet {
	names, any := e.Yields()
	if slices.Contains(names, schema.TypeExtension.String()) {
		for f, end := schema.Element(schema.TypeExtension, "value"); f < end; f++ {
			names = append(names, f.Field().Type.String())
		}
	}
	var found []outlet
	for _, name := range slices.Sorted(maps.Keys(conversions()[kind])) {
		if any || slices.ContainsFunc(names, func(n string) bool { return standsFor(n, name) }) {
			for _, c := range conversions()[kind][name] {
				found = append(found, outlet{name, c})
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(computed()[kind])) {
		if any || slices.Contains(names, name) {
			found = append(found, outlet{name, conversion{kind: computed()[kind][name]}})
		}
	}
	return found
}

// standsFor reports whether items of the type yielded may be of the type wanted.
func standsFor(yielded, wanted string) bool {
	if yielded == wanted {
		return true
	}
	y, _ := schema.TypeOf(yielded)
	w, known := schema.TypeOf(wanted)
	return known && (y.Type().Abstract && w.Is(y) || w == schema.TypeResource && y.Is(w))
}

// A feed leads the items that an expression yields to the streams of a parameter.
type feed struct {
	nodes  map[schema.TypeID][]tap
	values map[string]tap // by System type
}

// A tap is an outlet with its stream.
type tap struct {
	below []schema.FieldID // to go down to first
	leaf  leaf
	words index.Param // of the further words of family names; 0 for none
}

// A streamKey tells apart the streams that one parameter has on one base.
type streamKey struct {
	kind    leafKind
	integer bool
}

// feedOf makes the feed of a parameter on a base, and the parameter's streams.
// number gives out numbers of streams.
func feedOf(p *param, at *place, e *fhirpath.Expression, number func() index.Param) *feed {
	f := &feed{map[schema.TypeID][]tap{}, map[string]tap{}}
	made := map[streamKey]*stream{}
	streamOf := func(kind leafKind, typ schema.TypeID, aside bool) *stream {
		s := &stream{kind: kind, typ: typ, sensitive: kind == leafSensitive || kind == leafBoolean, place: at}
		key := streamKey{kind, s.integer()}
		if made[key] != nil {
			return made[key]
		}
		s.id = number()
		made[key] = s
		if aside {
			p.aside = append(p.aside, s)
		} else {
			p.streams = append(p.streams, s)
		}
		return s
	}
	for _, o := range outletsOf(p.row.Type, e) {
		typ, isNode := schema.TypeOf(o.item)
		if o.item == "System.Integer" {
			typ = schema.TypeInteger
		}
		t := tap{leaf: leaf{kind: o.kind}}
		end := typ
		for _, name := range o.below {
			field := schema.Lookup(end, name)
			t.below, end = append(t.below, field), field.Field().Type
		}
		t.leaf.param = streamOf(o.kind, end, o.aside).id
		if o.kind == leafString && isNode {
			t.words = streamOf(leafWords, end, false).id
		}
		if isNode {
			f.nodes[typ] = append(f.nodes[typ], t)
		} else {
			f.values[o.item] = t
		}
	}
	return f
}

// customVisits bounds the work of one expression on one resource, at some ten
// milliseconds: all resources of a type are evaluated when they are written.
const customVisits = 1 << 20

// custom adds the values of a custom parameter. A resource on which the expression
// fails has none.
func (x *extractor) custom(p *place) {
	if p.parts == nil {
		x.fill(p.feed, p.expression, 0, 0)
		return
	}
	from := len(x.found)
	x.found = x.elements(p.expression, x.found)
	for i := range x.found[from:] {
		group := uint32(0)
		if p.grouped {
			group = uint32(i) + 1
		}
		for _, part := range p.parts {
			x.fill(part.feed, part.expression, x.found[from+i], group)
		}
	}
	x.found = x.found[:from]
}

// elements appends the nodes of the resource that an expression yields on it.
func (x *extractor) elements(e *fhirpath.Expression, dst []fhirjson.Index) []fhirjson.Index {
	from := len(dst)
	dst, err := x.evaluator.Select(e, x.doc, 0, dst)
	if err == nil {
		return dst
	}
	dst = dst[:from]
	items, _ := x.evaluator.EvaluateNode(context.Background(), e, x.doc, 0)
	for _, it := range items {
		if doc, n, ok := it.Node(); ok && doc == x.doc {
			dst = append(dst, n)
		}
	}
	return dst
}

// fill adds the values of what an expression yields on a node.
func (x *extractor) fill(f *feed, e *fhirpath.Expression, n fhirjson.Index, group uint32) {
	if len(f.values) == 0 {
		from := len(x.found)
		found, err := x.evaluator.Select(e, x.doc, n, x.found)
		x.found = found[:from]
		if err == nil {
			for _, c := range found[from:] {
				x.element(f, c, group)
			}
			return
		}
	}
	items, err := x.evaluator.EvaluateNode(context.Background(), e, x.doc, n)
	if err != nil {
		return
	}
	for _, it := range items {
		x.item(f, it, group)
	}
}

// item adds the values of one item.
func (x *extractor) item(f *feed, it fhirpath.Item, group uint32) {
	doc, n, ok := it.Node()
	if !ok {
		if t, ok := f.values[it.Type()]; ok {
			x.value(it, &t.leaf, group)
		}
		return
	}
	if doc == x.doc {
		x.element(f, n, group)
	}
}

// element adds the values of a node, or of the value of an extension.
func (x *extractor) element(f *feed, n fhirjson.Index, group uint32) {
	if typ := x.doc.Nodes[n].Type; typ == schema.TypeExtension {
		first, end := schema.Element(typ, "value")
		for c := range x.doc.Children(n) {
			if field := x.doc.Nodes[c].Field; first <= field && field < end {
				x.node(f, c, group)
			}
		}
		return
	}
	x.node(f, n, group)
}

// node adds the values of a node.
func (x *extractor) node(f *feed, n fhirjson.Index, group uint32) {
	typ := x.doc.Nodes[n].Type
	if typ.Type().Kind == schema.KindResource {
		typ = schema.TypeResource
	}
	for i := range f.nodes[typ] {
		t := &f.nodes[typ][i]
		x.down(n, t, t.below, group)
	}
}

// down adds the values of a node, or of what is below it.
func (x *extractor) down(n fhirjson.Index, t *tap, below []schema.FieldID, group uint32) {
	if len(below) > 0 {
		for c := range x.doc.Children(n) {
			if x.doc.Nodes[c].Field == below[0] {
				x.down(c, t, below[1:], group)
			}
		}
		return
	}
	field := x.doc.Nodes[n].Field
	l := t.leaf
	l.binding = field.Field().Binding.Binding()
	x.leaf(n, &l, group)
	if t.words != 0 && field == familyName() {
		x.leaf(n, &leaf{param: t.words, kind: leafWords}, group)
	}
}

// value adds one of FHIRPath's own values.
func (x *extractor) value(it fhirpath.Item, l *leaf, group uint32) {
	text := it.String()
	if text == "" {
		return
	}
	switch l.kind {
	case leafString:
		x.string(l.param, group, text)
	case leafInsensitive, leafBoolean:
		x.b.Token(l.param, group, "", x.code(text, l.kind == leafBoolean))
	case leafNumber:
		x.b.Number(l.param, group, text, text)
	case leafDate:
		if t, err := fhirtime.ParseSearch(text); err == nil {
			x.moment(l.param, group, momentOf(t))
		}
	case leafQuantity:
		digits, code, unit, _ := it.Quantity()
		x.b.Quantity(l.param, group, digits, digits, ucumSystem, code, unit)
	case leafReference:
		x.refer(l.param, group, text)
	case leafURI:
		x.b.Text(l.param, group, text, text)
	}
}
