package pdf

import (
	"math"
	"strconv"
)

const (
	deepest    = 100     // arrays and dicts inside of each other
	mostValues = 1 << 20 // values of one object
)

// A lexer reads objects of PDF's syntax (ISO 32000-1 §7.2, §7.3). It is lenient: it passes
// over bytes that it cannot read.
type lexer struct {
	src    []byte
	pos    int
	values int  // how many were read of the object
	refs   bool // "1 0 R" is a reference: in files, not in contents
}

// end reports whether everything was read.
func (l *lexer) end() bool { return l.pos >= len(l.src) }

// closing marks the end of an array or dict.
type closing byte

// blank passes over white space and comments.
func (l *lexer) blank() {
	for l.pos < len(l.src) {
		switch c := l.src[l.pos]; {
		case isSpace(c):
			l.pos++
		case c == '%':
			for l.pos < len(l.src) && l.src[l.pos] != '\n' && l.src[l.pos] != '\r' {
				l.pos++
			}
		default:
			return
		}
	}
}

func isSpace(c byte) bool {
	return c == ' ' || c == '\n' || c == '\r' || c == '\t' || c == '\f' || c == 0
}

func isDelimiter(c byte) bool {
	switch c {
	case '(', ')', '<', '>', '[', ']', '{', '}', '/', '%':
		return true
	}
	return false
}

// one reads one object of a file.
func (l *lexer) one() object {
	l.values = 0
	return l.object(0)
}

// object reads an object, a word, or a closing. At the end, and if an object has too many
// values, it returns closing(0).
func (l *lexer) object(depth int) object {
	l.blank()
	if l.end() {
		return closing(0)
	}
	if l.values++; l.values > mostValues {
		return closing(0)
	}
	c := l.src[l.pos]
	if depth >= deepest && (c == '[' || c == '<') {
		l.pos++
		return nil
	}
	switch c {
	case '/':
		l.pos++
		return l.name()
	case '(':
		l.pos++
		return l.literal()
	case '[':
		l.pos++
		return l.array(depth + 1)
	case ']':
		l.pos++
		return closing(']')
	case '<':
		if l.pos++; l.at('<') {
			l.pos++
			return l.dict(depth + 1)
		}
		return l.hex()
	case '>':
		if l.pos++; l.at('>') {
			l.pos++
			return closing('>')
		}
		return nil
	case '{', '}', ')':
		l.pos++
		return word(c)
	}
	if c == '+' || c == '-' || c == '.' || '0' <= c && c <= '9' {
		return l.number()
	}
	return l.word()
}

func (l *lexer) at(c byte) bool { return l.pos < len(l.src) && l.src[l.pos] == c }

// regular reads up to white space or a delimiter.
func (l *lexer) regular() []byte {
	from := l.pos
	for l.pos < len(l.src) && !isSpace(l.src[l.pos]) && !isDelimiter(l.src[l.pos]) {
		l.pos++
	}
	return l.src[from:l.pos]
}

func (l *lexer) word() object {
	switch w := l.regular(); string(w) {
	case "null":
		return nil
	case "true":
		return true
	case "false":
		return false
	default:
		if len(w) > 127 {
			w = w[:127]
		}
		return word(w)
	}
}

// number reads a number, or a reference.
func (l *lexer) number() object {
	token := l.regular()
	n, whole := parseNumber(token)
	if !whole || !l.refs || n < 0 || n > math.MaxInt32 {
		return n
	}
	after := l.pos
	l.blank()
	if generation := l.regular(); len(generation) > 0 && len(generation) <= 5 && digits(generation) {
		l.blank()
		if l.at('R') && (l.pos+1 == len(l.src) || isSpace(l.src[l.pos+1]) || isDelimiter(l.src[l.pos+1])) {
			l.pos++
			return ref(n)
		}
	}
	l.pos = after
	return n
}

func digits(token []byte) bool {
	for _, c := range token {
		if c < '0' || c > '9' {
			return false
		}
	}
	return true
}

