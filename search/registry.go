package search

import (
	"maps"
	"slices"
	"sync"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A stream is the values that the elements at one place yield for one type of
// parameter. It has a number of its own in the index. Parameters are unions of
// streams: Patient.name and Patient.family share the family names, and
// Observation.patient is the part of Observation.subject whose references are
// to patients. So no value is stored twice, however many parameters see it.
type stream struct {
	id   index.Param
	name string // where its values come from and their kind; "" of a custom parameter
	kind leafKind
	typ  schema.TypeID // of the elements
	// sensitive is set on streams of codes of which the case always counts.
	sensitive bool
	place     *place // of a custom parameter, whose values are not stored; otherwise nil
}

// integer reports whether the stream's numbers are whole.
func (s *stream) integer() bool {
	switch s.typ.String() {
	case "integer", "positiveInt", "unsignedInt":
		return true
	}
	return false
}

// A param is a search parameter of one resource type, ready for use.
type param struct {
	row     *schema.Param
	streams []*stream
	aside   []*stream // for :text and :of-type on tokens, for :identifier on references
	// composites are the places of which a composite looks at the elements, each
	// with the parts that it compares there.
	composites []composite
	special    special
	custom     *custom // nil for R4's own
}

// A composite is one place of a composite parameter: Observation.component has a
// code and a value.
type composite struct {
	components []component
	// grouped says that the place has many elements, and that the parts must be of
	// one of them. Otherwise the element is the resource.
	grouped bool
}

// seen returns the streams that a match with a modifier looks at.
func (p *param) seen(mod modifier) []*stream {
	var seen []*stream
	switch mod {
	case modText, modIdentifier, modOfType:
		for _, s := range p.aside {
			if s.kind.modifier() == mod {
				seen = append(seen, s)
			}
		}
		return seen
	case modExact, modEquals, modEnds, modOrder:
		return p.whole()
	}
	return p.streams
}

// whole returns the streams that hold whole values: the words of a family name
// are found, but neither equal the name nor sort it.
func (p *param) whole() []*stream {
	words := func(s *stream) bool { return s.kind == leafWords }
	if !slices.ContainsFunc(p.streams, words) {
		return p.streams
	}
	return slices.DeleteFunc(slices.Clone(p.streams), words)
}

// has reports whether a modifier that the type of parameter has also fits its
// elements: :text needs texts.
func (p *param) has(mod modifier) bool {
	switch mod {
	case modText, modIdentifier, modOfType:
		return len(p.seen(mod)) > 0
	case modIn, modNotIn, modAbove, modBelow: // of tokens, those with systems
		return p.row.Type != schema.ParamToken ||
			slices.ContainsFunc(p.streams, func(s *stream) bool { return !s.kind.noSystem() })
	}
	return true
}

type component struct {
	*param
	anywhere bool // holds for every element of the composite
}

// special tells the parameters that are no streams.
type special uint8

const (
	specialNone special = iota
	specialID
	specialLastUpdated
	specialNear
	specialWords
	specialUnsupported
)

// A typePlan is all that is known about searching one resource type.
type typePlan struct {
	params map[string]*param
	root   *trieNode
	exists []existence
	// contained is the field of contained resources, 0 where the type has none.
	contained schema.FieldID
}

// An existence is a stream of booleans: whether an element is there and not
// false (Patient.deceased).
type existence struct {
	stream *stream
	fields []schema.FieldID
}

// A registry holds the search parameters of every resource type. It is immutable.
type registry struct {
	types   []*typePlan // by schema.TypeID; nil for what is no resource
	streams []*stream   // by index.Param; nil for numbers out of use
	names   map[string]schema.TypeID
	fields  wellKnown
	// versions are those of what is extracted, by schema.TypeID.
	versions []uint32
	customs  customs
	// narrative and content are the words of all types: those of the narrative, and
	// what the rest of a resource has beside them.
	narrative, content *stream
}

// parameters is the registry of R4. An expression that cannot be read is a fault
// of the tables, which a test finds; so it panics.
var parameters = sync.OnceValue(func() *registry {
	b := registryBuilder{
		registry: &registry{
			types:    make([]*typePlan, len(schema.Types)),
			names:    map[string]schema.TypeID{},
			fields:   findWellKnown(),
			versions: make([]uint32, len(schema.Types)),
		},
		numbers: readNumbers(numbersText),
		shared:  map[sharedKey]*stream{},
	}
	b.fullText()
	for t := range schema.Types {
		typ := schema.TypeID(t)
		if row := typ.Type(); row.Kind == schema.KindResource && !row.Abstract {
			b.types[t] = b.plan(typ)
			b.names[row.Name] = typ
			b.versions[t] = b.numbers.types[row.Name].version
		}
	}
	if len(b.streams) > int(firstInside) || firstInside+b.numbers.last >= firstHead || b.end() > index.FirstCustom {
		panic("search: too many streams for the numbers of contained resources")
	}
	return b.registry
})

// find returns the parameter of a type with the given code.
func (r *registry) find(t schema.TypeID, code string) (*param, bool) {
	p, ok := r.types[t].params[code]
	return p, ok
}

// codes returns the names of the parameters of a type, sorted.
func (r *registry) codes(t schema.TypeID) []string {
	return slices.Sorted(maps.Keys(r.types[t].params))
}

type registryBuilder struct {
	*registry
	numbers *numbers
	shared  map[sharedKey]*stream
	words   map[string]*param // _text and _content, of all types
}

// A sharedKey finds the stream of a parameter that all types have.
type sharedKey struct {
	code string
	kind leafKind
}

// A use says that a parameter takes values from the end of a path.
type use struct {
	path
	param *param
	conversion
	element schema.TypeID  // the type at the end, the children that conversion goes down to included
	field   schema.FieldID // the last field
	shared  bool           // by all types: the parameter is one of Resource's
}

// plan makes the parameters of a type and the trie that extracts them.
func (b *registryBuilder) plan(t schema.TypeID) *typePlan {
	plan := &typePlan{params: maps.Clone(b.words), contained: schema.Lookup(t, "contained")}
	var uses []use
	for base := t; base != 0; base = base.Type().Base {
		for _, id := range schema.ParamsOf(base) {
			row := id.Param()
			if plan.params[row.Code] == nil {
				p := &param{row: row}
				plan.params[row.Code] = p
				uses = b.uses(uses, t, base, p)
			}
		}
	}
	var rest []use
	for _, u := range uses {
		if !u.exists {
			rest = append(rest, u)
			continue
		}
		if len(u.param.streams) == 0 {
			u.param.streams = []*stream{b.stream(u, t.String()+" "+u.param.row.Code+" exists")}
			plan.exists = append(plan.exists, existence{stream: u.param.streams[0]})
		}
		last := &plan.exists[len(plan.exists)-1] // the alternatives of an element are adjacent
		last.fields = append(last.fields, u.hops[0].field)
	}
	plan.root = b.node(t, t.String(), rest, 0, false)
	return plan
}

// uses appends what the parameter p of a type takes values from.
func (b *registryBuilder) uses(uses []use, t, base schema.TypeID, p *param) []use {
	shared := base != t
	switch {
	case p.row.Code == "_id":
		p.special = specialID
		return uses
	case p.row.Code == "_lastUpdated":
		p.special = specialLastUpdated
		return uses
	case p.row.Code == "near":
		p.special = specialNear
		return uses
	case p.row.Type == schema.ParamSpecial || p.row.Expression == "":
		p.special = specialUnsupported
		return uses
	case p.row.Type != schema.ParamComposite:
		return convert(uses, mustPaths(p.row.Expression, t, path{typ: t}), p, shared)
	}
	for _, element := range mustPaths(p.row.Expression, t, path{typ: t}) {
		element.base = len(element.hops)
		c := composite{grouped: element.base > 0}
		for _, id := range p.row.Components {
			part := component{param: &param{row: id.Param()}}
			found := mustPaths(part.row.Expression, t, element)
			part.anywhere = found[0].root
			uses = convert(uses, found, part.param, false)
			c.components = append(c.components, part)
		}
		p.composites = append(p.composites, c)
	}
	return uses
}

func mustPaths(expression string, t schema.TypeID, from path) []path {
	found, err := paths(expression, t, from)
	if err != nil {
		panic(err)
	}
	return found
}

// convert appends the uses of those paths that end at a type which the parameter
// can index. Others have no meaning for it, such as the Range among the values
// of a token parameter.
func convert(uses []use, found []path, p *param, shared bool) []use {
	for _, at := range found {
		if at.exists {
			uses = append(uses, use{path: at, param: p, conversion: conversion{kind: leafBoolean}, element: at.typ})
			continue
		}
		for _, c := range conversions()[p.row.Type][at.typ.String()] {
			u := use{path: at, param: p, conversion: c, shared: shared}
			hops, typ := slices.Clone(at.hops), at.typ
			for _, name := range c.below {
				field := schema.Lookup(typ, name)
				hops, typ = append(hops, hop{field: field}), field.Field().Type
			}
			u.hops, u.element, u.field = hops, typ, hops[len(hops)-1].field
			uses = append(uses, u)
			if u.kind == leafString && u.field == familyName() {
				u.kind = leafWords
				uses = append(uses, u)
			}
		}
	}
	return uses
}

// familyName is the field of family names, whose words are found one by one
// (FHIR R4 §3.1.1.4.8), by family as by name.
func familyName() schema.FieldID {
	t, _ := schema.TypeOf("HumanName")
	return schema.Lookup(t, "family")
}

// stream makes the stream of a use at a place.
func (b *registryBuilder) stream(u use, place string) *stream {
	key := sharedKey{u.param.row.Code, u.kind}
	if s := b.shared[key]; u.shared && s != nil {
		return s
	}
	if u.shared {
		place = "Resource " + u.param.row.Code
	}
	s := b.newStream(&stream{kind: u.kind, typ: u.element, sensitive: u.kind == leafSensitive || u.kind == leafBoolean}, place)
	if u.shared {
		b.shared[key] = s
	}
	return s
}

// newStream gives a stream at a place its number.
func (b *registryBuilder) newStream(s *stream, place string) *stream {
	s.name = place + " " + s.kind.String()
	s.id = b.numbers.number(s.name)
	for len(b.streams) <= int(s.id) {
		b.streams = append(b.streams, nil)
	}
	if b.streams[s.id] != nil {
		panic("search: two streams are called " + s.name)
	}
	b.streams[s.id] = s
	return s
}
