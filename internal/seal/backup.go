package seal

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
)

// A BackupSecret gives the keys of the streams that a store's backups are. The store
// keeps it where it keeps its data.
type BackupSecret [KeySize]byte

// A BackupID tells secrets, or keys of keysets, apart and tells nothing of them.
type BackupID [8]byte

// NewBackupSecret returns a random secret.
func NewBackupSecret() (s BackupSecret) {
	rand.Read(s[:])
	return s
}

// ID returns the secret's identifier.
func (b *BackupSecret) ID() (BackupID, error) { return backupID(b[:]) }

func backupID(secret []byte) (id BackupID, err error) {
	out, err := hkdf.Expand(sha256.New, secret, "fhirlake 1 backup id", len(id))
	if err != nil {
		return id, fmt.Errorf("seal: derive: %w", err)
	}
	return BackupID(out), nil
}

// StreamKey returns the key of one stream, which its random salt names.
func (b *BackupSecret) StreamKey(salt []byte) (key [KeySize]byte, err error) {
	out, err := hkdf.Key(sha256.New, b[:], salt, "fhirlake 1 backup stream", KeySize)
	if err != nil {
		return key, fmt.Errorf("seal: derive: %w", err)
	}
	return [KeySize]byte(out), nil
}

// BackupID identifies the key of the keyset's file. It changes whenever that key does,
// and then the secret of new backups should.
func (s *Keyset) BackupID() (BackupID, error) { return backupID(s.file[:]) }

// WrappedKey returns the key of the keyset's file as the caller's wrapper encrypted it.
// [OpenBox] takes it.
func (s *Keyset) WrappedKey() []byte { return bytes.Clone(s.wrapped) }

// SealBox seals a text under the key of the keyset's file, so that whoever has the
// wrapper can open it. It is bound to what lies before it.
func (s *Keyset) SealBox(text, before []byte) ([]byte, error) {
	aead, err := derivedGCM(s.file[:], "fhirlake 1 backup box")
	if err != nil {
		return nil, err
	}
	nonce := make([]byte, NonceSize, Overhead+len(text))
	rand.Read(nonce)
	return aead.Seal(nonce, nonce, text, before), nil
}

// OpenBox opens what SealBox sealed. It reports ErrWrongKey, ErrCorrupt, ErrKey, or what
// the wrapper reports.
func OpenBox(ctx context.Context, box, before, wrapped []byte, w KeyWrapper) ([]byte, error) {
	file, err := unwrapFileKey(ctx, w, wrapped)
	if err != nil {
		return nil, err
	}
	aead, err := derivedGCM(file[:], "fhirlake 1 backup box")
	if err != nil {
		return nil, err
	}
	if len(box) < Overhead {
		return nil, fmt.Errorf("%w: box of %d bytes", ErrCorrupt, len(box))
	}
	text, err := aead.Open(nil, box[:NonceSize], box[NonceSize:], before)
	if err != nil {
		return nil, fmt.Errorf("%w: box does not open", ErrCorrupt)
	}
	return text, nil
}

// DataKeySize is the length of a data key that moves: id, secret.
const DataKeySize = plainKey

// AppendDataKeys appends the data keys that wanted reports true for to b, in the
// clear: whoever calls it seals them.
func (s *Keyset) AppendDataKeys(b []byte, wanted func(KeyID) bool) []byte {
	for _, k := range s.keys {
		if wanted(k.id) {
			b = binary.LittleEndian.AppendUint64(b, uint64(k.id))
			b = append(b, k.secret[:]...)
		}
	}
	return b
}

// WithDataKeys returns a keyset that has data keys of another as well, as
// AppendDataKeys gave them, before its own that no rotation replaces: none of them becomes
// the current one of a keyset that has one. It reports ErrCorrupt for a key that is another than the one
// with its identifier.
func (s *Keyset) WithDataKeys(b []byte) (*Keyset, error) {
	if len(b)%DataKeySize != 0 {
		return nil, fmt.Errorf("%w: data keys of %d bytes", ErrCorrupt, len(b))
	}
	var more []*Key
	secrets := map[KeyID][KeySize]byte{}
	for ; len(b) > 0; b = b[DataKeySize:] {
		id, secret := KeyID(binary.LittleEndian.Uint64(b)), [KeySize]byte(b[8:DataKeySize])
		have, ok := secrets[id]
		if k, err := s.Key(id); err == nil {
			have, ok = k.secret, true
		}
		if ok && have != secret {
			return nil, fmt.Errorf("%w: two data keys are called %016x", ErrCorrupt, uint64(id))
		}
		if ok {
			continue
		}
		key, err := newKey(id, secret)
		if err != nil {
			return nil, err
		}
		more, secrets[id] = append(more, key), secret
	}
	return s.with(slices.Concat(s.keys[:s.retired], more, s.keys[s.retired:])), nil
}
