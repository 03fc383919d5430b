package search

import (
	"cmp"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// A containment says what a search looks for beside resources of their own: _contained
// and _containedType (FHIR R4 §3.1.1.5.5).
type containment struct {
	inside bool // looks for contained resources
	only   bool // and for no others
	alone  bool // answers them, not what contains them
}

// containment reads _contained and _containedType before all else, since other
// parameters depend on them.
func (p *parser) containment(parts []part) error {
	typed := false
	for _, part := range parts {
		p.name = part.name
		var err error
		switch part.name {
		case "_contained":
			err = p.oneOf(part.value, "false", "true", "both")
			p.q.contained.inside = part.value != "false"
			p.q.contained.only = part.value == "true"
		case "_containedType":
			err = p.oneOf(part.value, "container", "contained")
			p.q.contained.alone = part.value == "contained"
			typed = true
		}
		if err != nil {
			return err
		}
	}
	switch {
	case typed && !p.q.contained.inside:
		return &QueryError{Part: "_containedType", Code: issue.Invalid, Reason: "needs _contained=true or _contained=both"}
	case p.q.contained.inside && p.q.in != (Compartment{}):
		return &QueryError{Part: "_contained", Code: issue.NotSupported, Reason: "not supported in a compartment"}
	}
	return nil
}

// checkContained reports what does not go with contained resources. Containers are of
// any type, so that they are sorted by what all types have; and a contained resource
// is no start of an _include.
func (p *parser) checkContained() error {
	shared := func(k sortKey) bool { return k.branches == nil && k.param.row.Base.Type().Base == 0 }
	switch {
	case !p.q.contained.inside:
	case p.q.contained.alone && len(p.q.sort) > 0:
		return &QueryError{Part: "_sort", Code: issue.NotSupported, Reason: "not supported with _containedType=contained"}
	case p.q.contained.alone && len(p.q.includes) > 0:
		return &QueryError{Part: "_containedType", Code: issue.NotSupported, Reason: "contained is not supported with _include and _revinclude"}
	case !slices.ContainsFunc(p.q.sort, func(k sortKey) bool { return !shared(k) }):
	default:
		return &QueryError{Part: "_sort", Code: issue.NotSupported, Reason: "with _contained by parameters of all types only, such as _id and _lastUpdated"}
	}
	return nil
}

// Contained reports whether the query looks for contained resources, so that its
// matches may be of other types than those that it is for.
func (q *Query) Contained() bool { return q.contained.inside }

// all returns the visible resources that the query answers: those of its types for
// which all clauses hold, and those that contain one.
func (ev *evaluation) all(q *Query) (*roaring.Bitmap, error) {
	set := roaring.New()
	var err error
	if !q.contained.only {
		if set, err = ev.ofTypes(q); err != nil {
			return nil, err
		}
	}
	if q.contained.inside {
		err = ev.inside(q, func(o index.Ordinal, _ []bool) { set.Add(uint32(o)) })
	}
	return set, err
}

// A hit is a match among its like: a version, or one of the resources that it
// contains, from 1.
type hit struct {
	ordinal   index.Ordinal
	contained int
}

// hits returns all matches of a query that answers contained resources as such: the
// newest version first, and of one version in the order in which it contains them.
func (ev *evaluation) hits(q *Query) ([]hit, error) {
	var all []hit
	if !q.contained.only {
		set, err := ev.ofTypes(q)
		if err != nil {
			return nil, err
		}
		for o := range roaring.Values(set) {
			all = append(all, hit{index.Ordinal(o), 0})
		}
	}
	err := ev.inside(q, func(o index.Ordinal, holds []bool) {
		for i, held := range holds {
			if held {
				all = append(all, hit{o, i + 1})
			}
		}
	})
	slices.SortFunc(all, func(a, b hit) int {
		return cmp.Or(cmp.Compare(b.ordinal, a.ordinal), cmp.Compare(a.contained, b.contained))
	})
	return all, err
}

// inside calls found for each visible version that contains resources of the query's
// types of which all clauses hold, and says which.
func (ev *evaluation) inside(q *Query, found func(o index.Ordinal, holds []bool)) error {
	for i, t := range q.types {
		containers := ev.containers(t)
		if containers.Len() == 0 {
			continue
		}
		conditions := &allNode{ev, t, ev.clausesOf(q, i)}
		universe, err := ev.union([]index.Posting{containers}, nil)
		if err != nil {
			return err
		}
		start, step := time.Now(), Step{Type: t, Part: "_contained", Way: ByValues, Estimate: costOfBlock * containers.Len()}
		err = ev.holders(conditions, universe, func(o index.Ordinal, holds []bool) {
			step.Found++
			found(o, holds)
		})
		if err != nil {
			return err
		}
		if step.Time = time.Since(start); ev.explained != nil {
			*ev.explained.steps = append(*ev.explained.steps, step)
		}
	}
	return nil
}

// holders calls found for each visible version among those that contain resources for
// some of which a node holds, and says for which.
func (ev *evaluation) holders(n node, among *roaring.Bitmap, found func(o index.Ordinal, holds []bool)) error {
	candidates, err := n.candidates(among)
	if err != nil {
		return err
	}
	candidates = candidates.Clone()
	if err := ev.retainAny(candidates); err != nil {
		return err
	}
	decision, err := n.decide(contained)
	if err != nil {
		return err
	}
	for o := range roaring.Values(candidates) {
		out, err := ev.outer(index.Ordinal(o))
		if err != nil {
			return err
		}
		holds, err := decision(out)
		if err != nil {
			return err
		}
		if slices.Contains(holds, true) {
			found(index.Ordinal(o), holds)
		}
	}
	return nil
}

// pageInside fills in a page of contained resources.
func (ev *evaluation) pageInside(r *Result, q *Query, offset int) error {
	all, err := ev.hits(q)
	if err != nil {
		return err
	}
	r.Total = len(all)
	for _, at := range all[min(offset, len(all)):min(offset+q.count, len(all))] {
		r.Matches = append(r.Matches, at.ordinal)
		r.Contained = append(r.Contained, at.contained)
	}
	return nil
}
