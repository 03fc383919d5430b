package exec

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A hierarchyNode is a match with :above or :below on references. It holds for versions
// that refer to the value, or to a resource above or below it. The value itself is both
// above and below.
type hierarchyNode struct{ matched }

func (n *hierarchyNode) estimate() int { return n.all() }

func (n *hierarchyNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for i := range n.Values {
		if v := &n.Values[i]; v.Canonical() {
			if err := n.ev.relatedVersions(set, n.Match, v, within); err != nil {
				return nil, err
			}
		}
	}
	entities, err := n.ev.relatedEntities(n.Match)
	if err != nil {
		return nil, err
	}
	for _, s := range n.Param.Streams {
		if err := n.ev.back(n.ev.view.References(s.ID), entities, set); err != nil {
			return nil, err
		}
	}
	if within != nil {
		set.And(within)
	}
	return set, nil
}

// candidates returns all ordinals that contain a reference: references of contained
// resources are no edges, so any of them may match.
func (n *hierarchyNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	any := matched{n.ev, n.typ, &query.Match{Type: n.Match.Type, Param: n.Param, Modifier: param.ModMissing}}
	return any.candidates(within)
}

func (n *hierarchyNode) decide(about subject) (decision, error) {
	entities, err := n.ev.relatedEntities(n.Match)
	if err != nil {
		return nil, err
	}
	p := n.ev.paramOf(about, n.Param)
	p.Aside = nil
	return n.ev.any(about, n.typ, p, len(n.Values), func(_ *param.Stream, e *index.Entry) bool {
		if n.ev.among(entities, e) {
			return true
		}
		for i := range n.Values {
			v := &n.Values[i]
			if v.Canonical() && slices.ContainsFunc(p.Streams, func(s *param.Stream) bool { return relatedVersion(s, n.Modifier, v, e) }) {
				return true
			}
		}
		return false
	}), nil
}

func (n *hierarchyNode) explain() (string, search.Way) { return n.Name(), search.ByHierarchy }

// relatedEntities returns the resources that the values of :above or :below name, and
// the resources above or below them.
func (ev *evaluation) relatedEntities(m *query.Match) (*roaring.Bitmap, error) {
	all := roaring.New()
	for i := range m.Values {
		v := &m.Values[i]
		if v.Canonical() {
			continue
		}
		types, id := []schema.TypeID{v.Reference.Type}, v.Reference.ID
		if v.Bare {
			types, id = ev.registry.Targets(m.Param), v.Text
		}
		for _, t := range types {
			up := ev.registry.Hierarchy(t)
			start, known := ev.view.Entity(index.TypeID(t), id)
			if up == nil || !known {
				continue
			}
			entities, err := ev.closure(t, up, start, m.Modifier == param.ModAbove)
			if err != nil {
				return nil, err
			}
			all.Or(entities)
		}
	}
	return all, nil
}

// costOfStep is the cost of one step up or down a hierarchy, beside its resources: some
// microseconds for the sets.
const costOfStep = 1000

// closure returns an entity of type t and all entities above or below it by the
// references up. A circle, which FHIR forbids and people write, ends it.
func (ev *evaluation) closure(t schema.TypeID, up *param.Param, start index.Entity, above bool) (*roaring.Bitmap, error) {
	reached := roaring.BitmapOf(uint32(start))
	ofType := ev.view.OfType(index.TypeID(t))
	for from := reached.Clone(); !from.IsEmpty(); {
		next := roaring.New()
		for _, s := range up.Streams {
			if err := ev.charge(costOfStep + int(from.GetCardinality())); err != nil {
				return nil, err
			}
			edges := ev.view.References(s.ID)
			if above {
				sources := ev.view.CurrentOf(from)
				if err := ev.retainAllowed(t, sources); err != nil {
					return nil, err
				}
				next.Or(edges.Targets(sources))
				continue
			}
			sources := ofType.Intersect(edges.Sources(from))
			if err := ev.retain(t, sources); err != nil {
				return nil, err
			}
			next.Or(ev.view.EntitiesOf(sources))
		}
		next.AndNot(reached)
		for e := range roaring.Values(next.Clone()) {
			if typ, _ := ev.view.EntityKey(index.Entity(e)); typ != index.TypeID(t) {
				next.Remove(e)
			}
		}
		if err := ev.charge(costOfHit * int(next.GetCardinality())); err != nil {
			return nil, err
		}
		reached.Or(next)
		from = next
	}
	return reached, nil
}

// relatedVersions adds the resources with a canonical of the same url whose version is
// below or above the version of the value: 1.2 is above 1.2.3. A value without a
// version is of every version.
func (ev *evaluation) relatedVersions(set *roaring.Bitmap, m *query.Match, v *query.Value, within *roaring.Bitmap) error {
	url, _, versioned := strings.Cut(v.Text, "|")
	for _, s := range m.Param.Streams {
		if !s.Canonical() {
			continue
		}
		var ofURL []index.Posting
		for _, t := range ev.canonicalTerms(nil, s, url) {
			ofURL = append(ofURL, ev.view.Posting(t))
		}
		candidates, err := ev.union(ofURL, within)
		if err != nil {
			return err
		}
		if !versioned {
			set.Or(candidates)
			continue
		}
		ev.view.RetainVisible(candidates)
		for o := range roaring.Values(candidates) {
			entries, err := ev.entries([]*param.Stream{s}, index.Ordinal(o))
			if err != nil {
				return err
			}
			if slices.ContainsFunc(entries, func(e index.Entry) bool { return relatedVersion(s, m.Modifier, v, &e) }) {
				set.Add(o)
			}
		}
	}
	return nil
}

// relatedVersion reports whether an entry is a canonical of the stream whose version is
// above or below the version of a value.
func relatedVersion(s *param.Stream, mod param.Modifier, v *query.Value, e *index.Entry) bool {
	if e.Param != s.ID || e.Kind != index.KindReferenceText || !s.Canonical() {
		return false
	}
	if !strings.Contains(v.Text, "|") {
		return param.HoldsCanonical(v.Text, e.Exact)
	}
	lower, upper := e.Exact, v.Text
	if mod == param.ModAbove {
		lower, upper = upper, lower
	}
	return isVersionBelow(lower, upper)
}

// isVersionBelow reports whether a canonical is upper, or has a version that goes
// on after it at a point.
func isVersionBelow(lower, upper string) bool {
	rest, found := strings.CutPrefix(lower, upper)
	return found && (rest == "" || rest[0] == '.' && strings.Contains(upper, "|"))
}
