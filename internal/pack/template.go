package pack

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
)

// A mark stands in a template for a field that was taken out of the text. UTF-8 has
// none of these bytes; if a text has one all the same, markByte comes before it.
const (
	markUUID   = 0xf5 + iota // 36 characters, lower case
	markDate                 // 2006-01-02
	markTime                 // 2006-01-02T15:04:05-07:00 or with Z
	markMillis               // 2006-01-02T15:04:05.000-07:00 or with Z
	markByte                 // one byte that looks like a mark
	markBase64               // long base64, decoded in the template
	firstMark  = markUUID
	lastMark   = markBase64
)

const uuidLen = 36

// maxAgain is how many UUIDs of one text may be named again by their number.
const maxAgain = 128

// errFields is returned for a template whose fields do not fit.
var errFields = fmt.Errorf("%w: fields", ErrDamaged)

// A splitter takes texts apart: a template, which is like that of many other texts,
// and fields, which are not. It keeps what one text has shown so far.
type splitter struct {
	uuids   [][16]byte
	clock   clock
	decoded []byte
}

// keptBuffer bounds the memory that is kept from text to text.
const keptBuffer = 1 << 20

func (s *splitter) reset() {
	if s.uuids = s.uuids[:0]; cap(s.decoded) > keptBuffer {
		s.decoded = nil
	}
	s.clock = clock{}
}

// split appends the template of text to template, and its fields to fields.
func (s *splitter) split(template, fields, text []byte) ([]byte, []byte) {
	s.reset()
	// Both UUIDs and dates are found by their first hyphen.
	done := 0
	for next := 0; ; {
		hop := bytes.IndexByte(text[next:], '-')
		if hop < 0 {
			break
		}
		at := next + hop
		next = at + 1
		var start, end int
		var mark byte
		var room [1 + 16]byte // for the longest field
		field := room[:0]
		switch {
		case at-4 >= done && at+6 <= len(text) && text[at+3] == '-':
			start = at - 4
			end, mark, field = s.clock.take(field, text, start)
		case at-8 >= done && at+28 <= len(text) && text[at+5] == '-':
			start = at - 8
			end, mark, field = s.takeUUID(field, text, start)
		default:
			continue
		}
		if mark == 0 {
			continue
		}
		// Fields stand in the order of their marks: those of the text before come first.
		template, fields = s.appendPlain(template, fields, text[done:start])
		fields = append(fields, field...)
		template = append(template, mark)
		done, next = end, end
	}
	return s.appendPlain(template, fields, text[done:])
}

// takeUUID appends the field of a UUID that begins at start. If the text had the UUID
// before, the field is one byte below 0x80: its number. Otherwise the field is byte 8
// of the UUID and then its other bytes. By RFC 9562 byte 8 begins with the bits 10; a
// UUID with another byte 8 has 0xff before it.
func (s *splitter) takeUUID(fields, text []byte, start int) (int, byte, []byte) {
	id, ok := parseUUID(text[start : start+uuidLen])
	if !ok {
		return 0, 0, fields
	}
	end := start + uuidLen
	for i := range s.uuids {
		if s.uuids[i] == id {
			return end, markUUID, append(fields, byte(i))
		}
	}
	if len(s.uuids) < maxAgain {
		s.uuids = append(s.uuids, id)
	}
	if id[8]>>6 != 2 {
		fields = append(fields, 0xff)
	}
	fields = append(fields, id[8])
	fields = append(fields, id[:8]...)
	return end, markUUID, append(fields, id[9:]...)
}

// join appends to dst the text of a template and its fields, of at most limit bytes.
func (s *splitter) join(dst, template, fields []byte, limit int) ([]byte, error) {
	s.reset()
	limit += len(dst)
	for {
		n := plainLen(template)
		dst = append(dst, template[:n]...)
		if n == len(template) {
			break
		}
		mark := template[n]
		template = template[n+1:]
		var ok bool
		switch mark {
		case markUUID:
			dst, fields, ok = s.putUUID(dst, fields)
		case markByte:
			if ok = len(fields) > 0; ok {
				dst, fields = append(dst, fields[0]), fields[1:]
			}
		case markBase64:
			dst, template, fields, ok = s.putBase64(dst, template, fields, limit)
		default:
			dst, fields, ok = s.clock.put(dst, fields, mark)
		}
		if !ok || len(dst) > limit {
			return dst, errFields
		}
	}
	if len(fields) > 0 || len(dst) > limit {
		return dst, errFields
	}
	return dst, nil
}

