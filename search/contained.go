package search

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// The values of what a resource contains lie in the values block of the resource,
// behind its own: for each contained resource a head, which is a token with its id in
// a stream of its type, and then its values. These go to other streams than those of
// the same element at the top, so that a search which is not about contained
// resources never sees them: for stream s to firstInside + s, and the heads of type t
// to firstHead + t (docs/format/values.md).

// inside returns the stream of a stream's values in contained resources.
func (r *registry) inside(s index.Param) index.Param { return firstInside + s }

// head returns the stream of the heads of contained resources of a type.
func (r *registry) head(t schema.TypeID) index.Param { return firstHead + index.Param(t) }

// end returns the first number that is of no stream of R4's parameters, in what
// resources contain as well.
func (r *registry) end() index.Param { return r.head(schema.TypeID(len(r.types))) }

// headed returns the type of the contained resource of which a value is the head.
func (r *registry) headed(e *index.Entry) (schema.TypeID, bool) {
	first := r.head(0)
	return schema.TypeID(e.Param - first), e.Param >= first && e.Param < r.end()
}

// insideParam returns a parameter that looks at contained resources where p looks at
// those that contain them. Streams beyond the registry have no values there.
func (r *registry) insideParam(p *param) *param {
	q := *p
	q.streams, q.aside = r.insideStreams(p.streams), r.insideStreams(p.aside)
	q.composites = slices.Clone(p.composites)
	for i, c := range p.composites {
		parts := slices.Clone(c.components)
		for j := range parts {
			parts[j].param = r.insideParam(parts[j].param)
		}
		q.composites[i].components = parts
	}
	return &q
}

func (r *registry) insideStreams(list []*stream) []*stream {
	var all []*stream
	for _, s := range list {
		if s.id < firstInside {
			inside := *s
			inside.id = r.inside(s.id)
			all = append(all, &inside)
		}
	}
	return all
}

// contained adds the values of the resources that the document contains.
func (x *extractor) contained(plan *typePlan) {
	if plan.contained == 0 {
		return
	}
	x.shift = firstInside
	for c := range x.containedIn(plan) {
		typ := x.doc.Nodes[c].Type
		x.b.Token(x.registry.head(typ), 0, "", x.child(c, schema.Lookup(typ, "id")))
		if inner := x.types[typ]; inner != nil {
			x.resource(c, inner)
		}
	}
	x.shift = 0
	clear(x.inner) // its keys are parts of the document
}

// localType returns the type of what #id leads to, or 0: a contained resource, or
// without an id the container.
func (x *extractor) localType(id string) schema.TypeID {
	if id == "" {
		return x.doc.Type()
	}
	if len(x.inner) == 0 {
		field := x.types[x.doc.Type()].contained
		for c := range x.doc.Children(0) {
			if node := &x.doc.Nodes[c]; node.Field == field && field != 0 {
				if own := x.child(c, schema.Lookup(node.Type, "id")); x.inner[own] == 0 {
					x.inner[own] = node.Type
				}
			}
		}
	}
	return x.inner[id]
}

// An outer is a version with what it contains.
type outer struct {
	ordinal index.Ordinal
	entries []index.Entry // of all of it
	self    [1]inner      // without what it contains
	inner   []inner
	byID    map[string]int
}

// An inner is a contained resource, or the version itself.
type inner struct {
	typ     schema.TypeID
	id      string
	entries []index.Entry
}

// outer reads a version with what it contains. The result is good until the next call.
func (ev *evaluation) outer(o index.Ordinal) (*outer, error) {
	entries, err := ev.storedEntries(o)
	if err != nil {
		return nil, err
	}
	out := &ev.out
	typ, own := ev.view.Key(o)
	*out = outer{ordinal: o, entries: entries, inner: out.inner[:0]}
	out.self[0] = inner{typ: schema.TypeID(typ), id: own, entries: entries[:0]}
	for i := range entries {
		if t, ok := ev.registry.headed(&entries[i]); ok {
			out.inner = append(out.inner, inner{typ: t, id: entries[i].Code, entries: entries[i+1 : i+1]})
		} else if n := len(out.inner); n > 0 {
			last := &out.inner[n-1]
			last.entries = last.entries[:len(last.entries)+1]
		} else {
			out.self[0].entries = entries[:i+1]
		}
	}
	return out, nil
}

// subjects returns what a decision is about.
func (o *outer) subjects(about subject) []inner {
	if about == itself {
		return o.self[:]
	}
	return o.inner
}

// fewInner is how many contained resources are looked through for an id faster than
// a map is made.
const fewInner = 8

// find returns which contained resource a value leads to, if it is a reference "#id".
func (o *outer) find(e *index.Entry) (int, bool) {
	id, local := strings.CutPrefix(e.Exact, "#")
	if e.Kind != index.KindReferenceText || !local || id == "" {
		return 0, false
	}
	if len(o.inner) <= fewInner {
		i := slices.IndexFunc(o.inner, func(in inner) bool { return in.id == id })
		return i, i >= 0
	}
	if o.byID == nil {
		o.byID = make(map[string]int, len(o.inner))
		for i, in := range slices.Backward(o.inner) { // the first of several counts
			o.byID[in.id] = i
		}
	}
	i, ok := o.byID[id]
	return i, ok
}
