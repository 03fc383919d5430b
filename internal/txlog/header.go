package txlog

import (
	"encoding/binary"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Names in a store's folder.
const (
	nameLock     = "lock"
	nameHeader   = "header"
	nameKeyset   = "keyset"
	nameHead     = "head"
	nameManifest = "manifest"
	nameLog      = "log"
)

// Purposes of the tags over small files.
const (
	purposeHeader   = "header"
	purposeHead     = "head"
	purposeManifest = "manifest"
)

const (
	headerMagic   = "FHIRLAKE"
	formatVersion = 1
	maxZone       = 255

	// headerFixed: magic, version, length of the zone, store, salt, created.
	headerFixed = 8 + 4 + 4 + 16 + 16 + 8
)

// A storeHeader is the content of the header file, written once.
type storeHeader struct {
	store   [16]byte // random
	salt    [16]byte // of the hash key
	created int64    // microseconds since the Unix epoch, UTC
	zone    string   // IANA name of the store's time zone
}

func (h *storeHeader) marshal(keys *seal.Keyset) []byte {
	b := append([]byte(nil), headerMagic...)
	b = binary.LittleEndian.AppendUint32(b, formatVersion)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(h.zone)))
	b = append(b, h.store[:]...)
	b = append(b, h.salt[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.created))
	b = append(b, h.zone...)
	tag := keys.MAC(purposeHeader, b)
	return append(b, tag[:]...)
}

func unmarshalHeader(b []byte, keys *seal.Keyset) (*storeHeader, error) {
	if len(b) < headerFixed+seal.TagSize || len(b) > headerFixed+maxZone+seal.TagSize {
		return nil, corruptf("header has %d bytes", len(b))
	}
	body, tag := b[:len(b)-seal.TagSize], b[len(b)-seal.TagSize:]
	if !keys.VerifyMAC(purposeHeader, body, tag) {
		return nil, corruptf("header's tag does not match")
	}
	if v := binary.LittleEndian.Uint32(body[8:]); v != formatVersion {
		return nil, fmt.Errorf("%w: store has format %d, this is %d", ErrUnsupported, v, formatVersion)
	}
	h := &storeHeader{created: int64(binary.LittleEndian.Uint64(body[48:])), zone: string(body[headerFixed:])}
	copy(h.store[:], body[16:])
	copy(h.salt[:], body[32:])
	return h, nil
}

// corruptf returns an error that wraps ErrCorrupt.
func corruptf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}
