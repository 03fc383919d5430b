package jsonpatch

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// A value is JSON as a tree.
type value struct {
	kind    jsontext.Kind // of its first byte: { [ " 0 t f n
	raw     []byte        // a scalar as written
	members []member
	items   []*value
}

// A member is one property of an object.
type member struct {
	name  string // unescaped
	raw   []byte // with quotes and escapes, as written
	value *value
}

// read returns the tree of text, which must be one JSON value without duplicate
// names. It refers to text.
func read(text []byte) (*value, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text))
	v, err := decode(d)
	if err != nil {
		return nil, err
	}
	if rest := bytes.TrimLeft(text[d.InputOffset():], " \t\r\n"); len(rest) > 0 {
		return nil, &jsontext.SyntacticError{ByteOffset: int64(len(text) - len(rest))}
	}
	return v, nil
}

func decode(d *jsontext.Decoder) (*value, error) {
	v := &value{kind: d.PeekKind()}
	if v.kind != '{' && v.kind != '[' {
		raw, err := d.ReadValue()
		v.raw = slices.Clone(raw)
		return v, err
	}
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	for {
		switch d.PeekKind() {
		case '}', ']':
			_, err := d.ReadToken()
			return v, err
		}
		var m member
		if v.kind == '{' {
			raw, err := d.ReadValue()
			if err != nil {
				return nil, err
			}
			m.raw = slices.Clone(raw)
			name, err := jsontext.AppendUnquote(nil, raw)
			if err != nil {
				return nil, err
			}
			m.name = string(name)
		}
		item, err := decode(d)
		if err != nil {
			return nil, err
		}
		if v.kind == '{' {
			m.value = item
			v.members = append(v.members, m)
		} else {
			v.items = append(v.items, item)
		}
	}
}

// append appends the value as JSON without white space.
func (v *value) append(dst []byte) []byte {
	switch v.kind {
	case '{':
		dst = append(dst, '{')
		for i := range v.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(dst, v.members[i].raw...), ':')
			dst = v.members[i].value.append(dst)
		}
		return append(dst, '}')
	case '[':
		dst = append(dst, '[')
		for i, item := range v.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.append(dst)
		}
		return append(dst, ']')
	}
	return append(dst, v.raw...)
}

// clone returns a copy that shares nothing that a patch changes.
func (v *value) clone() *value {
	c := *v
	c.members, c.items = slices.Clone(v.members), slices.Clone(v.items)
	for i := range c.members {
		c.members[i].value = c.members[i].value.clone()
	}
	for i := range c.items {
		c.items[i] = c.items[i].clone()
	}
	return &c
}

// measure returns the bytes that the value takes as JSON, about, and how deep it
// nests.
func (v *value) measure() (size, depth int) {
	size = len(v.raw) + 2
	for i := range v.members {
		s, d := v.members[i].value.measure()
		size, depth = size+s+len(v.members[i].raw)+1, max(depth, d)
	}
	for _, item := range v.items {
		s, d := item.measure()
		size, depth = size+s, max(depth, d)
	}
	return size, depth + 1
}

// find returns the place of the member with a name, -1 if there is none.
func (v *value) find(name string) int {
	return slices.IndexFunc(v.members, func(m member) bool { return m.name == name })
}
