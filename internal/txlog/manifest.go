package txlog

import (
	"encoding/binary"
	"fmt"
	"path"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A manifest lists what a store consists of. It is replaced as a whole, and
// each names the one before.
type manifest struct {
	generation   uint64
	previous     seal.Tag // of the manifest before; zero for the first
	nextName     uint64   // of the next segment; names are given once
	horizon      uint64   // sequence of the newest commit that lost a version; 0 for none
	cut          bool     // made by Cut: a head before it says nothing
	patients     uint32   // least generation of the keys of patients
	dictionaries []dictionaryEntry
	terms        []termEntry    // with commits, rising; the last may have none yet
	segments     []segmentEntry // in order; all but the last are closed
}

// A dictionaryEntry authenticates a dictionary's file.
type dictionaryEntry struct {
	number uint32
	size   uint32
	tag    seal.Tag
}

// A termEntry says who wrote from a sequence on. The id is random, so that term
// and sequence together name one history.
type termEntry struct {
	term  uint64
	first uint64 // sequence of its first commit
	id    [16]byte
}

// A segmentEntry describes a segment. For the open segment, the manifest has the fields
// that are known when it begins; the writer keeps the rest.
type segmentEntry struct {
	name          uint64
	id            [16]byte // random; the tag before its first record
	firstSequence uint64
	firstNumber   Number
	before        int64 // time of the last commit before it

	lastSequence uint64
	lastNumber   Number
	from, to     int64 // times of its commits
	items        uint32
	records      uint32
	size         int64 // of the file
	last         seal.Tag
	keys         []seal.KeyID // data keys that it needs
}

const (
	manifestMagic   = "FLMANIFS"
	manifestVersion = 2

	// manifestFixed: magic, version, flags, generation, previous, next name,
	// horizon, numbers of dictionaries, terms, segments, generation of patients' keys.
	manifestFixed      = 8 + 4 + 4 + 8 + 16 + 8 + 8 + 4 + 4 + 4 + 4
	manifestDictionary = 4 + 4 + seal.TagSize
	manifestTerm       = 8 + 8 + 16
	manifestSegment    = 8 + 16 + 8 + 8 + 8 + 8 + 8 + 8 + 8 + 4 + 4 + 8 + 16 + 4 + 4

	flagCut = 1
)

func (m *manifest) marshal(keys *seal.Keyset) []byte {
	b := make([]byte, 0, manifestFixed+len(m.segments)*(manifestSegment+8)+seal.TagSize)
	b = append(b, manifestMagic...)
	b = binary.LittleEndian.AppendUint32(b, manifestVersion)
	flags := uint32(0)
	if m.cut {
		flags = flagCut
	}
	b = binary.LittleEndian.AppendUint32(b, flags)
	b = binary.LittleEndian.AppendUint64(b, m.generation)
	b = append(b, m.previous[:]...)
	b = binary.LittleEndian.AppendUint64(b, m.nextName)
	b = binary.LittleEndian.AppendUint64(b, m.horizon)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.dictionaries)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.terms)))
	b = binary.LittleEndian.AppendUint32(b, uint32(len(m.segments)))
	b = binary.LittleEndian.AppendUint32(b, m.patients)
	for _, d := range m.dictionaries {
		b = binary.LittleEndian.AppendUint32(b, d.number)
		b = binary.LittleEndian.AppendUint32(b, d.size)
		b = append(b, d.tag[:]...)
	}
	for _, t := range m.terms {
		b = binary.LittleEndian.AppendUint64(b, t.term)
		b = binary.LittleEndian.AppendUint64(b, t.first)
		b = append(b, t.id[:]...)
	}
	for i, s := range m.segments {
		if i == len(m.segments)-1 {
			s = s.opened()
		}
		b = s.append(b)
	}
	tag := keys.MAC(purposeManifest, b)
	return append(b, tag[:]...)
}

// opened returns the entry that the manifest has while the segment is open.
func (s *segmentEntry) opened() segmentEntry {
	return segmentEntry{name: s.name, id: s.id, firstSequence: s.firstSequence, firstNumber: s.firstNumber, before: s.before}
}

func (s *segmentEntry) append(b []byte) []byte {
	b = binary.LittleEndian.AppendUint64(b, s.name)
	b = append(b, s.id[:]...)
	b = binary.LittleEndian.AppendUint64(b, s.firstSequence)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.firstNumber))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.before))
	b = binary.LittleEndian.AppendUint64(b, s.lastSequence)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.lastNumber))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.from))
	b = binary.LittleEndian.AppendUint64(b, uint64(s.to))
	b = binary.LittleEndian.AppendUint32(b, s.items)
	b = binary.LittleEndian.AppendUint32(b, s.records)
	b = binary.LittleEndian.AppendUint64(b, uint64(s.size))
	b = append(b, s.last[:]...)
	b = binary.LittleEndian.AppendUint32(b, uint32(len(s.keys)))
	b = binary.LittleEndian.AppendUint32(b, 0)
	for _, k := range s.keys {
		b = binary.LittleEndian.AppendUint64(b, uint64(k))
	}
	return b
}

// manifestTag returns the tag at the end of a manifest's file.
func manifestTag(b []byte) (t seal.Tag) {
	copy(t[:], b[len(b)-seal.TagSize:])
	return t
}

