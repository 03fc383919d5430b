package seal

import (
	"bytes"
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
)

const (
	fileMagic   = "FHIRLKEY"
	fileVersion = 2
	fileHead    = 16 // magic, version, length of the wrapped file key

	wrapMagic   = "FLKW"
	wrapVersion = 2
	wrapSize    = 4 + 4 + KeySize // magic, version, file key

	// plainHead: number of data keys, number of retired ones, authentication key,
	// the one before.
	plainHead = 4 + 4 + KeySize + KeySize
	plainKey  = 8 + KeySize // id, secret

	// maxFile bounds what is read as a keyset: over 1,600,000 data keys.
	maxFile = 64 << 20

	// maxWrapped bounds what a wrapper may make of the file key.
	maxWrapped = 64 << 10
)

// A FileKey encrypts the file of a keyset. The file has the FileKey too, encrypted by
// the caller's wrapper.
type FileKey struct {
	secret  [KeySize]byte
	wrapped []byte
}

// NewFileKey returns a random key, wrapped by w. It reports ErrKey or the context's
// error.
func NewFileKey(ctx context.Context, w KeyWrapper) (key FileKey, err error) {
	rand.Read(key.secret[:])
	key.wrapped, err = wrapFileKey(ctx, w, key.secret)
	return key, err
}

// CheckWrapper asks a wrapper to open the keyset's file key. It reports ErrWrongKey if
// the wrapper gives another key or none, or the wrapper's error.
func (s *Keyset) CheckWrapper(ctx context.Context, w KeyWrapper) error {
	key, err := unwrapFileKey(ctx, w, s.wrapped)
	if err != nil {
		return err
	}
	if key != s.file {
		return fmt.Errorf("%w: it opens another keyset", ErrWrongKey)
	}
	return nil
}

// wrapFileKey lets the caller's wrapper encrypt the key of the keyset's file. A wrapper
// never gets the keyset itself: some key services take no more than 4 KiB, and a keyset
// grows.
func wrapFileKey(ctx context.Context, w KeyWrapper, key [KeySize]byte) ([]byte, error) {
	plain := append([]byte(nil), wrapMagic...)
	plain = binary.LittleEndian.AppendUint32(plain, wrapVersion)
	plain = append(plain, key[:]...)
	sum := sha256.Sum256(plain)
	plain = append(plain, sum[:]...)
	wrapped, err := guard(ctx, func() ([]byte, error) { return w.Encrypt(ctx, plain) })
	if err != nil {
		return nil, wrapperError("wrap", err)
	}
	if len(wrapped) > maxWrapped {
		return nil, fmt.Errorf("%w: it returned %d bytes", ErrWrapper, len(wrapped))
	}
	// A key that the wrapper cannot decrypt again must not be written.
	if back, err := unwrapFileKey(ctx, w, wrapped); err != nil || back != key {
		if errors.Is(err, ErrWrongKey) || err == nil {
			err = fmt.Errorf("%w: it does not decrypt what it encrypts", ErrWrapper)
		}
		return nil, err
	}
	return wrapped, nil
}

// wrapperError says that a key cannot be had, unless the error is of a class of its own.
func wrapperError(what string, err error) error {
	for _, class := range []error{ErrKey, ErrCorrupt, context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, class) {
			return fmt.Errorf("seal: %s keyset: %w", what, err)
		}
	}
	return fmt.Errorf("%w: %s keyset: %w", ErrKey, what, err)
}

// unwrapFileKey reverses wrapFileKey. A wrapper that does not authenticate
// returns noise for a wrong key; magic and checksum tell.
func unwrapFileKey(ctx context.Context, w KeyWrapper, wrapped []byte) (key [KeySize]byte, err error) {
	plain, err := guard(ctx, func() ([]byte, error) { return w.Decrypt(ctx, wrapped) })
	if errors.Is(err, ErrWrongKey) {
		return key, err
	}
	if err != nil {
		return key, wrapperError("unwrap", err)
	}
	if len(plain) != wrapSize+sha256.Size || string(plain[:4]) != wrapMagic {
		return key, fmt.Errorf("%w: unwrapped bytes are no key of a keyset", ErrWrongKey)
	}
	if sum := sha256.Sum256(plain[:wrapSize]); !bytes.Equal(sum[:], plain[wrapSize:]) {
		return key, fmt.Errorf("%w: unwrapped key's checksum", ErrWrongKey)
	}
	if v := binary.LittleEndian.Uint32(plain[4:]); v != wrapVersion {
		return key, unsupported("key of the keyset", uint64(v), wrapVersion)
	}
	return [KeySize]byte(plain[8:wrapSize]), nil
}

// Marshal returns the content of the keyset file. It asks no wrapper.
func (s *Keyset) Marshal() ([]byte, error) {
	aead, err := derivedGCM(s.file[:], "fhirlake 2 keyset")
	if err != nil {
		return nil, err
	}
	file := append([]byte(nil), fileMagic...)
	file = binary.LittleEndian.AppendUint32(file, fileVersion)
	file = binary.LittleEndian.AppendUint32(file, uint32(len(s.wrapped)))
	file = append(file, s.wrapped...)
	head := file
	nonce := make([]byte, NonceSize)
	rand.Read(nonce)
	file = append(file, nonce...)
	file = aead.Seal(file, nonce, s.appendPlain(nil), head)
	sum := sha256.Sum256(file)
	return append(file, sum[:]...), nil
}

