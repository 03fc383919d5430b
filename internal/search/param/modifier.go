package param

// A Modifier is the modifier behind the colon in a parameter's name.
type Modifier uint8

const (
	Plain Modifier = iota
	ModMissing
	ModExact
	ModContains
	ModText
	ModOfType
	ModNot
	ModType
	ModIdentifier
	ModAbove
	ModBelow
	ModIn
	ModNotIn
	ModEquals // the whole string, folded; of _filter alone, as are the next
	ModEnds   // the end of a string, folded
	ModOrder  // a folded string before or after, as the value's prefix says
	ModStarts // the beginning of a string, as plain has it unless it is compared as it is written
)

// String returns the modifier's name in a query, "" where it has none.
func (m Modifier) String() string {
	switch m {
	case ModMissing:
		return "missing"
	case ModExact:
		return "exact"
	case ModContains:
		return "contains"
	case ModText:
		return "text"
	case ModOfType:
		return "of-type"
	case ModNot:
		return "not"
	case ModIdentifier:
		return "identifier"
	case ModAbove:
		return "above"
	case ModBelow:
		return "below"
	case ModIn:
		return "in"
	case ModNotIn:
		return "not-in"
	}
	return ""
}

// Ranked reports whether the modifier is :above or :below.
func (m Modifier) Ranked() bool { return m == ModAbove || m == ModBelow }
