package index

import (
	"fmt"
	"slices"

	"github.com/klauspost/compress/s2"
)

// Formats of packed payloads: the first byte.
const (
	packPlain = 1
	packS2    = 2 // S2 with the dictionary
)

// maxPayload bounds what a packed payload may claim to hold. A resource has at
// most 64 MiB, of which a text may be a value in two forms and as words.
const maxPayload = 256 << 20

// Pack appends a payload to dst in compressed form, or as it is where that is
// shorter. A payload without values takes no bytes.
func Pack(dst, payload []byte) []byte {
	if len(payload) == 0 {
		return dst
	}
	start := len(dst)
	if room := s2.MaxEncodedLen(len(payload)); room > 0 && len(payload) > 16 {
		dst = append(slices.Grow(dst, 1+room), packS2)
		out := dictionary().Encode(dst[len(dst):len(dst)+room], payload)
		if len(out) < len(payload) {
			return dst[:len(dst)+len(out)]
		}
	}
	return append(append(dst[:start], packPlain), payload...)
}

// Unpack appends to dst the payload that Pack was given. It reports [ErrFormat]
// or [ErrDamaged].
func Unpack(dst, block []byte) ([]byte, error) {
	if len(block) == 0 {
		return dst, nil
	}
	switch block[0] {
	case packPlain:
		return append(dst, block[1:]...), nil
	case packS2:
		n, err := s2.DecodedLen(block[1:])
		// Three bytes of S2 copy at most 65,536: a longer claim is a lie, and
		// would make damage allocate what it likes.
		if err != nil || n > maxPayload || n/(1<<16) > len(block) {
			return dst, fmt.Errorf("%w: length", ErrDamaged)
		}
		dst = slices.Grow(dst, n)
		at := len(dst)
		if _, err := dictionary().Decode(dst[at:at+n], block[1:]); err != nil {
			return dst, fmt.Errorf("%w: compression", ErrDamaged)
		}
		return dst[:at+n], nil
	}
	return dst, ErrFormat
}
