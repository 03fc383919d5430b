package param

import (
	"slices"

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
func (r *Registry) inside(s index.Param) index.Param { return FirstInside + s }

// Head returns the stream of the heads of contained resources of a type.
func (r *Registry) Head(t schema.TypeID) index.Param { return firstHead + index.Param(t) }

// end returns the first number that is of no stream of R4's parameters, in what
// resources contain as well.
func (r *Registry) end() index.Param { return r.Head(schema.TypeID(len(r.Types))) }

// Headed returns the type of the contained resource of which a value is the head.
func (r *Registry) Headed(e *index.Entry) (schema.TypeID, bool) {
	first := r.Head(0)
	return schema.TypeID(e.Param - first), e.Param >= first && e.Param < r.end()
}

// InsideParam returns a parameter that looks at contained resources where p looks at
// those that contain them. Streams beyond the registry have no values there.
func (r *Registry) InsideParam(p *Param) *Param {
	q := *p
	q.Streams, q.Aside = r.insideStreams(p.Streams), r.insideStreams(p.Aside)
	q.Composites = slices.Clone(p.Composites)
	for i, c := range p.Composites {
		parts := slices.Clone(c.Components)
		for j := range parts {
			parts[j].Param = r.InsideParam(parts[j].Param)
		}
		q.Composites[i].Components = parts
	}
	return &q
}

func (r *Registry) insideStreams(list []*Stream) []*Stream {
	var all []*Stream
	for _, s := range list {
		if s.ID < FirstInside {
			inside := *s
			inside.ID = r.inside(s.ID)
			all = append(all, &inside)
		}
	}
	return all
}
