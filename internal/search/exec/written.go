package exec

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A writtenNode is a match with some values that are compared with stored texts as they
// are written.
type writtenNode struct{ textNode }

func (n *writtenNode) estimate() int { return costOfBlock * (n.ev.everything(n.typ) + 1) }

// evaluate reads the stored values of each candidate: the dictionary has only folded
// texts.
func (n *writtenNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set, err := n.textNode.evaluate(within)
	if err != nil {
		return nil, err
	}
	streams := n.Param.Seen(n.Modifier)
	candidates, err := n.ev.union(n.ev.havingValues(streams), within)
	if err != nil {
		return nil, err
	}
	n.ev.view.RetainVisible(candidates)
	for o := range roaring.Values(candidates) {
		entries, err := n.ev.entries(streams, index.Ordinal(o))
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(entries, n.holdsAsWritten) {
			set.Add(o)
		}
	}
	return set, nil
}

func (n *writtenNode) holdsAsWritten(e index.Entry) bool {
	return n.Param.Knows(e.Param) && slices.ContainsFunc(n.Values, func(v query.Value) bool {
		return v.Written && v.HoldsWritten(n.Modifier, &e)
	})
}

func (n *writtenNode) explain() (string, search.Way) { return n.Name(), search.ByValues }
