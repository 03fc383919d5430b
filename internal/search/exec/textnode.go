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
	var sets []*roaring.Bitmap
	for _, s := range n.Param.Seen(n.Modifier) {
		for i := range n.Values {
			if n.Values[i].Written {
				continue
			}
			found, err := n.ev.view.Texts(s.ID).Match(within, n.texts(&n.Values[i]))
			if err != nil {
				return nil, err
			}
			sets = append(sets, found)
		}
	}
	return united(sets), nil
}

// texts returns the condition on texts that a value is.
func (n *textNode) texts(v *query.Value) index.TextQuery {
	q := index.TextQuery{
		Prefix: v.Folded,
		Holds:  func(text string) bool { return v.HoldsFolded(n.Modifier, text) },
		Charge: func(texts, holding, ordinals int) error {
			return n.ev.charge(costOfText*texts + costOfHit*holding + ordinals)
		},
	}
	switch n.Modifier {
	case param.ModContains, param.ModEnds, param.ModOrder:
		q.Prefix = ""
	case param.ModBelow:
		q.Prefix = v.Text
	}
	return q
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
