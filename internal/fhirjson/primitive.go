package fhirjson

import (
	"bytes"
	"encoding/binary"
	"unicode"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
)

// maxText is the most characters a string may have (FHIR R4 §2.24.0.1, string).
const maxText = 1 << 20

// maxID is the most characters an id may have (FHIR R4 §2.24.0.1, id).
const maxID = 64

// valid reports whether text, which is not empty, is a value of the class (FHIR
// R4 §2.24.0.1, the regular expressions of the primitive types).
func valid(text []byte, c class) bool {
	switch c {
	case classString, classMarkdown:
		return len(text) <= maxText || utf8.RuneCount(text) <= maxText
	case classCode:
		return validCode(text)
	case classElementID:
		space, wide := spaceOrWide(text)
		return !space && !(wide && hasWideSpace(text))
	case classURI:
		return !hasSpace(text)
	case classID:
		return ValidID(text)
	case classOID:
		return validOID(text)
	case classUUID:
		return validUUID(text)
	case classDate:
		_, err := fhirtime.ParseDate(text)
		return err == nil
	case classDateTime:
		_, err := fhirtime.ParseDateTime(text)
		return err == nil
	case classInstant:
		_, err := fhirtime.ParseInstant(text)
		return err == nil
	case classTime:
		_, err := fhirtime.ParseTime(text)
		return err == nil
	case classBase64:
		return validBase64(text)
	}
	return true
}

// hasSpace reports whether text has a byte of ASCII white space. It takes any
// control character for one, and text has no others.
func hasSpace(text []byte) bool {
	for len(text) >= 8 {
		w := binary.LittleEndian.Uint64(text)
		if (w-ones*0x21)&^w&highs != 0 {
			return true
		}
		text = text[8:]
	}
	for _, c := range text {
		if c <= ' ' {
			return true
		}
	}
	return false
}

// spaceOrWide is hasSpace, and reports whether text has bytes beyond ASCII, unless it
// has a space before them.
func spaceOrWide(text []byte) (space, wide bool) {
	var seen uint64
	for len(text) >= 8 {
		w := binary.LittleEndian.Uint64(text)
		if (w-ones*0x21)&^w&highs != 0 {
			return true, false
		}
		seen |= w
		text = text[8:]
	}
	for _, c := range text {
		if c <= ' ' {
			return true, false
		}
		seen |= uint64(c)
	}
	return false, seen&highs != 0
}

// hasWideSpace reports whether text has white space beyond ASCII.
func hasWideSpace(text []byte) bool {
	return bytes.ContainsFunc(text, func(r rune) bool { return r >= utf8.RuneSelf && unicode.IsSpace(r) })
}

// validCode is [^\s]+(\s[^\s]+)* with no white space but single spaces, as the text
// beside the regular expression has it (FHIR R4 §2.24.0.1, code).
func validCode(text []byte) bool {
	if space, wide := spaceOrWide(text); !space {
		return !wide || !hasWideSpace(text)
	}
	space := true
	for _, c := range text {
		if c < ' ' || space && c == ' ' {
			return false
		}
		space = c == ' '
	}
	return !space && !hasWideSpace(text)
}

// idByte has the characters of an id: [A-Za-z0-9\-\.]
var idByte = [256]bool{
	'0': true, '1': true, '2': true, '3': true, '4': true, '5': true, '6': true, '7': true, '8': true, '9': true, '-': true, '.': true,
	'A': true, 'B': true, 'C': true, 'D': true, 'E': true, 'F': true, 'G': true, 'H': true, 'I': true, 'J': true, 'K': true, 'L': true, 'M': true,
	'N': true, 'O': true, 'P': true, 'Q': true, 'R': true, 'S': true, 'T': true, 'U': true, 'V': true, 'W': true, 'X': true, 'Y': true, 'Z': true,
	'a': true, 'b': true, 'c': true, 'd': true, 'e': true, 'f': true, 'g': true, 'h': true, 'i': true, 'j': true, 'k': true, 'l': true, 'm': true,
	'n': true, 'o': true, 'p': true, 'q': true, 'r': true, 's': true, 't': true, 'u': true, 'v': true, 'w': true, 'x': true, 'y': true, 'z': true,
}

