package synth_test

import (
	"bytes"
	"strconv"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"
)

// node is a JSON value that remembers the order of its members and the text of
// its numbers.
type node struct {
	kind    jsontext.Kind
	text    string // of a string, unescaped, or of a number or literal
	members []member
	items   []*node
}

type member struct {
	name  string
	value *node
}

// parseNode parses one JSON text, strictly: no duplicate names, no invalid
// UTF-8, nothing behind it.
func parseNode(text []byte) (*node, error) {
	value := jsontext.Value(text)
	if !value.IsValid() {
		_, err := jsontext.NewDecoder(bytes.NewReader(text)).ReadValue()
		return nil, err
	}
	return readNode(jsontext.NewDecoder(bytes.NewReader(text)))
}

func readNode(d *jsontext.Decoder) (*node, error) {
	token, err := d.ReadToken()
	if err != nil {
		return nil, err
	}
	n := &node{kind: token.Kind()}
	switch n.kind {
	case '{':
		for d.PeekKind() != '}' {
			name, err := d.ReadToken()
			if err != nil {
				return nil, err
			}
			key := name.String()
			value, err := readNode(d)
			if err != nil {
				return nil, err
			}
			n.members = append(n.members, member{key, value})
		}
		_, err = d.ReadToken()
	case '[':
		for d.PeekKind() != ']' {
			item, err := readNode(d)
			if err != nil {
				return nil, err
			}
			n.items = append(n.items, item)
		}
		_, err = d.ReadToken()
	default:
		n.text = token.String()
	}
	return n, err
}

// get returns the value at a dotted path, or nil. Arrays are passed through by
// their first item.
func (n *node) get(path string) *node {
	for name := range strings.SplitSeq(path, ".") {
		for n != nil && n.kind == '[' {
			if len(n.items) == 0 {
				return nil
			}
			n = n.items[0]
		}
		if n == nil {
			return nil
		}
		var next *node
		for _, m := range n.members {
			if m.name == name {
				next = m.value
			}
		}
		n = next
	}
	return n
}

// str returns the text at a path, or "".
func (n *node) str(path string) string {
	if found := n.get(path); found != nil {
		return found.text
	}
	return ""
}

// walk calls visit with every object in n and its path.
func (n *node) walk(path string, visit func(path string, object *node)) {
	if n.kind == '{' {
		visit(path, n)
	}
	for _, m := range n.members {
		m.value.walk(path+"."+m.name, visit)
	}
	for _, item := range n.items {
		item.walk(path, visit)
	}
}

// number returns the value of a JSON number.
func number(t *testing.T, text string) float64 {
	t.Helper()
	value, err := strconv.ParseFloat(text, 64)
	require.NoError(t, err)
	return value
}
