package param

import (
	"maps"
	"slices"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Stream is the values of the elements at one place, converted for one type of
// parameter. It has a number of its own in the index. Parameters are unions of streams:
// Patient.name and Patient.family share the family names, and Observation.patient is
// the stream of Observation.subject's references to patients. So no value is stored
// twice, however many parameters see it.
type Stream struct {
	ID   index.Param
	name string // where its values come from and their kind; "" of a custom parameter
	Kind leafKind
	typ  schema.TypeID // of the elements
	// Sensitive is set on streams of codes whose case always counts.
	Sensitive bool
	Place     *Place // of a custom parameter, whose values are not stored; otherwise nil
}

// Integer reports whether the stream's numbers are whole.
func (s *Stream) Integer() bool {
	switch s.typ.String() {
	case "integer", "positiveInt", "unsignedInt":
		return true
	}
	return false
}

// A Param is a search parameter of one resource type, ready for use.
type Param struct {
	Row     *schema.Param
	Streams []*Stream
	Aside   []*Stream // for :text and :of-type on tokens, for :identifier on references
	// Composites are the places of a composite's elements, each with the components
	// that are compared there.
	Composites []Composite
	Special    special
	Custom     *Custom // nil for R4's own
}

// A Composite is one place of a composite parameter: Observation.component has a
// code and a value.
type Composite struct {
	Components []component
	// Grouped says that the place has many elements, and that all components must hold
	// for one of them. Otherwise the element is the resource.
	Grouped bool
}

// Seen returns the streams for a match with a modifier.
func (p *Param) Seen(mod Modifier) []*Stream {
	var seen []*Stream
	switch mod {
	case ModText, ModIdentifier, ModOfType:
		for _, s := range p.Aside {
			if s.Kind.modifier() == mod {
				seen = append(seen, s)
			}
		}
		return seen
	case ModExact, ModEquals, ModEnds, ModOrder:
		return p.Whole()
	}
	return p.Streams
}

// Whole returns the streams of whole values, without the words of family names: these
// are found, but neither equal the name nor sort it.
func (p *Param) Whole() []*Stream {
	words := func(s *Stream) bool { return s.Kind == LeafWords }
	if !slices.ContainsFunc(p.Streams, words) {
		return p.Streams
	}
	return slices.DeleteFunc(slices.Clone(p.Streams), words)
}

// Has reports whether a modifier that the type of parameter has also fits its
// elements: :text needs texts.
func (p *Param) Has(mod Modifier) bool {
	switch mod {
	case ModText, ModIdentifier, ModOfType:
		return len(p.Seen(mod)) > 0
	case ModIn, ModNotIn, ModAbove, ModBelow: // of tokens, those with systems
		return p.Row.Type != schema.ParamToken ||
			slices.ContainsFunc(p.Streams, func(s *Stream) bool { return !s.Kind.NoSystem() })
	}
	return true
}

type component struct {
	*Param
	Anywhere bool // holds for every element of the composite
}

// A special is a parameter without streams.
type special uint8

const (
	SpecialNone special = iota
	SpecialID
	SpecialLastUpdated
	SpecialNear
	SpecialWords
	SpecialUnsupported
)

// A TypePlan has the parameters of one resource type and the trie that extracts them.
type TypePlan struct {
	params map[string]*Param
	Root   *Node
	Exists []Existence
	// Places are those of the parameters that are no part of the trie: their expressions
	// are evaluated. R4 itself needs none.
	Places []*Place
	// Contained is the field of contained resources, 0 where the type has none.
	Contained schema.FieldID
}

// An Existence is a stream of booleans: whether an element is there and not
// false (Patient.deceased).
type Existence struct {
	Stream *Stream
	Fields []schema.FieldID
}

// A Registry holds the search parameters of every resource type. It is immutable.
type Registry struct {
	Types   []*TypePlan // by schema.TypeID; nil for what is no resource
	streams []*Stream   // by index.Param; nil for numbers out of use
	Names   map[string]schema.TypeID
	Fields  wellKnown
	// Versions are the versions of the extractor, by schema.TypeID.
	Versions []uint32
	Customs  customs
	// Narrative and Content are the streams of words of all types: the narrative's
	// words, and further words of the rest of a resource.
	Narrative, Content *Stream
	// Mentions is the stream of the resources that a resource names: those of Linked
	// types, and all for a resource of the Naming types.
	Mentions       *Stream
	Linked, Naming map[schema.TypeID]bool
}

// R4 is the registry of R4. An expression that cannot be read is a fault
// of the tables, which a test finds; so it panics.
var R4 = sync.OnceValue(func() *Registry { return newRegistry(readNumbers(numbersText), (*registryBuilder).uses) })

// Find returns the parameter of a type with the given code.
func (r *Registry) Find(t schema.TypeID, code string) (*Param, bool) {
	p, ok := r.Types[t].params[code]
	return p, ok
}

// Codes returns the names of the parameters of a type, sorted.
func (r *Registry) Codes(t schema.TypeID) []string {
	return slices.Sorted(maps.Keys(r.Types[t].params))
}

type registryBuilder struct {
	*Registry
	numbers *numbers
	// compile returns the uses of a parameter, or false to have it evaluated.
	compile func(b *registryBuilder, t, base schema.TypeID, p *Param) ([]use, bool)
	shared  map[sharedKey]*Stream
	words   map[string]*Param // _text and _content, of all types
}

// newRegistry makes a registry of R4's parameters. Those for which compile returns paths
// are extracted along tries, the others by evaluating their expressions.
func newRegistry(n *numbers, compile func(b *registryBuilder, t, base schema.TypeID, p *Param) ([]use, bool)) *Registry {
	b := registryBuilder{
		Registry: &Registry{
			Types:    make([]*TypePlan, len(schema.Types)),
			Names:    map[string]schema.TypeID{},
			Fields:   findWellKnown(),
			Versions: make([]uint32, len(schema.Types)),
			Linked:   map[schema.TypeID]bool{},
		},
		numbers: n,
		compile: compile,
		shared:  map[sharedKey]*Stream{},
	}
	b.fullText()
	b.mentioned()
	for t := range schema.Types {
		typ := schema.TypeID(t)
		if row := typ.Type(); row.Kind == schema.KindResource && !row.Abstract {
			b.Types[t] = b.plan(typ)
			b.Names[row.Name] = typ
			b.Versions[t] = b.numbers.types[row.Name].version
		}
	}
	if len(b.streams) > int(FirstInside) || FirstInside+b.numbers.last >= firstHead || b.end() > index.FirstCustom {
		panic("search: too many streams for the numbers of contained resources")
	}
	return b.Registry
}

// A sharedKey finds the stream of a parameter that all types have.
type sharedKey struct {
	code string
	kind leafKind
}

// A use is a path at whose end a parameter takes values.
type use struct {
	path
	param *Param
	conversion
	element schema.TypeID  // the type at the end, the children that conversion goes down to included
	field   schema.FieldID // the last field
	shared  bool           // by all types: the parameter is one of Resource's
}

// plan makes the parameters of a type, the trie that extracts most of them, and the
// places that are evaluated for the others.
func (b *registryBuilder) plan(t schema.TypeID) *TypePlan {
	plan := &TypePlan{params: maps.Clone(b.words), Contained: schema.Lookup(t, "contained")}
	var uses []use
	fits := newFitting()
	for base := t; base != 0; base = base.Type().Base {
		for _, id := range schema.ParamsOf(base) {
			row := id.Param()
			if plan.params[row.Code] != nil {
				continue
			}
			p := &Param{Row: row, Special: specialOf(row)}
			plan.params[row.Code] = p
			if p.Special != SpecialNone {
				continue
			}
			if found, ok := b.compile(b, t, base, p); ok && fits.add(found) {
				uses = append(uses, found...)
			} else {
				*p = Param{Row: row}
				plan.Places = append(plan.Places, b.evaluated(t, p))
			}
		}
	}
	var rest []use
	for _, u := range uses {
		if !u.exists {
			rest = append(rest, u)
			continue
		}
		if len(u.param.Streams) == 0 {
			u.param.Streams = []*Stream{b.stream(u, t.String()+" "+u.param.Row.Code+" exists")}
			plan.Exists = append(plan.Exists, Existence{Stream: u.param.Streams[0]})
		}
		last := &plan.Exists[len(plan.Exists)-1] // the alternatives of an element are adjacent
		last.Fields = append(last.Fields, u.hops[0].field)
	}
	plan.Root = b.node(t, t.String(), rest, 0)
	return plan
}

// specialOf tells the parameters that have no expression to find their values by.
func specialOf(row *schema.Param) special {
	switch {
	case row.Code == "_id":
		return SpecialID
	case row.Code == "_lastUpdated":
		return SpecialLastUpdated
	case row.Code == "near":
		return SpecialNear
	case row.Type == schema.ParamSpecial || row.Expression == "":
		return SpecialUnsupported
	}
	return SpecialNone
}

// uses returns what the parameter p of a type takes values from, and whether paths can
// say it.
func (b *registryBuilder) uses(t, base schema.TypeID, p *Param) ([]use, bool) {
	found, ok := pathsOf(mustParse(p.Row.Expression), t, path{typ: t})
	if !ok || p.Row.Type != schema.ParamComposite {
		return convert(nil, found, p, base != t), ok
	}
	var uses []use
	for _, element := range found {
		element.base = len(element.hops)
		c := Composite{Grouped: element.base > 0}
		for _, id := range p.Row.Components {
			part := component{Param: &Param{Row: id.Param()}}
			found, ok := pathsOf(mustParse(part.Row.Expression), t, element)
			if !ok || len(found) == 0 || slices.ContainsFunc(found, func(at path) bool { return at.exists || at.root != found[0].root }) {
				return nil, false
			}
			part.Anywhere = found[0].root
			uses = convert(uses, found, part.Param, false)
			c.Components = append(c.Components, part)
		}
		p.Composites = append(p.Composites, c)
	}
	return uses, true
}

func mustParse(expression string) syntax.Node {
	tree, err := syntax.Parse(expression)
	if err != nil {
		panic("search: expression " + expression + ": " + err.Error())
	}
	return tree
}

// convert appends the uses of the paths that end at a type which the parameter can
// index. Other paths have no meaning for it, such as a Range for a token parameter.
func convert(uses []use, found []path, p *Param, shared bool) []use {
	for _, at := range found {
		if at.exists {
			uses = append(uses, use{path: at, param: p, conversion: conversion{kind: LeafBoolean}, element: at.typ})
			continue
		}
		if at.typ == schema.TypeExtension { // an extension stands for its value
			values, _ := (&pathCompiler{}).child([]path{at}, "value")
			uses = convert(uses, values, p, shared)
			continue
		}
		for _, c := range conversions()[p.Row.Type][at.typ.String()] {
			u := use{path: at, param: p, conversion: c, shared: shared}
			hops, typ := slices.Clone(at.hops), at.typ
			for _, name := range c.below {
				field := schema.Lookup(typ, name)
				hops, typ = append(hops, hop{field: field}), field.Field().Type
			}
			u.hops, u.element, u.field = hops, typ, hops[len(hops)-1].field
			uses = append(uses, u)
			if u.kind == LeafString && u.field == FamilyName() {
				u.kind = LeafWords
				uses = append(uses, u)
			}
		}
	}
	return uses
}

// FamilyName is the field of family names, whose words are found one by one
// (FHIR R4 §3.1.1.4.8), by family as by name.
func FamilyName() schema.FieldID {
	t, _ := schema.TypeOf("HumanName")
	return schema.Lookup(t, "family")
}

// stream makes the stream of a use at a place.
func (b *registryBuilder) stream(u use, place string) *Stream {
	key := sharedKey{u.param.Row.Code, u.kind}
	if s := b.shared[key]; u.shared && s != nil {
		return s
	}
	if u.shared {
		place = "Resource " + u.param.Row.Code
	}
	s := b.newStream(&Stream{Kind: u.kind, typ: u.element, Sensitive: u.kind == LeafSensitive || u.kind == LeafBoolean}, place)
	if u.shared {
		b.shared[key] = s
	}
	return s
}

// newStream gives a stream at a place its number.
func (b *registryBuilder) newStream(s *Stream, place string) *Stream {
	s.name = place + " " + s.Kind.String()
	s.ID = b.numbers.number(s.name)
	for len(b.streams) <= int(s.ID) {
		b.streams = append(b.streams, nil)
	}
	if b.streams[s.ID] != nil {
		panic("search: two streams are called " + s.name)
	}
	b.streams[s.ID] = s
	return s
}

// Streams returns the streams that the parts look at.
func (c *Composite) Streams() (all []*Stream) {
	for _, part := range c.Components {
		all = append(all, part.Streams...)
	}
	return all
}

// Stream returns the stream of the parameter that has a number, nil if none has.
func (p *Param) Stream(number index.Param) *Stream {
	if s := StreamOf(p.Streams, number); s != nil {
		return s
	}
	return StreamOf(p.Aside, number)
}

// Knows reports whether values of a stream are values of the parameter.
func (p *Param) Knows(number index.Param) bool { return p.Stream(number) != nil }

func StreamOf(streams []*Stream, number index.Param) *Stream {
	for _, s := range streams {
		if s.ID == number {
			return s
		}
	}
	return nil
}
