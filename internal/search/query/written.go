package query

import (
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// AsWritten reports whether a value of the match is compared with values as they are
// written.
func (m *Match) AsWritten() bool {
	return slices.ContainsFunc(m.Values, func(v Value) bool { return v.Written })
}

// HoldsWritten reports whether a string as it is written satisfies a value.
func (v *Value) HoldsWritten(mod param.Modifier, entry *index.Entry) bool {
	switch mod {
	case param.ModExact, param.ModEquals:
		return entry.Exact == v.Text
	case param.ModStarts:
		return strings.HasPrefix(entry.Exact, v.Text)
	case param.ModEnds:
		return strings.HasSuffix(entry.Exact, v.Text)
	case param.ModOrder:
		return v.Prefix.holds(strings.Compare(entry.Exact, v.Text))
	}
	return strings.Contains(entry.Exact, v.Text)
}
