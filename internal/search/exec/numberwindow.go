package exec

import (
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/query"
)

// numberWindows returns the windows for stored ranges that satisfy a prefix. One must
// hold. whole says that the numbers are integers, on which eq and ne are exact unless
// the query wrote an exponent.
func numberWindows(prefix query.Prefix, n query.Number, whole bool) []index.NumberWindow {
	low, high := index.Limit{Value: n.Low}, index.Limit{Value: n.High, Excluded: true}
	if whole && !n.Exponent {
		low, high = index.Limit{Value: n.Value}, index.Limit{Value: n.Value}
	}
	value := index.Limit{Value: n.Value}
	beyond := index.Limit{Value: n.Value, Excluded: true}
	above := index.NumberWindow{HighMin: beyond}
	below := index.NumberWindow{LowMax: beyond}
	switch prefix {
	case query.NotEqual:
		return []index.NumberWindow{{LowMax: flip(low)}, {HighMin: flip(high)}}
	case query.Greater:
		return []index.NumberWindow{above}
	case query.Less:
		return []index.NumberWindow{below}
	case query.GreaterOrEqual:
		return []index.NumberWindow{above, index.NumberWithin(value, value)}
	case query.LessOrEqual:
		return []index.NumberWindow{below, index.NumberWithin(value, value)}
	case query.StartsAfter:
		return []index.NumberWindow{{LowMin: beyond}}
	case query.EndsBefore:
		return []index.NumberWindow{{HighMax: beyond}}
	case query.Includes:
		return []index.NumberWindow{index.NumberOverlaps(value, value)}
	case query.Approximately:
		from, to := n.Around()
		return []index.NumberWindow{index.NumberOverlaps(index.Limit{Value: from}, index.Limit{Value: to, Excluded: true})}
	default:
		return []index.NumberWindow{index.NumberWithin(low, high)}
	}
}

// flip returns the limit for the numbers on its other side.
func flip(l index.Limit) index.Limit { return index.Limit{Value: l.Value, Excluded: !l.Excluded} }
