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

// An order is one key of _sort, compiled for one search. Each kind of key has its own
// type of order.
type order interface {
	// rank fills in the key of every candidate.
	rank(r *ranking, set *roaring.Bitmap, ordinals []uint32) error
	// best returns the ordinals of set that may be among the first n, with their keys.
	// It reports false if columns alone do not have them.
	best(set *roaring.Bitmap, n int, descending bool) ([]index.Ranked, bool)
	// way says where the keys come from.
	way() search.Way
}

// order makes the order of a key.
func (ev *evaluation) order(k *query.SortKey) order {
	by := keyed{ev, k.Param}
	switch kind := k.Param.Row.Type; {
	case k.Branches != nil:
		return ev.joinOrder(k)
	case k.Param.Special == param.SpecialID:
		return idOrder{by}
	case k.Param.Special == param.SpecialLastUpdated:
		return updatedOrder{by}
	case kind == schema.ParamDate:
		return dateOrder{by}
	case kind == schema.ParamNumber || kind == schema.ParamQuantity:
		return numberOrder{by}
	case kind == schema.ParamString || kind == schema.ParamURI:
		return textOrder{by}
	}
	return valueOrder{by}
}

// keyed is the common part of orders by one parameter.
type keyed struct {
	ev    *evaluation
	param *param.Param
}

func (keyed) best(*roaring.Bitmap, int, bool) ([]index.Ranked, bool) { return nil, false }

type idOrder struct{ keyed }

func (by idOrder) rank(r *ranking, _ *roaring.Bitmap, ordinals []uint32) error {
	r.texts = make([]string, len(ordinals))
	for i, o := range ordinals {
		_, id := by.ev.view.Key(index.Ordinal(o))
		keep(r, r.texts, i, id, id)
	}
	return nil
}

func (idOrder) way() search.Way { return search.ByTable }

type updatedOrder struct{ keyed }

func (by updatedOrder) rank(r *ranking, _ *roaring.Bitmap, ordinals []uint32) error {
	r.times = make([]int64, len(ordinals))
	for i, o := range ordinals {
		_, t := by.ev.view.RecordOf(index.Ordinal(o))
		keep(r, r.times, i, t, t)
	}
	return nil
}

func (updatedOrder) way() search.Way { return search.ByTable }

type dateOrder struct{ keyed }

func (by dateOrder) rank(r *ranking, set *roaring.Bitmap, ordinals []uint32) error {
	r.times = make([]int64, len(ordinals))
	for _, s := range by.param.Streams {
		place := places(ordinals)
		for o, span := range by.ev.view.Dates(s.ID).Keys(set) {
			keep(r, r.times, place(o), span.Min, span.Max)
		}
	}
	return nil
}

// best asks each stream: an ordinal among the first n of all streams is among the first
// n of its own stream.
func (by dateOrder) best(set *roaring.Bitmap, n int, descending bool) (found []index.Ranked, ok bool) {
	for _, s := range by.param.Streams {
		found = append(found, by.ev.view.Dates(s.ID).Best(set, n, descending)...)
	}
	return found, true
}

func (dateOrder) way() search.Way { return search.ByColumn }

type numberOrder struct{ keyed }

func (by numberOrder) rank(r *ranking, set *roaring.Bitmap, ordinals []uint32) error {
	r.numbers = make([]float64, len(ordinals))
	for _, s := range by.param.Streams {
		place := places(ordinals)
		for o, span := range by.ev.view.Numbers(s.ID).Keys(set) {
			keep(r, r.numbers, place(o), span.Min, span.Max)
		}
	}
	return nil
}

// best does as dateOrder's.
func (by numberOrder) best(set *roaring.Bitmap, n int, descending bool) (found []index.Ranked, ok bool) {
	for _, s := range by.param.Streams {
		found = append(found, by.ev.view.Numbers(s.ID).Best(set, n, descending)...)
	}
	return found, true
}

func (numberOrder) way() search.Way { return search.ByColumn }

type textOrder struct{ keyed }

func (by textOrder) rank(r *ranking, set *roaring.Bitmap, ordinals []uint32) error {
	r.texts = make([]string, len(ordinals))
	for _, s := range by.param.Whole() {
		place := places(ordinals)
		for o, span := range by.ev.view.Texts(s.ID).Keys(set) {
			keep(r, r.texts, place(o), span.Min, span.Max)
		}
	}
	return nil
}

func (textOrder) way() search.Way { return search.ByTexts }

// A valueOrder sorts by tokens and references, which no column holds: tokens by code,
// then system, references by type and id.
type valueOrder struct{ keyed }

func (by valueOrder) rank(r *ranking, _ *roaring.Bitmap, ordinals []uint32) error {
	r.texts = make([]string, len(ordinals))
	for i, o := range ordinals {
		entries, err := by.ev.entries(by.param.Streams, index.Ordinal(o))
		if err != nil {
			return err
		}
		for j := range entries {
			e := &entries[j]
			if param.StreamOf(by.param.Streams, e.Param) == nil {
				continue
			}
			var key string
			switch e.Kind {
			case index.KindToken:
				key = strings.TrimPrefix(e.Code, param.CaseMark) + "\x00" + e.System
			case index.KindReference:
				key = schema.TypeID(e.Type).String() + "/" + e.ID
			default:
				key = param.SortText(e.Exact)
			}
			keep(r, r.texts, i, key, key)
		}
	}
	return nil
}

func (valueOrder) way() search.Way { return search.ByValues }

// A joinOrder sorts by the targets of each candidate's references.
type joinOrder struct {
	keyed
	branches []orderBranch
}

// An orderBranch is the order of one type of target.
type orderBranch struct {
	typ schema.TypeID
	by  order
}

func (ev *evaluation) joinOrder(k *query.SortKey) joinOrder {
	by := joinOrder{keyed: keyed{ev, k.Param}}
	for i := range k.Branches {
		by.branches = append(by.branches, orderBranch{k.Branches[i].Type, ev.order(&k.Branches[i].Key)})
	}
	return by
}

func (joinOrder) way() search.Way { return search.ByJoin }

func (by joinOrder) rank(r *ranking, set *roaring.Bitmap, ordinals []uint32) error {
	ev := by.ev
	for _, branch := range by.branches {
		for _, s := range by.param.Streams {
			edges := ev.view.References(s.ID)
			if err := ev.charge(2 * columnWork(edges.Len(), set)); err != nil {
				return err
			}
			targets := ev.view.OfType(index.TypeID(branch.typ)).Intersect(ev.view.CurrentOf(edges.Targets(set)))
			if err := ev.retainAllowed(branch.typ, targets); err != nil {
				return err
			}
			if targets.IsEmpty() {
				continue
			}
			ranked, list, err := ev.rankTargets(r, branch.by, targets)
			if err != nil {
				return err
			}
			place := places(ordinals)
			for o, entity := range edges.Edges(set) {
				target, _ := ev.view.Current(entity)
				if at, ok := slices.BinarySearch(list, uint32(target)); ok && ranked.present[at] {
					r.take(place(o), ranked, at)
				}
			}
		}
		if err := ev.rankByURL(r, by.param, branch, set, ordinals); err != nil {
			return err
		}
	}
	return nil
}

// rankTargets ranks the targets of references, and returns them as a list.
func (ev *evaluation) rankTargets(r *ranking, by order, targets *roaring.Bitmap) (*ranking, []uint32, error) {
	list := targets.ToArray()
	ranked := &ranking{descending: r.descending, present: make([]bool, len(list))}
	if err := by.rank(ranked, targets, list); err != nil {
		return nil, nil, err
	}
	r.alike(ranked)
	return ranked, list, nil
}
