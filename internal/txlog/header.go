package txlog

import (
	"encoding/binary"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Names in a store's folder.
const (
	nameHeader       = "header"
	nameKeyset       = "keyset"
	nameHead         = "head"
	nameManifest     = "manifest"
	namePatients     = "patients"
	nameLog          = "log"
	nameDictionaries = "dictionaries"
	nameCheckpoint   = "checkpoint"
)

// Purposes of the tags over small files.
const (
	purposeHeader     = "header"
	purposeHead       = "head"
	purposeManifest   = "manifest"
	purposeDictionary = "dictionary"
	purposeCheckpoint = "checkpoint"
)

const (
	headerMagic = "FLHEADER"

	// oldMagic began the headers of the first format, which is no longer read.
	oldMagic = "FHIRLAKE"

	// formatVersion is the least version of this format that a reader of a
	// store must know.
	formatVersion = 2

	// knownFeatures are the feature bits that this version knows: none yet.
	knownFeatures = 0

	// headerBody: magic, reader version, 0, features, lineage, store, salt, created.
	headerBody = 8 + 4 + 4 + 8 + 16 + 16 + 16 + 8
	headerSize = headerBody + seal.TagSize
)

// A storeHeader is the content of the header file, written once.
type storeHeader struct {
	features uint64
	lineage  [16]byte // random; copies of a store keep it
	store    [16]byte // random; each copy has its own
	salt     [16]byte // of the hash key
	created  int64    // microseconds since the Unix epoch, UTC
}

func (h *storeHeader) marshal(keys *seal.Keyset) []byte {
	b := append([]byte(nil), headerMagic...)
	b = binary.LittleEndian.AppendUint32(b, formatVersion)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, h.features)
	b = append(b, h.lineage[:]...)
	b = append(b, h.store[:]...)
	b = append(b, h.salt[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.created))
	tag := keys.MAC(purposeHeader, b)
	return append(b, tag[:]...)
}

// checkReader reports ErrUnsupported for the header of a store that this version cannot
// read. It looks at nothing else in the header.
func checkReader(b []byte) error {
	if len(b) >= 8 && string(b[:8]) == oldMagic {
		return Unsupported("store", 1, formatVersion)
	}
	if len(b) < 12 || string(b[:8]) != headerMagic {
		return corruptf("header of %d bytes is none", len(b))
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != formatVersion {
		return Unsupported("store", uint64(v), formatVersion)
	}
	if len(b) < 24 {
		return corruptf("header of %d bytes is none", len(b))
	}
	if f := binary.LittleEndian.Uint64(b[16:]) &^ knownFeatures; f != 0 {
		return Unsupported(fmt.Sprintf("store with features %#x", f), formatVersion, formatVersion)
	}
	return nil
}

// decodeHeader reads a header without checking its tag.
func decodeHeader(b []byte) (*storeHeader, error) {
	if err := checkReader(b); err != nil {
		return nil, err
	}
	if len(b) != headerSize {
		return nil, corruptf("header has %d bytes", len(b))
	}
	h := &storeHeader{
		features: binary.LittleEndian.Uint64(b[16:]),
		created:  int64(binary.LittleEndian.Uint64(b[72:])),
	}
	copy(h.lineage[:], b[24:])
	copy(h.store[:], b[40:])
	copy(h.salt[:], b[56:])
	return h, nil
}

func unmarshalHeader(b []byte, keys *seal.Keyset) (*storeHeader, error) {
	h, err := decodeHeader(b)
	if err != nil {
		return nil, err
	}
	if !keys.VerifyMAC(purposeHeader, b[:headerBody], b[headerBody:]) {
		return nil, corruptf("header's tag does not match")
	}
	return h, nil
}

// Unsupported returns an ErrUnsupported that says what has a version that this program does
// not read, and which program reads it. What has the version that is read, and something
// else of a later version, belongs to a later program.
func Unsupported(what string, has, reads uint64) error {
	switch {
	case has < reads:
		return fmt.Errorf("%w: %s of format version %d, this fhirlake reads version %d and no earlier one", ErrUnsupported, what, has, reads)
	case has == reads:
		return fmt.Errorf("%w: %s: open it with a newer fhirlake", ErrUnsupported, what)
	}
	return fmt.Errorf("%w: %s of format version %d, this fhirlake reads version %d: open it with a newer fhirlake", ErrUnsupported, what, has, reads)
}

// corruptf returns an error that wraps ErrCorrupt.
func corruptf(format string, args ...any) error {
	return fmt.Errorf("%w: %s", ErrCorrupt, fmt.Sprintf(format, args...))
}
