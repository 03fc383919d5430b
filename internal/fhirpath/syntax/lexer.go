package syntax

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// tokenSort tells tokens apart.
type tokenSort uint8

const (
	tokenEnd       tokenSort = iota
	tokenSymbol              // an operator or bracket
	tokenWord                // a name or a keyword
	tokenDelimited           // a `name`
	tokenString
	tokenNumber
	tokenDate
	tokenDateTime
	tokenTime
	tokenSpecial // $this
)

// A token is one word of an expression.
type token struct {
	sort tokenSort
	at   int    // byte offset
	text string // without quotes and escapes; a symbol as written
}

// is reports whether t is the given symbol or keyword.
func (t token) is(text string) bool {
	return (t.sort == tokenSymbol || t.sort == tokenWord) && t.text == text
}

// A lexer splits an expression into tokens.
type lexer struct {
	source string
	at     int
}

// next returns the next token.
func (l *lexer) next() (token, error) {
	if err := l.skipSpace(); err != nil {
		return token{}, err
	}
	start := l.at
	if start == len(l.source) {
		return token{at: start}, nil
	}
	switch c := l.source[start]; {
	case isLetter(c):
		l.skip(isNameByte)
		return token{tokenWord, start, l.source[start:l.at]}, nil
	case isDigit(c):
		return l.number(), nil
	case c == '\'':
		text, err := l.quoted('\'')
		return token{tokenString, start, text}, err
	case c == '`':
		text, err := l.quoted('`')
		if err == nil && text == "" {
			err = l.fail(start, "empty name")
		}
		return token{tokenDelimited, start, text}, err
	case c == '@':
		return l.temporal()
	case c == '$':
		l.at++
		l.skip(isNameByte)
		return token{tokenSpecial, start, l.source[start:l.at]}, nil
	default:
		return l.symbol()
	}
}

// skipSpace passes white space and comments.
func (l *lexer) skipSpace() error {
	for l.at < len(l.source) {
		rest := l.source[l.at:]
		switch {
		case rest[0] == ' ' || rest[0] == '\t' || rest[0] == '\r' || rest[0] == '\n':
			l.at++
		case strings.HasPrefix(rest, "//"):
			if end := strings.IndexByte(rest, '\n'); end >= 0 {
				l.at += end
			} else {
				l.at = len(l.source)
			}
		case strings.HasPrefix(rest, "/*"):
			end := strings.Index(rest[2:], "*/")
			if end < 0 {
				return l.fail(l.at, "comment without end")
			}
			l.at += end + 4
		default:
			return nil
		}
	}
	return nil
}

// skip passes the bytes that are in the class.
func (l *lexer) skip(class func(byte) bool) {
	for l.at < len(l.source) && class(l.source[l.at]) {
		l.at++
	}
}

// number reads digits with an optional fraction. A point without a digit behind it is
// left: 1.is(Integer).
func (l *lexer) number() token {
	start := l.at
	l.skip(isDigit)
	if rest := l.source[l.at:]; len(rest) > 1 && rest[0] == '.' && isDigit(rest[1]) {
		l.at++
		l.skip(isDigit)
	}
	return token{tokenNumber, start, l.source[start:l.at]}
}

// IsNumber reports whether a text is a number as a literal has it, without a sign.
func IsNumber(text string) bool {
	l := lexer{source: text}
	return text != "" && isDigit(text[0]) && len(l.number().text) == len(text)
}

// symbol reads an operator or a bracket.
func (l *lexer) symbol() (token, error) {
	start := l.at
	rest := l.source[start:]
	for _, two := range [...]string{"<=", ">=", "!=", "!~"} {
		if strings.HasPrefix(rest, two) {
			l.at += 2
			return token{tokenSymbol, start, two}, nil
		}
	}
	if strings.IndexByte(".,()[]{}+-*/|&<>=~%", rest[0]) < 0 {
		return token{}, l.fail(start, "unexpected character")
	}
	l.at++
	return token{tokenSymbol, start, rest[:1]}, nil
}

