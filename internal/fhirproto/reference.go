package fhirproto

import (
	"bytes"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// The fields of Reference that hold the text of a reference that names no type and
// id: as it stands, and what follows the # of a fragment.
const uriField, fragmentField = 4, 5

// history stands between the id and the version in a reference.
const history = "/_history/"

// reference appends node n, a Reference.reference, in the field that its text asks
// for.
func (e *encoder) reference(n fhirjson.Index) {
	if !e.doc.HasValue(n) {
		at := e.open(tagOf(uriField))
		e.twin(n, usualNumbers)
		e.noValue(usualNumbers)
		e.close(at)
		return
	}
	text := e.textOf(n)
	number, id, version := e.splitReference(text)
	s := usualNumbers
	at := e.open(tagOf(number))
	switch number {
	case uriField:
		e.bytes(1, text)
	case fragmentField:
		e.bytes(1, text[1:])
	default:
		s = referenceID
		e.bytes(1, id)
		if version != nil {
			e.str(2, string(version))
		}
	}
	e.twin(n, s)
	e.close(at)
}

// splitReference returns the number of the field for a reference and, where that is
// the field of a type, the id and version in it. Joining them again gives the same
// text.
func (p *tables) splitReference(text []byte) (number int, id, version []byte) {
	if len(text) > 0 && text[0] == '#' {
		return fragmentField, nil, nil
	}
	typ, rest, ok := bytes.Cut(text, []byte{'/'})
	if !ok {
		return uriField, nil, nil
	}
	if number = p.reference[string(typ)]; number == 0 {
		return uriField, nil, nil
	}
	id, version, ok = bytes.Cut(rest, []byte(history))
	if bytes.IndexByte(id, '/') >= 0 || ok && (len(version) == 0 || bytes.IndexByte(version, '/') >= 0) {
		return uriField, nil, nil
	}
	return number, id, version
}
