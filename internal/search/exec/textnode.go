package exec

import (
	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A textNode is a match that walks the dictionary of texts: starts-with, :contains,
// :text of tokens, and :below of uris.
type textNode struct{ matched }

func (n *textNode) estimate() int {
	if n.Modifier == param.Plain || n.Modifier == param.ModStarts || n.Modifier == param.ModText {
		return n.ev.everything(n.typ)/8 + 1
	}
	return n.all()
}

func (n *textNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, s := range n.Param.Seen(n.Modifier) {
		for i := range n.Values {
			if v := &n.Values[i]; !v.Written {
				if err := n.walk(set, s, v); err != nil {
					return nil, err
				}
			}
		}
	}
	if within != nil {
		set.And(within)
	}
	return set, nil
}

// walk adds to set the versions that have a text in a stream that satisfies a value.
func (n *textNode) walk(set *roaring.Bitmap, s *param.Stream, v *query.Value) error {
	prefix := v.Folded
	switch n.Modifier {
	case param.ModContains, param.ModEnds, param.ModOrder:
		prefix = ""
	case param.ModBelow:
		prefix = v.Text
	}
	for text, posting := range n.ev.view.Texts(s.ID).WithPrefix(prefix) {
		if err := n.ev.charge(costOfText); err != nil {
			return err
		}
		if !v.HoldsFolded(n.Modifier, text) {
			continue
		}
		if err := n.ev.charge(costOfHit + posting.Len()); err != nil {
			return err
		}
		posting.AddTo(set)
	}
	return nil
}

func (n *textNode) decide(about subject) (decision, error) { return n.anyValue(about, n.holds) }

func (n *textNode) holds(_ *param.Stream, v *query.Value, e *index.Entry) bool {
	switch {
	case v.Written:
		return v.HoldsWritten(n.Modifier, e)
	case n.Modifier == param.ModBelow:
		return query.IsBelow(e.Exact, v.Text)
	}
	return v.HoldsFolded(n.Modifier, e.Folded)
}

func (n *textNode) explain() (string, search.Way) { return n.Name(), search.ByTexts }
