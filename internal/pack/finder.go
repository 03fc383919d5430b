package pack

import (
	"encoding/binary"
	"math/bits"
)

// A match is a text that stands elsewhere too: at address of the dictionary, or
// -address bytes before.
type match struct {
	length  int
	address int
}

const (
	chainBits = 14
	depth     = 24 // how many candidates of a chain are looked at
)

func hashChain(x uint32) uint32 { return x * 0x9e3779b1 >> (32 - chainBits) }

// A dictIndex chains the positions of a dictionary's text that begin with the same
// four bytes, the last first.
type dictIndex struct {
	text []byte
	head [1 << chainBits]uint16 // position + 1
	next []uint16
	// The same for eight bytes, since some four are in each template.
	long     [1 << longBits]uint16
	nextLong []uint16
}

func newDictIndex(text []byte) *dictIndex {
	d := &dictIndex{text: text, next: make([]uint16, len(text)), nextLong: make([]uint16, len(text))}
	for i := 0; i+4 <= len(text); i++ {
		h := hashChain(binary.LittleEndian.Uint32(text[i:]))
		d.next[i], d.head[h] = d.head[h], uint16(i+1)
		if i+8 <= len(text) {
			h := hashLong(binary.LittleEndian.Uint64(text[i:]))
			d.nextLong[i], d.long[h] = d.long[h], uint16(i+1)
		}
	}
	return d
}

// A finder finds matches of a text in itself and in a dictionary. Positions count on
// from text to text, so that nothing needs to be cleared between them.
type finder struct {
	base   uint32
	length int                    // of the text
	head   [1 << chainBits]uint32 // base + position
	next   []uint32               // a ring: of the last positions that a match can reach
}

// begin makes room for a text of n bytes.
func (f *finder) begin(n int) {
	f.base += uint32(f.length)
	if f.base == 0 || uint64(f.base)+uint64(n) >= 1<<32 {
		clear(f.head[:])
		f.base = 1
	}
	f.length = n
	if room := min(n, maxDistance+1); len(f.next) < room {
		f.next = make([]uint32, 1<<bits.Len(uint(room-1)))
	}
}

func (f *finder) after(position int) *uint32 { return &f.next[position&(len(f.next)-1)] }

func (f *finder) insert(src []byte, at int) {
	if at+4 > len(src) {
		return
	}
	h := hashChain(binary.LittleEndian.Uint32(src[at:]))
	*f.after(at), f.head[h] = f.head[h], f.base+uint32(at)
}

// find appends matches at a position, first in the text and then in the dictionary,
// each longer than the one before it in the same place. It then inserts the position.
func (f *finder) find(dst []match, d *dictIndex, src []byte, at int) []match {
	if at+4 > len(src) {
		return dst
	}
	here := src[at:min(at+maxLength, len(src))]
	x := binary.LittleEndian.Uint32(here)
	best := minLength
	for c, n := f.head[hashChain(x)], 0; c >= f.base && n < depth && best < niceLength; c, n = *f.after(int(c - f.base)), n+1 {
		p := int(c - f.base)
		if at-p > maxDistance {
			break
		}
		if length := longerMatch(here, src[p:], best); length > best {
			best = length
			dst = append(dst, match{length, p - at})
		}
	}
	best = minLength
	n := 0
	for c := d.head[hashChain(x)]; c > 0 && n < depth && best < niceLength; c, n = d.next[c-1], n+1 {
		if length := longerMatch(here, d.text[c-1:], best); length > best {
			best = length
			dst = append(dst, match{length, int(c - 1)})
		}
	}
	if n == depth && len(here) >= 8 {
		n = 0
		for c := d.long[hashLong(binary.LittleEndian.Uint64(here))]; c > 0 && n < depth && best < niceLength; c, n = d.nextLong[c-1], n+1 {
			if length := longerMatch(here, d.text[c-1:], best); length > best {
				best = length
				dst = append(dst, match{length, int(c - 1)})
			}
		}
	}
	f.insert(src, at)
	return dst
}

// longerMatch returns the length of a match if it is longer than best, else 0.
func longerMatch(a, b []byte, best int) int {
	if best >= len(a) || best >= len(b) || a[best] != b[best] {
		return 0
	}
	return matchLen(a, b)
}
