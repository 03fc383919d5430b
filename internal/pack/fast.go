package pack

import (
	"encoding/binary"
	"math/bits"
)

// A fast template is a chain of steps. Each step is some literal bytes and then a
// match: a copy out of the dictionary's text or out of the template so far.
const (
	stepAgain    = 0x80 // the match goes on from the one before
	literalShift = 4
	maxLiterals  = 7  // literals of a step, 7 and more with further bytes
	maxMatch     = 15 // length of a match less minMatch, 15 and more with further bytes
	minMatch     = 4

	addressSpace = 1 << 16 // addresses have two bytes

	// fastYield is how many bytes one byte can yield: 255 more of a match.
	fastYield = 255
)

const (
	windowBits = 12
	shortBits  = 14
	longBits   = 14
)

// A fastTable finds matches in a dictionary's text. It is made once.
type fastTable struct {
	text  []byte
	long  [1 << longBits]uint16  // by eight bytes: position + 1
	short [1 << shortBits]uint16 // by five bytes
}

func newFastTable(text []byte) *fastTable {
	t := &fastTable{text: text}
	// Later positions win: the most frequent texts stand last.
	for i := 0; i+8 <= len(text); i++ {
		x := binary.LittleEndian.Uint64(text[i:])
		t.short[hashShort(x, shortBits)] = uint16(i + 1)
		t.long[hashLong(x)] = uint16(i + 1)
	}
	return t
}

func hashLong(x uint64) uint64 { return x * 0x9e3779b185ebca87 >> (64 - longBits) }

func hashShort(x uint64, n int) uint64 { return (x << 24) * 0x9e3779b185ebca87 >> (64 - n) }

// A window finds matches in the text itself. Positions count on from text to text, so
// that nothing needs to be cleared between them.
type window struct {
	base  uint32
	table [1 << windowBits]uint32
}

// begin makes room for a text of n bytes.
func (w *window) begin(n int) {
	if uint64(w.base)+uint64(n) >= 1<<32-1 {
		clear(w.table[:])
		w.base = 0
	}
	if w.base == 0 {
		w.base = 1
	}
}

func appendFast(dst, src []byte, t *fastTable, w *window) []byte {
	w.begin(len(src))
	base := w.base
	w.base += uint32(len(src))
	dict := t.text
	maxDistance := addressSpace - len(dict)
	anchor := 0
	last := 0       // distance, or end of the match in the dictionary
	inDict := false // last is in the dictionary
	for i := 0; i+8 <= len(src); {
		x := binary.LittleEndian.Uint64(src[i:])
		h := hashShort(x, windowBits)
		seen := int(w.table[h]) - int(base)
		w.table[h] = base + uint32(i)
		length, at, fromDict, again := 0, 0, false, false
		if last > 0 {
			if inDict {
				if c := last + i - anchor; c+minMatch <= len(dict) && binary.LittleEndian.Uint32(dict[c:]) == uint32(x) {
					length, at, fromDict, again = matchLen(src[i:], dict[c:]), c, true, true
				}
			} else if c := i - last; binary.LittleEndian.Uint32(src[c:]) == uint32(x) {
				length, at, again = matchLen(src[i:], src[c:]), c, true
			}
		}
		if length < 8 {
			best := length
			if again {
				best += 2
			}
			if c := int(t.long[hashLong(x)]); c > 0 && binary.LittleEndian.Uint64(dict[c-1:]) == x {
				if n := matchLen(src[i:], dict[c-1:]); n > best {
					length, at, fromDict, again, best = n, c-1, true, false, n
				}
			}
			if seen >= 0 && i-seen <= maxDistance && binary.LittleEndian.Uint32(src[seen:]) == uint32(x) {
				if n := matchLen(src[i:], src[seen:]); n > best {
					length, at, fromDict, again, best = n, seen, false, false, n
				}
			}
			if best < 8 {
				if c := int(t.short[hashShort(x, shortBits)]); c > 0 && binary.LittleEndian.Uint32(dict[c-1:]) == uint32(x) {
					if n := matchLen(src[i:], dict[c-1:]); n > best {
						length, at, fromDict, again = n, c-1, true, false
					}
				}
			}
		}
		if length < minMatch {
			i += 1 + (i-anchor)>>6
			continue
		}
		// Literals before may be part of the match.
		if !again {
			from := src
			if fromDict {
				from = dict
			}
			for i > anchor && at > 0 && src[i-1] == from[at-1] {
				i--
				at--
				length++
			}
		}
		dst = appendStep(dst, src[anchor:i], length, again)
		end := i + length
		if fromDict {
			if !again {
				dst = append(dst, byte(at), byte(at>>8))
			}
			last, inDict = at+length, true
		} else {
			if !again {
				address := i - at - 1 + len(dict)
				dst = append(dst, byte(address), byte(address>>8))
			}
			last, inDict = i-at, false
		}
		if j := end - 3; j > i && j+8 <= len(src) {
			w.table[hashShort(binary.LittleEndian.Uint64(src[j:]), windowBits)] = base + uint32(j)
		}
		if j := i + 1; j < end && j+8 <= len(src) {
			w.table[hashShort(binary.LittleEndian.Uint64(src[j:]), windowBits)] = base + uint32(j)
		}
		i = end
		anchor = end
	}
	if anchor < len(src) {
		dst = appendStep(dst, src[anchor:], 0, false)
	}
	return dst
}

// appendStep appends a step up to its address; a length of 0 is no match.
func appendStep(dst, literals []byte, length int, again bool) []byte {
	at := len(dst)
	dst = append(dst, 0)
	token := byte(0)
	if again {
		token = stepAgain
	}
	if n := len(literals); n < maxLiterals {
		token |= byte(n) << literalShift
	} else {
		token |= maxLiterals << literalShift
		dst = appendMore(dst, n-maxLiterals)
	}
	if n := length - minMatch; n >= maxMatch {
		token |= maxMatch
		dst = appendMore(dst, n-maxMatch)
	} else if n > 0 {
		token |= byte(n)
	}
	dst[at] = token
	return append(dst, literals...)
}

// appendMore appends the rest of a length that its bits of the token do not hold: bytes
// of 255, and one byte below 255.
func appendMore(dst []byte, n int) []byte {
	for ; n >= 255; n -= 255 {
		dst = append(dst, 255)
	}
	return append(dst, byte(n))
}

// matchLen returns how many bytes a and b have in common at their beginning.
func matchLen(a, b []byte) int {
	n := 0
	for len(a) >= 8 && len(b) >= 8 {
		if diff := binary.LittleEndian.Uint64(a) ^ binary.LittleEndian.Uint64(b); diff != 0 {
			return n + bits.TrailingZeros64(diff)>>3
		}
		a, b = a[8:], b[8:]
		n += 8
	}
	for i := 0; i < len(a) && i < len(b); i++ {
		if a[i] != b[i] {
			return n + i
		}
	}
	return n + min(len(a), len(b))
}
