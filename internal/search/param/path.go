package param

import (
	"errors"
	"fmt"
	"strings"

	"github.com/fhirlake/fhirlake/internal/schema"
)

// A Filter selects some items of a step. Filters of one step of a path exclude each
// other: all compare the same child with different constants.
type Filter struct {
	Kind  filterKind
	Field schema.FieldID // of filterEquals: the child that is compared
	Text  string         // of filterEquals and filterExtension
	Type  schema.TypeID  // of filterResolves
}

type filterKind uint8

const (
	filterNone      filterKind = iota
	FilterEquals               // where(system='email')
	FilterResolves             // where(resolve() is Patient)
	FilterExtension            // where(hasExtension('url'))
	FilterFirst                // [0]
)

// String returns the filter as it stands in the names of streams, with a space before.
func (f Filter) String() string {
	switch f.Kind {
	case FilterEquals:
		return " where " + f.Field.Field().Name + "=" + f.Text
	case FilterResolves:
		return " to " + f.Type.String()
	case FilterExtension:
		return " with " + f.Text
	case FilterFirst:
		return " first"
	}
	return ""
}

// A hop is one step of a path down the tape.
type hop struct {
	field  schema.FieldID
	filter Filter
}

// A path leads from a resource's node to elements of one type.
type path struct {
	hops []hop
	typ  schema.TypeID // of the elements
	base int           // number of hops to the element of the composite that the path belongs to
	root bool          // a component that began with %resource: it holds for every element
	// exists says that the value is whether the element exists and is not false.
	exists bool
}

// paths resolves a search parameter's expression from elements of type from, at the end
// of the hops in prefix. The expressions of R4 are a small, closed part of FHIRPath:
// names, as, ofType, three shapes of where, extension, an index and unions. Custom
// parameters, which are not in the tables, take all of FHIRPath.
//
// A path whose last element has a choice of types is one path for each.
func paths(expression string, resource schema.TypeID, prefix path) ([]path, error) {
	var all []path
	for _, term := range strings.Split(expression, "|") {
		p := pathParser{rest: strings.TrimSpace(term), resource: resource}
		found, err := p.parse(prefix)
		if err != nil {
			return nil, fmt.Errorf("search: expression %q: %w", expression, err)
		}
		all = append(all, found...)
	}
	return all, nil
}

var errPath = errors.New("outside the form that search parameters have")

type pathParser struct {
	rest     string
	resource schema.TypeID
	at       []path
}

func (p *pathParser) parse(prefix path) ([]path, error) {
	p.at = []path{prefix}
	if first, second, found := strings.Cut(p.rest, ".exists() and "); found && second == first+" != false" {
		p.rest = first
		if err := p.steps(); err != nil {
			return nil, err
		}
		for i := range p.at {
			p.at[i].exists = true
		}
		return p.at, nil
	}
	if inner, found := strings.CutPrefix(p.rest, "("); found {
		inner, after, found := strings.Cut(inner, ")")
		path, typ, isAs := strings.Cut(inner, " as ")
		if !found || !isAs {
			return nil, errPath
		}
		p.rest = path + ".as(" + typ + ")" + after
	}
	if err := p.steps(); err != nil {
		return nil, err
	}
	return p.at, nil
}

// steps reads names and functions with points between them.
func (p *pathParser) steps() error {
	for first := true; p.rest != ""; first = false {
		if !first {
			rest, found := strings.CutPrefix(p.rest, ".")
			if !found {
				return errPath
			}
			p.rest = rest
		}
		end := strings.IndexAny(p.rest, ".([")
		if end < 0 {
			end = len(p.rest)
		}
		name := p.rest[:end]
		p.rest = p.rest[end:]
		if err := p.step(name, first); err != nil {
			return err
		}
	}
	return nil
}

