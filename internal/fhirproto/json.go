package fhirproto

import (
	"cmp"
	"slices"
	"strconv"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// AppendJSON appends the canonical JSON of a resource of type t whose google/fhir
// message is wire. It is JSON and has elements of R4 alone; whether it is a valid
// resource, which has no empty objects or strings, is for fhirjson.Parse to say.
//
// An error is an [*Error]: wire is no such message, has fields that R4 does not know,
// repeats a single field, or has a value that JSON cannot express. The result is at
// most a constant times as long as wire.
func AppendJSON(dst, wire []byte, t schema.TypeID) ([]byte, error) {
	d := decoders.Get().(*decoder)
	d.wire, d.dst = wire, dst
	d.object(span{0, len(wire)}, t)
	dst, err := d.dst, d.err
	d.release()
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// A span is a part of the wire format: of a message, its fields.
type span struct{ start, end int }

// A decoder reads one message. Its methods return false where there was an error.
type decoder struct {
	*tables
	wire  []byte
	dst   []byte
	items []item // of the messages that are being read, outer ones first
	depth int
	err   *Error
}

// An item is one field of a message.
type item struct {
	span
	field  schema.FieldID
	number int // the field's number; of a choice, that of the alternative
}

var decoders = sync.Pool{New: func() any { return &decoder{tables: loadTables()} }}

func (d *decoder) release() {
	d.wire, d.dst, d.items, d.depth, d.err = nil, nil, d.items[:0], 0, nil
	if cap(d.items) > maxScratch {
		d.items = nil
	}
	decoders.Put(d)
}

// fail notes an error at offset and returns false.
func (d *decoder) fail(offset int, reason string) bool {
	d.err = &Error{Offset: offset, Reason: reason}
	return false
}

// next reads the field at pos of a message that ends at end: its number, and its
// bytes or, where it is no bytes, its value. It returns -1 for a damaged one.
func (d *decoder) next(pos, end int) (number int, bytes span, value uint64, after int) {
	tag, at := uvarint(d.wire[:end], pos)
	if at < 0 || tag>>3 == 0 || tag>>3 >= 1<<29 {
		d.fail(pos, "damaged tag")
		return 0, span{}, 0, -1
	}
	value, after = uvarint(d.wire[:end], at)
	switch {
	case after < 0:
	case tag&7 == wireBytes && value <= uint64(end-after):
		bytes = span{after, after + int(value)}
		return int(tag >> 3), bytes, 0, bytes.end
	case tag&7 == wireVarint:
		return int(tag >> 3), span{-1, -1}, value, after
	}
	d.fail(pos, "damaged field")
	return 0, span{}, 0, -1
}

// object appends the message m of type t as an object.
func (d *decoder) object(m span, t schema.TypeID) bool {
	if d.depth++; d.depth > fhirjson.MaxDepth {
		return d.fail(m.start, "nesting is too deep")
	}
	base := len(d.items)
	if !d.collect(m, t) {
		return false
	}
	row := t.Type()
	d.dst = append(d.dst, '{')
	if row.Kind == schema.KindResource {
		d.dst = append(append(append(d.dst, `"resourceType":"`...), row.Name...), `",`...)
	}
	if !d.properties(base) {
		return false
	}
	d.closeObject()
	d.depth--
	return true
}

// properties appends the items from number base on, which are in order, and drops
// them.
func (d *decoder) properties(base int) bool {
	var before schema.FieldID
	for first := base; first < len(d.items); {
		f := d.items[first].field
		last := first + 1
		for last < len(d.items) && d.items[last].field == f {
			last++
		}
		desc := &d.fields[f]
		if !desc.array && last > first+1 || desc.first == before {
			d.fail(d.items[last-1].start, "the element stands twice")
			d.err.under(desc.name(), -1)
			return false
		}
		before = desc.first
		if !d.property(first, last, desc) {
			return false
		}
		first = last
	}
	d.items = d.items[:base]
	return true
}

// closeObject ends an object or array. Each member or item so far has a comma after it.
func (d *decoder) closeObject() { d.closeWith('{', '}') }

func (d *decoder) closeArray() { d.closeWith('[', ']') }

func (d *decoder) closeWith(open, end byte) {
	if d.dst[len(d.dst)-1] == open {
		d.dst = append(d.dst, end)
		return
	}
	d.dst[len(d.dst)-1] = end
}

// collect appends the fields of message m of type t to d.items, in the order of
// the specification.
func (d *decoder) collect(m span, t schema.TypeID) bool {
	base := len(d.items)
	numbers := d.numbers[t]
	ordered := true
	for pos := m.start; pos < m.end; {
		number, bytes, _, after := d.next(pos, m.end)
		if after < 0 {
			return false
		}
		var f schema.FieldID
		if number < len(numbers) {
			f = numbers[number]
		}
		if f == 0 || bytes.start < 0 {
			return d.fail(pos, "field "+strconv.Itoa(number)+" is not known in "+t.Type().Name)
		}
		it := item{span: bytes, field: f, number: number}
		if desc := &d.fields[f]; desc.choice != 0 && !d.choose(&it, desc) {
			return false
		}
		ordered = ordered && (len(d.items) == base || d.items[len(d.items)-1].field <= it.field)
		d.items = append(d.items, it)
		pos = after
	}
	if !ordered {
		slices.SortStableFunc(d.items[base:], func(a, b item) int { return cmp.Compare(a.field, b.field) })
	}
	return true
}

// choose turns an item that is the message of a choice into the alternative in it.
func (d *decoder) choose(it *item, first *field) bool {
	number, bytes, after := 0, span{}, -1
	if it.start < it.end {
		number, bytes, _, after = d.next(it.start, it.end)
	}
	if after != it.end || bytes.start < 0 || number >= len(first.choices) || first.choices[number] == 0 {
		d.fail(it.start, "not one alternative of a choice")
		d.err.under(it.field.Field().Element+"[x]", -1)
		return false
	}
	*it = item{span: bytes, field: first.choices[number], number: number}
	return true
}

// property appends the items from first to last, all of field f.
func (d *decoder) property(first, last int, f *field) bool {
	if f.kind.primitive() {
		return d.primitives(first, last, f)
	}
	d.dst = append(d.dst, f.key...)
	if f.array {
		d.dst = append(d.dst, '[')
	}
	for i := first; i < last; i++ {
		if !d.complex(d.items[i].span, f) {
			d.err.under(f.name(), indexOf(i-first, f))
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

// indexOf returns the index of an item of f in a pointer, negative for a single value.
func indexOf(i int, f *field) int {
	if f.array {
		return i
	}
	return -1
}

// complex appends a value of field f that is no primitive.
func (d *decoder) complex(m span, f *field) bool {
	switch f.kind {
	case kindAny:
		var ok bool
		if m, ok = d.open(m); !ok {
			return false
		}
		return d.resource(m)
	case kindContained:
		return d.resource(m)
	}
	return d.object(m, f.typ)
}

// open returns the ContainedResource in an Any.
func (d *decoder) open(m span) (value span, ok bool) {
	var url []byte
	for pos := m.start; pos < m.end; {
		number, bytes, _, after := d.next(pos, m.end)
		switch {
		case after < 0:
			return value, false
		case number == 1 && bytes.start >= 0:
			url = d.wire[bytes.start:bytes.end]
		case number == 2 && bytes.start >= 0:
			value = bytes
		}
		pos = after
	}
	if string(url) != anyType {
		return value, d.fail(m.start, "the Any does not hold a ContainedResource")
	}
	return value, true
}

// resource appends the resource in a ContainedResource.
func (d *decoder) resource(m span) bool {
	if m.start == m.end {
		return d.fail(m.start, "the ContainedResource is empty")
	}
	number, bytes, _, after := d.next(m.start, m.end)
	if after < 0 {
		return false
	}
	if after != m.end || bytes.start < 0 || number >= len(d.contained) || d.contained[number] == 0 {
		return d.fail(m.start, "the ContainedResource does not hold one resource of R4")
	}
	return d.object(bytes, d.contained[number])
}
