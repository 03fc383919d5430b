package fhirproto

import (
	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// textOf returns the text of a String node with its escapes resolved. It is good
// until the next call.
func (e *encoder) textOf(n fhirjson.Index) []byte {
	if !e.doc.Nodes[n].Escaped {
		return e.doc.Raw(n)
	}
	e.text = e.doc.Text(n, e.text)
	return e.text
}

// jsonKinds are the JSON kinds of the values of each kind; False stands for True.
var jsonKinds = [...]fhirjson.Kind{
	kindString: fhirjson.String, kindOwnCode: fhirjson.String, kindReference: fhirjson.String, kindEnum: fhirjson.String,
	kindDecimal: fhirjson.Number, kindXHTML: fhirjson.String, kindBytes: fhirjson.String, kindBoolean: fhirjson.True,
	kindInteger: fhirjson.Number, kindUnsigned: fhirjson.Number, kindDate: fhirjson.String,
	kindDateTime: fhirjson.String, kindInstant: fhirjson.String, kindTime: fhirjson.String,
}

// value appends the fields that hold the value of primitive n, which has one. Two
// values are the same to the protos if it appends the same bytes for them.
func (e *encoder) value(n fhirjson.Index, f *field) {
	k := e.doc.Nodes[n].Kind
	if k != jsonKinds[f.kind] && (f.kind != kindBoolean || k != fhirjson.False) {
		e.fail(n, "not the JSON type of "+f.typ.String())
		return
	}
	ok := true
	switch f.kind {
	case kindString, kindXHTML, kindDecimal, kindReference:
		e.bytes(1, e.textOf(n))
	case kindOwnCode:
		e.bytes(f.kind.numbers().value, e.textOf(n))
	case kindEnum:
		c := f.codes.Find(string(e.textOf(n)))
		if c == nil {
			e.fail(n, "code is not in the required value set "+f.codes.ValueSet)
			return
		}
		e.varint(1, uint64(c.Enum))
	case kindBoolean:
		if k == fhirjson.True {
			e.varint(1, 1)
		}
	case kindInteger:
		var v int64
		if v, ok = parseInt(e.doc.Raw(n)); ok {
			e.varint(1, zigzag(v))
		}
	case kindUnsigned:
		var v int64
		if v, ok = parseInt(e.doc.Raw(n)); ok && v >= 0 {
			e.varint(1, uint64(v))
		}
	case kindBytes:
		e.dst, ok = appendDecoded(e.dst, e.textOf(n), &e.text)
	default:
		ok = e.moment(e.textOf(n), f.kind)
	}
	if !ok {
		e.fail(n, "not a valid "+f.typ.String())
	}
}

// parseInt reads the digits of a JSON integer of at most 32 bits.
func parseInt(digits []byte) (v int64, ok bool) {
	negative := len(digits) > 0 && digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	for _, d := range digits {
		if d-'0' > 9 {
			return 0, false
		}
		v = v*10 + int64(d-'0')
	}
	if negative {
		v = -v
	}
	return v, len(digits) > 0 && len(digits) <= 10 && v >= -1<<31 && v < 1<<31
}

// moment appends a date or time.
func (e *encoder) moment(text []byte, k kind) bool {
	if k == kindTime {
		us, p, ok := parseClock(text)
		if !ok {
			return false
		}
		e.varint(1, uint64(us))
		e.varint(2, uint64(p-precisionSecond+1))
		return true
	}
	m, ok := parseMoment(text)
	if !ok || !m.precision.fits(k) {
		return false
	}
	e.varint(1, uint64(m.us))
	e.bytes(2, m.zone)
	if k == kindInstant {
		m.precision -= precisionSecond - 1
	}
	e.varint(3, uint64(m.precision))
	return true
}
