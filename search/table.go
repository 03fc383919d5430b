package search

import (
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
)

// An idNode is a match on _id.
type idNode struct{ matched }

func (n *idNode) estimate() int { return len(n.values) }

func (n *idNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, v := range n.values {
		if o, ok := n.ev.view.Lookup(index.TypeID(n.typ), v.code); ok && (within == nil || within.Contains(uint32(o))) {
			set.Add(uint32(o))
		}
	}
	return set, n.ev.charge(len(n.values))
}

func (n *idNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	var found []index.Posting
	for _, v := range n.values {
		found = append(found, n.ev.view.Posting(n.ev.terms.Token(n.ev.registry.head(n.typ), "", v.code)))
	}
	return n.ev.union(found, within)
}

func (n *idNode) decide() (decision, error) {
	return n.ev.each(n.typ, len(n.values), func(in *inner) (bool, error) {
		return slices.ContainsFunc(n.values, func(v value) bool { return v.code == in.id }), nil
	}), nil
}

func (n *idNode) explain() (string, Way) { return n.name(), ByTable }

// An updatedNode is a match on _lastUpdated. The stored time is an instant, a
// microsecond long, and rises with the ordinals.
type updatedNode struct{ matched }

func (n *updatedNode) estimate() int { return len(n.values) }

func (n *updatedNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	add := func(from, to int64) {
		first, end := n.ev.view.Updated(from, to)
		set.AddRange(uint64(first), uint64(end))
	}
	for _, v := range n.values {
		switch v.prefix {
		case Equal, overlaps:
			add(v.low, v.high)
		case includes:
			if v.high-v.low <= 1 { // nothing longer is in an instant
				add(v.low, v.high)
			}
		case NotEqual:
			add(math.MinInt64, v.low)
			add(v.high, math.MaxInt64)
		case Greater, StartsAfter:
			add(v.high, math.MaxInt64)
		case Less, EndsBefore:
			add(math.MinInt64, v.low)
		case GreaterOrEqual:
			add(v.low, math.MaxInt64)
		case LessOrEqual:
			add(math.MinInt64, v.high)
		case Approximately:
			add(n.ev.widened(v))
		}
	}
	if within != nil {
		set.And(within)
	}
	return set, n.ev.charge(len(n.values))
}

func (n *updatedNode) candidates(within *roaring.Bitmap) (*roaring.Bitmap, error) { return within, nil }

// decide refuses all: a contained resource has no time of its own (FHIR R4 dom-4).
func (n *updatedNode) decide() (decision, error) { return constant(n.typ, false), nil }

func (n *updatedNode) explain() (string, Way) { return n.name(), ByTable }
