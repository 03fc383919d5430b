package search

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// chain evaluates a condition on what a reference leads to. It finds the targets
// first and goes back along the references, or, where fewer candidates are left
// than there are targets, forth from the candidates.
func (ev *evaluation) chain(c *chain, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, branch := range c.branches {
		targets, err := ev.visible(branch.typ, branch.next)
		if err != nil {
			return nil, err
		}
		if targets.IsEmpty() {
			continue
		}
		entities := ev.view.EntitiesOf(targets)
		for _, s := range c.param.streams {
			edges := ev.view.References(s.id)
			if within != nil && within.GetCardinality() < entities.GetCardinality() {
				err = ev.forth(edges, entities, within, set)
			} else {
				err = ev.back(edges, entities, set)
			}
			if err != nil {
				return nil, err
			}
		}
		if err := ev.chainByURL(c.param, branch.typ, targets, within, set); err != nil {
			return nil, err
		}
	}
	if within != nil {
		set.And(within)
	}
	return set, ev.chainInside(c, within, set)
}

func (ev *evaluation) forth(edges index.References, entities, within, set *roaring.Bitmap) error {
	if err := ev.charge(columnWork(edges.Len(), within)); err != nil {
		return err
	}
	for o, target := range edges.Edges(within) {
		if entities.Contains(uint32(target)) {
			set.Add(uint32(o))
		}
	}
	return nil
}

func (ev *evaluation) back(edges index.References, entities, set *roaring.Bitmap) error {
	if err := ev.charge(int(entities.GetCardinality())); err != nil {
		return err
	}
	sources := edges.Sources(entities)
	set.Or(sources)
	return ev.charge(int(sources.GetCardinality()))
}

// reverse evaluates _has: a condition on what refers here.
func (ev *evaluation) reverse(t schema.TypeID, r *reverse, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	sources, err := ev.visible(r.source, r.next)
	if err != nil {
		return nil, err
	}
	entities := roaring.New()
	for _, s := range r.param.streams {
		if err := ev.charge(int(sources.GetCardinality())); err != nil {
			return nil, err
		}
		entities.Or(ev.view.References(s.id).Targets(sources))
	}
	set := ev.view.CurrentOf(entities)
	if err := ev.reverseByURL(r.param, t, sources, within, set); err != nil {
		return nil, err
	}
	if within != nil {
		set.And(within)
		return set, nil
	}
	return ev.view.OfType(index.TypeID(t)).Intersect(set), nil
}