func (p *pathParser) step(name string, first bool) error {
	if first {
		if name == "%resource" {
			p.at = []path{{typ: p.resource, root: true}}
			return nil
		}
		if t, ok := schema.TypeOf(name); ok && p.resource.Is(t) {
			return nil
		}
	}
	if !strings.HasPrefix(p.rest, "(") {
		if err := p.child(name); err != nil {
			return err
		}
		if rest, found := strings.CutPrefix(p.rest, "[0]"); found {
			p.rest = rest
			return p.narrow(func(schema.TypeID) (Filter, error) { return Filter{Kind: FilterFirst}, nil })
		}
		return nil
	}
	argument, err := p.argument()
	if err != nil {
		return err
	}
	switch name {
	case "as", "ofType":
		return p.as(argument)
	case "extension":
		return p.extension(argument)
	case "where":
		return p.where(argument)
	}
	return errPath
}

// argument takes the text between the bracket at hand and its partner.
func (p *pathParser) argument() (string, error) {
	depth := 0
	for i := range len(p.rest) {
		switch p.rest[i] {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				argument := p.rest[1:i]
				p.rest = p.rest[i+1:]
				return argument, nil
			}
		}
	}
	return "", errPath
}

// child goes to the element of the given name, to every type of it.
func (p *pathParser) child(name string) error {
	var next []path
	for _, at := range p.at {
		for f, end := schema.Element(at.typ, name); f < end; f++ {
			to := at
			to.hops = append(at.hops[:len(at.hops):len(at.hops)], hop{field: f})
			to.typ = f.Field().Type
			next = append(next, to)
		}
	}
	if len(next) == 0 {
		return fmt.Errorf("no element %q: %w", name, errPath)
	}
	p.at = next
	return nil
}

// as keeps the paths that lead to a type, and drops paths to its specialisations, as
// package fhirpath does: ConceptMap.source as uri is no canonical. R4 writes DateTime
// for dateTime.
func (p *pathParser) as(name string) error {
	typ, ok := schema.TypeOf(name)
	if !ok {
		typ, ok = schema.TypeOf(strings.ToLower(name[:1]) + name[1:])
	}
	if !ok {
		return errPath
	}
	kept := p.at[:0]
	for _, at := range p.at {
		if at.typ == typ {
			kept = append(kept, at)
		}
	}
	if p.at = kept; len(kept) == 0 {
		return fmt.Errorf("no alternative %q: %w", name, errPath)
	}
	return nil
}

// extension goes to the values of the extensions with a URL.
func (p *pathParser) extension(argument string) error {
	if err := p.child("extension"); err != nil {
		return err
	}
	err := p.narrow(func(t schema.TypeID) (Filter, error) {
		return Filter{Kind: FilterEquals, Field: schema.Lookup(t, "url"), Text: strings.Trim(argument, "'")}, nil
	})
	if err != nil {
		return err
	}
	return p.child("value")
}

func (p *pathParser) where(argument string) error {
	if name, found := strings.CutPrefix(argument, "resolve() is "); found {
		typ, ok := schema.ResourceType(name)
		if !ok {
			return errPath
		}
		return p.narrow(func(schema.TypeID) (Filter, error) {
			return Filter{Kind: FilterResolves, Type: typ}, nil
		})
	}
	if url, found := strings.CutPrefix(argument, "hasExtension('"); found {
		return p.narrow(func(schema.TypeID) (Filter, error) {
			return Filter{Kind: FilterExtension, Text: strings.TrimSuffix(url, "')")}, nil
		})
	}
	name, value, found := strings.Cut(argument, "=")
	if !found {
		return errPath
	}
	return p.narrow(func(t schema.TypeID) (Filter, error) {
		field := schema.Lookup(t, strings.TrimSpace(name))
		if field == 0 {
			return Filter{}, errPath
		}
		return Filter{Kind: FilterEquals, Field: field, Text: strings.Trim(strings.TrimSpace(value), "'")}, nil
	})
}

// narrow puts a filter on the last hop.
func (p *pathParser) narrow(make func(schema.TypeID) (Filter, error)) error {
	for i, at := range p.at {
		f, err := make(at.typ)
		if err != nil {
			return err
		}
		hops := append([]hop(nil), at.hops...)
		hops[len(hops)-1].filter = f
		p.at[i].hops = hops
	}
	return nil
}
