package exec

import (
	"time"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/fhirlake/fhirlake/search"
)

// Bounds of _include and _revinclude on a page: resources, and steps that :iterate
// takes from the matches.
const (
	maxIncluded     = 10_000
	maxIncludeSteps = 16
)

// tooManyIncluded is the issue on a page that reached these bounds.
var tooManyIncluded = issue.Issue{
	Severity: issue.Warning, Code: issue.Incomplete, Offset: -1,
	Diagnostics: "more resources to include than a page may have; the rest are left out",
}

// include adds to a page the resources of _include and _revinclude: the targets and
// sources of its matches, and with :iterate those of included resources in turn (FHIR
// R4 §3.1.1.5.4).
func (ev *evaluation) include(r *Result, q *query.Query) error {
	if len(q.Inclusions) == 0 || len(r.Matches) == 0 {
		return nil
	}
	start, steps := time.Now(), ev.working()
	matches := roaring.New()
	for _, o := range r.Matches {
		matches.Add(uint32(o))
	}
	found := roaring.New()
	from, complete := matches, true
	for step := 0; !from.IsEmpty(); step++ {
		if step == maxIncludeSteps || found.GetCardinality() > maxIncluded {
			complete = false
			break
		}
		next := roaring.New()
		for _, in := range q.Inclusions {
			if step > 0 && !in.Iterate {
				continue
			}
			if err := ev.includeOne(in, from, next); err != nil {
				return err
			}
		}
		if err := ev.retainAny(next); err != nil {
			return err
		}
		next.AndNot(matches)
		next.AndNot(found)
		found.Or(next)
		from = next
	}
	for o := range roaring.Values(found) {
		if len(r.Included) == maxIncluded {
			complete = false
			break
		}
		r.Included = append(r.Included, index.Ordinal(o))
	}
	ev.worked(start, search.Step{Part: "_include", Way: search.ByJoin, Found: len(r.Included), Steps: steps()})
	if !complete {
		r.Issues = append(r.Issues[:len(r.Issues):len(r.Issues)], tooManyIncluded)
	}
	return nil
}

// includeOne adds to found the targets of a set by one _include, or the sources that
// lead into the set by one _revinclude. Resources of other types have none of its
// references.
func (ev *evaluation) includeOne(in query.Include, from, found *roaring.Bitmap) error {
	if in.Reverse && in.Target != 0 {
		from = ev.view.OfType(index.TypeID(in.Target)).Intersect(from)
	}
	entities := roaring.New()
	if in.Reverse {
		entities = ev.view.EntitiesOf(from)
	}
	for _, p := range in.Params {
		for _, s := range p.Streams {
			if err := ev.charge(int(from.GetCardinality())); err != nil {
				return err
			}
			edges := ev.view.References(s.ID)
			if in.Reverse {
				found.Or(edges.Sources(entities))
			} else {
				entities.Or(edges.Targets(from))
			}
		}
		if err := ev.includeByURL(in, p, from, found); err != nil {
			return err
		}
	}
	if in.Reverse {
		return nil
	}
	targets := ev.view.CurrentOf(entities)
	if in.Target != 0 {
		targets = ev.view.OfType(index.TypeID(in.Target)).Intersect(targets)
	}
	found.Or(targets)
	return nil
}
