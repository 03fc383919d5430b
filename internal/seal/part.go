package seal

import (
	"encoding/binary"
	"fmt"
	"sync"
)

// Sizes in bytes.
const (
	KeySize   = 32
	NonceSize = 12
	TagSize   = 16

	// Overhead is what sealing adds to a part: the tag, then the nonce.
	Overhead = TagSize + NonceSize
)

// A Tag authenticates a record, or one of the store's small files.
type Tag [TagSize]byte

// PartKind says what a part is.
type PartKind uint8

// The parts of items, of commits and of checkpoints.
const (
	Values     PartKind = 1 // of an item: what the index needs
	Body       PartKind = 2 // of an item: the resource
	Annotation PartKind = 3 // of a commit
	Checkpoint PartKind = 4 // of a checkpoint: a section of it
)

// A PartID names the owner of a part: an item or a commit. It is authenticated with the
// part and not stored with it. It names no place, so that a part can move as it is.
type PartID struct {
	Lineage [16]byte // of the store; of a section, the random id of its checkpoint
	Number  uint64   // of the item; of an annotation, the sequence of its commit; of a section, its place
	Slot    uint32   // key slot of the item; 0 is the store's data keys
	Kind    PartKind
}

// aadSize is the length of the additional data of a part.
const aadSize = 40

// aadFormat is the first byte of the additional data. It changes when the
// layout of the additional data does.
const aadFormat = 2

// aad is kept in a pool because it escapes through the cipher.AEAD interface,
// and opening a part must not allocate.
type aad [aadSize]byte

var aadPool = sync.Pool{New: func() any { return new(aad) }}

func (a *aad) set(p *PartID, key KeyID) {
	a[0] = aadFormat
	a[1] = byte(p.Kind)
	a[2], a[3] = 0, 0
	binary.LittleEndian.PutUint32(a[4:], p.Slot)
	copy(a[8:24], p.Lineage[:])
	binary.LittleEndian.PutUint64(a[24:], uint64(key))
	binary.LittleEndian.PutUint64(a[32:], p.Number)
}

// SealPart appends the sealed form of plaintext to dst: ciphertext, tag, nonce.
// The nonce must be random and used once; the seal must have been reserved
// with [Key.Reserve]. dst must not overlap plaintext or nonce.
func (k *Key) SealPart(dst, plaintext []byte, nonce *[NonceSize]byte, id PartID) []byte {
	a := aadPool.Get().(*aad)
	a.set(&id, k.id)
	dst = k.parts.Seal(dst, nonce[:], plaintext, a[:])
	aadPool.Put(a)
	return append(dst, nonce[:]...)
}

// OpenPart appends the plaintext of a sealed part to dst and returns the
// extended slice. It allocates only where dst lacks room. The sealed part may
// lie exactly at dst[len(dst):], and is then decrypted in place. It reports
// ErrCorrupt for a part that was not sealed by this key under this PartID.
func (k *Key) OpenPart(dst, sealed []byte, id PartID) ([]byte, error) {
	if len(sealed) < Overhead {
		return dst, fmt.Errorf("%w: part of %d bytes", ErrCorrupt, len(sealed))
	}
	ciphertext, nonce := sealed[:len(sealed)-NonceSize], sealed[len(sealed)-NonceSize:]
	a := aadPool.Get().(*aad)
	a.set(&id, k.id)
	out, err := k.parts.Open(dst, nonce, ciphertext, a[:])
	aadPool.Put(a)
	if err != nil {
		return dst, fmt.Errorf("%w: part does not open", ErrCorrupt)
	}
	return out, nil
}

// TagRecord returns the tag of a record's bytes under a random nonce that is
// used once for this key.
//
// Records are tagged by GMAC, at memory speed (10 GB/s where HMAC-SHA256 does
// 1.4), because opening a store verifies all of them.
func (k *Key) TagRecord(record []byte, nonce *[NonceSize]byte) (t Tag) {
	k.records.Seal(t[:0], nonce[:], nil, record)
	return t
}

// VerifyRecord reports ErrCorrupt unless tag is the tag of these bytes.
// nonce has NonceSize bytes and tag TagSize.
func (k *Key) VerifyRecord(record, nonce, tag []byte) error {
	if _, err := k.records.Open(nil, nonce, tag, record); err != nil {
		return fmt.Errorf("%w: record tag does not match", ErrCorrupt)
	}
	return nil
}
