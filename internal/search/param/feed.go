package param

import (
	"maps"
	"slices"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// An outlet is one way in which an expression's items become values: the type of the
// items, and their conversion.
type outlet struct {
	item string // as fhirpath.Item.Type has it; Resource for every resource
	conversion
}

// computed has, for a type of parameter, the kinds of FHIRPath's own values that it can
// index. They are indexed like the most similar elements.
var computed = sync.OnceValue(func() map[schema.ParamType]map[string]leafKind {
	return map[schema.ParamType]map[string]leafKind{
		schema.ParamString:    {"System.String": LeafString},
		schema.ParamToken:     {"System.Boolean": LeafBoolean, "System.String": LeafInsensitive},
		schema.ParamNumber:    {"System.Integer": LeafNumber, "System.Decimal": LeafNumber},
		schema.ParamDate:      {"System.Date": LeafDate, "System.DateTime": LeafDate},
		schema.ParamQuantity:  {"System.Quantity": LeafQuantity},
		schema.ParamReference: {"System.String": LeafReference},
		schema.ParamURI:       {"System.String": LeafURI},
	}
})

// outletsOf returns the ways in which a parameter can index the items that an
// expression may yield. Other items have no meaning for it, such as a Range for a token
// parameter. An extension stands for its value, as in R4's own definitions.
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

// standsFor reports whether items of the type yielded may have the type wanted.
func standsFor(yielded, wanted string) bool {
	if yielded == wanted {
		return true
	}
	y, _ := schema.TypeOf(yielded)
	w, known := schema.TypeOf(wanted)
	return known && (y.Type().Abstract && w.Is(y) || w == schema.TypeResource && y.Is(w))
}

// A Feed leads the items of an expression to the streams of a parameter.
type Feed struct {
	Nodes  map[schema.TypeID][]Tap
	Values map[string]Tap // by System type
}

// A Tap is an outlet with its stream.
type Tap struct {
	Below []schema.FieldID // to go down to first
	Leaf  Leaf
	Words index.Param // of the further words of family names; 0 for none
}

// A streamKey tells apart the streams that one parameter has on one base.
type streamKey struct {
	kind    leafKind
	integer bool
}

// feedOf makes the feed of a parameter on a base, and the parameter's streams. number gives
// each stream its number.
func feedOf(p *Param, e *fhirpath.Expression, number func(*Stream)) *Feed {
	f := &Feed{map[schema.TypeID][]Tap{}, map[string]Tap{}}
	made := map[streamKey]*Stream{}
	streamOf := func(kind leafKind, typ schema.TypeID, aside bool) *Stream {
		s := &Stream{Kind: kind, typ: typ, Sensitive: kind == LeafSensitive || kind == LeafBoolean}
		key := streamKey{kind, s.Integer()}
		if made[key] != nil {
			return made[key]
		}
		number(s)
		made[key] = s
		if aside {
			p.Aside = append(p.Aside, s)
		} else {
			p.Streams = append(p.Streams, s)
		}
		return s
	}
	for _, o := range outletsOf(p.Row.Type, e) {
		typ, isNode := schema.TypeOf(o.item)
		if o.item == "System.Integer" {
			typ = schema.TypeInteger
		}
		t := Tap{Leaf: Leaf{Kind: o.kind}}
		end := typ
		for _, name := range o.below {
			field := schema.Lookup(end, name)
			t.Below, end = append(t.Below, field), field.Field().Type
		}
		t.Leaf.Param = streamOf(o.kind, end, o.aside).ID
		if o.kind == LeafString && isNode {
			t.Words = streamOf(LeafWords, end, false).ID
		}
		if isNode {
			f.Nodes[typ] = append(f.Nodes[typ], t)
		} else {
			f.Values[o.item] = t
		}
	}
	return f
}

// CustomVisits bounds the work of one expression on one resource, at some ten
// milliseconds: all resources of a type are evaluated when they are written.
const CustomVisits = 1 << 20
