package seal

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

// A KeyWrapper encrypts and decrypts a keyset with a key of the caller's. It
// has the shape of Keeper in gocloud.dev/secrets, so that any of its drivers
// is one.
//
// Encrypt should authenticate. Decrypt should report an error that wraps
// [ErrWrongKey] where it can tell that its key did not make the ciphertext;
// any other error is passed on as it is.
type KeyWrapper interface {
	Encrypt(ctx context.Context, plaintext []byte) ([]byte, error)
	Decrypt(ctx context.Context, ciphertext []byte) ([]byte, error)
}

const (
	fileMagic    = "FHIRLKEY"
	fileVersion  = 1
	fileHead     = 16 // magic, version, length of the wrapped keyset
	plainMagic   = "FLKS"
	plainVersion = 1
	plainHead    = 44 // magic, version, authentication key, number of keys
	plainKey     = 36 // id, secret

	// maxFile bounds what is read as a keyset: over 25,000 data keys.
	maxFile = 1 << 20
)

// Marshal returns the content of the keyset file, wrapped by w.
func (s *Keyset) Marshal(ctx context.Context, w KeyWrapper) ([]byte, error) {
	wrapped, err := w.Encrypt(ctx, s.appendPlain(nil))
	if err != nil {
		return nil, fmt.Errorf("seal: wrap keyset: %w", err)
	}
	file := append([]byte(nil), fileMagic...)
	file = binary.LittleEndian.AppendUint32(file, fileVersion)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(wrapped)))
	file = append(file, wrapped...)
	sum := sha256.Sum256(file)
	return append(file, sum[:]...), nil
}

// Unmarshal reads the content of a keyset file with the wrapper that made it.
//
// The file carries a checksum, so that damage (ErrCorrupt) is seen before the
// wrapper is asked. What the wrapper returns is checked as well: ErrWrongKey
// is certain.
func Unmarshal(ctx context.Context, file []byte, w KeyWrapper) (*Keyset, error) {
	if len(file) < fileHead+sha256.Size || len(file) > maxFile || string(file[:8]) != fileMagic {
		return nil, fmt.Errorf("%w: not a keyset file", ErrCorrupt)
	}
	body, sum := file[:len(file)-sha256.Size], file[len(file)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return nil, fmt.Errorf("%w: keyset checksum", ErrCorrupt)
	}
	if v := binary.LittleEndian.Uint32(body[8:]); v != fileVersion {
		return nil, fmt.Errorf("%w: keyset file version %d", ErrUnsupported, v)
	}
	wrapped := body[fileHead:]
	if uint64(binary.LittleEndian.Uint32(body[12:])) != uint64(len(wrapped)) {
		return nil, fmt.Errorf("%w: keyset length", ErrCorrupt)
	}
	plain, err := w.Decrypt(ctx, wrapped)
	if errors.Is(err, ErrWrongKey) {
		return nil, err
	}
	if err != nil {
		return nil, fmt.Errorf("seal: unwrap keyset: %w", err)
	}
	return parsePlain(plain)
}

func (s *Keyset) appendPlain(b []byte) []byte {
	b = append(b, plainMagic...)
	b = binary.LittleEndian.AppendUint32(b, plainVersion)
	b = append(b, s.auth[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.keys)))
	for _, key := range s.keys {
		b = binary.LittleEndian.AppendUint32(b, uint32(key.id))
		b = append(b, key.secret[:]...)
	}
	sum := sha256.Sum256(b)
	return append(b, sum[:]...)
}

// parsePlain reads an unwrapped keyset. A wrapper that does not authenticate
// returns noise for a wrong key; the checksum tells.
func parsePlain(b []byte) (*Keyset, error) {
	if len(b) < plainHead+sha256.Size || string(b[:4]) != plainMagic {
		return nil, fmt.Errorf("%w: unwrapped bytes are no keyset", ErrWrongKey)
	}
	body, sum := b[:len(b)-sha256.Size], b[len(b)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return nil, fmt.Errorf("%w: unwrapped keyset's checksum", ErrWrongKey)
	}
	if v := binary.LittleEndian.Uint32(body[4:]); v != plainVersion {
		return nil, fmt.Errorf("%w: keyset version %d", ErrUnsupported, v)
	}
	count := uint64(binary.LittleEndian.Uint32(body[40:]))
	if count == 0 || count*plainKey != uint64(len(body)-plainHead) {
		return nil, fmt.Errorf("%w: keyset of %d keys", ErrCorrupt, count)
	}
	set, err := newKeyset([KeySize]byte(body[8:40]))
	if err != nil {
		return nil, err
	}
	for rest := body[plainHead:]; len(rest) > 0; rest = rest[plainKey:] {
		id := KeyID(binary.LittleEndian.Uint32(rest))
		if id == 0 || len(set.keys) > 0 && id != set.Current().id+1 {
			return nil, fmt.Errorf("%w: keyset order", ErrCorrupt)
		}
		key, err := newKey(id, [KeySize]byte(rest[4:plainKey]))
		if err != nil {
			return nil, err
		}
		set.keys = append(set.keys, key)
	}
	return set, nil
}