// unsupported returns an ErrUnsupported that says what has another version than the one that
// is read.
func unsupported(what string, has, reads uint64) error {
	if has < reads {
		return fmt.Errorf("%w: %s of format version %d, this fhirlake reads version %d and no earlier one", ErrUnsupported, what, has, reads)
	}
	return fmt.Errorf("%w: %s of format version %d, this fhirlake reads version %d: open it with a newer fhirlake", ErrUnsupported, what, has, reads)
}

// A KeysetFile is what a keyset file tells without its wrapper.
type KeysetFile struct {
	Version int
	Keys    int // number of data keys
}

// InspectFile reads the unencrypted head of a keyset file. It reports ErrCorrupt or
// ErrUnsupported.
func InspectFile(file []byte) (KeysetFile, error) {
	info, _, _, err := splitFile(file)
	return info, err
}

// splitFile checks the checksum of a keyset file and splits it.
func splitFile(file []byte) (info KeysetFile, head, sealed []byte, err error) {
	if len(file) < fileHead+sha256.Size || len(file) > maxFile || string(file[:8]) != fileMagic {
		return info, nil, nil, fmt.Errorf("%w: not a keyset file", ErrCorrupt)
	}
	body, sum := file[:len(file)-sha256.Size], file[len(file)-sha256.Size:]
	if want := sha256.Sum256(body); !bytes.Equal(sum, want[:]) {
		return info, nil, nil, fmt.Errorf("%w: keyset checksum", ErrCorrupt)
	}
	info.Version = int(binary.LittleEndian.Uint32(body[8:]))
	if info.Version != fileVersion {
		return info, nil, nil, unsupported("keyset", uint64(info.Version), fileVersion)
	}
	n := uint64(binary.LittleEndian.Uint32(body[12:]))
	if n > maxWrapped || fileHead+n+Overhead+plainHead > uint64(len(body)) {
		return info, nil, nil, fmt.Errorf("%w: keyset length", ErrCorrupt)
	}
	head, sealed = body[:fileHead+n], body[fileHead+n:]
	keys := len(sealed) - Overhead - plainHead
	if keys%plainKey != 0 {
		return info, nil, nil, fmt.Errorf("%w: keyset length", ErrCorrupt)
	}
	info.Keys = keys / plainKey
	return info, head, sealed, nil
}

// Unmarshal reads the content of a keyset file with the wrapper that made it.
//
// The file carries a checksum, so that damage (ErrCorrupt) is seen before the
// wrapper is asked. What the wrapper returns is checked as well: ErrWrongKey
// is certain.
func Unmarshal(ctx context.Context, file []byte, w KeyWrapper) (*Keyset, error) {
	_, head, sealed, err := splitFile(file)
	if err != nil {
		return nil, err
	}
	wrapped := bytes.Clone(head[fileHead:])
	key, err := unwrapFileKey(ctx, w, wrapped)
	if err != nil {
		return nil, err
	}
	aead, err := derivedGCM(key[:], "fhirlake 2 keyset")
	if err != nil {
		return nil, err
	}
	plain, err := aead.Open(nil, sealed[:NonceSize], sealed[NonceSize:], head)
	if err != nil {
		return nil, fmt.Errorf("%w: keyset does not open", ErrCorrupt)
	}
	set, err := parsePlain(plain)
	if err != nil {
		return nil, err
	}
	set.file, set.wrapped = key, wrapped
	return set, nil
}

func (s *Keyset) appendPlain(b []byte) []byte {
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.keys)))
	b = binary.LittleEndian.AppendUint32(b, uint32(s.retired))
	b = append(b, s.auth.secret[:]...)
	var before [KeySize]byte // zero where there is none
	if s.before != nil {
		before = s.before.secret
	}
	b = append(b, before[:]...)
	for _, key := range s.keys {
		b = binary.LittleEndian.AppendUint64(b, uint64(key.id))
		b = append(b, key.secret[:]...)
	}
	return b
}

// parsePlain reads a decrypted keyset.
func parsePlain(b []byte) (*Keyset, error) {
	if len(b) < plainHead {
		return nil, fmt.Errorf("%w: keyset of %d bytes", ErrCorrupt, len(b))
	}
	count, retired := uint64(binary.LittleEndian.Uint32(b)), uint64(binary.LittleEndian.Uint32(b[4:]))
	auth, before := [KeySize]byte(b[8:8+KeySize]), [KeySize]byte(b[8+KeySize:plainHead])
	rotating := before != [KeySize]byte{}
	if count*plainKey != uint64(len(b)-plainHead) || retired > count || retired > 0 && !rotating {
		return nil, fmt.Errorf("%w: keyset of %d keys, %d of them retired, in %d bytes", ErrCorrupt, count, retired, len(b))
	}
	set := new(Keyset)
	var err error
	if set.auth, err = newAuthKey(auth); err != nil {
		return nil, err
	}
	if rotating {
		old, err := newAuthKey(before)
		if err != nil {
			return nil, err
		}
		set.before = &old
	}
	keys := make([]*Key, 0, count)
	for rest := b[plainHead:]; len(rest) > 0; rest = rest[plainKey:] {
		id := KeyID(binary.LittleEndian.Uint64(rest))
		key, err := newKey(id, [KeySize]byte(rest[8:plainKey]))
		if err != nil {
			return nil, err
		}
		keys = append(keys, key)
	}
	set = set.with(keys)
	set.retired = int(retired)
	return set, nil
}
