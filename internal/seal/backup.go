package seal

import (
	"bytes"
	"context"
	"crypto/hkdf"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"maps"
)

// A BackupSecret gives the keys of a store's backups. It comes from the key of the
// keyset's file and stays the same as long as that does, whatever data keys come and
// go and whoever wraps it.
type BackupSecret [KeySize]byte

// BackupID tells backup secrets apart and tells nothing of them.
type BackupID [8]byte

// BackupSecret returns the secret of the store's backups.
func (s *Keyset) BackupSecret() (BackupSecret, error) { return backupSecret(s.file) }

// WrappedKey returns the key of the keyset's file as the caller's wrapper encrypted it.
// [UnwrapBackup] gets the backup secret from it.
func (s *Keyset) WrappedKey() []byte { return bytes.Clone(s.wrapped) }

// UnwrapBackup returns the backup secret of a store from what its Keyset.WrappedKey
// returned. It reports ErrWrongKey, ErrKey, or what the wrapper reports.
func UnwrapBackup(ctx context.Context, wrapped []byte, w KeyWrapper) (BackupSecret, error) {
	file, err := unwrapFileKey(ctx, w, wrapped)
	if err != nil {
		return BackupSecret{}, err
	}
	return backupSecret(file)
}

func backupSecret(file [KeySize]byte) (s BackupSecret, err error) {
	out, err := hkdf.Expand(sha256.New, file[:], "fhirlake 1 backup", KeySize)
	if err != nil {
		return s, fmt.Errorf("seal: derive: %w", err)
	}
	return BackupSecret(out), nil
}

// ID returns the secret's identifier.
func (b *BackupSecret) ID() (id BackupID, err error) {
	out, err := hkdf.Expand(sha256.New, b[:], "fhirlake 1 backup id", len(id))
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

// DataKeySize is the length of an exported data key: id, secret.
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
// AppendDataKeys gave them, before its own: none of them becomes the current one of
// a keyset that has one. It reports ErrCorrupt for a key that is another than the one
// with its identifier.
func (s *Keyset) WithDataKeys(b []byte) (*Keyset, error) {
	if len(b)%DataKeySize != 0 {
		return nil, fmt.Errorf("%w: data keys of %d bytes", ErrCorrupt, len(b))
	}
	next := s.with(nil)
	maps.Copy(next.byID, s.byID)
	for ; len(b) > 0; b = b[DataKeySize:] {
		id, secret := KeyID(binary.LittleEndian.Uint64(b)), [KeySize]byte(b[8:DataKeySize])
		if k := next.byID[id]; k != nil {
			if k.secret != secret {
				return nil, fmt.Errorf("%w: two data keys are called %016x", ErrCorrupt, uint64(id))
			}
			continue
		}
		key, err := newKey(id, secret)
		if err != nil {
			return nil, err
		}
		next.keys = append(next.keys, key)
		next.byID[id] = key
	}
	next.keys = append(next.keys, s.keys...)
	return next, nil
}
