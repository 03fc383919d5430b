package query

import "github.com/fhirlake/fhirlake/internal/search/param"

// Negative reports whether the match is about what has not a value.
func (m *Match) Negative() bool {
	return m.Modifier == param.ModNot || m.Modifier == param.ModNotIn || m.Modifier == param.ModMissing && m.Missing
}

// Name returns the name that a match would have in a query.
func (m *Match) Name() string {
	name := m.Param.Row.Code
	if name == "" { // of a part of a composite
		name = m.Param.Row.Name
	}
	if modifier := m.Modifier.String(); modifier != "" {
		name += ":" + modifier
	}
	return name
}
