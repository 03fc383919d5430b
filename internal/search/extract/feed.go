package extract

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// evaluate adds the values of a parameter whose expression is evaluated on the resource at
// a node. A resource on which the expression fails has none.
func (x *Extractor) evaluate(at fhirjson.Index, p *param.Place) {
	if p.Parts == nil {
		x.fill(p.Feed, p.Expression, at, 0)
		return
	}
	from := len(x.found)
	x.found = x.elements(p.Expression, at, x.found)
	for i := range x.found[from:] {
		group := uint32(0)
		if p.Grouped {
			x.groups++
			group = x.groups
		}
		for _, part := range p.Parts {
			x.fill(part.Feed, part.Expression, x.found[from+i], group)
		}
	}
	x.found = x.found[:from]
}

// elements appends the nodes of the resource that an expression yields on it.
func (x *Extractor) elements(e *fhirpath.Expression, at fhirjson.Index, dst []fhirjson.Index) []fhirjson.Index {
	from := len(dst)
	dst, err := x.evaluator.Select(e, x.doc, at, dst)
	if err == nil {
		return dst
	}
	dst = dst[:from]
	items, _ := x.evaluator.EvaluateNode(context.Background(), e, x.doc, at)
	for _, it := range items {
		if doc, n, ok := it.Node(); ok && doc == x.doc {
			dst = append(dst, n)
		}
	}
	return dst
}

// fill adds the values of an expression's items on a node.
func (x *Extractor) fill(f *param.Feed, e *fhirpath.Expression, n fhirjson.Index, group uint32) {
	if len(f.Values) == 0 {
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
func (x *Extractor) item(f *param.Feed, it fhirpath.Item, group uint32) {
	doc, n, ok := it.Node()
	if !ok {
		if t, ok := f.Values[it.Type()]; ok {
			l := t.Leaf
			l.Param += x.shift
			x.value(it, &l, group)
		}
		return
	}
	if doc == x.doc {
		x.element(f, n, group)
	}
}

// element adds the values of a node, or of the value of an extension.
func (x *Extractor) element(f *param.Feed, n fhirjson.Index, group uint32) {
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
func (x *Extractor) node(f *param.Feed, n fhirjson.Index, group uint32) {
	typ := x.doc.Nodes[n].Type
	if typ.Type().Kind == schema.KindResource {
		typ = schema.TypeResource
	}
	for i := range f.Nodes[typ] {
		t := &f.Nodes[typ][i]
		x.down(n, t, t.Below, group)
	}
}

// down adds the values of a node, or of the nodes below it.
func (x *Extractor) down(n fhirjson.Index, t *param.Tap, below []schema.FieldID, group uint32) {
	if len(below) > 0 {
		for c := range x.doc.Children(n) {
			if x.doc.Nodes[c].Field == below[0] {
				x.down(c, t, below[1:], group)
			}
		}
		return
	}
	field := x.doc.Nodes[n].Field
	l := t.Leaf
	l.Param += x.shift
	l.Binding = field.Field().Binding.Binding()
	x.leaf(n, &l, group)
	if t.Words != 0 && field == param.FamilyName() {
		x.leaf(n, &param.Leaf{Param: t.Words + x.shift, Kind: param.LeafWords}, group)
	}
}

// value adds one of FHIRPath's own values.
func (x *Extractor) value(it fhirpath.Item, l *param.Leaf, group uint32) {
	text := it.String()
	if text == "" {
		return
	}
	switch l.Kind {
	case param.LeafString:
		x.string(l.Param, group, text)
	case param.LeafInsensitive, param.LeafBoolean:
		x.b.Token(l.Param, group, "", x.code(text, l.Kind == param.LeafBoolean))
	case param.LeafNumber:
		x.b.Number(l.Param, group, text, text)
	case param.LeafDate:
		if t, err := fhirtime.ParseSearch(text); err == nil {
			x.moment(l.Param, group, momentOf(t))
		}
	case param.LeafQuantity:
		digits, code, unit, _ := it.Quantity()
		x.b.Quantity(l.Param, group, digits, digits, param.UCUM, code, unit)
	case param.LeafReference:
		x.refer(l.Param, group, text)
	case param.LeafURI:
		x.b.Text(l.Param, group, text, text)
	}
}
