package query

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/search/param"
)

// HoldsFolded reports whether a text of the dictionary satisfies a value. Texts of uris
// are not folded.
func (v *Value) HoldsFolded(mod param.Modifier, text string) bool {
	switch mod {
	case param.ModContains:
		return strings.Contains(text, v.Folded)
	case param.ModEquals:
		return text == v.Folded
	case param.ModEnds:
		return strings.HasSuffix(text, v.Folded)
	case param.ModOrder:
		return v.Prefix.holds(strings.Compare(text, v.Folded))
	case param.ModBelow:
		return IsBelow(text, v.Text)
	}
	return strings.HasPrefix(text, v.Folded)
}

// holds reports whether a prefix for order allows the order of a stored value to one
// of a query.
func (p Prefix) holds(order int) bool {
	switch p {
	case Greater:
		return order > 0
	case Less:
		return order < 0
	case GreaterOrEqual:
		return order >= 0
	}
	return order <= 0
}

// IsBelow reports whether a uri is parent or a path below it, by whole segments. A
// canonical is below another one if its version goes on after a point (FHIR R4
// §3.1.1.4.13).
func IsBelow(uri, parent string) bool {
	rest, found := strings.CutPrefix(uri, parent)
	switch {
	case !found:
		return false
	case rest == "" || strings.HasSuffix(parent, "/"):
		return true
	case strings.Contains(parent, "|"):
		return rest[0] == '.'
	}
	return rest[0] == '/'
}
