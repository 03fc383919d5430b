package param

import (
	"slices"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// The values of contained resources lie in the values block of their container, behind
// its own values. Each contained resource has a heading, a token with its id in a
// stream of its type, and then its values. These go to streams of their own, so that a
// search outside of contained resources never sees them: values of stream s go to
// firstInside + s, and headings of type t to firstHead + t (docs/format/values.md).

// inside returns the stream of a stream's values in contained resources.
func (r *Registry) inside(s index.Param) index.Param { return FirstInside + s }

// Head returns the stream of the headings of contained resources of a type.
func (r *Registry) Head(t schema.TypeID) index.Param { return firstHead + index.Param(t) }

// end returns the first number behind the streams of R4's parameters and of contained
// resources.
func (r *Registry) end() index.Param { return r.Head(schema.TypeID(len(r.Types))) }

// Headed returns the type of the contained resource whose heading a value is.
func (r *Registry) Headed(e *index.Entry) (schema.TypeID, bool) {
	first := r.Head(0)
	return schema.TypeID(e.Param - first), e.Param >= first && e.Param < r.end()
}

// InsideParam returns p for contained resources: it looks at the streams of their
// values. Custom streams have no values there.
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
