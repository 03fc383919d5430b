package fhirjson

import (
	"encoding/binary"
	"math/bits"
	"unicode/utf8"
)

const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// scan returns the offset of the first quote, backslash or control character at
// or after pos, len(src) if there is none, and whether it went over a byte
// beyond ASCII.
func scan(src []byte, pos int) (end int, wide bool) {
	var seen uint64
	for ; pos+8 <= len(src); pos += 8 {
		w := binary.LittleEndian.Uint64(src[pos:])
		// The high bit of a byte ends up set if the byte is one of the three; the
		// lowest set bit is exact, higher ones may be carries.
		quote, slash := w^(ones*'"'), w^(ones*'\\')
		stop := ((quote-ones)&^quote | (slash-ones)&^slash | (w-ones*0x20)&^w) & highs
		if stop != 0 {
			n := bits.TrailingZeros64(stop) &^ 7
			seen |= w & (1<<n - 1)
			return pos + n>>3, seen&highs != 0
		}
		seen |= w
	}
	for ; pos < len(src); pos++ {
		c := src[pos]
		if c == '"' || c == '\\' || c < 0x20 {
			break
		}
		seen |= uint64(c)
	}
	return pos, seen&highs != 0
}

// strFlags say what a string holds.
type strFlags uint8

const (
	strEscaped strFlags = 1 << iota // backslashes
	strControl                      // escaped control characters that FHIR does not allow
)

// str checks the string whose first byte is at pos and returns the offset of its
// closing quote.
func (p *parser) str(pos int) (int, strFlags) {
	end, wide := scan(p.src, pos)
	var flags strFlags
	for end < len(p.src) && p.src[end] == '\\' {
		n, f := p.escape(end)
		if n < 0 {
			return -1, 0
		}
		flags |= f
		var w bool
		end, w = scan(p.src, n)
		wide = wide || w
	}
	switch {
	case end == len(p.src):
		return p.syntax(end, ""), 0
	case p.src[end] != '"':
		return p.syntax(end, "control character in a string"), 0
	case wide && !utf8.Valid(p.src[pos:end]):
		return p.syntax(pos+invalidUTF8(p.src[pos:end]), "text is not valid UTF-8"), 0
	}
	return end, flags
}

// escape checks the escape whose backslash is at pos and returns the offset after
// it.
func (p *parser) escape(pos int) (int, strFlags) {
	switch p.at(pos + 1) {
	case '"', '\\', 'n', 'r', 't':
		return pos + 2, strEscaped
	case '/':
		p.marks++
		return pos + 2, strEscaped
	case 'b', 'f':
		return pos + 2, strEscaped | strControl
	case 'u':
	default:
		return p.syntax(pos+1, "unknown escape in a string"), 0
	}
	p.marks++
	r := hex4(p.src, pos+2)
	switch {
	case r < 0:
		return p.syntax(pos+2, "expected four hexadecimal digits"), 0
	case r < 0x20 && r != '\t' && r != '\n' && r != '\r':
		return pos + 6, strEscaped | strControl
	case r < 0xd800 || r > 0xdfff:
		return pos + 6, strEscaped
	case r < 0xdc00 && p.at(pos+6) == '\\' && p.at(pos+7) == 'u':
		if low := hex4(p.src, pos+8); low >= 0xdc00 && low <= 0xdfff {
			return pos + 12, strEscaped
		}
	}
	return p.syntax(pos, "lone surrogate in a string"), 0
}

// hex4 returns the value of the four hexadecimal digits at src[pos:], or -1.
func hex4(src []byte, pos int) rune {
	if pos+4 > len(src) {
		return -1
	}
	var r rune
	for _, c := range src[pos : pos+4] {
		switch {
		case c-'0' <= 9:
			c -= '0'
		case c|0x20 >= 'a' && c|0x20 <= 'f':
			c = c | 0x20 - 'a' + 10
		default:
			return -1
		}
		r = r<<4 | rune(c)
	}
	return r
}

// invalidUTF8 returns the offset of the first byte of b that is not UTF-8.
func invalidUTF8(b []byte) int {
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(b)
}

// number checks the number at pos and returns the offset after it, and whether it
// has neither fraction nor exponent.
func (p *parser) number(pos int) (end int, integer bool) {
	if p.at(pos) == '-' {
		pos++
	}
	switch c := p.at(pos); {
	case c == '0':
		if pos++; p.at(pos)-'0' <= 9 {
			return p.syntax(pos, "number has a leading zero"), false
		}
	case c-'0' <= 9:
		pos = p.digits(pos)
	default:
		return p.syntax(pos, "expected a digit"), false
	}
	integer = true
	if p.at(pos) == '.' {
		integer = false
		if end = p.digits(pos + 1); end == pos+1 {
			return p.syntax(end, "expected a digit"), false
		}
		pos = end
	}
	if p.at(pos)|0x20 == 'e' {
		integer = false
		if pos++; p.at(pos) == '+' || p.at(pos) == '-' {
			pos++
		}
		if end = p.digits(pos); end == pos {
			return p.syntax(end, "expected a digit"), false
		}
		pos = end
	}
	return pos, integer
}

func (p *parser) digits(pos int) int {
	for pos < len(p.src) && p.src[pos]-'0' <= 9 {
		pos++
	}
	return pos
}

// literal checks that word stands at pos.
func (p *parser) literal(pos int, word string) int {
	for i := range len(word) {
		if p.at(pos+i) != word[i] {
			return p.syntax(pos+i, "expected "+word)
		}
	}
	return pos + len(word)
}

// skip checks the value at pos as JSON alone and returns the offset after it.
func (p *parser) skip(pos int) int {
	switch c := p.at(pos); {
	case c == '"':
		end, _ := p.str(pos + 1)
		if end < 0 {
			return -1
		}
		return end + 1
	case c == '{', c == '[':
		return p.skipNested(pos, c+2) // ASCII has } and ] two after { and [
	case c == '-', c-'0' <= 9:
		end, _ := p.number(pos)
		return end
	case c == 't':
		return p.literal(pos, "true")
	case c == 'f':
		return p.literal(pos, "false")
	case c == 'n':
		return p.literal(pos, "null")
	}
	return p.syntax(pos, "expected a value")
}

func (p *parser) skipNested(open int, closing byte) int {
	if !p.enter(open) {
		return -1
	}
	pos := p.space(open + 1)
	for first := true; ; first = false {
		if first && p.at(pos) == closing {
			break
		}
		if closing == '}' {
			if p.at(pos) != '"' {
				return p.syntax(pos, "expected a name in quotes")
			}
			start := pos + 1
			end, flags := p.str(start)
			if end < 0 {
				return -1
			}
			if pos = p.space(end + 1); p.at(pos) != ':' {
				return p.syntax(pos, "expected : after a name")
			}
			pos = p.space(pos + 1)
			if p.seeking && string(p.plain(start, end, flags)) == "resourceType" {
				if _, twice := p.late[open]; !twice {
					p.late[open] = pos
				}
			}
		}
		if pos = p.skip(pos); pos < 0 {
			return -1
		}
		if pos = p.space(pos); p.at(pos) == closing {
			break
		}
		if p.at(pos) != ',' {
			return p.syntax(pos, "expected , or the end after a value")
		}
		pos = p.space(pos + 1)
	}
	p.depth--
	return pos + 1
}
