package ucum

// A Definition is an atom of the table as the tests see it.
type Definition struct {
	Code, Value, Unit string
	Metric, Special   bool
	Base              bool
}

// Definitions returns the whole table.
func Definitions() []Definition {
	var list []Definition
	for _, a := range atoms {
		list = append(list, Definition{a.code, a.value, a.unit, a.metric, a.kind == specialUnit, a.kind == baseUnit})
	}
	return list
}

// Prefixes returns the codes of all prefixes.
func Prefixes() []string {
	var list []string
	for _, p := range prefixes {
		list = append(list, p.code)
	}
	return list
}
