package fhirproto

import (
	"encoding/binary"
	"sync"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// AppendWire appends the resource as the wire format of its google/fhir message:
// google.fhir.r4.core.Patient for a Patient. Fields stand in the order of the
// tape, which the protobuf specification allows.
//
// doc is one that fhirjson.Parse made. An error is an [*Error]. doc may be used by other goroutines at the same time.
func AppendWire(dst []byte, doc *fhirjson.Document) ([]byte, error) {
	e := encoders.Get().(*encoder)
	e.doc, e.dst = doc, dst
	e.children(0)
	dst, err := e.dst, e.err
	e.release()
	if err != nil {
		return nil, err
	}
	return dst, nil
}

// An encoder writes one document.
type encoder struct {
	*tables
	doc  *fhirjson.Document
	dst  []byte
	text []byte // a string with its escapes resolved
	err  error
}

var encoders = sync.Pool{New: func() any { return &encoder{tables: loadTables()} }}

// maxScratch is how much memory, in bytes or elements, a pooled encoder or decoder
// may keep.
const maxScratch = 1 << 16

func (e *encoder) release() {
	e.doc, e.dst, e.err = nil, nil, nil
	if cap(e.text) > maxScratch {
		e.text = nil
	}
	encoders.Put(e)
}

// fail notes the first error.
func (e *encoder) fail(n fhirjson.Index, reason string) {
	if e.err == nil {
		e.err = &Error{Pointer: e.doc.Pointer(n), Offset: int(e.doc.Nodes[n].Start), Reason: reason}
	}
}

// open starts a field of bytes and returns where they begin, to be given to close.
// It leaves one byte for the length, which is enough for nearly every message.
func (e *encoder) open(tag uint32) int {
	e.dst = append(appendUvarint(e.dst, tag), 0)
	return len(e.dst)
}

// close ends the field that open started at.
func (e *encoder) close(at int) {
	n := len(e.dst) - at
	if n < 0x80 {
		e.dst[at-1] = byte(n)
		return
	}
	var wider [8]byte
	extra := uvarintLen(n) - 1
	e.dst = append(e.dst, wider[:extra]...)
	copy(e.dst[at+extra:], e.dst[at:at+n])
	binary.PutUvarint(e.dst[at-1:], uint64(n))
}

// bytes appends a field of bytes.
func (e *encoder) bytes(number int, b []byte) {
	e.dst = appendUvarint(e.dst, tagOf(number))
	e.dst = appendUvarint(e.dst, uint64(len(b)))
	e.dst = append(e.dst, b...)
}

func (e *encoder) varint(number int, v uint64) {
	e.dst = append(e.dst, byte(number<<3|wireVarint))
	e.dst = appendUvarint(e.dst, v)
}

// children appends the fields of object n.
func (e *encoder) children(n fhirjson.Index) {
	end := fhirjson.Index(e.doc.Nodes[n].Next)
	for c := n + 1; c < end && e.err == nil; c = fhirjson.Index(e.doc.Nodes[c].Next) {
		f := &e.fields[e.doc.Nodes[c].Field]
		switch {
		case f.kind == kindReference:
			e.reference(c)
		case f.choice == 0:
			e.element(f.tag, c, f)
		default:
			at := e.open(f.tag)
			e.element(f.choice, c, f)
			e.close(at)
		}
	}
}

// element appends node n of field f under the given tag.
func (e *encoder) element(tag uint32, n fhirjson.Index, f *field) {
	at := e.open(tag)
	switch f.kind {
	case kindMessage:
		e.children(n)
	case kindSimple:
		if c, ok := e.doc.Child(n, comparator); ok {
			e.fail(c, "the proto has no place for comparator in a SimpleQuantity")
		}
		e.children(n)
	case kindContained:
		e.contained(n)
	case kindAny:
		e.bytes(1, []byte(anyType))
		value := e.open(tagOf(2))
		e.contained(n)
		e.close(value)
	case kindNone:
		e.fail(n, "the proto has no place for "+f.name())
	default:
		e.primitive(n, f)
	}
	e.close(at)
}

// anyType is the type URL of the message in an Any.
const anyType = "type.googleapis.com/google.fhir.r4.core.ContainedResource"

// contained appends the fields of a ContainedResource that holds the resource n.
func (e *encoder) contained(n fhirjson.Index) {
	at := e.open(tagOf(int(e.doc.Nodes[n].Type.Type().Contained)))
	e.children(n)
	e.close(at)
}

// primitive appends the fields of the message of primitive n.
func (e *encoder) primitive(n fhirjson.Index, f *field) {
	if e.doc.HasValue(n) {
		e.value(n, f)
	}
	s := f.kind.numbers()
	e.twin(n, s)
	if !e.doc.HasValue(n) {
		e.noValue(s)
	} else if f.kind == kindBytes {
		e.stride(n, s)
	}
}

// twin appends the id and extensions of primitive n to a message with field numbers s.
func (e *encoder) twin(n fhirjson.Index, s fieldNumbers) {
	end := fhirjson.Index(e.doc.Nodes[n].Next)
	for c := n + 1; c < end; c = fhirjson.Index(e.doc.Nodes[c].Next) {
		f := &e.fields[e.doc.Nodes[c].Field]
		if f.kind != kindMessage {
			e.element(tagOf(s.id), c, f)
			continue
		}
		if url, ok := e.doc.Child(c, extensionURL); ok {
			if u := e.textOf(url); string(u) == NoValueURL || string(u) == StrideURL {
				e.fail(c, "the URL of the extension is kept for the proto's own use")
			}
		}
		e.element(tagOf(s.extension), c, f)
	}
}

// Elements that are written in a way of their own.
var (
	extensionURL = schema.Lookup(schema.TypeExtension, "url")
	comparator   = schema.Lookup(schema.TypeQuantity, "comparator")
)

// The field numbers of Extension, and of two alternatives of its value.
const (
	extURL, extExtension, extValue = 2, 3, 4

	choiceBoolean, choicePositiveInt, choiceString = 2, 13, 14
)

// noValue appends the extension that says that there is no value.
func (e *encoder) noValue(s fieldNumbers) {
	at := e.open(tagOf(s.extension))
	e.str(extURL, NoValueURL)
	value := e.open(tagOf(extValue))
	choice := e.open(tagOf(choiceBoolean))
	e.varint(1, 1)
	e.close(choice)
	e.close(value)
	e.close(at)
}

// str appends a field that is a primitive's message of a string alone.
func (e *encoder) str(number int, text string) {
	at := e.open(tagOf(number))
	if text != "" {
		e.bytes(1, []byte(text))
	}
	e.close(at)
}
