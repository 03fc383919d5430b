package txlog

import (
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A checkpointHeader begins the file of a checkpoint. It names the log and the place in the
// log to which the checkpoint belongs. See docs/format/checkpoint.md.
type checkpointHeader struct {
	store     [16]byte
	lineage   [16]byte
	id        [16]byte   // random
	key       seal.KeyID // data key of its parts
	last      Last       // where the log ended
	term      [16]byte   // of the writer of the last commit
	segments  uint32     // how many there were
	digest    [32]byte   // of their names and ids
	parts     uint32
	directory int64 // offset of the directory
	size      int64 // of the file
}

const (
	checkpointMagic = "FLCHECKP"

	// checkpointVersion is the version of the file; the parts have versions of their own.
	checkpointVersion = 1

	// checkpointBody: magic, version, segments, store, lineage, id, key, sequence,
	// next number, time, term, digest, parts, 0, directory, size.
	checkpointBody = 8 + 4 + 4 + 16 + 16 + 16 + 8 + 8 + 8 + 8 + 16 + 32 + 4 + 4 + 8 + 8
	checkpointHead = checkpointBody + seal.TagSize

	checkpointEntry = 8 + 4 // of the directory: offset and size of a part

	// directoryNumber is the directory's place among the parts.
	directoryNumber = 1 << 32
)

func (h *checkpointHeader) marshal(keys *seal.Keyset) []byte {
	b := append(make([]byte, 0, checkpointHead), checkpointMagic...)
	b = binary.LittleEndian.AppendUint32(b, checkpointVersion)
	b = binary.LittleEndian.AppendUint32(b, h.segments)
	b = append(append(append(b, h.store[:]...), h.lineage[:]...), h.id[:]...)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.key))
	b = binary.LittleEndian.AppendUint64(b, h.last.Sequence)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.last.Next))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.last.Time))
	b = append(append(b, h.term[:]...), h.digest[:]...)
	b = binary.LittleEndian.AppendUint32(b, h.parts)
	b = binary.LittleEndian.AppendUint32(b, 0)
	b = binary.LittleEndian.AppendUint64(b, uint64(h.directory))
	b = binary.LittleEndian.AppendUint64(b, uint64(h.size))
	tag := keys.MAC(purposeCheckpoint, b)
	return append(b, tag[:]...)
}

// decodeCheckpointHeader reads a header without checking its tag.
func decodeCheckpointHeader(b []byte) (*checkpointHeader, error) {
	if len(b) < checkpointHead || string(b[:8]) != checkpointMagic {
		return nil, corruptf("checkpoint is none")
	}
	if v := binary.LittleEndian.Uint32(b[8:]); v != checkpointVersion {
		return nil, Unsupported("checkpoint", uint64(v), checkpointVersion)
	}
	h := &checkpointHeader{
		segments: binary.LittleEndian.Uint32(b[12:]),
		key:      seal.KeyID(binary.LittleEndian.Uint64(b[64:])),
		last: Last{
			Sequence: binary.LittleEndian.Uint64(b[72:]),
			Next:     Number(binary.LittleEndian.Uint64(b[80:])),
			Time:     int64(binary.LittleEndian.Uint64(b[88:])),
		},
		parts:     binary.LittleEndian.Uint32(b[144:]),
		directory: int64(binary.LittleEndian.Uint64(b[152:])),
		size:      int64(binary.LittleEndian.Uint64(b[160:])),
	}
	copy(h.store[:], b[16:])
	copy(h.lineage[:], b[32:])
	copy(h.id[:], b[48:])
	copy(h.term[:], b[96:])
	copy(h.digest[:], b[112:])
	return h, nil
}

// directorySize is the length of the sealed directory.
func (h *checkpointHeader) directorySize() int64 {
	return int64(h.parts)*checkpointEntry + seal.Overhead
}

// digestOf tells segments apart: by their names, which are given once, and their ids. It
// also tells under which hash key a checkpoint's terms were made.
func digestOf(hashKey [16]byte, n int, entry func(i int) *segmentEntry) (digest [32]byte) {
	b := append(make([]byte, 0, 16+n*24), hashKey[:]...)
	for i := range n {
		e := entry(i)
		b = binary.LittleEndian.AppendUint64(b, e.name)
		b = append(b, e.id[:]...)
	}
	return sha256.Sum256(b)
}

