package search

import (
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
)

// asWritten reports whether a value of the match is compared with values as they are
// written.
func (m *match) asWritten() bool {
	return slices.ContainsFunc(m.values, func(v value) bool { return v.written })
}

// A writtenNode is a match with values that are compared with values as they are
// written, beside others.
type writtenNode struct{ textNode }

func (n *writtenNode) estimate() int { return costOfBlock * (n.ev.everything(n.typ) + 1) }

// evaluate reads what is stored of each candidate: the dictionary has folded texts
// alone.
func (n *writtenNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set, err := n.textNode.evaluate(within)
	if err != nil {
		return nil, err
	}
	streams := n.param.seen(n.modifier)
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
	return n.param.knows(e.Param) && slices.ContainsFunc(n.values, func(v value) bool {
		return v.written && v.holdsWritten(n.modifier, &e)
	})
}

func (n *writtenNode) explain() (string, Way) { return n.name(), ByValues }

// holdsWritten reports whether a string as it is written satisfies a value.
func (v *value) holdsWritten(mod modifier, entry *index.Entry) bool {
	switch mod {
	case modExact, modEquals:
		return entry.Exact == v.text
	case modStarts:
		return strings.HasPrefix(entry.Exact, v.text)
	case modEnds:
		return strings.HasSuffix(entry.Exact, v.text)
	case modOrder:
		return v.prefix.holds(strings.Compare(entry.Exact, v.text))
	}
	return strings.Contains(entry.Exact, v.text)
}
