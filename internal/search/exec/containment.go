package exec

import (
	"cmp"
	"slices"
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// all returns the visible resources that match the query: resources of its types for
// which all clauses hold, or the containers of such resources.
func (ev *evaluation) all(q *query.Query) (*roaring.Bitmap, error) {
	set := roaring.New()
	var err error
	if !q.Containment.Only {
		if set, err = ev.ofTypes(q); err != nil {
			return nil, err
		}
	}
	if q.Containment.Inside {
		err = ev.inside(q, func(o index.Ordinal, _ []bool) { set.Add(uint32(o)) })
	}
	return set, err
}

// A hit is a match of a query that answers contained resources: a version, or one of
// its contained resources, from 1.
type hit struct {
	ordinal   index.Ordinal
	contained int
}

// hits returns all matches of a query that answers contained resources: the newest
// version first, and the matches of one version in the order in which it contains them.
func (ev *evaluation) hits(q *query.Query) ([]hit, error) {
	var all []hit
	if !q.Containment.Only {
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
// types for which all clauses hold. holds says for each contained resource whether they
// do.
func (ev *evaluation) inside(q *query.Query, found func(o index.Ordinal, holds []bool)) error {
	for i, t := range q.Searched {
		containers := ev.containers(t)
		if containers.Len() == 0 {
			continue
		}
		conditions := &allNode{ev, t, ev.clausesOf(q, i)}
		universe, err := ev.union([]index.Posting{containers}, nil)
		if err != nil {
			return err
		}
		start, step := time.Now(), search.Step{Type: t.String(), Part: "_contained", Way: search.ByValues, Estimate: costOfBlock * containers.Len()}
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

// holders calls found for each visible version in among that contains a resource for
// which a node holds. holds says for each contained resource whether it does.
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
	return ev.decided(candidates, decision, func(o uint32, _ *outer, holds []bool) error {
		if slices.Contains(holds, true) {
			found(index.Ordinal(o), holds)
		}
		return nil
	})
}

// decided calls each with every candidate and what a decision says of its contained
// resources.
func (ev *evaluation) decided(candidates *roaring.Bitmap, decide decision, each func(o uint32, out *outer, holds []bool) error) error {
	for o := range roaring.Values(candidates) {
		out, err := ev.outer(index.Ordinal(o))
		if err != nil {
			return err
		}
		holds, err := decide(out)
		if err != nil {
			return err
		}
		if err := each(o, out, holds); err != nil {
			return err
		}
	}
	return nil
}

// pageInside fills in a page of contained resources.
func (ev *evaluation) pageInside(r *Result, q *query.Query, offset int) error {
	all, err := ev.hits(q)
	if err != nil {
		return err
	}
	r.Total = len(all)
	for _, at := range all[min(offset, len(all)):min(offset+q.PageSize, len(all))] {
		r.Matches = append(r.Matches, at.ordinal)
		r.Contained = append(r.Contained, at.contained)
	}
	return nil
}
