package search

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/issue"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// hierarchy returns the parameter by which resources of a type say what they are
// part of, where that is of the same type: Location.partof (FHIR R4 §3.1.1.4.14).
func (r *registry) hierarchy(t schema.TypeID) *param {
	for _, code := range []string{"partof", "part-of"} {
		if p, ok := r.find(t, code); ok && slices.Contains(p.row.Targets, t) {
			return p
		}
	}
	return nil
}

// hasHierarchy reports whether :above and :below mean something for a reference
// parameter: what it leads to has a hierarchy or versions.
func (r *registry) hasHierarchy(p *param) bool {
	if slices.ContainsFunc(p.streams, (*stream).canonical) {
		return true
	}
	return slices.ContainsFunc(r.targets(p), func(t schema.TypeID) bool { return r.hierarchy(t) != nil })
}

// inHierarchy checks a value of :above or :below on a reference.
func (p *parser) inHierarchy(v *value, on *param) error {
	switch {
	case v.bare:
	case v.reference.typ != 0 && p.hierarchy(v.reference.typ) == nil:
		return p.fail(issue.Invalid, "%s has no hierarchy", v.reference.typ)
	case v.reference.typ == 0 && !slices.ContainsFunc(on.streams, (*stream).canonical):
		return p.fail(issue.Invalid, "must be a resource of this server")
	}
	return nil
}

// A hierarchyNode is a match with :above or :below on references: what leads to the
// value, or to what is above or below it. The value itself is on both sides.
type hierarchyNode struct{ matched }

func (n *hierarchyNode) estimate() int { return n.all() }

func (n *hierarchyNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for i := range n.values {
		if v := &n.values[i]; v.canonical() {
			if err := n.ev.relatedVersions(set, n.match, v, within); err != nil {
				return nil, err
			}
		}
	}
	entities, err := n.ev.relatedEntities(n.match)
	if err != nil {
		return nil, err
	}
	for _, s := range n.param.streams {
		if err := n.ev.back(n.ev.view.References(s.id), entities, set); err != nil {
			return nil, err
		}
	}
	if within != nil {
		set.And(within)
	}
	return set, nil
}

// candidates are all that have a reference: those of contained resources are no edges,
// and any may be the one.
func (n *hierarchyNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	any := matched{n.ev, n.typ, &match{typ: n.match.typ, param: n.param, modifier: modMissing}}
	return any.candidates(within)
}

func (n *hierarchyNode) decide(about subject) (decision, error) {
	entities, err := n.ev.relatedEntities(n.match)
	if err != nil {
		return nil, err
	}
	p := n.ev.paramOf(about, n.param)
	p.aside = nil
	return n.ev.any(about, n.typ, p, len(n.values), func(_ *stream, e *index.Entry) bool {
		if n.ev.among(entities, e) {
			return true
		}
		for i := range n.values {
			v := &n.values[i]
			if v.canonical() && slices.ContainsFunc(p.streams, func(s *stream) bool { return relatedVersion(s, n.modifier, v, e) }) {
				return true
			}
		}
		return false
	}), nil
}

func (n *hierarchyNode) explain() (string, Way) { return n.name(), ByHierarchy }

// canonical reports whether a reference is to no resource of this store by type and
// id.
func (v *value) canonical() bool { return v.reference.typ == 0 && !v.bare }

// relatedEntities returns the resources that the values of :above or :below name,
// and those that are above or below them.
func (ev *evaluation) relatedEntities(m *match) (*roaring.Bitmap, error) {
	all := roaring.New()
	for i := range m.values {
		v := &m.values[i]
		if v.canonical() {
			continue
		}
		types, id := []schema.TypeID{v.reference.typ}, v.reference.id
		if v.bare {
			types, id = ev.registry.targets(m.param), v.text
		}
		for _, t := range types {
			up := ev.registry.hierarchy(t)
			start, known := ev.view.Entity(index.TypeID(t), id)
			if up == nil || !known {
				continue
			}
			entities, err := ev.closure(t, up, start, m.modifier == modAbove)
			if err != nil {
				return nil, err
			}
			all.Or(entities)
		}
	}
	return all, nil
}

// costOfStep is what one step up or down a hierarchy costs beside the resources that it
// looks at: some microseconds, for the sets that it makes.
const costOfStep = 1000

// closure returns an entity of type t and all that are above or below it by the
// references up. A circle, which FHIR forbids and people write, ends it.
func (ev *evaluation) closure(t schema.TypeID, up *param, start index.Entity, above bool) (*roaring.Bitmap, error) {
	reached := roaring.BitmapOf(uint32(start))
	ofType := ev.view.OfType(index.TypeID(t))
	for from := reached.Clone(); !from.IsEmpty(); {
		next := roaring.New()
		for _, s := range up.streams {
			if err := ev.charge(costOfStep + int(from.GetCardinality())); err != nil {
				return nil, err
			}
			edges := ev.view.References(s.id)
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

// relatedVersions adds the resources with a canonical of the same url whose
// version is below or above that of the value: 1.2 is above 1.2.3. A value
// without a version is of every version.
func (ev *evaluation) relatedVersions(set *roaring.Bitmap, m *match, v *value, within *roaring.Bitmap) error {
	url, _, versioned := strings.Cut(v.text, "|")
	for _, s := range m.param.streams {
		if !s.canonical() {
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
			entries, err := ev.entries([]*stream{s}, index.Ordinal(o))
			if err != nil {
				return err
			}
			if slices.ContainsFunc(entries, func(e index.Entry) bool { return relatedVersion(s, m.modifier, v, &e) }) {
				set.Add(o)
			}
		}
	}
	return nil
}

// relatedVersion reports whether an entry is a canonical of the stream whose version
// is above or below that of a value.
func relatedVersion(s *stream, mod modifier, v *value, e *index.Entry) bool {
	if e.Param != s.id || e.Kind != index.KindReferenceText || !s.canonical() {
		return false
	}
	if !strings.Contains(v.text, "|") {
		return holdsCanonical(v.text, e.Exact)
	}
	lower, upper := e.Exact, v.text
	if mod == modAbove {
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
