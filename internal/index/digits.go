package index

import "encoding/binary"

// A decimal is written as its length plus 1, and then its characters, two a byte, the
// first in the high half. A text with other characters is written as 0 and a text.

// digits are the characters of decimals; the last half of an odd number is 15.
const digits = "0123456789+-.eE"

// digitOf is the index of a character in digits, or 15 for other characters.
var digitOf = func() (of [256]byte) {
	for i := range of {
		of[i] = 15
	}
	for i := range len(digits) {
		of[digits[i]] = byte(i)
	}
	return of
}()

func appendDecimal(dst []byte, s string) []byte {
	at := len(dst)
	dst = binary.AppendUvarint(dst, uint64(len(s))+1)
	for i := 0; i < len(s); i += 2 {
		high, low := digitOf[s[i]], byte(15)
		if i+1 < len(s) {
			if low = digitOf[s[i+1]]; low == 15 {
				high = 15
			}
		}
		if high == 15 {
			return appendText(append(dst[:at], 0), s)
		}
		dst = append(dst, high<<4|low)
	}
	return dst
}

func (s *scanner) decimal(dst *string) bool {
	n, ok := s.uvarint(2*uint64(len(s.rest)) + 1)
	if !ok {
		return false
	}
	if n == 0 {
		return s.text(dst)
	}
	n--
	var packed string
	if !s.cut(&packed, (n+1)/2) {
		return false
	}
	if n == 0 {
		*dst = ""
		return true
	}
	room := s.arena.room(int(n))
	for i := range room {
		d := packed[i/2] >> 4
		if i%2 == 1 {
			d = packed[i/2] & 15
		}
		if d == 15 {
			return false
		}
		room[i] = digits[d]
	}
	*dst = view(room)
	return true
}
