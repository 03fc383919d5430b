package index

import (
	"encoding/binary"
	"math"
)

// A shape is the way in which the range of a date is written.
type shape struct {
	open byte // openFrom, openTo
	unit byte // in units
}

const (
	openFrom = 1 << iota
	openTo
)

// microsPerSecond is the unit in which columns count whole seconds.
const microsPerSecond = 1_000_000

// units are the units of ends, in microseconds.
var units = [4]int64{1, 1_000, 1_000_000, 86_400_000_000}

const (
	unitMicro = iota
	unitMilli
	unitSecond
	unitDay
)

// Shapes that fit into a tag. Any other shape takes a byte of its own.
const (
	tagShaped  = 0x00
	tagSeconds = 0x40
	tagDays    = 0x80
	tagMillis  = 0xc0
)

// shapeOf returns the shape of a range with the largest unit that fits its ends.
func shapeOf(from, to int64) shape {
	var s shape
	if from == math.MinInt64 {
		s.open |= openFrom
		from = 0
	}
	if to == math.MaxInt64 {
		s.open |= openTo
		to = 0
	}
	s.unit = unitOf(from, to)
	return s
}

func unitOf(from, to int64) byte {
	for u := byte(unitDay); u > unitMicro; u-- {
		if from%units[u] == 0 && to%units[u] == 0 {
			return u
		}
	}
	return unitMicro
}

// tag returns the flags of an entry of the shape.
func (s shape) tag() byte {
	if s.open != 0 {
		return tagShaped
	}
	return [...]byte{tagShaped, tagMillis, tagSeconds, tagDays}[s.unit]
}

// append appends a range.
func (s shape) append(dst []byte, from, to int64) []byte {
	if s.tag() == tagShaped {
		dst = append(dst, s.open|s.unit<<2)
	}
	base := int64(0)
	if s.open&openFrom == 0 {
		base = from / units[s.unit]
		dst = binary.AppendVarint(dst, base)
	}
	if s.open&openTo == 0 {
		dst = binary.AppendVarint(dst, to/units[s.unit]-base)
	}
	return dst
}

// date reads the range of a date or clock, whose tag is given.
func (s *scanner) date(e *Entry, tag byte) bool {
	var sh shape
	switch tag & tagDate {
	case tagSeconds:
		sh.unit = unitSecond
	case tagDays:
		sh.unit = unitDay
	case tagMillis:
		sh.unit = unitMilli
	default:
		b, ok := s.byte()
		if sh = (shape{b & (openFrom | openTo), b >> 2}); !ok || int(sh.unit) >= len(units) {
			return false
		}
	}
	unit := units[sh.unit]
	e.From, e.To = math.MinInt64, math.MaxInt64
	base, ok := int64(0), true
	if sh.open&openFrom == 0 {
		base, ok = s.varint()
		e.From = base * unit
	}
	if ok && sh.open&openTo == 0 {
		var width int64
		width, ok = s.varint()
		e.To = (base + width) * unit
	}
	return ok
}

// The first byte of a period says which moments follow; the first byte of a moment has
// its unit.
const (
	periodStart  = 1
	periodEnd    = 2
	periodMoment = 3 // one for both ends
	periodBoth   = 4

	momentClock = 0x04
)

func appendPeriod(dst []byte, s *Period) []byte {
	switch {
	case s.Start == s.End:
		return appendMoment(append(dst, periodMoment), s.Start)
	case s.End.None():
		return appendMoment(append(dst, periodStart), s.Start)
	case s.Start.None():
		return appendMoment(append(dst, periodEnd), s.End)
	}
	return appendMoment(appendMoment(append(dst, periodBoth), s.Start), s.End)
}

func appendMoment(dst []byte, m Moment) []byte {
	unit := unitOf(m.From, m.To)
	head := unit
	if m.Clock {
		head |= momentClock
	}
	dst = binary.AppendVarint(append(dst, head), m.From/units[unit])
	return binary.AppendVarint(dst, m.To/units[unit]-m.From/units[unit])
}

// periods reads the periods of an entry.
func (s *scanner) periods(e *Entry) bool {
	n, ok := s.uvarint(uint64(len(s.rest)))
	if !ok {
		return false
	}
	for range n {
		var period Period
		if !s.period(&period) {
			return false
		}
		e.Periods = append(e.Periods, period)
	}
	return true
}

func (s *scanner) period(to *Period) bool {
	form, ok := s.byte()
	if !ok {
		return false
	}
	switch form {
	case periodStart:
		return s.moment(&to.Start)
	case periodEnd:
		return s.moment(&to.End)
	case periodMoment:
		ok = s.moment(&to.Start)
		to.End = to.Start
		return ok
	case periodBoth:
		return s.moment(&to.Start) && s.moment(&to.End)
	}
	return false
}

func (s *scanner) moment(m *Moment) bool {
	head, ok := s.byte()
	if !ok || head&^momentClock >= byte(len(units)) {
		return false
	}
	unit := units[head&^momentClock]
	from, okFrom := s.varint()
	width, okWidth := s.varint()
	m.From = from * unit
	m.To = m.From + width*unit
	m.Clock = head&momentClock != 0
	return okFrom && okWidth && !m.None()
}
