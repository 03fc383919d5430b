package index

import (
	"fmt"
	"math"
	"unsafe"

	"github.com/klauspost/compress/s2"
)

// Formats of values blocks: the first byte.
const (
	formatPlain = 1
	formatS2    = 2 // S2 with dictionary1; read, but written no more
	formatWords = 3 // S2 with dictionary2
)

// maxPayload bounds what a block may claim to decompress to. A resource has at
// most 64 MiB, of which a text may be a value in two forms and as words.
const maxPayload = 256 << 20

// AppendTo encodes the values as a block and appends it to dst. The builder
// keeps its values.
func (b *Builder) AppendTo(dst []byte) []byte {
	start := len(dst)
	dst = append(dst, formatWords)
	room := s2.MaxEncodedLen(len(b.payload))
	if room > 0 && len(b.payload) > 16 {
		if cap(dst)-len(dst) < room {
			dst = append(make([]byte, 0, len(dst)+room), dst...)
		}
		out := dictionary2().Encode(dst[len(dst):len(dst)+room], b.payload)
		if len(out) < len(b.payload) {
			return append(dst, out...)
		}
	}
	dst = append(dst[:start], formatPlain)
	return append(dst, b.payload...)
}

// Decode appends the values of a block to dst, in the order in which they were
// added. The entries' strings are the caller's: they stay valid.
//
// It reports [ErrFormat] or [ErrDamaged]; dst then holds the entries before the
// damage. An empty block has no values.
func Decode(dst []Entry, block []byte) ([]Entry, error) {
	n, err := payloadLen(block)
	if err != nil {
		return dst, err
	}
	payload, err := decompress(make([]byte, n), block)
	if err != nil {
		return dst, err
	}
	s := newScanner(payload)
	for {
		var e Entry
		more, err := s.next(&e)
		if !more {
			return dst, err
		}
		dst = append(dst, e)
	}
}

// payloadLen returns the length of a block's payload, or what is wrong with its
// first bytes.
func payloadLen(block []byte) (int, error) {
	if len(block) == 0 {
		return 0, nil
	}
	switch block[0] {
	case formatPlain:
		return len(block) - 1, nil
	case formatS2, formatWords:
		n, err := s2.DecodedLen(block[1:])
		// Three bytes of S2 copy at most 65,536: a longer claim is a lie, and
		// would make damage allocate what it likes.
		if err != nil || n > maxPayload || n/(1<<16) > len(block) {
			return 0, fmt.Errorf("%w: length", ErrDamaged)
		}
		return n, nil
	}
	return 0, ErrFormat
}

// decompress returns a block's payload in dst, which is as long as payloadLen
// says.
func decompress(dst, block []byte) ([]byte, error) {
	if len(block) == 0 || block[0] == formatPlain {
		return dst[:copy(dst, block[min(1, len(block)):])], nil
	}
	dictionary := dictionary2()
	if block[0] == formatS2 {
		dictionary = dictionary1()
	}
	out, err := dictionary.Decode(dst, block[1:])
	if err != nil {
		return nil, fmt.Errorf("%w: compression", ErrDamaged)
	}
	return out, nil
}

// A scanner walks the entries of a payload. The strings of its entries alias
// the payload.
type scanner struct {
	rest  string
	param Param
	first bool
}

func newScanner(payload []byte) scanner {
	return scanner{rest: unsafe.String(unsafe.SliceData(payload), len(payload)), first: true}
}

// next reads an entry into e, which must be zero. It returns false at the end
// and with an error.
func (s *scanner) next(e *Entry) (bool, error) {
	if s.rest == "" {
		return false, nil
	}
	tag := s.rest[0]
	s.rest = s.rest[1:]
	if err := s.head(e, tag); err != nil {
		return false, err
	}
	if !s.body(e, tag) {
		return false, fmt.Errorf("%w: value", ErrDamaged)
	}
	return true, nil
}

func (s *scanner) head(e *Entry, tag byte) error {
	e.Kind = Kind(tag & tagKind)
	if tag&tagSameParam == 0 {
		p, ok := s.uvarint(math.MaxUint16)
		if !ok {
			return fmt.Errorf("%w: param", ErrDamaged)
		}
		s.param, s.first = Param(p), false
	} else if s.first {
		return fmt.Errorf("%w: no param", ErrDamaged)
	}
	e.Param = s.param
	if tag&tagGroup != 0 {
		g, ok := s.uvarint(math.MaxUint32)
		if !ok {
			return fmt.Errorf("%w: group", ErrDamaged)
		}
		e.Group = uint32(g)
	}
	return nil
}

func (s *scanner) body(e *Entry, tag byte) bool {
	short := tag&tagShort != 0
	if tag&tagOpen != 0 && e.Kind != KindDate {
		return false
	}
	if short && e.Kind != KindText && e.Kind != KindDate && e.Kind != KindNumber && e.Kind != KindQuantity {
		return false
	}
	switch e.Kind {
	case KindToken:
		return s.text(&e.System) && s.text(&e.Code)
	case KindText:
		return s.pair(&e.Folded, &e.Exact, short)
	case KindDate:
		return s.date(e, short, tag&tagOpen != 0)
	case KindNumber:
		return s.pair(&e.Low, &e.High, short)
	case KindQuantity:
		return s.pair(&e.Low, &e.High, short) && s.text(&e.System) && s.text(&e.Code) && s.text(&e.Unit)
	case KindReference:
		t, ok := s.uvarint(math.MaxUint16)
		e.Type = TypeID(t)
		return ok && s.text(&e.ID) && e.ID != "" && len(e.ID) <= MaxIDLen
	case KindReferenceText, KindWords:
		ok := s.text(&e.Exact)
		e.Folded = e.Exact
		return ok
	}
	return false
}

func (s *scanner) date(e *Entry, seconds, hasOpen bool) bool {
	var open byte
	if hasOpen {
		if s.rest == "" {
			return false
		}
		open = s.rest[0]
		s.rest = s.rest[1:]
		if open == 0 || open > openFrom|openTo {
			return false
		}
	}
	unit := int64(1)
	if seconds {
		unit = microsPerSecond
	}
	e.From, e.To = math.MinInt64, math.MaxInt64
	base, ok := int64(0), true
	if open&openFrom == 0 {
		base, ok = s.varint()
		e.From = base * unit
	}
	if ok && open&openTo == 0 {
		var width int64
		width, ok = s.varint()
		e.To = (base + width) * unit
	}
	return ok
}

// pair reads two texts, or one that stands for both.
func (s *scanner) pair(a, b *string, same bool) bool {
	if !s.text(a) {
		return false
	}
	if same {
		*b = *a
		return true
	}
	return s.text(b)
}

func (s *scanner) text(dst *string) bool {
	n, ok := s.uvarint(uint64(len(s.rest)))
	if !ok || n > uint64(len(s.rest)) {
		return false
	}
	*dst, s.rest = s.rest[:n], s.rest[n:]
	return true
}

// uvarint reads a number of at most limit.
func (s *scanner) uvarint(limit uint64) (uint64, bool) {
	var v uint64
	for i := 0; i < len(s.rest) && i < 10; i++ {
		c := s.rest[i]
		if i == 9 && c > 1 {
			return 0, false
		}
		v |= uint64(c&0x7f) << (7 * i)
		if c < 0x80 {
			s.rest = s.rest[i+1:]
			return v, v <= limit
		}
	}
	return 0, false
}

func (s *scanner) varint() (int64, bool) {
	u, ok := s.uvarint(math.MaxUint64)
	return int64(u>>1) ^ -int64(u&1), ok
}
