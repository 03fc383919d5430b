package seal

import (
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/binary"
	"fmt"

	"golang.org/x/crypto/argon2"
)

// A KeyWrapper encrypts and decrypts the key of a keyset with a key of the
// caller's. It has the shape of Keeper in gocloud.dev/secrets, so that any of
// its drivers is one.
//
// Encrypt should authenticate. Decrypt should report an error that wraps [ErrWrongKey]
// if it can tell that its key did not make the ciphertext; any other error is passed on
// as it is. A wrapper runs in a goroutine of its own: its panic is an error, and after
// the end of ctx nobody waits for it.
type KeyWrapper interface {
	Encrypt(ctx context.Context, plaintext []byte) ([]byte, error)
	Decrypt(ctx context.Context, ciphertext []byte) ([]byte, error)
}

// guard runs the caller's code. A panic, or an end by runtime.Goexit, is an error. At
// the end of ctx, guard returns without waiting for the code.
func guard(ctx context.Context, f func() ([]byte, error)) ([]byte, error) {
	type result struct {
		b   []byte
		err error
	}
	done := make(chan result, 1)
	go func() {
		r := result{err: fmt.Errorf("%w: it ended its goroutine", ErrWrapper)}
		defer func() {
			if p := recover(); p != nil {
				r = result{err: fmt.Errorf("%w: it panicked (%T)", ErrWrapper, p)}
			}
			done <- r
		}()
		b, err := f()
		r = result{b, err}
	}()
	select {
	case r := <-done:
		return r.b, r.err
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

// Kinds of wrapped blob, its first byte.
const (
	blobRaw        = 1 // wrapped by 32 key bytes
	blobPassphrase = 2 // wrapped by a key derived from a passphrase
)

// checkSize is the length of the key check value in a blob: it is derived from
// the key, and tells a wrong key from a damaged blob.
const checkSize = 16

// wrap appends check, nonce and sealed plaintext to head, authenticating head.
func wrap(head []byte, key, plaintext []byte) ([]byte, error) {
	check, enc, err := wrapKeys(key)
	if err != nil {
		return nil, err
	}
	aead, err := newGCM(enc)
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, NonceSize)
	rand.Read(nonce)
	blob := append(append(append([]byte(nil), head...), check...), nonce...)
	return aead.Seal(blob, nonce, plaintext, head), nil
}

// unwrap opens what wrap appended to the first n bytes of the blob.
func unwrap(blob []byte, n int, key []byte) ([]byte, error) {
	check, enc, err := wrapKeys(key)
	if err != nil {
		return nil, err
	}
	head, rest := blob[:n], blob[n:]
	if len(rest) < checkSize+NonceSize+TagSize {
		return nil, fmt.Errorf("%w: wrapped key is too short", ErrCorrupt)
	}
	if subtle.ConstantTimeCompare(check, rest[:checkSize]) != 1 {
		return nil, ErrWrongKey
	}
	aead, err := newGCM(enc)
	if err != nil {
		return nil, err
	}
	nonce, sealed := rest[checkSize:checkSize+NonceSize], rest[checkSize+NonceSize:]
	plaintext, err := aead.Open(nil, nonce, sealed, head)
	if err != nil {
		return nil, fmt.Errorf("%w: wrapped key does not open", ErrCorrupt)
	}
	return plaintext, nil
}

func wrapKeys(key []byte) (check, enc []byte, err error) {
	if check, err = hkdf.Expand(sha256.New, key, "fhirlake 1 wrap check", checkSize); err != nil {
		return nil, nil, fmt.Errorf("seal: derive: %w", err)
	}
	if enc, err = hkdf.Expand(sha256.New, key, "fhirlake 1 wrap", KeySize); err != nil {
		return nil, nil, fmt.Errorf("seal: derive: %w", err)
	}
	return check, enc, nil
}

type rawKey [KeySize]byte

// RandomKey returns a wrapper with a random key that lives in memory only:
// what it wrapped is lost with it.
func RandomKey() KeyWrapper {
	key := new(rawKey)
	rand.Read(key[:])
	return key
}

// RawKey returns a wrapper with this key. A key of zeros was probably never set: using
// the wrapper reports ErrZeroKey.
func RawKey(key [KeySize]byte) KeyWrapper {
	raw := rawKey(key)
	return &raw
}

func (k *rawKey) Encrypt(_ context.Context, plaintext []byte) ([]byte, error) {
	if *k == (rawKey{}) {
		return nil, ErrZeroKey
	}
	return wrap([]byte{blobRaw}, k[:], plaintext)
}

func (k *rawKey) Decrypt(_ context.Context, blob []byte) ([]byte, error) {
	if *k == (rawKey{}) {
		return nil, ErrZeroKey
	}
	if len(blob) == 0 || blob[0] != blobRaw {
		return nil, fmt.Errorf("%w: wrapped by another kind of key", ErrWrongKey)
	}
	return unwrap(blob, 1, k[:])
}

// Cost of deriving a key from a passphrase: the second recommendation of RFC
// 9106 §4, about 0.1 s. The limits bound what a tampered blob can ask for.
const (
	argonTime    = 3
	argonMemory  = 64 << 10 // KiB
	argonThreads = 4
	argonSalt    = 16

	maxArgonTime   = 64
	maxArgonMemory = 1 << 20 // KiB

	passphraseHead = 1 + 4 + 4 + 1 + argonSalt
)

type passphrase []byte

// Passphrase returns a wrapper whose key is derived from secret by Argon2id.
// Salt and cost are stored with the wrapped key. The secret is copied. An empty
// one is refused with ErrPassphrase when the wrapper is used.
func Passphrase(secret []byte) KeyWrapper {
	return passphrase(append([]byte(nil), secret...))
}

func (p passphrase) Encrypt(_ context.Context, plaintext []byte) ([]byte, error) {
	if len(p) == 0 {
		return nil, ErrPassphrase
	}
	head := []byte{blobPassphrase}
	head = binary.LittleEndian.AppendUint32(head, argonTime)
	head = binary.LittleEndian.AppendUint32(head, argonMemory)
	head = append(head, argonThreads)
	salt := make([]byte, argonSalt)
	rand.Read(salt)
	head = append(head, salt...)
	return wrap(head, p.key(salt, argonTime, argonMemory, argonThreads), plaintext)
}

func (p passphrase) Decrypt(_ context.Context, blob []byte) ([]byte, error) {
	if len(p) == 0 {
		return nil, ErrPassphrase
	}
	if len(blob) == 0 || blob[0] != blobPassphrase {
		return nil, fmt.Errorf("%w: wrapped by another kind of key", ErrWrongKey)
	}
	if len(blob) < passphraseHead {
		return nil, fmt.Errorf("%w: wrapped key is too short", ErrCorrupt)
	}
	time, memory, threads := binary.LittleEndian.Uint32(blob[1:]), binary.LittleEndian.Uint32(blob[5:]), blob[9]
	if time == 0 || time > maxArgonTime || memory == 0 || memory > maxArgonMemory || threads == 0 {
		return nil, fmt.Errorf("%w: cost of the passphrase", ErrCorrupt)
	}
	return unwrap(blob, passphraseHead, p.key(blob[10:passphraseHead], time, memory, threads))
}

func (p passphrase) key(salt []byte, time, memory uint32, threads uint8) []byte {
	return argon2.IDKey(p, salt, time, memory, threads, KeySize)
}
