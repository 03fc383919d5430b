package exec

import (
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A numberNode is a match on a number or quantity parameter.
type numberNode struct{ matched }

func (n *numberNode) estimate() int { return n.ev.everything(n.typ) / 2 }

func (n *numberNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, s := range n.Param.Streams {
		column := n.ev.view.Numbers(s.ID)
		for i := range n.Values {
			if err := n.ev.charge(costOfNumber * columnWork(column.Len(), within)); err != nil {
				return nil, err
			}
			found, err := column.Match(within, n.ev.numberQuery(&n.Values[i], s))
			if err != nil {
				return nil, err
			}
			set.Or(found)
		}
	}
	return set, nil
}

func (n *numberNode) decide(about subject) (decision, error) { return n.anyValue(about, n.holds) }

func (n *numberNode) holds(s *param.Stream, v *query.Value, e *index.Entry) bool {
	return slices.ContainsFunc(n.ev.windowsIn(v, s, e.System, e.Code, e.Unit), func(w index.NumberWindow) bool {
		return w.Contains(e.Low, e.High)
	})
}

func (n *numberNode) explain() (string, search.Way) { return n.Name(), search.ByColumn }

// columnWork returns how many entries of a column must be looked at.
func columnWork(values int, within *roaring.Bitmap) int {
	if within != nil {
		return min(values, int(within.GetCardinality()))
	}
	return values
}
