package exec

import (
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// An idNode is a match on _id.
type idNode struct{ matched }

func (n *idNode) estimate() int { return len(n.Values) }

func (n *idNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, v := range n.Values {
		if o, ok := n.ev.view.Lookup(index.TypeID(n.typ), v.Code); ok && (within == nil || within.Contains(uint32(o))) {
			set.Add(uint32(o))
		}
	}
	return set, n.ev.charge(len(n.Values))
}

func (n *idNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	var found []index.Posting
	for _, v := range n.Values {
		found = append(found, n.ev.view.Posting(n.ev.terms.Token(n.ev.registry.Head(n.typ), "", v.Code)))
	}
	return n.ev.union(found, within)
}

func (n *idNode) decide(about subject) (decision, error) {
	return n.ev.each(about, n.typ, len(n.Values), func(_ *outer, in *inner) (bool, error) {
		return slices.ContainsFunc(n.Values, func(v query.Value) bool { return v.Code == in.id }), nil
	}), nil
}

func (n *idNode) explain() (string, search.Way) { return n.Name(), search.ByTable }

// An updatedNode is a match on _lastUpdated. The stored time is an instant, a
// microsecond long.
type updatedNode struct{ matched }

func (n *updatedNode) estimate() int { return len(n.Values) }

func (n *updatedNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, t := range n.times() {
		set.Or(n.ev.view.Updated(t.from, t.to))
	}
	if within != nil {
		set.And(within)
	}
	return set, n.ev.charge(len(n.Values))
}

// A timeRange is [from, to) in microseconds.
type timeRange struct{ from, to int64 }

// times returns the ranges; the time must lie in one of them.
func (n *updatedNode) times() (all []timeRange) {
	for _, v := range n.Values {
		before, after := timeRange{math.MinInt64, v.Low}, timeRange{v.High, math.MaxInt64}
		switch v.Prefix {
		case query.Equal, query.Overlaps:
			all = append(all, timeRange{v.Low, v.High})
		case query.Includes:
			if v.High-v.Low <= 1 { // nothing longer is in an instant
				all = append(all, timeRange{v.Low, v.High})
			}
		case query.NotEqual:
			all = append(all, before, after)
		case query.Greater, query.StartsAfter:
			all = append(all, after)
		case query.Less, query.EndsBefore:
			all = append(all, before)
		case query.GreaterOrEqual:
			all = append(all, timeRange{v.Low, math.MaxInt64})
		case query.LessOrEqual:
			all = append(all, timeRange{math.MinInt64, v.High})
		case query.Approximately:
			low, high := n.ev.widened(v)
			all = append(all, timeRange{low, high})
		}
	}
	return all
}

func (n *updatedNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) { return within, nil }

// decide refuses contained resources, which have no time of their own (FHIR R4 dom-4).
func (n *updatedNode) decide(about subject) (decision, error) {
	if about == contained {
		return constant(about, n.typ, false), nil
	}
	return n.ev.each(about, n.typ, len(n.Values), func(o *outer, _ *inner) (bool, error) {
		_, at := n.ev.view.RecordOf(o.ordinal)
		return slices.ContainsFunc(n.times(), func(t timeRange) bool { return t.from <= at && at < t.to }), nil
	}), nil
}

func (n *updatedNode) explain() (string, search.Way) { return n.Name(), search.ByTable }
