package quote

import (
	"encoding/binary"
	"unicode/utf8"
	"unsafe"
)

// Append appends text as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func Append[Bytes ~string | ~[]byte](dst []byte, text Bytes) []byte {
	dst, _ = AppendValid(dst, text)
	return dst
}

// AppendValid is Append, and reports whether text is UTF-8.
func AppendValid[Bytes ~string | ~[]byte](dst []byte, text Bytes) ([]byte, bool) {
	dst, ok := AppendInner(append(dst, '"'), text)
	return append(dst, '"'), ok
}

// AppendInner is AppendValid without the quotes around.
func AppendInner[Bytes ~string | ~[]byte](dst []byte, text Bytes) ([]byte, bool) {
	// The header of a slice begins as that of a string does.
	view := *(*string)(unsafe.Pointer(&text))
	return appendInner(dst, unsafe.Slice(unsafe.StringData(view), len(view)))
}

func appendInner(dst, text []byte) ([]byte, bool) {
	ok, from := true, 0 // what follows from is not appended yet
	for i := plainPrefix(text); i < len(text); {
		c := text[i]
		if plain[c] {
			i++
			continue
		}
		if c < utf8.RuneSelf {
			dst = AppendRune(append(dst, text[from:i]...), rune(c))
			from = i + 1
			i = from + plainPrefix(text[from:])
			continue
		}
		r, size := utf8.DecodeRune(text[i:])
		if r == utf8.RuneError && size == 1 {
			dst = utf8.AppendRune(append(dst, text[from:i]...), r)
			from, ok = i+1, false
		}
		i += size
	}
	return append(dst, text[from:]...), ok
}

// plain are the bytes that stand in a string as they are: ASCII that needs no escape.
var plain = func() (set [256]bool) {
	for c := ' '; c < utf8.RuneSelf; c++ {
		set[c] = c != '"' && c != '\\'
	}
	return set
}()

// plainPrefix returns how many bytes at the start of text are surely plain: eight at a
// time.
func plainPrefix(text []byte) (n int) {
	for n+8 <= len(text) && plainWord(binary.LittleEndian.Uint64(text[n:])) {
		n += 8
	}
	return n
}

// AppendRune appends a character as it stands in a JSON string: with an escape if RFC
// 8259 demands one, and that in its shortest form.
func AppendRune(dst []byte, r rune) []byte {
	const hex = "0123456789abcdef"
	switch r {
	case '"', '\\':
		return append(dst, '\\', byte(r))
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	}
	if r < ' ' {
		return append(dst, '\\', 'u', '0', '0', hex[r>>4], hex[r&15])
	}
	return utf8.AppendRune(dst, r)
}

// The byte n in every byte of a word, for plainWord.
const (
	ones  = 0x0101010101010101
	highs = 0x8080808080808080
)

// plainWord reports whether eight bytes are ASCII that needs no escape. A borrow can
// only make it say no to some that are, which are looked at one by one then.
func plainWord(w uint64) bool {
	quote := w ^ ones*'"'
	slash := w ^ ones*'\\'
	return (w|(w-ones*' ')|(quote-ones)|(slash-ones))&highs == 0
}
