package index

import (
	"bytes"
	"fmt"
	"math"
	"unsafe"
)

// Decode appends the values of a payload to dst, in the order in which they were
// added. The entries' strings are copies: they stay valid.
//
// It reports [ErrDamaged]; dst then holds the entries before the damage. An empty
// payload has no values.
func Decode(dst []Entry, payload []byte) ([]Entry, error) {
	s := newScanner(bytes.Clone(payload))
	for {
		var e Entry
		more, err := s.next(&e)
		if !more {
			return dst, err
		}
		dst = append(dst, e)
	}
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
