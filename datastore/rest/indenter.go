package rest

import "io"

// An indenter writes JSON without white space for people to read: it puts each member
// and each item on a line of its own. It keeps no text between calls.
type indenter struct {
	w       io.Writer
	out     []byte
	depth   int
	text    bool // inside a string
	escaped bool // after a backslash in one
	opened  bool // after a brace or bracket that something may follow
}

// Write implements [io.Writer].
func (i *indenter) Write(p []byte) (int, error) {
	i.out = i.out[:0]
	for n, c := range p {
		i.put(c)
		if len(i.out) >= 32<<10 || n == len(p)-1 {
			if _, err := i.w.Write(i.out); err != nil {
				return n, err
			}
			i.out = i.out[:0]
		}
	}
	return len(p), nil
}

func (i *indenter) put(c byte) {
	if i.text {
		i.out = append(i.out, c)
		switch {
		case i.escaped:
			i.escaped = false
		case c == '\\':
			i.escaped = true
		case c == '"':
			i.text = false
		}
		return
	}
	closes := c == '}' || c == ']'
	switch {
	case i.opened && !closes:
		i.depth++
		i.line()
	case closes && !i.opened:
		i.depth--
		i.line()
	}
	i.opened = c == '{' || c == '['
	i.out = append(i.out, c)
	switch {
	case c == '"':
		i.text = true
	case c == ',':
		i.line()
	case c == ':':
		i.out = append(i.out, ' ')
	case closes && i.depth == 0:
		i.out = append(i.out, '\n')
	}
}

func (i *indenter) line() {
	i.out = append(i.out, '\n')
	for range i.depth {
		i.out = append(i.out, "  "...)
	}
}
