package quote

import "github.com/go-json-experiment/json/jsontext"

// Append appends text as a JSON string. Bytes that are not UTF-8 become U+FFFD.
func Append[Bytes ~string | ~[]byte](dst []byte, text Bytes) []byte {
	dst, _ = jsontext.AppendQuote(dst, text) // the only error is about UTF-8
	return dst
}