// ValidID reports whether text has the form of an id (FHIR R4 §2.24.0.1):
// [A-Za-z0-9\-\.]{1,64}
func ValidID[Bytes ~string | ~[]byte](text Bytes) bool {
	for i := range len(text) {
		if !idByte[text[i]] {
			return false
		}
	}
	return len(text) >= 1 && len(text) <= maxID
}

// validOID is urn:oid:[0-2](\.(0|[1-9][0-9]*))+
func validOID(text []byte) bool {
	const prefix = "urn:oid:"
	if len(text) < len(prefix)+3 || string(text[:len(prefix)]) != prefix || text[len(prefix)]-'0' > 2 {
		return false
	}
	for rest := text[len(prefix)+1:]; len(rest) > 0; {
		n := 1
		for n < len(rest) && rest[n]-'0' <= 9 {
			n++
		}
		if rest[0] != '.' || n == 1 || rest[1] == '0' && n > 2 {
			return false
		}
		rest = rest[n:]
	}
	return true
}

// validUUID is urn:uuid: and 8-4-4-4-12 lower-case hexadecimal digits.
func validUUID(text []byte) bool {
	const shape = "urn:uuid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx"
	if len(text) != len(shape) {
		return false
	}
	for i, c := range text {
		if shape[i] != 'x' || i < len("urn:uuid:") {
			if c != shape[i] {
				return false
			}
		} else if c-'0' > 9 && c-'a' > 5 {
			return false
		}
	}
	return true
}

// base64Class has 1 for the digits of base64, 2 for white space.
var base64Class = [256]uint8{
	'A': 1, 'B': 1, 'C': 1, 'D': 1, 'E': 1, 'F': 1, 'G': 1, 'H': 1, 'I': 1, 'J': 1, 'K': 1, 'L': 1, 'M': 1,
	'N': 1, 'O': 1, 'P': 1, 'Q': 1, 'R': 1, 'S': 1, 'T': 1, 'U': 1, 'V': 1, 'W': 1, 'X': 1, 'Y': 1, 'Z': 1,
	'a': 1, 'b': 1, 'c': 1, 'd': 1, 'e': 1, 'f': 1, 'g': 1, 'h': 1, 'i': 1, 'j': 1, 'k': 1, 'l': 1, 'm': 1,
	'n': 1, 'o': 1, 'p': 1, 'q': 1, 'r': 1, 's': 1, 't': 1, 'u': 1, 'v': 1, 'w': 1, 'x': 1, 'y': 1, 'z': 1,
	'0': 1, '1': 1, '2': 1, '3': 1, '4': 1, '5': 1, '6': 1, '7': 1, '8': 1, '9': 1, '+': 1, '/': 1,
	' ': 2, '\t': 2, '\r': 2, '\n': 2,
}

// validBase64 is (\s*([0-9a-zA-Z\+/=]){4}\s*)+ with = as padding at the end only,
// since nothing else can be decoded.
func validBase64(text []byte) bool {
	digits := 0
	for i, c := range text {
		switch base64Class[c] {
		case 1:
			digits++
		case 2:
			if digits%4 != 0 {
				return false
			}
		default:
			return c == '=' && validPadding(text[i:], digits)
		}
	}
	return digits > 0 && digits%4 == 0
}

// validPadding reports whether rest is the padding that completes the digits
// before it, and white space.
func validPadding(rest []byte, digits int) bool {
	n := 0
	for n < len(rest) && rest[n] == '=' {
		n++
	}
	for _, c := range rest[n:] {
		if base64Class[c] != 2 {
			return false
		}
	}
	return n <= 2 && (digits+n)%4 == 0
}

// validInteger reports whether the digits of a JSON integer are in the range of
// the class: 32 bits signed, from 0 for unsignedInt, from 1 for positiveInt.
func validInteger(digits []byte, c class) bool {
	negative := digits[0] == '-'
	if negative {
		if c != classInteger {
			return false
		}
		digits = digits[1:]
	}
	if len(digits) > 10 {
		return false
	}
	var n int64
	for _, d := range digits {
		n = n*10 + int64(d-'0')
	}
	switch {
	case negative:
		return n <= 1<<31
	case c == classPositiveInt && n == 0:
		return false
	}
	return n < 1<<31
}