// parseNumber returns a number, 0 for any other text, and whether it is written without a
// fraction.
func parseNumber(token []byte) (n float64, whole bool) {
	if len(token) < 16 && digits(token) {
		whole := 0
		for _, c := range token {
			whole = whole*10 + int(c-'0')
		}
		return float64(whole), true
	}
	if len(token) > 64 {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(token), 64)
	if err != nil || math.IsInf(n, 0) || math.IsNaN(n) {
		return 0, false
	}
	return n, false
}

func (l *lexer) name() object {
	token := l.regular()
	var escaped []byte
	for i := 0; i < len(token); i++ {
		if token[i] == '#' && i+2 < len(token) && unhex(token[i+1]) >= 0 && unhex(token[i+2]) >= 0 {
			if escaped == nil {
				escaped = append(make([]byte, 0, len(token)), token[:i]...)
			}
			escaped = append(escaped, byte(unhex(token[i+1])<<4|unhex(token[i+2])))
			i += 2
		} else if escaped != nil {
			escaped = append(escaped, token[i])
		}
	}
	if escaped != nil {
		return name(escaped)
	}
	return name(token)
}

func unhex(c byte) int {
	switch {
	case '0' <= c && c <= '9':
		return int(c - '0')
	case 'a' <= c && c <= 'f':
		return int(c-'a') + 10
	case 'A' <= c && c <= 'F':
		return int(c-'A') + 10
	}
	return -1
}

// hex reads a string in hexadecimal digits.
func (l *lexer) hex() object {
	var out []byte
	high := -1
	for !l.end() {
		c := l.src[l.pos]
		l.pos++
		if c == '>' {
			break
		}
		digit := unhex(c)
		switch {
		case digit < 0:
		case high < 0:
			high = digit
		default:
			out = append(out, byte(high<<4|digit))
			high = -1
		}
	}
	if high >= 0 {
		out = append(out, byte(high<<4))
	}
	return text(out)
}

// literal reads a string in parentheses.
func (l *lexer) literal() object {
	var out []byte
	for depth := 1; !l.end(); {
		c := l.src[l.pos]
		l.pos++
		switch c {
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return text(out)
			}
		case '\\':
			out = l.escape(out)
			continue
		case '\r':
			if l.at('\n') {
				l.pos++
			}
			c = '\n'
		}
		out = append(out, c)
	}
	return text(out)
}

// escape reads what follows a backslash.
func (l *lexer) escape(out []byte) []byte {
	if l.end() {
		return out
	}
	c := l.src[l.pos]
	l.pos++
	switch c {
	case 'n':
		return append(out, '\n')
	case 'r':
		return append(out, '\r')
	case 't':
		return append(out, '\t')
	case 'b':
		return append(out, '\b')
	case 'f':
		return append(out, '\f')
	case '\r':
		if l.at('\n') {
			l.pos++
		}
		return out
	case '\n':
		return out
	}
	if c < '0' || c > '7' {
		return append(out, c)
	}
	value := int(c - '0')
	for range 2 {
		if l.end() || l.src[l.pos] < '0' || l.src[l.pos] > '7' {
			break
		}
		value = value<<3 | int(l.src[l.pos]-'0')
		l.pos++
	}
	return append(out, byte(value))
}

func (l *lexer) array(depth int) object {
	var out array
	for {
		o := l.object(depth)
		switch o := o.(type) {
		case closing:
			return out
		case word: // a keyword in an array is an error of the writer
			if stray(o) {
				l.pos -= len(o)
				return out
			}
			continue
		}
		out = append(out, o)
	}
}

// stray reports whether a word ends all open arrays and dicts.
func stray(w word) bool { return w == "endobj" || w == "endstream" || w == "stream" || w == "obj" }

func (l *lexer) dict(depth int) object {
	out := dict{}
	for {
		switch key := l.object(depth).(type) {
		case closing:
			return out
		case word:
			if stray(key) {
				l.pos -= len(key)
				return out
			}
		case name:
			value := l.object(depth)
			switch v := value.(type) {
			case closing:
				return out
			case word:
				if stray(v) {
					l.pos -= len(v)
					return out
				}
				continue
			}
			out[key] = value
		}
	}
}
