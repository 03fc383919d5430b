package pagetoken

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"strings"
)

// ErrInvalid is returned when a text is no token that was sealed with the key.
var ErrInvalid = errors.New("pagetoken: invalid token")

// A Kind is a kind of answer. Tokens of one kind are no tokens of another.
type Kind uint8

// The kinds of answers.
const (
	Search Kind = 1 + iota
	History
	Operation // an answer of package rest's own
)

// A Token is a place in an answer.
type Token struct {
	Kind     Kind
	Sequence uint64 // of the state
	Position uint64 // in the answer
	// Request and Settings are hashes of the request and of the settings; see [Hash].
	Request, Settings uint64
}

// Hash returns a hash of texts, for [Token.Request] and [Token.Settings]. Other texts,
// or the same texts cut elsewhere, have another hash.
func Hash(parts ...string) uint64 {
	h := sha256.New()
	var length [8]byte
	for _, part := range parts {
		binary.BigEndian.PutUint64(length[:], uint64(len(part)))
		h.Write(length[:])
		h.Write([]byte(part))
	}
	return binary.BigEndian.Uint64(h.Sum(nil))
}

// A Key authenticates tokens. The zero Key makes tokens that anyone can forge. It is
// safe for several goroutines.
type Key struct{ secret []byte }

// NewKey returns a key made of a secret, which is copied.
func NewKey(secret []byte) Key { return Key{append([]byte(nil), secret...)} }

// A token is base64url over: a byte of format, the kind, sequence, position and the two
// hashes, eight bytes each, and the MAC over all that.
const (
	format    = 2
	bodyLen   = 1 + 1 + 4*8
	macLen    = 16
	sealedLen = bodyLen + macLen
)

// Seal returns a token as text: letters, digits, hyphens and underscores.
func (k Key) Seal(t Token) string {
	b := make([]byte, 0, sealedLen)
	b = append(b, format, byte(t.Kind))
	for _, n := range [...]uint64{t.Sequence, t.Position, t.Request, t.Settings} {
		b = binary.BigEndian.AppendUint64(b, n)
	}
	return base64.RawURLEncoding.EncodeToString(append(b, k.mac(b)...))
}

// Open reads a token of a kind. It reports [ErrInvalid] for a text that Seal with the
// same key did not make. The caller compares request and settings.
func (k Key) Open(text string, kind Kind) (Token, error) {
	if strings.ContainsAny(text, "\r\n") { // the decoder passes over them
		return Token{}, ErrInvalid
	}
	b, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil || len(b) != sealedLen || !hmac.Equal(b[bodyLen:], k.mac(b[:bodyLen])) {
		return Token{}, ErrInvalid
	}
	if b[0] != format || Kind(b[1]) != kind {
		return Token{}, ErrInvalid
	}
	n := func(i int) uint64 { return binary.BigEndian.Uint64(b[2+8*i:]) }
	return Token{kind, n(0), n(1), n(2), n(3)}, nil
}

func (k Key) mac(b []byte) []byte {
	h := hmac.New(sha256.New, k.secret)
	h.Write([]byte("fhirlake page token\x00"))
	h.Write(b)
	return h.Sum(nil)[:macLen]
}
