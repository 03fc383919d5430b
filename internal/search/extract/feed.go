package extract

import (
	"context"

	"github.com/fhirlake/fhirlake/fhirpath"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// custom adds the values of a custom parameter. A resource on which the expression
// fails has none.
func (x *Extractor) custom(p *param.Place) {
	items, err := x.evaluator.EvaluateNode(context.Background(), p.Expression, x.doc, 0)
	if err != nil {
		return
	}
	if p.Parts == nil {
		for _, it := range items {
			x.item(p.Feed, it, 0)
		}
		return
	}
	for i, it := range items {
		doc, n, ok := it.Node()
		if !ok || doc != x.doc {
			continue
		}
		group := uint32(0)
		if p.Grouped {
			group = uint32(i) + 1
		}
		for _, part := range p.Parts {
			found, err := x.evaluator.EvaluateNode(context.Background(), part.Expression, x.doc, n)
			if err != nil {
				continue
			}
			for _, it := range found {
				x.item(part.Feed, it, group)
			}
		}
	}
}

// item adds the values of one item.
func (x *Extractor) item(f *param.Feed, it fhirpath.Item, group uint32) {
	doc, n, ok := it.Node()
	if !ok {
		if t, ok := f.Values[it.Type()]; ok {
			x.value(it, &t.Leaf, group)
		}
		return
	}
	if doc != x.doc {
		return
	}
	typ := doc.Nodes[n].Type
	if typ == schema.TypeExtension {
		first, end := schema.Element(typ, "value")
		for c := range doc.Children(n) {
			if field := doc.Nodes[c].Field; first <= field && field < end {
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

// down adds the values of a node, or of what is below it.
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
	l.Binding = field.Field().Binding.Binding()
	x.leaf(n, &l, group)
	if t.Words != 0 && field == param.FamilyName() {
		x.leaf(n, &param.Leaf{Param: t.Words, Kind: param.LeafWords}, group)
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