// digest is that of all segments.
func (l *Log) digest(st *state) [32]byte {
	return digestOf(l.hashKey, len(st.segments), func(i int) *segmentEntry { return &st.segments[i].entry })
}

// A checkpointPlace is what a checkpoint is held against.
type checkpointPlace struct {
	header   *storeHeader
	manifest *manifest
	hashKey  [16]byte
	keyless  bool   // the keys are not known: segments are not compared
	last     uint64 // sequence
	segments int
	entry    func(i int) *segmentEntry
}

// fits reports why a checkpoint is not one of a log: it is another store's, or of a
// commit that the log has not, or segments were rewritten or cut since. What was only
// appended since does no harm, so that an older checkpoint is as good as a newer one.
func (h *checkpointHeader) fits(p checkpointPlace) error {
	switch {
	case h.store != p.header.store || h.lineage != p.header.lineage:
		return corruptf("checkpoint is another store's")
	case h.last.Sequence > p.last || h.term != p.manifest.termTag(p.header.lineage, h.last.Sequence):
		return corruptf("checkpoint is of commit %d, which the log has not", h.last.Sequence)
	case int64(h.segments) > int64(p.segments) || !p.keyless && h.digest != digestOf(p.hashKey, int(h.segments), p.entry):
		return corruptf("checkpoint is of segments or keys that were replaced")
	}
	return nil
}

// fitsCheckpoint reports why a checkpoint is not one of this log as it is now.
func (l *Log) fitsCheckpoint(h *checkpointHeader) error {
	st := l.state.Load()
	return h.fits(checkpointPlace{
		header: l.header, manifest: l.manifest.Load(), hashKey: l.hashKey, last: st.last.Sequence,
		segments: len(st.segments), entry: func(i int) *segmentEntry { return &st.segments[i].entry },
	})
}

// readCheckpoint opens the checkpoint and reads its header. Where it cannot be used, err
// says why, or is fs.ErrNotExist.
func (l *Log) readCheckpoint() (h *checkpointHeader, f File, err error) {
	if l.options.inMemory {
		return nil, nil, fs.ErrNotExist
	}
	if f, err = l.folder.Open(nameCheckpoint, os.O_RDONLY); err != nil {
		return nil, nil, err
	}
	defer func() {
		if err != nil {
			f.Close()
			f = nil
		}
	}()
	if h, err = readCheckpointHeader(f, l.keys.Load()); err != nil {
		return nil, f, err
	}
	return h, f, l.fitsCheckpoint(h)
}

// readCheckpointHeader reads the header of a checkpoint. Without keys its tag is not
// checked.
func readCheckpointHeader(f File, keys *seal.Keyset) (*checkpointHeader, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	b := make([]byte, min(size, checkpointHead))
	if err := readFull(f, b, 0); err != nil {
		return nil, err
	}
	h, err := decodeCheckpointHeader(b)
	if err != nil {
		return nil, err
	}
	if keys != nil && !keys.VerifyMAC(purposeCheckpoint, b[:checkpointBody], b[checkpointBody:]) {
		return nil, corruptf("checkpoint's tag does not match")
	}
	if h.size != size || h.directory < checkpointHead || h.directory+h.directorySize() != size {
		return nil, corruptf("checkpoint has %d bytes, should have %d", size, h.size)
	}
	return h, nil
}

// keyOfCheckpoint returns the data key of the checkpoint, and notes the checkpoint. One that
// cannot be used is removed.
func (l *Log) keyOfCheckpoint() (key seal.KeyID, ok bool) {
	h, f, err := l.readCheckpoint()
	switch {
	case err == nil:
		f.Close()
		l.checkpoint.Store(h)
		return h.key, true
	case errors.Is(err, fs.ErrNotExist):
		return 0, false
	}
	l.options.Logger.Info("the checkpoint of the index cannot be used; the whole log is read", "reason", err)
	if errors.Is(err, ErrCorrupt) || errors.Is(err, ErrUnsupported) {
		// What cannot be removed is written over, or looked at again.
		_ = l.folder.Remove(nameCheckpoint)
	}
	return 0, false
}