func unmarshalManifest(b []byte, keys *seal.Keyset) (*manifest, error) {
	if len(b) < manifestFixed+seal.TagSize {
		return nil, corruptf("manifest has %d bytes", len(b))
	}
	body, tag := b[:len(b)-seal.TagSize], b[len(b)-seal.TagSize:]
	if !keys.VerifyMAC(purposeManifest, body, tag) {
		return nil, corruptf("manifest's tag does not match")
	}
	m, err := decodeManifest(body)
	if err != nil {
		return nil, err
	}
	return m, m.check()
}

// decodeManifest reads a manifest without its tag.
func decodeManifest(b []byte) (*manifest, error) {
	if len(b) < manifestFixed || string(b[:8]) != manifestMagic {
		return nil, corruptf("manifest of %d bytes is none", len(b))
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != manifestVersion {
		return nil, Unsupported("manifest", uint64(v), manifestVersion)
	}
	flags := binary.LittleEndian.Uint32(b[12:])
	if flags&^flagCut != 0 {
		return nil, Unsupported(fmt.Sprintf("manifest with flags %#x", flags), manifestVersion, manifestVersion)
	}
	m := &manifest{
		generation: binary.LittleEndian.Uint64(b[16:]),
		nextName:   binary.LittleEndian.Uint64(b[40:]),
		horizon:    binary.LittleEndian.Uint64(b[48:]),
		cut:        flags&flagCut != 0,
		patients:   binary.LittleEndian.Uint32(b[68:]),
	}
	copy(m.previous[:], b[24:])
	dictionaries := uint64(binary.LittleEndian.Uint32(b[56:]))
	terms := uint64(binary.LittleEndian.Uint32(b[60:]))
	segments := uint64(binary.LittleEndian.Uint32(b[64:]))
	b = b[manifestFixed:]
	if dictionaries*manifestDictionary+terms*manifestTerm+segments*manifestSegment > uint64(len(b)) {
		return nil, corruptf("manifest is too short for its %d segments", segments)
	}
	for range dictionaries {
		d := dictionaryEntry{number: binary.LittleEndian.Uint32(b), size: binary.LittleEndian.Uint32(b[4:])}
		copy(d.tag[:], b[8:])
		m.dictionaries = append(m.dictionaries, d)
		b = b[manifestDictionary:]
	}
	for range terms {
		t := termEntry{term: binary.LittleEndian.Uint64(b), first: binary.LittleEndian.Uint64(b[8:])}
		copy(t.id[:], b[16:])
		m.terms = append(m.terms, t)
		b = b[manifestTerm:]
	}
	for range segments {
		s, rest, ok := decodeSegment(b)
		if !ok {
			return nil, corruptf("manifest ends within a segment")
		}
		m.segments = append(m.segments, s)
		b = rest
	}
	if len(b) != 0 {
		return nil, corruptf("manifest has %d bytes too many", len(b))
	}
	return m, nil
}

func decodeSegment(b []byte) (s segmentEntry, rest []byte, ok bool) {
	if len(b) < manifestSegment {
		return s, nil, false
	}
	s = segmentEntry{
		name:          binary.LittleEndian.Uint64(b),
		firstSequence: binary.LittleEndian.Uint64(b[24:]),
		firstNumber:   Number(binary.LittleEndian.Uint64(b[32:])),
		before:        int64(binary.LittleEndian.Uint64(b[40:])),
		lastSequence:  binary.LittleEndian.Uint64(b[48:]),
		lastNumber:    Number(binary.LittleEndian.Uint64(b[56:])),
		from:          int64(binary.LittleEndian.Uint64(b[64:])),
		to:            int64(binary.LittleEndian.Uint64(b[72:])),
		items:         binary.LittleEndian.Uint32(b[80:]),
		records:       binary.LittleEndian.Uint32(b[84:]),
		size:          int64(binary.LittleEndian.Uint64(b[88:])),
	}
	copy(s.id[:], b[8:])
	copy(s.last[:], b[96:])
	keys := uint64(binary.LittleEndian.Uint32(b[112:]))
	b = b[manifestSegment:]
	if keys*8 > uint64(len(b)) {
		return s, nil, false
	}
	for range keys {
		s.keys = append(s.keys, seal.KeyID(binary.LittleEndian.Uint64(b)))
		b = b[8:]
	}
	return s, b, true
}

// check compares the entries: segments follow one another, and names are below
// nextName.
func (m *manifest) check() error {
	if len(m.segments) == 0 || m.generation == 0 {
		return corruptf("manifest %d lists %d segments", m.generation, len(m.segments))
	}
	for i, s := range m.segments {
		if s.name == 0 || s.name >= m.nextName || s.firstSequence == 0 || s.firstNumber == 0 {
			return corruptf("manifest: segment %d is not one", s.name)
		}
		if i == 0 {
			continue
		}
		before := m.segments[i-1]
		if before.records == 0 || before.firstSequence > before.lastSequence || before.lastSequence >= s.firstSequence ||
			before.firstNumber > before.lastNumber || before.lastNumber >= s.firstNumber {
			return corruptf("manifest: segments %d and %d do not join", before.name, s.name)
		}
	}
	return nil
}

// segmentName returns the path of the segment with a name.
func segmentName(name uint64) string { return path.Join(nameLog, segmentFile(name)) }

func segmentFile(name uint64) string { return fmt.Sprintf("%08d%s", name, segmentSuffix) }

const segmentSuffix = ".bunt"

// parseSegmentFile returns the name of a segment from that of its file.
func parseSegmentFile(file string) (name uint64, ok bool) {
	digits, ok := strings.CutSuffix(file, segmentSuffix)
	if !ok {
		return 0, false
	}
	name, err := strconv.ParseUint(digits, 10, 64)
	return name, err == nil && segmentFile(name) == file
}
