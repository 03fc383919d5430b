package fhirproto

import (
	"math"
	"strconv"

	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A primitive is the message of a primitive, taken apart.
type primitive struct {
	span
	text    span   // a value that is bytes, or the zone of a date
	version span   // of a ReferenceId
	number  uint64 // a value that is a number
	unit    uint64 // the precision of a date or time
	stride  span   // the extension StrideURL
	id      bool
	more    bool // has extensions beside those of the protos' own
	null    bool // has no value
}

// primitives appends the items from first to last, all of the primitive field f:
// the values, then the ids and extensions.
func (d *decoder) primitives(first, last int, f *field) bool {
	start := len(d.dst)
	d.dst = append(d.dst, f.key...)
	if f.array {
		d.dst = append(d.dst, '[')
	}
	values, twins := false, false
	for i := first; i < last; i++ {
		var p primitive
		if !d.primitive(&p, &d.items[i], f) || !d.value(&p, &d.items[i], f) {
			d.err.under(f.name(), indexOf(i-first, f))
			return false
		}
		d.dst = append(d.dst, ',')
		values = values || !p.null
		twins = twins || p.id || p.more
	}
	switch {
	case !values:
		d.dst = d.dst[:start]
	case f.array:
		d.closeArray()
		d.dst = append(d.dst, ',')
	}
	return !twins || d.twins(first, last, f)
}

// twins appends the ids and extensions of the items from first to last.
func (d *decoder) twins(first, last int, f *field) bool {
	d.dst = append(append(d.dst, `"_`...), f.key[1:]...)
	if f.array {
		d.dst = append(d.dst, '[')
	}
	for i := first; i < last; i++ {
		var p primitive
		if !d.primitive(&p, &d.items[i], f) || !d.twin(&p, f, d.numbersOf(&d.items[i], f)) {
			d.err.under("_"+f.name(), indexOf(i-first, f))
			return false
		}
		d.dst = append(d.dst, ',')
	}
	if f.array {
		d.closeArray()
		d.dst = append(d.dst, ',')
	}
	return true
}

// numbersOf returns the field numbers of an item of f.
func (d *decoder) numbersOf(it *item, f *field) fieldNumbers {
	if f.kind == kindReference && d.typed(it.number) {
		return referenceID
	}
	return f.kind.numbers()
}

// typed reports whether the field of Reference with the number holds a ReferenceId.
func (d *decoder) typed(number int) bool {
	return number < len(d.references) && d.references[number] != ""
}

// primitive takes an item apart.
func (d *decoder) primitive(p *primitive, it *item, f *field) bool {
	s := d.numbersOf(it, f)
	p.span = it.span
	for pos := it.start; pos < it.end; {
		number, bytes, value, after := d.next(pos, it.end)
		if after < 0 {
			return false
		}
		isBytes := bytes.start >= 0
		switch {
		case number == s.extension && isBytes:
			switch d.urlOf(bytes) {
			case NoValueURL:
				p.null = true
			case StrideURL:
				p.stride = bytes
			default:
				p.more = true
			}
		case number == s.id && isBytes:
			p.id = true
		case !d.part(p, f.kind, s, number-s.value, bytes, value):
			return d.fail(pos, "field "+strconv.Itoa(number)+" is not known in a "+f.typ.Type().Name)
		}
		pos = after
	}
	return true
}

// part notes a field of the value, given by its index from 0 among the value's fields.
func (d *decoder) part(p *primitive, k kind, s fieldNumbers, part int, bytes span, value uint64) bool {
	isBytes := bytes.start >= 0
	zone, unit := -1, -1
	switch k {
	case kindDate, kindDateTime, kindInstant:
		zone, unit = 1, 2
	case kindTime:
		unit = 1
	case kindEnum, kindBoolean, kindInteger, kindUnsigned:
	default:
		switch {
		case part == 0:
			p.text = bytes
		case part == 1 && s == referenceID:
			p.version = bytes
		default:
			return false
		}
		return isBytes
	}
	switch part {
	case 0:
		p.number = value
	case zone:
		p.text = bytes
		return isBytes
	case unit:
		p.unit = value
	default:
		return false
	}
	return !isBytes
}

// urlOf returns the URL of the extension m if it is one of the protos' own, and
// otherwise "".
func (d *decoder) urlOf(m span) string {
	for pos := m.start; pos < m.end; {
		number, bytes, _, after := d.next(pos, m.end)
		if after < 0 {
			break // found again when the extension is written
		}
		if number == extURL && bytes.start >= 0 {
			switch url := d.stringIn(bytes); string(url) {
			case NoValueURL:
				return NoValueURL
			case StrideURL:
				return StrideURL
			}
		}
		pos = after
	}
	d.err = nil
	return ""
}

// stringIn returns the value of a primitive's message that holds a string.
func (d *decoder) stringIn(m span) []byte {
	for pos := m.start; pos < m.end; {
		number, bytes, _, after := d.next(pos, m.end)
		if after < 0 {
			break
		}
		if number == 1 && bytes.start >= 0 {
			return d.wire[bytes.start:bytes.end]
		}
		pos = after
	}
	return nil
}

// value appends the value of p, an item of f, null where it has none.
func (d *decoder) value(p *primitive, it *item, f *field) bool {
	if p.null || f.kind == kindEnum && p.number == 0 {
		p.null = true
		d.dst = append(d.dst, "null"...)
		return true
	}
	ok := true
	text := d.wire[p.text.start:p.text.end]
	switch f.kind {
	case kindString, kindOwnCode, kindXHTML:
		d.dst, ok = quote.AppendValid(d.dst, text)
	case kindReference:
		ok = d.reference(p, it)
	case kindEnum:
		if ok = p.number < uint64(len(f.names)); ok {
			d.dst, ok = quote.AppendValid(d.dst, f.names[p.number])
		}
	case kindDecimal:
		ok = validNumber(text)
		d.dst = append(d.dst, text...)
	case kindBytes:
		ok = d.base64(p)
	case kindBoolean:
		d.dst = strconv.AppendBool(d.dst, p.number != 0)
	case kindInteger:
		v := unzigzag(p.number)
		ok = v >= math.MinInt32 && v <= math.MaxInt32
		d.dst = strconv.AppendInt(d.dst, v, 10)
	case kindUnsigned:
		ok = p.number <= math.MaxUint32
		d.dst = strconv.AppendUint(d.dst, p.number, 10)
	default:
		ok = d.moment(p, text, f.kind)
	}
	return ok || d.fail(p.start, "not a valid "+f.typ.Type().Name)
}

// moment appends a date or time.
func (d *decoder) moment(p *primitive, zone []byte, k kind) (ok bool) {
	unit := precision(min(p.unit, math.MaxUint8))
	if k == kindInstant || k == kindTime {
		if unit == 0 {
			return false
		}
		unit += precisionSecond - 1
	}
	d.dst = append(d.dst, '"')
	if k == kindTime {
		if unit > precisionMicro {
			return false
		}
		d.dst, ok = appendTime(d.dst, int64(p.number), unit)
	} else {
		if !unit.fits(k) {
			return false
		}
		d.dst, ok = appendMoment(d.dst, moment{int64(p.number), zone, unit})
	}
	d.dst = append(d.dst, '"')
	return ok
}

// reference appends the text of a Reference.reference.
func (d *decoder) reference(p *primitive, it *item) bool {
	d.dst = append(d.dst, '"')
	switch {
	case it.number == fragmentField:
		d.dst = append(d.dst, '#')
	case d.typed(it.number):
		d.dst = append(append(d.dst, d.references[it.number]...), '/')
	}
	var ok, also bool
	d.dst, ok = quote.AppendInner(d.dst, d.wire[p.text.start:p.text.end])
	if version := d.stringIn(p.version); len(version) > 0 {
		d.dst, also = quote.AppendInner(append(d.dst, history...), version)
		ok = ok && also
	}
	d.dst = append(d.dst, '"')
	return ok
}

// twin appends the id and extensions of p, null if it has none.
func (d *decoder) twin(p *primitive, f *field, s fieldNumbers) bool {
	if !p.id && !p.more {
		d.dst = append(d.dst, "null"...)
		return true
	}
	base := len(d.items)
	id := f.typ.Type().First
	for _, part := range [...]struct {
		number int
		field  schema.FieldID
	}{{s.id, id}, {s.extension, id + 1}} {
		for pos := p.start; pos < p.end; {
			number, bytes, _, after := d.next(pos, p.end)
			if after < 0 {
				return false
			}
			if number == part.number && (number == s.id || d.urlOf(bytes) == "") {
				d.items = append(d.items, item{span: bytes, field: part.field})
			}
			pos = after
		}
	}
	d.dst = append(d.dst, '{')
	if !d.properties(base) {
		return false
	}
	d.closeObject()
	return true
}
