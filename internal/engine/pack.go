package engine

import (
	"bytes"
	"fmt"
	"sync"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/klauspost/compress/s2"
)

// A packer makes the parts of items small. It is for one goroutine.
type packer struct{ out []byte }

const bodyDictionary = 1

// bodyDict is made at first use: it hashes the dictionary's text.
var bodyDict = sync.OnceValue(func() *s2.Dict {
	return s2.MakeDict([]byte(dictionaryText), []byte(`"resourceType":"`))
})

// values appends a packed values payload.
func (p *packer) values(dst, payload []byte) []byte {
	p.out = index.Pack(p.out[:0], payload)
	return append(dst, p.out...)
}

// body appends a packed stored form.
func (p *packer) body(dst, stored []byte) []byte {
	room := s2.MaxEncodedLen(len(stored))
	if cap(p.out) < room {
		p.out = make([]byte, 0, room)
	}
	block := bodyDict().Encode(p.out[:room], stored)
	return append(append(bytes.Clone(dst), bodyDictionary), block...)
}

// unpackBody appends to dst the stored form that a body part holds.
func unpackBody(dst, body []byte) ([]byte, error) {
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

// unpackValues appends to dst the payload that a packed values block holds.
func unpackValues(dst, block []byte) ([]byte, error) {
	payload, err := index.Unpack(dst, block)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	return payload, nil
}
