package seal

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"fmt"
	"sync/atomic"
)

// MaxSeals is how many parts and record tags one data key may seal. NIST SP
// 800-38D §8.3 allows 2³² with random 96-bit nonces; half of that leaves room
// for seals that a crash made us forget.
const MaxSeals = 1 << 31

// A KeyID names a data key in its keyset. IDs begin at 1 and rise.
type KeyID uint32

// A Key is a data key with its ciphers. It is safe for use by many goroutines.
type Key struct {
	id      KeyID
	secret  [KeySize]byte
	parts   cipher.AEAD
	records cipher.AEAD
	seals   atomic.Uint64
}

// ID returns the key's identifier.
func (k *Key) ID() KeyID { return k.id }

// Seals returns how many seals were reserved so far.
func (k *Key) Seals() uint64 { return k.seals.Load() }

// RestoreSeals sets the count to what was remembered outside. It is for the
// opening of a store, before the first Reserve.
func (k *Key) RestoreSeals(n uint64) { k.seals.Store(n) }

// Reserve counts n seals before they are made. It reports ErrKeySpent, and
// counts nothing, where the key would exceed limit; 0 means MaxSeals.
func (k *Key) Reserve(n, limit uint64) error {
	if limit == 0 || limit > MaxSeals {
		limit = MaxSeals
	}
	for {
		old := k.seals.Load()
		if old > limit || n > limit-old {
			return fmt.Errorf("%w (key %d)", ErrKeySpent, k.id)
		}
		if k.seals.CompareAndSwap(old, old+n) {
			return nil
		}
	}
}

// A Keyset is the data keys of one store, the newest last, and the key that
// authenticates its small files. It is immutable.
type Keyset struct {
	auth [KeySize]byte
	mac  []byte
	keys []*Key
}

// NewKeyset returns a keyset with random keys and one data key.
func NewKeyset() (*Keyset, error) {
	var auth, secret [KeySize]byte
	rand.Read(auth[:])
	rand.Read(secret[:])
	set, err := newKeyset(auth)
	if err != nil {
		return nil, err
	}
	key, err := newKey(1, secret)
	if err != nil {
		return nil, err
	}
	set.keys = []*Key{key}
	return set, nil
}

// WithNewKey returns a keyset that has one more data key, now the current one.
// The receiver stays as it is; both share the older keys and their counts.
func (s *Keyset) WithNewKey() (*Keyset, error) {
	var secret [KeySize]byte
	rand.Read(secret[:])
	key, err := newKey(s.Current().id+1, secret)
	if err != nil {
		return nil, err
	}
	next := &Keyset{auth: s.auth, mac: s.mac}
	next.keys = append(append(next.keys, s.keys...), key)
	return next, nil
}

// Current returns the key that new parts are sealed with.
func (s *Keyset) Current() *Key { return s.keys[len(s.keys)-1] }

// Key returns the data key with the given identifier, or ErrUnknownKey.
func (s *Keyset) Key(id KeyID) (*Key, error) {
	// IDs are dense in a keyset that never lost a key; a later rotation may
	// drop the first ones.
	first := s.keys[0].id
	if id < first || uint64(id-first) >= uint64(len(s.keys)) {
		return nil, fmt.Errorf("%w: %d", ErrUnknownKey, id)
	}
	return s.keys[id-first], nil
}

// MAC returns the tag of data under the keyset's authentication key:
// HMAC-SHA256 cut to 16 bytes. Different purposes give different tags for the
// same data. A purpose has fewer than 256 bytes.
func (s *Keyset) MAC(purpose string, data []byte) (t Tag) {
	h := hmac.New(sha256.New, s.mac)
	h.Write([]byte{byte(len(purpose))})
	h.Write([]byte(purpose))
	h.Write(data)
	copy(t[:], h.Sum(nil))
	return t
}

// VerifyMAC reports, in constant time, whether tag is the MAC of data.
func (s *Keyset) VerifyMAC(purpose string, data, tag []byte) bool {
	want := s.MAC(purpose, data)
	return hmac.Equal(want[:], tag)
}

// HashKey derives the key of a store's search hashes from the authentication
// key and the store's salt. It stays the same as long as the two do, whatever
// data keys come and go.
func (s *Keyset) HashKey(salt []byte) (key [16]byte, err error) {
	out, err := hkdf.Key(sha256.New, s.auth[:], salt, "fhirlake 1 index hash", len(key))
	if err != nil {
		return key, fmt.Errorf("seal: derive: %w", err)
	}
	copy(key[:], out)
	return key, nil
}

func newKeyset(auth [KeySize]byte) (*Keyset, error) {
	mac, err := hkdf.Expand(sha256.New, auth[:], "fhirlake 1 file tag", KeySize)
	if err != nil {
		return nil, fmt.Errorf("seal: derive: %w", err)
	}
	return &Keyset{auth: auth, mac: mac}, nil
}

func newKey(id KeyID, secret [KeySize]byte) (*Key, error) {
	key := &Key{id: id, secret: secret}
	var err error
	if key.parts, err = derivedGCM(secret[:], "fhirlake 1 part"); err != nil {
		return nil, err
	}
	if key.records, err = derivedGCM(secret[:], "fhirlake 1 record tag"); err != nil {
		return nil, err
	}
	return key, nil
}

func derivedGCM(secret []byte, info string) (cipher.AEAD, error) {
	key, err := hkdf.Expand(sha256.New, secret, info, KeySize)
	if err != nil {
		return nil, fmt.Errorf("seal: derive: %w", err)
	}
	return newGCM(key)
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, fmt.Errorf("seal: cipher: %w", err)
	}
	aead, err := cipher.NewGCM(block)
	if err != nil {
		return nil, fmt.Errorf("seal: cipher: %w", err)
	}
	return aead, nil
}
