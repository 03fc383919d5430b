package seal

import (
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"sync/atomic"
)

// MaxSeals is how many parts and record tags one data key may seal. NIST SP
// 800-38D §8.3 allows 2³² with random 96-bit nonces; half of that leaves a
// margin.
const MaxSeals = 1 << 31

// A KeyID names a data key. It is random and not 0.
type KeyID uint64

// A Key is a data key with its ciphers. It is safe for use by many goroutines.
type Key struct {
	id      KeyID
	secret  [KeySize]byte
	parts   cipher.AEAD
	records cipher.AEAD
	seals   atomic.Uint64

	patientInfo string // what the data key gives to those of patients
}

// ID returns the key's identifier.
func (k *Key) ID() KeyID { return k.id }

// Reserve counts n seals before they are made. It reports ErrKeySpent, and
// counts nothing, where the key would exceed limit; 0 means MaxSeals.
//
// The count lives as long as the process: a key that an earlier process made
// seals with is never reserved again.
func (k *Key) Reserve(n, limit uint64) error {
	if limit == 0 || limit > MaxSeals {
		limit = MaxSeals
	}
	for {
		old := k.seals.Load()
		if old > limit || n > limit-old {
			return fmt.Errorf("%w (key %016x)", ErrKeySpent, uint64(k.id))
		}
		if k.seals.CompareAndSwap(old, old+n) {
			return nil
		}
	}
}

// A Keyset is the data keys of one store, the newest last, the key that
// authenticates its small files, and the key that encrypts the keyset's own
// file. It is immutable.
type Keyset struct {
	auth    authKey
	before  *authKey // the authentication key that a rotation replaces; nil without a rotation
	keys    []*Key
	retired int           // how many of the first keys the rotation replaces
	byID    map[KeyID]int // index in keys
	file    [KeySize]byte // encrypts the keyset's file
	wrapped []byte        // file, encrypted by the caller's wrapper
}

// NewKeyset returns a keyset with random keys and no data key. The wrapper is
// asked here; [Keyset.Marshal] needs it no more.
func NewKeyset(ctx context.Context, w KeyWrapper) (*Keyset, error) {
	file, err := NewFileKey(ctx, w)
	if err != nil {
		return nil, err
	}
	auth, err := randomAuthKey()
	if err != nil {
		return nil, err
	}
	return (&Keyset{auth: auth}).WithFileKey(file), nil
}

// WithNewKey returns a keyset that has one more data key, now the current one.
// The receiver stays as it is; both share the older keys and their counts.
func (s *Keyset) WithNewKey() (*Keyset, error) {
	var secret [KeySize]byte
	rand.Read(secret[:])
	id := newKeyID()
	for _, err := s.Key(id); err == nil; _, err = s.Key(id) {
		id = newKeyID()
	}
	key, err := newKey(id, secret)
	if err != nil {
		return nil, err
	}
	return s.with(append(slices.Clip(s.keys), key)), nil
}

// WithFileKey returns a keyset with another key for its file.
func (s *Keyset) WithFileKey(key FileKey) *Keyset {
	next := *s
	next.file, next.wrapped = key.secret, key.wrapped
	return &next
}

// Keep returns a keyset with the data keys for which wanted reports true.
func (s *Keyset) Keep(wanted func(KeyID) bool) *Keyset {
	var keys []*Key
	retired := 0
	for i, k := range s.keys {
		if !wanted(k.id) {
			continue
		}
		keys = append(keys, k)
		if i < s.retired {
			retired++
		}
	}
	next := s.with(keys)
	next.retired = retired
	return next
}

// with returns a keyset with other data keys, and with as many retired ones.
func (s *Keyset) with(keys []*Key) *Keyset {
	next := *s
	next.keys = keys
	next.byID = make(map[KeyID]int, len(keys))
	for i, k := range keys {
		next.byID[k.id] = i
	}
	return &next
}

func newKeyID() KeyID {
	var b [8]byte
	for {
		rand.Read(b[:])
		if id := KeyID(binary.LittleEndian.Uint64(b[:])); id != 0 {
			return id
		}
	}
}

// Current returns the newest data key, which seals new parts, or nil if there is none.
func (s *Keyset) Current() *Key {
	if len(s.keys) == 0 {
		return nil
	}
	return s.keys[len(s.keys)-1]
}

// IDs returns the identifiers of the data keys, the newest last.
func (s *Keyset) IDs() []KeyID {
	ids := make([]KeyID, len(s.keys))
	for i, k := range s.keys {
		ids[i] = k.id
	}
	return ids
}

// Key returns the data key with the given identifier, or ErrUnknownKey.
func (s *Keyset) Key(id KeyID) (*Key, error) {
	if i, ok := s.byID[id]; ok {
		return s.keys[i], nil
	}
	return nil, fmt.Errorf("%w: %016x", ErrUnknownKey, uint64(id))
}

// MAC returns the tag of data under the keyset's authentication key:
// HMAC-SHA256 cut to 16 bytes. Different purposes give different tags for the
// same data. A purpose has fewer than 256 bytes.
func (s *Keyset) MAC(purpose string, data []byte) Tag { return s.auth.tag(purpose, data) }

// VerifyMAC reports, in constant time, whether tag is the MAC of data. During a
// rotation it accepts a tag under the authentication key before as well.
func (s *Keyset) VerifyMAC(purpose string, data, tag []byte) bool {
	want := s.auth.tag(purpose, data)
	if hmac.Equal(want[:], tag) {
		return true
	}
	if s.before == nil {
		return false
	}
	want = s.before.tag(purpose, data)
	return hmac.Equal(want[:], tag)
}

// HashKey derives the key of a store's search hashes from the authentication
// key and the store's salt. It stays the same as long as the two do, whatever
// data keys come and go; a rotation changes it.
func (s *Keyset) HashKey(salt []byte) (key [16]byte, err error) {
	out, err := hkdf.Key(sha256.New, s.auth.secret[:], salt, "fhirlake 2 index hash", len(key))
	if err != nil {
		return key, fmt.Errorf("seal: derive: %w", err)
	}
	copy(key[:], out)
	return key, nil
}

// An authKey authenticates the small files of a store.
type authKey struct {
	secret [KeySize]byte
	mac    []byte
}

func randomAuthKey() (authKey, error) {
	var secret [KeySize]byte
	rand.Read(secret[:])
	return newAuthKey(secret)
}

func newAuthKey(secret [KeySize]byte) (authKey, error) {
	mac, err := hkdf.Expand(sha256.New, secret[:], "fhirlake 2 file tag", KeySize)
	if err != nil {
		return authKey{}, fmt.Errorf("seal: derive: %w", err)
	}
	return authKey{secret, mac}, nil
}

func (k *authKey) tag(purpose string, data []byte) (t Tag) {
	h := hmac.New(sha256.New, k.mac)
	h.Write([]byte{byte(len(purpose))})
	h.Write([]byte(purpose))
	h.Write(data)
	copy(t[:], h.Sum(nil))
	return t
}

func newKey(id KeyID, secret [KeySize]byte) (*Key, error) {
	key := &Key{id: id, secret: secret}
	var err error
	if key.parts, err = derivedGCM(secret[:], "fhirlake 2 part"); err != nil {
		return nil, err
	}
	if key.records, err = derivedGCM(secret[:], "fhirlake 2 record tag"); err != nil {
		return nil, err
	}
	root, err := hkdf.Expand(sha256.New, secret[:], "fhirlake 2 patients", KeySize)
	if err != nil {
		return nil, fmt.Errorf("seal: derive: %w", err)
	}
	key.patientInfo = "fhirlake 2 patient part" + string(root)
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
