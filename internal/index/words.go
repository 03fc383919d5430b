package index

import "encoding/binary"

// Words are lists of 32-bit numbers as an image has them: in blocks, each in the form
// that is the smallest for its numbers. Reading them costs about a nanosecond a number.
//
// A block begins with its form and a number:
//
//	wordsStep    the first number, and 4 bytes that each further one adds
//	wordsDelta   the first number, and 1 or 2 bytes that each further one adds
//	wordsOffset  the least number, and 0 to 3 bytes that each is more
//	wordsPlain   4 bytes for each number, the first included
const (
	wordsStep    = iota
	wordsDelta1  // of 1 byte
	wordsDelta2  // of 2 bytes
	wordsOffset0 // all are the same
	wordsOffset1
	wordsOffset2
	wordsOffset3
	wordsPlain
)

// wordsBlock is how many numbers a block has, but for the last of a list.
const wordsBlock = 128

// wordsLeast is how many bytes a block has at least.
const wordsLeast = 5

// appendWords appends a list whose length the reader knows.
func appendWords(dst []byte, list []uint32) []byte {
	for len(list) > 0 {
		n := min(len(list), wordsBlock)
		dst = appendWordsBlock(dst, list[:n])
		list = list[n:]
	}
	return dst
}

func appendWordsBlock(dst []byte, block []uint32) []byte {
	form, start := wordsForm(block)
	dst = append(dst, byte(form))
	dst = binary.LittleEndian.AppendUint32(dst, start)
	switch form {
	case wordsStep:
		dst = binary.LittleEndian.AppendUint32(dst, block[1]-block[0])
	case wordsDelta1:
		for i := 1; i < len(block); i++ {
			dst = append(dst, byte(block[i]-block[i-1]))
		}
	case wordsDelta2:
		for i := 1; i < len(block); i++ {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(block[i]-block[i-1]))
		}
	case wordsOffset1:
		for _, w := range block {
			dst = append(dst, byte(w-start))
		}
	case wordsOffset2:
		for _, w := range block {
			dst = binary.LittleEndian.AppendUint16(dst, uint16(w-start))
		}
	case wordsOffset3:
		for _, w := range block {
			w -= start
			dst = append(dst, byte(w), byte(w>>8), byte(w>>16))
		}
	case wordsPlain:
		for _, w := range block[1:] {
			dst = binary.LittleEndian.AppendUint32(dst, w)
		}
	}
	return dst
}

// wordsForm returns the form that a block takes, and the number it begins with.
func wordsForm(block []uint32) (form int, start uint32) {
	first, n := block[0], len(block)
	least, most, delta, steady := first, first, uint32(0), true
	for i := 1; i < n; i++ {
		least, most = min(least, block[i]), max(most, block[i])
		d := block[i] - block[i-1]
		delta = max(delta, d)
		steady = steady && d == block[1]-first
	}
	width := 0 // of an offset
	for span := most - least; span > 0; span >>= 8 {
		width++
	}
	switch {
	case width == 0:
		return wordsOffset0, least
	case steady && n > 4:
		return wordsStep, first
	case delta <= 0xff:
		return wordsDelta1, first
	case width == 1:
		return wordsOffset1, least
	case delta <= 0xffff:
		return wordsDelta2, first
	case width == 2:
		return wordsOffset2, least
	case width == 3 && n > 4:
		return wordsOffset3, least
	}
	return wordsPlain, first
}

// words reads a list of len(dst) numbers.
func (r *imageReader) words(dst []uint32) {
	for len(dst) > 0 && !r.failed {
		n := min(len(dst), wordsBlock)
		r.wordsBlock(dst[:n])
		dst = dst[n:]
	}
}

func (r *imageReader) wordsBlock(dst []uint32) {
	form, w := r.byte(), r.uint32()
	n := len(dst)
	dst[0] = w
	switch form {
	case wordsStep:
		step := r.uint32()
		for i := 1; i < n; i++ {
			w += step
			dst[i] = w
		}
	case wordsDelta1:
		for i, d := range r.bytes(n - 1) {
			w += uint32(d)
			dst[i+1] = w
		}
	case wordsDelta2:
		b := r.bytes(2 * (n - 1))
		for i := 1; len(b) >= 2; i++ {
			w += uint32(binary.LittleEndian.Uint16(b))
			dst[i] = w
			b = b[2:]
		}
	case wordsOffset0:
		for i := range dst {
			dst[i] = w
		}
	case wordsOffset1:
		for i, d := range r.bytes(n) {
			dst[i] = w + uint32(d)
		}
	case wordsOffset2:
		b := r.bytes(2 * n)
		for i := 0; len(b) >= 2; i++ {
			dst[i] = w + uint32(binary.LittleEndian.Uint16(b))
			b = b[2:]
		}
	case wordsOffset3:
		b := r.bytes(3 * n)
		for i := 0; len(b) >= 3; i++ {
			dst[i] = w + uint32(b[0]) + uint32(b[1])<<8 + uint32(b[2])<<16
			b = b[3:]
		}
	case wordsPlain:
		b := r.bytes(4 * (n - 1))
		for i := 1; len(b) >= 4; i++ {
			dst[i] = binary.LittleEndian.Uint32(b)
			b = b[4:]
		}
	default:
		r.failed = true
	}
}
