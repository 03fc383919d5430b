package jsonpatch

import (
	"bytes"
	"slices"

	"github.com/go-json-experiment/json/jsontext"
)

// A value is JSON as text, and as a tree as far as a patch has looked into it. Text is
// copied by sharing it.
type value struct {
	kind jsontext.Kind // of its first byte: { [ " 0 t f n
	raw  []byte        // as written; stale once inside is set
	// inside is nil for a scalar, and for a value that was not opened.
	inside *inside
	depth  int // how deep raw nests, 0 where that was not counted
}

// An inside has the members of an object or the items of an array.
type inside struct {
	members []member
	items   []*value
}

// A member is one property of an object.
type member struct {
	name  string // unescaped
	raw   []byte // with quotes and escapes, as written
	value *value
}

// read returns text as a value. It must be one JSON value without duplicate names, and
// the value refers to it.
func read(text []byte) (*value, error) {
	d := jsontext.NewDecoder(bytes.NewBuffer(text))
	if err := d.SkipValue(); err != nil {
		return nil, err
	}
	end := int(d.InputOffset())
	if rest := bytes.TrimLeft(text[end:], " \t\r\n"); len(rest) > 0 {
		return nil, &jsontext.SyntacticError{ByteOffset: int64(len(text) - len(rest))}
	}
	return newValue(bytes.TrimLeft(text[:end], " \t\r\n")), nil
}

// newValue returns good JSON, without space around it, as a value.
func newValue(raw []byte) *value {
	v := &value{kind: jsontext.Kind(raw[0]), raw: raw}
	if c := raw[0]; c == '-' || c-'0' <= 9 {
		v.kind = '0'
	}
	return v
}

// costOfValue is the cost of a value in the tree, about 60 bytes, in steps.
const costOfValue = 32

// open makes the tree of an object or array, one level deep.
func (p *patcher) open(v *value) (*inside, error) {
	if v.inside != nil || v.kind != '{' && v.kind != '[' {
		return v.inside, nil
	}
	if err := p.spend(len(v.raw) / 4); err != nil {
		return nil, err
	}
	in := new(inside)
	d := jsontext.NewDecoder(bytes.NewBuffer(v.raw), jsontext.AllowDuplicateNames(true)) // read has looked
	if _, err := d.ReadToken(); err != nil {
		return nil, err
	}
	next := func() ([]byte, error) {
		raw, err := d.ReadValue()
		end := int(d.InputOffset())
		return v.raw[end-len(raw) : end : end], err
	}
	for d.PeekKind() != '}' && d.PeekKind() != ']' {
		if err := p.spend(costOfValue); err != nil {
			return nil, err
		}
		var m member
		var err error
		if v.kind == '{' {
			if m.raw, err = next(); err != nil {
				return nil, err
			}
			name, err := jsontext.AppendUnquote(nil, m.raw)
			if err != nil {
				return nil, err
			}
			m.name = string(name)
		}
		raw, err := next()
		if err != nil {
			return nil, err
		}
		if m.value = newValue(raw); v.kind == '{' {
			in.members = append(in.members, m)
		} else {
			in.items = append(in.items, m.value)
		}
	}
	v.inside = in
	return in, nil
}

// append appends the value as JSON without white space.
func (v *value) append(dst []byte) []byte {
	switch {
	case v.inside == nil:
		return appendCompact(dst, v.raw)
	case v.kind == '{':
		dst = append(dst, '{')
		for i := range v.inside.members {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = append(append(dst, v.inside.members[i].raw...), ':')
			dst = v.inside.members[i].value.append(dst)
		}
		return append(dst, '}')
	}
	dst = append(dst, '[')
	for i, item := range v.inside.items {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = item.append(dst)
	}
	return append(dst, ']')
}

// appendCompact appends good JSON without the white space between its tokens.
func appendCompact(dst, text []byte) []byte {
	if !bytes.ContainsAny(text, " \t\r\n") {
		return append(dst, text...)
	}
	inString := false
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case inString && c == '\\':
			dst = append(dst, c)
			i++
			c = text[i]
		case c == '"':
			inString = !inString
		case !inString && (c == ' ' || c == '\t' || c == '\r' || c == '\n'):
			continue
		}
		dst = append(dst, c)
	}
	return dst
}

// clone returns a copy that shares nothing that a patch changes.
func (p *patcher) clone(v *value) (*value, error) {
	c := *v
	if v.inside == nil {
		return &c, nil
	}
	if err := p.spend(costOfValue * (len(v.inside.members) + len(v.inside.items))); err != nil {
		return nil, err
	}
	c.inside = &inside{slices.Clone(v.inside.members), slices.Clone(v.inside.items)}
	var err error
	for i := range c.inside.members {
		if c.inside.members[i].value, err = p.clone(c.inside.members[i].value); err != nil {
			return nil, err
		}
	}
	for i := range c.inside.items {
		if c.inside.items[i], err = p.clone(c.inside.items[i]); err != nil {
			return nil, err
		}
	}
	return &c, nil
}

// measure returns about how many bytes the value takes as JSON, and how deep it nests.
func (p *patcher) measure(v *value) (size, depth int, err error) {
	if v.inside == nil {
		if v.depth == 0 {
			v.depth = nesting(v.raw)
			err = p.spend(len(v.raw) / 16)
		}
		return len(v.raw) + 2, v.depth, err
	}
	if err := p.spend(1 + len(v.inside.members) + len(v.inside.items)); err != nil {
		return 0, 0, err
	}
	size = 2
	for i := range v.inside.members {
		s, d, err := p.measure(v.inside.members[i].value)
		if err != nil {
			return 0, 0, err
		}
		size, depth = size+s+len(v.inside.members[i].raw)+1, max(depth, d)
	}
	for _, item := range v.inside.items {
		s, d, err := p.measure(item)
		if err != nil {
			return 0, 0, err
		}
		size, depth = size+s, max(depth, d)
	}
	return size, depth + 1, nil
}

// nesting returns how deep good JSON nests, 1 for a scalar.
func nesting(text []byte) int {
	deepest, depth := 0, 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '"':
			for i++; text[i] != '"'; i++ {
				if text[i] == '\\' {
					i++
				}
			}
		case '{', '[':
			depth++
			deepest = max(deepest, depth)
		case '}', ']':
			depth--
		}
	}
	if text[0] != '{' && text[0] != '[' {
		return 1
	}
	return deepest
}

// find returns the place of the member with a name, -1 if there is none.
func (in *inside) find(name string) int {
	return slices.IndexFunc(in.members, func(m member) bool { return m.name == name })
}
