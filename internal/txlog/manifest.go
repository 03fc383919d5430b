package txlog

import (
	"encoding/binary"
	"fmt"
	"path"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A manifest lists the segments in order. All but the last are closed.
type manifest struct {
	epoch    uint32 // changes when ordinals are numbered anew
	segments []segmentEntry
}

// A segmentEntry describes a segment. The second half is zero for the last,
// open segment.
type segmentEntry struct {
	first        uint64 // first sequence, and the name
	firstOrdinal Ordinal
	previous     seal.Tag // tag of the record before; the store's id for none

	records uint32
	next    Ordinal // after the last
	size    int64   // of the file
	last    seal.Tag
}

const (
	manifestMagic   = "FLMANIFS"
	manifestVersion = 1
	manifestFixed   = 8 + 4 + 4 + 4 + 4 // magic, version, epoch, segments, dictionaries
	manifestEntry   = 8 + 4 + seal.TagSize + 4 + 4 + 8 + seal.TagSize
)

func (m *manifest) marshal(keys *seal.Keyset) []byte {
	b := make([]byte, 0, manifestFixed+len(m.segments)*manifestEntry+seal.TagSize)
	b = append(b, manifestMagic...)
	b = binary.LittleEndian.AppendUint32(b, manifestVersion)
	b = binary.LittleEndian.AppendUint32(b, m.epoch)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.segments)))
	b = binary.LittleEndian.AppendUint32(b, 0) // dictionaries: none in this version
	for _, s := range m.segments {
		b = binary.LittleEndian.AppendUint64(b, s.first)
		b = binary.LittleEndian.AppendUint32(b, s.firstOrdinal)
		b = append(b, s.previous[:]...)
		b = binary.LittleEndian.AppendUint32(b, s.records)
		b = binary.LittleEndian.AppendUint32(b, s.next)
		b = binary.LittleEndian.AppendUint64(b, uint64(s.size))
		b = append(b, s.last[:]...)
	}
	tag := keys.MAC(purposeManifest, b)
	return append(b, tag[:]...)
}

func unmarshalManifest(b []byte, keys *seal.Keyset) (*manifest, error) {
	if len(b) < manifestFixed+seal.TagSize {
		return nil, corruptf("manifest has %d bytes", len(b))
	}
	body, tag := b[:len(b)-seal.TagSize], b[len(b)-seal.TagSize:]
	if !keys.VerifyMAC(purposeManifest, body, tag) {
		return nil, corruptf("manifest's tag does not match")
	}
	if v := binary.LittleEndian.Uint32(body[8:]); v != manifestVersion {
		return nil, fmt.Errorf("%w: manifest version %d", ErrUnsupported, v)
	}
	if n := binary.LittleEndian.Uint32(body[20:]); n != 0 {
		return nil, fmt.Errorf("%w: manifest with dictionaries", ErrUnsupported)
	}
	m := &manifest{epoch: binary.LittleEndian.Uint32(body[12:])}
	count := uint64(binary.LittleEndian.Uint32(body[16:]))
	if count == 0 || count*manifestEntry != uint64(len(body)-manifestFixed) {
		return nil, corruptf("manifest of %d segments", count)
	}
	for e := body[manifestFixed:]; len(e) > 0; e = e[manifestEntry:] {
		s := segmentEntry{
			first:        binary.LittleEndian.Uint64(e),
			firstOrdinal: binary.LittleEndian.Uint32(e[8:]),
			records:      binary.LittleEndian.Uint32(e[28:]),
			next:         binary.LittleEndian.Uint32(e[32:]),
			size:         int64(binary.LittleEndian.Uint64(e[36:])),
		}
		copy(s.previous[:], e[12:])
		copy(s.last[:], e[44:])
		m.segments = append(m.segments, s)
	}
	return m, m.check()
}

// check holds the entries against one another: each segment begins where the
// one before ends.
func (m *manifest) check() error {
	for i := 1; i < len(m.segments); i++ {
		before, s := m.segments[i-1], m.segments[i]
		if before.records == 0 || before.first+uint64(before.records) != s.first ||
			before.next != s.firstOrdinal || before.last != s.previous {
			return corruptf("manifest: segments %d and %d do not join", before.first, s.first)
		}
	}
	return nil
}

// segmentName returns the path of the segment that begins at a sequence.
func segmentName(first uint64) string {
	return path.Join(nameLog, segmentFile(first))
}

func segmentFile(first uint64) string { return fmt.Sprintf("%08d.bunt", first) }
