package fhirjson

import (
	"bytes"
	"math"
	"strconv"

	"github.com/go-json-experiment/json/jsontext"
)

// Pointer returns the JSON Pointer (RFC 6901) of n in the source. The id and extensions
// of a primitive are in its underscore twin: /_birthDate/extension/0.
func (d *Document) Pointer(n Index) string {
	var out []byte
	at := Index(0)
	for at != n {
		item := 0
		var last Index
		for c := range d.Children(at) {
			if last != 0 && d.Nodes[c].Field == d.Nodes[last].Field {
				item++
			} else {
				item = 0
			}
			last = c
			if n < Index(d.Nodes[c].Next) {
				break
			}
		}
		field := d.Nodes[last].Field.Field()
		out = append(out, '/')
		if at = last; d.Nodes[at].Kind == Null || at != n && d.Nodes[at].Kind != Object {
			out = append(out, '_')
		}
		out = append(out, field.Name...)
		if field.Array() {
			out = append(out, '/')
			out = strconv.AppendInt(out, int64(item), 10)
		}
	}
	return string(out)
}

// A step is one level of the way to an offset: a name in an object, or an item of
// an array.
type step struct {
	name  []byte // in an object, nil before the first name
	item  int
	array bool
}

// pointersAt calls yield with a pointer for each of the offsets, which ascend: the
// pointer of the value or of the property name that starts at the offset, and otherwise
// of the value around it. The source must be good JSON up to the last offset. A pointer
// stops above a name that does not look like the name of an element, since such a name
// may be patient data.
func pointersAt(src []byte, offsets []int, yield func(pointer string)) {
	var way []step
	name := true // whether a string in an object is a name
	emit := func(to int) {
		for len(offsets) > 0 && offsets[0] <= to {
			yield(joinSteps(way))
			offsets = offsets[1:]
		}
	}
	for pos := 0; pos < len(src) && len(offsets) > 0; pos++ {
		last := len(way) - 1
		if src[pos] == '"' {
			end := stringEnd(src, pos+1)
			if name && last >= 0 {
				way[last].name = src[pos+1 : end]
				name = false
			}
			emit(end)
			pos = end
			continue
		}
		emit(pos)
		switch src[pos] {
		case '{', '[':
			way = append(way, step{array: src[pos] == '['})
			name = src[pos] == '{'
		case '}', ']':
			if last >= 0 {
				way = way[:last]
			}
		case ',':
			if last >= 0 {
				way[last].item++
				name = !way[last].array
				way[last].name = nil
			}
		}
	}
	emit(math.MaxInt)
}

// stringEnd returns the offset of the quote that closes the string, len(src) if
// there is none.
func stringEnd(src []byte, pos int) int {
	for pos < len(src) && src[pos] != '"' {
		if src[pos] == '\\' {
			pos++
		}
		pos++
	}
	return min(pos, len(src))
}

func joinSteps(way []step) string {
	var out []byte
	for _, s := range way {
		switch {
		case s.array:
			out = append(out, '/')
			out = strconv.AppendInt(out, int64(s.item), 10)
		default:
			name := unescapedName(s.name)
			if !plainName(name) {
				return string(out)
			}
			out = append(append(out, '/'), name...)
		}
	}
	return string(out)
}

// unescapedName returns a name without its escapes, nil where one of them is broken.
func unescapedName(name []byte) []byte {
	if bytes.IndexByte(name, '\\') < 0 {
		return name
	}
	text, err := jsontext.AppendUnquote(nil, append(append([]byte{'"'}, name...), '"'))
	if err != nil {
		return nil
	}
	return text
}

// plainName reports whether name is short and made of letters, digits and
// underscores, as the names of elements are.
func plainName(name []byte) bool {
	for _, c := range name {
		if c-'0' > 9 && c|0x20-'a' > 25 && c != '_' {
			return false
		}
	}
	return len(name) > 0 && len(name) <= 64
}
