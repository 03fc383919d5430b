package datastore

import (
	"fmt"
	"sync"

	"github.com/klauspost/compress/s2"
)

// The body part of a log item is one byte that names the dictionary, then the
// resource in its stored form as an S2 block (docs/format/item.md).
const bodyDictionary = 1

// bodyDict is made at first use: it hashes the dictionary's text.
var bodyDict = sync.OnceValue(func() *s2.Dict {
	return s2.MakeDict([]byte(dictionaryText), []byte(`"resourceType":"`))
})

// appendBody appends the body part of a stored form.
func appendBody(dst, stored []byte) []byte {
	dst = append(dst, bodyDictionary)
	at := len(dst)
	room := s2.MaxEncodedLen(len(stored))
	if cap(dst)-at < room {
		dst = append(make([]byte, 0, at+room), dst...)
	}
	block := bodyDict().Encode(dst[at:at+room], stored)
	return dst[:at+len(block)]
}

// openBody appends to dst the stored form that a body part holds.
func openBody(dst, body []byte) ([]byte, error) {
	if len(body) < 2 || body[0] != bodyDictionary {
		return nil, fmt.Errorf("%w: body of an item", ErrCorrupt)
	}
	size, err := s2.DecodedLen(body[1:])
	if err != nil {
		return nil, fmt.Errorf("%w: body of an item", ErrCorrupt)
	}
	at := len(dst)
	if cap(dst)-at < size {
		dst = append(make([]byte, 0, at+size), dst...)
	}
	if _, err := bodyDict().Decode(dst[at:at+size], body[1:]); err != nil {
		return nil, fmt.Errorf("%w: body of an item", ErrCorrupt)
	}
	return dst[:at+size], nil
}
