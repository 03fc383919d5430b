package ingest

import (
	"bytes"
	"errors"
	"io"

	"github.com/go-json-experiment/json/jsontext"
)

// errSyntax says that a text is no JSON, or not the expected JSON.
var errSyntax = errors.New("ingest: not JSON")

// splitterBuffer is how much of a text a splitter holds, besides the value it returns.
const splitterBuffer = 64 << 10

// A splitter splits a JSON text without parsing it: it finds the ends of names and
// values. It does not check that values are JSON. It holds a buffer and one value.
type splitter struct {
	text    io.Reader
	buffer  []byte
	at, end int
	passed  int64 // bytes before buffer
	err     error // of text
}

func newSplitter(text io.Reader) *splitter {
	return &splitter{text: text, buffer: make([]byte, splitterBuffer)}
}

// splitterOf returns a splitter of a text in memory, which stays where it is.
func splitterOf(text []byte) *splitter {
	return &splitter{buffer: text, end: len(text), err: io.EOF}
}

// offset returns how many bytes of the text were taken.
func (s *splitter) offset() int64 { return s.passed + int64(s.at) }

// fill reads on where the buffer is used up. It reports whether there is more.
func (s *splitter) fill() bool {
	for s.at == s.end && s.err == nil {
		s.passed += int64(s.end)
		s.at = 0
		s.end, s.err = s.text.Read(s.buffer)
	}
	return s.at < s.end
}

// failed returns the error of a text that ends too early or has an unexpected
// character.
func (s *splitter) failed() error {
	if s.at == s.end && s.err != io.EOF {
		return s.err
	}
	return errSyntax
}

// peek returns the next byte that is not white space. It is -1 at the text's end.
func (s *splitter) peek() int {
	for s.fill() {
		switch c := s.buffer[s.at]; c {
		case ' ', '\t', '\r', '\n':
			s.at++
		default:
			return int(c)
		}
	}
	return -1
}

// take takes the next byte that is not white space, which must be c.
func (s *splitter) take(c byte) error {
	if s.peek() != int(c) {
		return s.failed()
	}
	s.at++
	return nil
}

// value takes a value and appends it to dst, or only its start if it has more than
// limit bytes. size is its length.
func (s *splitter) value(dst []byte, limit int) (out []byte, size int64, err error) {
	if s.peek() < 0 {
		return dst, 0, s.failed()
	}
	var v valueEnd
	for !v.done {
		if !s.fill() {
			if v.inScalar() && s.err == io.EOF {
				break
			}
			return dst, size, s.failed()
		}
		n := v.scan(s.buffer[s.at:s.end])
		if room := int64(limit) - size; room > 0 {
			dst = append(dst, s.buffer[s.at:s.at+int(min(int64(n), room))]...)
		}
		size += int64(n)
		s.at += n
	}
	if v.bad {
		return dst, size, errSyntax
	}
	return dst, size, nil
}

// A valueEnd looks for the end of a JSON value that comes in pieces.
type valueEnd struct {
	begun, done, bad  bool
	inString, escaped bool
	scalar            bool // a number, true, false or null
	depth             int
}

// inScalar reports whether the value may end with the text.
func (v *valueEnd) inScalar() bool { return v.scalar && v.depth == 0 }

// scan returns how many bytes of a piece belong to the value.
func (v *valueEnd) scan(piece []byte) int {
	for i := 0; i < len(piece); i++ {
		c := piece[i]
		if v.inString {
			switch {
			case v.escaped:
				v.escaped = false
			case c == '\\':
				v.escaped = true
			case c == '"':
				v.inString = false
				if v.depth == 0 {
					v.done = true
					return i + 1
				}
			default:
				for i+1 < len(piece) && piece[i+1] != '"' && piece[i+1] != '\\' {
					i++
				}
			}
			continue
		}
		switch c {
		case '"':
			if v.scalar && v.depth == 0 {
				return v.finish(i, true)
			}
			v.inString = true
		case '{', '[':
			if v.scalar && v.depth == 0 {
				return v.finish(i, true)
			}
			v.depth++
		case '}', ']':
			switch v.depth--; {
			case v.depth < 0:
				return v.finish(i, !v.scalar)
			case v.depth == 0:
				v.done = true
				return i + 1
			}
		case ',', ':', ' ', '\t', '\r', '\n':
			if v.depth == 0 {
				return v.finish(i, !v.begun)
			}
		default:
			v.scalar = v.scalar || v.depth == 0
		}
		v.begun = true
	}
	return len(piece)
}

func (v *valueEnd) finish(n int, bad bool) int {
	v.done, v.bad = true, bad
	return n
}

// maxName is how many bytes of a member's name are read. No name that counts is longer.
const maxName = 64

// members splits an object: member is called with each name, and takes the value.
func (s *splitter) members(member func(name string) error) error {
	if err := s.take('{'); err != nil {
		return err
	}
	if s.peek() == '}' {
		return s.take('}')
	}
	var buffer [maxName]byte
	for {
		if s.peek() != '"' {
			return s.failed()
		}
		name, _, err := s.value(buffer[:0], maxName)
		if err != nil {
			return err
		}
		if err := s.take(':'); err != nil {
			return err
		}
		if err := member(unquoted(name)); err != nil {
			return err
		}
		if s.peek() != ',' {
			return s.take('}')
		}
		s.at++
	}
}

// elements splits an array: element is called before each element, and takes it.
func (s *splitter) elements(element func() error) error {
	if err := s.take('['); err != nil {
		return err
	}
	if s.peek() == ']' {
		return s.take(']')
	}
	for {
		if err := element(); err != nil {
			return err
		}
		if s.peek() != ',' {
			return s.take(']')
		}
		s.at++
	}
}

// skip takes a value and forgets it.
func (s *splitter) skip() error {
	_, _, err := s.value(nil, 0)
	return err
}

// atEnd reports an error if more text follows.
func (s *splitter) atEnd() error {
	if s.peek() < 0 && s.err == io.EOF {
		return nil
	}
	return s.failed()
}

// unquoted returns the text of a JSON string, "" for any other value.
func unquoted(quoted []byte) string {
	if len(quoted) >= 2 && quoted[0] == '"' && bytes.IndexByte(quoted, '\\') < 0 && quoted[len(quoted)-1] == '"' {
		return string(quoted[1 : len(quoted)-1])
	}
	text, err := jsontext.AppendUnquote(nil, quoted)
	if err != nil {
		return ""
	}
	return string(text)
}
