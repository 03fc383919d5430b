package index

import (
	"encoding/binary"
	"unsafe"
)

// appendText appends a text: its length and its bytes.
func appendText(dst []byte, s string) []byte {
	dst = binary.AppendUvarint(dst, uint64(len(s)))
	return append(dst, s...)
}

// text reads a text.
func (s *scanner) text(dst *string) bool {
	n, ok := s.uvarint(uint64(len(s.rest)))
	return ok && s.cut(dst, n)
}

// cut reads n bytes as they are.
func (s *scanner) cut(dst *string, n uint64) bool {
	if n > uint64(len(s.rest)) {
		return false
	}
	*dst, s.rest = s.rest[:n], s.rest[n:]
	return true
}

// view returns b as a string without a copy. b must not change any more.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// An arena is the memory of strings that are made together and forgotten together.
type arena struct{ buf []byte }

// keep returns a copy of a payload. If it needs more room, it also makes room for the
// unpacked texts.
func (a *arena) keep(payload []byte) []byte {
	if n := len(payload); cap(a.buf)-len(a.buf) < n {
		a.buf = make([]byte, 0, max(n+n/2, 2*cap(a.buf)))
	}
	return append(a.room(len(payload))[:0], payload...)
}

// room returns n bytes. Bytes given before stay in place.
func (a *arena) room(n int) []byte {
	if cap(a.buf)-len(a.buf) < n {
		a.buf = make([]byte, 0, max(n, 2*cap(a.buf), 64))
	}
	a.buf = a.buf[:len(a.buf)+n]
	return a.buf[len(a.buf)-n:]
}

// reset forgets all strings.
func (a *arena) reset() { a.buf = a.buf[:0] }
