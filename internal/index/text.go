package index

import (
	"encoding/binary"
	"encoding/hex"
	"strings"
	"unsafe"
)

// A text begins with a number: its length and textPlain, or one of the marks before.
// UUIDs in lower case take their 16 bytes.
const (
	textUUID  = iota // a UUID and nothing else
	textMixed        // UUIDs among other text
	textPlain
)

// uuidLen is the length of a UUID as text; uuidDash is where its first hyphen is.
const (
	uuidLen  = 36
	uuidDash = 8
)

func appendText(dst []byte, s string) []byte {
	if len(s) >= uuidLen {
		if packed, ok := appendMixed(dst, s); ok {
			return packed
		}
	}
	dst = binary.AppendUvarint(dst, uint64(len(s))+textPlain)
	return append(dst, s...)
}

// appendMixed appends a text with UUIDs. It returns false for one without.
func appendMixed(dst []byte, s string) ([]byte, bool) {
	at, uuid := findUUID(s)
	if at < 0 {
		return dst, false
	}
	if len(s) == uuidLen {
		return append(append(dst, textUUID), uuid[:]...), true
	}
	dst = append(dst, textMixed)
	for at >= 0 {
		dst = binary.AppendUvarint(dst, uint64(at)<<1|1)
		dst = append(append(dst, s[:at]...), uuid[:]...)
		s = s[at+uuidLen:]
		at, uuid = findUUID(s)
	}
	dst = binary.AppendUvarint(dst, uint64(len(s))<<1)
	return append(dst, s...), true
}

// findUUID returns where the first UUID of a text is, -1 if there is none.
func findUUID(s string) (at int, uuid [16]byte) {
	for from := uuidDash; from+uuidLen-uuidDash <= len(s); {
		i := strings.IndexByte(s[from:], '-')
		if i < 0 {
			break
		}
		at := from + i - uuidDash
		if at+uuidLen > len(s) {
			break
		}
		if packUUID(&uuid, s[at:at+uuidLen]) {
			return at, uuid
		}
		from += i + 1
	}
	return -1, uuid
}

// putUUID writes a UUID as text.
func putUUID(dst []byte, packed string) {
	src := unsafe.Slice(unsafe.StringData(packed), 16)
	hex.Encode(dst[0:8], src[0:4])
	hex.Encode(dst[9:13], src[4:6])
	hex.Encode(dst[14:18], src[6:8])
	hex.Encode(dst[19:23], src[8:10])
	hex.Encode(dst[24:36], src[10:16])
	dst[8], dst[13], dst[18], dst[23] = '-', '-', '-', '-'
}

// text reads a text.
func (s *scanner) text(dst *string) bool {
	h, ok := s.uvarint(uint64(len(s.rest)) + textPlain)
	switch {
	case !ok:
		return false
	case h == textUUID:
		return s.uuid(dst)
	case h == textMixed:
		return s.mixed(dst)
	}
	return s.cut(dst, h-textPlain)
}

// cut reads n bytes as they are.
func (s *scanner) cut(dst *string, n uint64) bool {
	if n > uint64(len(s.rest)) {
		return false
	}
	*dst, s.rest = s.rest[:n], s.rest[n:]
	return true
}

func (s *scanner) uuid(dst *string) bool {
	var packed string
	if !s.cut(&packed, 16) {
		return false
	}
	room := s.arena.room(uuidLen)
	putUUID(room, packed)
	*dst = view(room)
	return true
}

// mixed reads a text with UUIDs twice: for its length, then for itself.
func (s *scanner) mixed(dst *string) bool {
	var before, packed string
	n, last := 0, false
	for ahead := *s; !last; {
		if !ahead.piece(&before, &packed, &last) {
			return false
		}
		n += len(before) + len(packed)/16*uuidLen
	}
	room := s.arena.room(n)
	at := 0
	for last = false; !last; {
		s.piece(&before, &packed, &last)
		at += copy(room[at:], before)
		if !last {
			putUUID(room[at:], packed)
			at += uuidLen
		}
	}
	*dst = view(room)
	return true
}

// piece reads what comes before a UUID and the UUID, or the last piece, which has
// none.
func (s *scanner) piece(before, packed *string, last *bool) bool {
	h, ok := s.uvarint(2*uint64(len(s.rest)) + 1)
	if !ok || !s.cut(before, h>>1) {
		return false
	}
	if *last = h&1 == 0; *last {
		*packed = ""
		return true
	}
	return s.cut(packed, 16)
}

// view returns b as a string without a copy. b must not change any more.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// An arena is the memory of strings that are made together and forgotten together.
type arena struct{ buf []byte }

// keep returns a copy of a payload, and makes room for what its texts may unpack to if
// it makes any.
func (a *arena) keep(payload []byte) []byte {
	if n := len(payload); cap(a.buf)-len(a.buf) < n {
		a.buf = make([]byte, 0, max(n+n/2, 2*cap(a.buf)))
	}
	return append(a.room(len(payload))[:0], payload...)
}

// room returns n bytes. What was given before stays where it is.
func (a *arena) room(n int) []byte {
	if cap(a.buf)-len(a.buf) < n {
		a.buf = make([]byte, 0, max(n, 2*cap(a.buf), 64))
	}
	a.buf = a.buf[:len(a.buf)+n]
	return a.buf[len(a.buf)-n:]
}

// reset forgets all strings.
func (a *arena) reset() { a.buf = a.buf[:0] }
