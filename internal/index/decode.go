package index

import (
	"fmt"
	"math"
	"strings"
)

// Decode appends the values of a payload to dst, in the order in which they were
// added. The entries' strings are copies: they stay valid.
//
// It reports [ErrDamaged]; dst then holds the entries before the damage. An empty
// payload has no values.
func Decode(dst []Entry, payload []byte) ([]Entry, error) {
	var a arena
	s := newScanner(a.keep(payload), &a)
	for {
		var e Entry
		more, err := s.next(&e)
		if !more {
			return dst, err
		}
		dst = append(dst, e)
	}
}

// FirstNote returns the text of the note with which a payload begins, "" if there is
// none.
func FirstNote(payload []byte) string {
	if len(payload) == 0 || Kind(payload[0]&tagKind) != KindNote {
		return ""
	}
	var e Entry
	s := newScanner(payload, new(arena))
	if ok, err := s.next(&e); !ok || err != nil {
		return ""
	}
	return strings.Clone(e.Exact)
}

// A scanner walks the entries of a payload. The strings of its entries alias
// the payload, or lie in the arena.
type scanner struct {
	rest  string
	param Param
	first bool
	arena *arena
}

func newScanner(payload []byte, a *arena) scanner {
	return scanner{rest: view(payload), first: true, arena: a}
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
		delta, ok := s.varint()
		p := int64(s.param) + delta
		if !ok || p < 0 || p > math.MaxUint16 {
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

// flags are the flags of form that entries of a kind may have.
var flags = [...]byte{
	KindText: tagShort, KindNumber: tagShort, KindQuantity: tagShort,
	KindDate: tagDate, KindClock: tagDate,
	KindReference: tagShort, KindAddress: tagShort, KindCanonical: tagShort,
	lastKind: 0,
}

func (s *scanner) body(e *Entry, tag byte) bool {
	if e.Kind > lastKind || tag&tagDate&^flags[e.Kind] != 0 {
		return false
	}
	short := tag&tagShort != 0
	switch e.Kind {
	case KindToken:
		return s.text(&e.System) && s.text(&e.Code)
	case KindText:
		return s.texts(e, short)
	case KindDate, KindClock:
		return s.date(e, tag)
	case KindNumber:
		return s.decimals(e, short)
	case KindQuantity:
		return s.decimals(e, short) && s.text(&e.System) && s.text(&e.Code) && s.text(&e.Unit)
	case KindReference:
		e.NoEdge = short
		return s.target(e)
	case KindAddress:
		e.NoEdge = short
		ok := s.text(&e.Exact)
		e.Folded = e.Exact
		return ok && s.target(e)
	case KindReferenceText, KindWords, KindCanonical, KindNote:
		if e.Kind == KindNote && tag&tagGroup != 0 {
			return false
		}
		e.NoEdge = short
		ok := s.text(&e.Exact)
		e.Folded = e.Exact
		return ok
	case KindPeriods:
		return s.periods(e)
	}
	return false
}

// target reads a type and an id.
func (s *scanner) target(e *Entry) bool {
	t, ok := s.uvarint(math.MaxUint16)
	e.Type = TypeID(t)
	return ok && s.text(&e.ID) && e.ID != "" && len(e.ID) <= MaxIDLen
}

// texts reads the two forms of a text, or one text that is both.
func (s *scanner) texts(e *Entry, same bool) bool {
	ok := s.text(&e.Folded)
	if same {
		e.Exact = e.Folded
		return ok
	}
	return ok && s.text(&e.Exact)
}

// decimals reads the ends of a number, or one decimal that is both.
func (s *scanner) decimals(e *Entry, same bool) bool {
	ok := s.decimal(&e.Low)
	if same {
		e.High = e.Low
		return ok
	}
	return ok && s.decimal(&e.High)
}

func (s *scanner) byte() (byte, bool) {
	if s.rest == "" {
		return 0, false
	}
	b := s.rest[0]
	s.rest = s.rest[1:]
	return b, true
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