func (s *splitter) putUUID(dst, fields []byte) ([]byte, []byte, bool) {
	if len(fields) == 0 {
		return dst, fields, false
	}
	if number := int(fields[0]); number < maxAgain {
		if number >= len(s.uuids) {
			return dst, fields, false
		}
		return appendUUID(dst, &s.uuids[number]), fields[1:], true
	}
	if fields[0] == 0xff {
		fields = fields[1:]
	}
	if len(fields) < 16 {
		return dst, fields, false
	}
	var id [16]byte
	id[8] = fields[0]
	copy(id[:8], fields[1:9])
	copy(id[9:], fields[9:16])
	if len(s.uuids) < maxAgain {
		s.uuids = append(s.uuids, id)
	}
	return appendUUID(dst, &id), fields[16:], true
}

// hexDigits maps lower-case hexadecimal digits to their value, all else to 0xff.
var hexDigits = func() (t [256]byte) {
	for i := range t {
		t[i] = 0xff
	}
	for i, c := range []byte("0123456789abcdef") {
		t[c] = byte(i)
	}
	return t
}()

// uuidPlaces are where the bytes of a UUID stand in its text.
var uuidPlaces = [16]int{0, 2, 4, 6, 9, 11, 14, 16, 19, 21, 24, 26, 28, 30, 32, 34}

// parseUUID reads a UUID in lower case.
func parseUUID(text []byte) (id [16]byte, ok bool) {
	text = text[:uuidLen]
	if text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-' {
		return id, false
	}
	var wrong byte
	for i, at := range uuidPlaces {
		high, low := hexDigits[text[at]], hexDigits[text[at+1]]
		wrong |= high | low
		id[i] = high<<4 | low
	}
	return id, wrong <= 0x0f
}

// hexPairs are the two digits of each byte.
var hexPairs = func() (t [256][2]byte) {
	const digits = "0123456789abcdef"
	for i := range t {
		t[i] = [2]byte{digits[i>>4], digits[i&15]}
	}
	return t
}()

func appendUUID(dst []byte, id *[16]byte) []byte {
	var text [uuidLen]byte
	for i, at := range uuidPlaces {
		pair := &hexPairs[id[i]]
		text[at], text[at+1] = pair[0], pair[1]
	}
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return append(dst, text[:]...)
}

const (
	lowBits  = 0x0101010101010101 // of each of eight bytes
	highBits = 0x80 * lowBits
)

// plainLen returns how many bytes stand before the first mark.
func plainLen(b []byte) int {
	i := 0
	for {
		for ; i+8 <= len(b); i += 8 {
			// The high bit of a byte stays where the byte is firstMark at least.
			x := binary.LittleEndian.Uint64(b[i:])
			if high := (x&^highBits + (0x100-firstMark)*lowBits) & x & highBits; high != 0 {
				i += bits.TrailingZeros64(high) >> 3
				break
			}
		}
		if i == len(b) || isMark(b[i]) {
			return i
		}
		i++
	}
}

func isMark(c byte) bool { return c >= firstMark && c <= lastMark }

// appendEscaped appends text to a template, with markByte before bytes that look like
// marks.
func appendEscaped(template, fields, text []byte) ([]byte, []byte) {
	if len(text) > keptBuffer { // growing by steps would leave several times as much behind
		template = slices.Grow(template, len(text))
	}
	for {
		plain := plainLen(text)
		template = append(template, text[:plain]...)
		if plain == len(text) {
			return template, fields
		}
		template = append(template, markByte)
		fields = append(fields, text[plain])
		text = text[plain+1:]
	}
}
