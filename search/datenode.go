package search

import (
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
)

// A dateNode is a match on a date parameter.
type dateNode struct{ matched }

func (n *dateNode) estimate() int { return n.ev.everything(n.typ) / 2 }

func (n *dateNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	var windows []index.DateWindow
	for _, v := range n.values {
		windows = append(windows, n.ev.dateWindows(v)...)
	}
	set := roaring.New()
	for _, s := range n.param.streams {
		column := n.ev.view.Dates(s.id)
		// Windows are checked in turn, and the first that holds ends it.
		if err := n.ev.charge(columnWork(column.Len(), within) * (1 + len(windows)/4)); err != nil {
			return nil, err
		}
		set.Or(column.Match(within, windows...))
	}
	return set, nil
}

func (n *dateNode) decide(about subject) (decision, error) { return n.anyValue(about, n.holds) }

func (n *dateNode) holds(_ *stream, v *value, e *index.Entry) bool {
	return slices.ContainsFunc(n.ev.dateWindows(*v), func(w index.DateWindow) bool {
		return w.FromMin <= e.From && e.From <= w.FromMax && w.ToMin <= e.To && e.To <= w.ToMax
	})
}

func (n *dateNode) explain() (string, Way) { return n.name(), ByColumn }

// widened returns the range of a date, widened by a tenth of its distance to now.
func (ev *evaluation) widened(v value) (low, high int64) {
	now := ev.now().UnixMicro()
	var distance int64
	switch {
	case now < v.low:
		distance = v.low - now
	case now >= v.high:
		distance = now - v.high
	}
	return v.low - distance/10, v.high + distance/10
}

// dateWindows are the conditions on stored ranges for a date, of which one must
// hold (FHIR R4 §3.1.1.4.5).
func (ev *evaluation) dateWindows(v value) []index.DateWindow {
	within := index.DateWithin(v.low, v.high)
	switch v.prefix {
	case NotEqual:
		return []index.DateWindow{index.DateStartsBefore(v.low), index.DateEndsAfter(v.high)}
	case Greater:
		return []index.DateWindow{index.DateEndsAfter(v.high)}
	case Less:
		return []index.DateWindow{index.DateStartsBefore(v.low)}
	case GreaterOrEqual:
		return []index.DateWindow{index.DateEndsAfter(v.high), within}
	case LessOrEqual:
		return []index.DateWindow{index.DateStartsBefore(v.low), within}
	case StartsAfter:
		return []index.DateWindow{index.DateStartsFrom(v.high)}
	case EndsBefore:
		return []index.DateWindow{index.DateEndsBy(v.low)}
	case Approximately:
		return []index.DateWindow{index.DateOverlaps(ev.widened(v))}
	case overlaps:
		return []index.DateWindow{index.DateOverlaps(v.low, v.high)}
	case includes:
		return []index.DateWindow{{FromMin: math.MinInt64, FromMax: v.low, ToMin: v.high, ToMax: math.MaxInt64}}
	}
	return []index.DateWindow{within}
}
