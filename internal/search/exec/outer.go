package exec

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// An outer is a version with its contained resources.
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

// outer reads a version with its contained resources. The result is valid until the
// next call.
func (ev *evaluation) outer(o index.Ordinal) (*outer, error) {
	entries, err := ev.storedEntries(o)
	if err != nil {
		return nil, err
	}
	typ, id := ev.view.Key(o)
	return ev.outerOf(o, schema.TypeID(typ), id, entries), nil
}

// outerOf returns a version as outer does, given its values.
func (ev *evaluation) outerOf(o index.Ordinal, t schema.TypeID, id string, entries []index.Entry) *outer {
	if ev.out == nil {
		ev.out = new(outer)
	}
	out := ev.out
	*out = outer{ordinal: o, entries: entries, inner: out.inner[:0]}
	out.self[0] = inner{typ: t, id: id, entries: entries[:0]}
	for i := range entries {
		if t, ok := ev.registry.Headed(&entries[i]); ok {
			out.inner = append(out.inner, inner{typ: t, id: entries[i].Code, entries: entries[i+1 : i+1]})
		} else if n := len(out.inner); n > 0 {
			last := &out.inner[n-1]
			last.entries = last.entries[:len(last.entries)+1]
		} else {
			out.self[0].entries = entries[:i+1]
		}
	}
	return out
}

// subjects returns the resources of a version on which a decision decides.
func (o *outer) subjects(about subject) []inner {
	if about == itself {
		return o.self[:]
	}
	return o.inner
}

// fewInner is how many contained resources are looked through for an id faster than
// a map is made.
const fewInner = 8

// find returns the index of the contained resource to which a value leads, if the value
// is a reference "#id".
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