// quoted reads a text between quotes and resolves its escapes (FHIRPath N1 §2.3.2).
func (l *lexer) quoted(quote byte) (string, error) {
	start := l.at
	l.at++
	var text strings.Builder
	for l.at < len(l.source) {
		c := l.source[l.at]
		switch c {
		case quote:
			l.at++
			return text.String(), nil
		case '\\':
			if err := l.escape(&text); err != nil {
				return "", err
			}
		default:
			text.WriteByte(c)
			l.at++
		}
	}
	return "", l.fail(start, "text without closing quote")
}

// escapes maps the characters after a backslash to their meanings.
var escapes = map[byte]byte{
	'\'': '\'', '"': '"', '`': '`', '\\': '\\', '/': '/', 'r': '\r', 'n': '\n', 't': '\t', 'f': '\f',
}

func (l *lexer) escape(text *strings.Builder) error {
	start := l.at
	if r, ok := l.unicodeEscape(); ok {
		if utf16.IsSurrogate(r) {
			low, _ := l.unicodeEscape()
			if r = utf16.DecodeRune(r, low); r == utf8.RuneError {
				return l.fail(start, "half a surrogate pair")
			}
		}
		text.WriteRune(r)
		return nil
	}
	if start+1 < len(l.source) {
		if c, ok := escapes[l.source[start+1]]; ok {
			text.WriteByte(c)
			l.at += 2
			return nil
		}
	}
	return l.fail(start, "unknown escape")
}

// unicodeEscape reads \u and four hexadecimal digits, or nothing.
func (l *lexer) unicodeEscape() (rune, bool) {
	rest := l.source[l.at:]
	if len(rest) < 6 || rest[0] != '\\' || rest[1] != 'u' {
		return 0, false
	}
	code, err := strconv.ParseUint(rest[2:6], 16, 16)
	if err != nil {
		return 0, false
	}
	l.at += 6
	return rune(code), true
}

// temporal reads @2015-02-04, @2015-02-04T14:34:28+10:00 or @T14:34 (FHIRPath N1
// §2.3.5–2.3.7). The text of the token is without @.
func (l *lexer) temporal() (token, error) {
	t := token{tokenDate, l.at, ""}
	l.at++
	start := l.at
	if !l.take("T") {
		if !l.pattern("0000") {
			return t, l.fail(t.at, "malformed date")
		}
		if l.pattern("-00") {
			l.pattern("-00")
		}
		if !l.take("T") {
			t.text = l.source[start:l.at]
			return t, nil
		}
		t.sort = tokenDateTime
	} else {
		t.sort = tokenTime
	}
	timed := l.pattern("00")
	if timed && l.pattern(":00") && l.pattern(":00") && l.pattern(".0") {
		l.skip(isDigit)
	}
	if !timed && t.sort == tokenTime {
		return t, l.fail(t.at, "malformed time")
	}
	if timed && t.sort == tokenDateTime && !l.take("Z") && !l.pattern("+00:00") {
		l.pattern("-00:00")
	}
	t.text = l.source[start:l.at]
	return t, nil
}

// take passes the text if it is next.
func (l *lexer) take(text string) bool {
	if !strings.HasPrefix(l.source[l.at:], text) {
		return false
	}
	l.at += len(text)
	return true
}

// pattern passes text of the given form, in which 0 stands for any digit.
func (l *lexer) pattern(form string) bool {
	rest := l.source[l.at:]
	if len(rest) < len(form) {
		return false
	}
	for i := range len(form) {
		if form[i] == '0' && !isDigit(rest[i]) || form[i] != '0' && form[i] != rest[i] {
			return false
		}
	}
	l.at += len(form)
	return true
}

func (l *lexer) fail(at int, reason string) error {
	return &Error{Offset: at, Reason: reason}
}

func isDigit(c byte) bool    { return c-'0' <= 9 }
func isLetter(c byte) bool   { return c|0x20-'a' <= 'z'-'a' || c == '_' }
func isNameByte(c byte) bool { return isLetter(c) || isDigit(c) }
