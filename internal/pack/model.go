package pack

import "math/bits"

// A dense template is a chain of steps in codes of variable length. A step is a literal
// byte, a run of raw bytes, or a match. The length of a match is a symbol of the same
// code as literals, its place is a symbol of the code of places, and both have extra
// bits.
const (
	symbolRaw    = 256 // a run of raw bytes follows
	symbolLength = 257
	stepSymbols  = symbolLength + lengthCodes

	lengthCodes = 16 + 2*12
	minLength   = 3
	maxLength   = 1<<16 - 1 + minLength
	rawBits     = 4 // of the length of a raw run, less one
	maxRaw      = 1 << rawBits
	stepCodes   = 16  // codes of literals and lengths
	situations  = 512 // what chooses among them

	// denseYield is how many bytes one byte can yield: the longest match takes a bit for
	// its length, fourteen extra bits, and a bit for its place.
	denseYield = maxLength / 2
)

// A place is the same as before, in the dictionary or in the text; near the place
// before, in the dictionary; a distance in the text; or a 2^pageBits bytes long page of
// the dictionary.
const (
	placeAgain    = 0
	placeDistance = 1 // the distance before
	placeAfter    = 2 // and nearBuckets: beyond where the dictionary's match would go on
	placeBefore   = placeAfter + nearBuckets
	placeText     = placeBefore + nearBuckets
	placePage     = placeText + textBuckets

	nearBuckets = 7  // up to 127
	textBuckets = 20 // up to a MiB
	pageBits    = 6

	maxNear     = 1<<nearBuckets - 1
	maxDistance = 1<<textBuckets - 1
)

// lengthSymbol returns the symbol of a match's length and its extra bits.
func lengthSymbol(length int) (symbol int, extra uint) {
	v := length - minLength
	if v < 16 {
		return symbolLength + v, 0
	}
	k := bits.Len(uint(v)) - 1
	return symbolLength + 16 + (k-4)*2 + v>>(k-1)&1, uint(k - 1)
}

// lengthOf returns the length at which a symbol begins, and its extra bits.
func lengthOf(symbol int) (length int, extra uint) {
	c := symbol - symbolLength
	if c < 16 {
		return c + minLength, 0
	}
	k := (c-16)>>1 + 4
	return 1<<k + (c-16)&1<<(k-1) + minLength, uint(k - 1)
}

// A model is a dictionary's text and the codes that belong to it.
type model struct {
	text   []byte
	code   [situations]uint8 // which of steps
	steps  [stepCodes]*prefixCode
	places *prefixCode
	tables [situations]*[1 << maxBits]uint16 // of steps, by situation, for readers
}

// placeSymbols is how many places there are with a dictionary's text of size bytes.
func placeSymbols(size int) int { return placePage + (size+1<<pageBits-1)>>pageBits }

// stepCode returns the code of the step at a position of a text, after a match or
// not.
func (m *model) stepCode(src []byte, at int, matched bool) *prefixCode {
	return m.steps[m.code[situation(src, at, matched)]]
}

// situation numbers what is known before a step: the byte before, and whether a match
// ended there.
func situation(src []byte, at int, matched bool) int {
	s := 0
	if at > 0 {
		s = int(src[at-1])
	}
	if matched {
		s += 256
	}
	return s
}

// A place is where a match comes from.
type place struct {
	symbol int
	extra  uint // bits
	value  int
}

// A track is where the last matches were. Places are counted from there.
type track struct {
	diagonal int // position in the dictionary less position in the text
	distance int
}

// dictPlace returns the place of a match at address of the dictionary for position at
// of the text.
func (k track) dictPlace(address, at int) place {
	delta := address - at - k.diagonal
	switch {
	case delta == 0:
		return place{symbol: placeAgain}
	case delta > 0 && delta <= maxNear:
		n := bits.Len(uint(delta)) - 1
		return place{placeAfter + n, uint(n), delta - 1<<n}
	case delta < 0 && -delta <= maxNear:
		n := bits.Len(uint(-delta)) - 1
		return place{placeBefore + n, uint(n), -delta - 1<<n}
	}
	return place{placePage + address>>pageBits, pageBits, address & (1<<pageBits - 1)}
}

// place returns the place of a match for position at of the text.
func (k track) place(s step, at int) place {
	if s.address >= 0 {
		return k.dictPlace(int(s.address), at)
	}
	return k.textPlace(int(-s.address))
}

func (k track) textPlace(distance int) place {
	if distance == k.distance {
		return place{symbol: placeDistance}
	}
	n := bits.Len(uint(distance)) - 1
	return place{placeText + n, uint(n), distance - 1<<n}
}
