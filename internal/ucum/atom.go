package ucum

import (
	"cmp"
	"slices"
)

type atomKind uint8

const (
	baseUnit    atomKind = iota // a dimension of its own
	derivedUnit                 // value × unit
	specialUnit                 // a function of value × unit
)

// An atom is a unit symbol and its definition.
type atom struct {
	code     string
	kind     atomKind
	metric   bool   // takes prefixes
	base     uint8  // a base unit's place in bases
	value    string // a decimal number
	unit     string // a code
	function string // of a special unit: a name that functionOf knows
}

type prefix struct {
	code  string
	value string // a decimal number
}

// piCode is the atom whose factor is kept as a power of its own.
const piCode = "[pi]"

func findAtom(code string) *atom {
	if i, ok := slices.BinarySearchFunc(atoms[:], code, func(a atom, code string) int {
		return cmp.Compare(a.code, code)
	}); ok {
		return &atoms[i]
	}
	return nil
}

func findPrefix(code string) *prefix {
	if i, ok := slices.BinarySearchFunc(prefixes[:], code, func(p prefix, code string) int {
		return cmp.Compare(p.code, code)
	}); ok {
		return &prefixes[i]
	}
	return nil
}

// maxPrefix is the length of the longest prefix: da, Ki.
const maxPrefix = 2

// findSymbol splits a symbol into a prefix, which may be nil, and an atom. The table
// allows one way at most: Pa is pascal, since the year a takes no prefix. It returns
// nil, nil if the text is no symbol.
func findSymbol(symbol string) (*prefix, *atom) {
	if a := findAtom(symbol); a != nil {
		return nil, a
	}
	for n := min(maxPrefix, len(symbol)-1); n > 0; n-- {
		if p := findPrefix(symbol[:n]); p != nil {
			if a := findAtom(symbol[n:]); a != nil && a.metric {
				return p, a
			}
		}
	}
	return nil, nil
}
