package txlog

import (
	"context"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// chunkSize is how much of a segment is read at once. A caller who keeps one record
// keeps its whole chunk.
const chunkSize = 4 << 20

// A scanner is the framing reader: it reads the frames of a segment's file from
// offset to size. Every chunk is a new buffer, so that frames stay valid.
type scanner struct {
	file   File
	offset int64 // of the next frame
	size   int64
	chunk  []byte // bytes from offset on
}

// next returns the next frame and moves past it. At the end of the file it returns
// io.EOF; if the bytes at offset are not a whole frame, errFrame.
func (s *scanner) next() (frame, error) {
	for {
		if s.offset == s.size {
			return frame{}, io.EOF
		}
		want := maxFrameHead
		if len(s.chunk) > 0 {
			f, status, need := parseFrame(s.chunk)
			switch {
			case status == frameOK:
				s.offset += int64(f.size())
				s.chunk = s.chunk[f.size():]
				return f, nil
			case status == frameBad || int64(len(s.chunk)) == s.size-s.offset:
				return frame{}, errFrame
			}
			want = need
		}
		if err := s.fill(want); err != nil {
			return frame{}, err
		}
	}
}

// fill reads a chunk that begins at offset and has at least want bytes, as far
// as the file goes.
func (s *scanner) fill(want int) error {
	chunk := make([]byte, min(max(int64(want), chunkSize), s.size-s.offset))
	if err := readFull(s.file, chunk, s.offset); err != nil {
		return err
	}
	s.chunk = chunk
	return nil
}

// errFrame says that the bytes at the scanner's offset are no whole frame.
var errFrame = corruptf("not a whole record")

// A chain has the values that the next record of a segment must continue.
type chain struct {
	keys     *seal.Keyset // nil where tags are not checked
	name     uint64       // of the segment
	sequence uint64       // of the last run
	number   Number       // of the last item
	time     int64        // of the last run
	previous seal.Tag
	unlinked bool // previous is not known: believe the next record's
}

// accept verifies that the frame is the next record of the chain, whole and
// authentic, and moves the chain on.
func (c *chain) accept(f frame) (*recordInfo, error) {
	info, ok := decodeRecord(f.value)
	if !ok {
		if err := c.later(f.value); err != nil {
			return nil, fmt.Errorf("segment %d: after commit %d: %w", c.name, c.sequence, err)
		}
		return nil, corruptf("segment %d: record after commit %d does not decode", c.name, c.sequence)
	}
	first := info.firstRun()
	if f.sequence != first.Sequence || first.Sequence <= c.sequence || first.First <= c.number ||
		info.previous != c.previous && !c.unlinked {
		return nil, corruptf("segment %d: record after commit %d does not continue it", c.name, c.sequence)
	}
	if c.keys != nil {
		if err := verifyRecord(c.keys, f.value, info.key); err != nil {
			return nil, fmt.Errorf("%w: segment %d: record after commit %d: %w", ErrCorrupt, c.name, c.sequence, err)
		}
	}
	c.sequence, c.number, c.time = info.lastRun().Sequence, info.lastNumber(), info.lastRun().Time
	c.previous = recordTag(f.value)
	c.unlinked = false
	return &info, nil
}

// later reports ErrUnsupported for an authentic record of a later version or kind. Version,
// kind, data key, nonce and tag have the same places in all versions.
func (c *chain) later(b []byte) error {
	if len(b) < recordHeadSize+trailerSize || c.keys == nil {
		return nil
	}
	version, kind := uint64(b[offVersion]), b[offRecordKind]
	if version < recordVersion || version == recordVersion && kind == 0 ||
		verifyRecord(c.keys, b, seal.KeyID(binary.LittleEndian.Uint64(b[offKey:]))) != nil {
		return nil
	}
	if version == recordVersion {
		return Unsupported(fmt.Sprintf("record of kind %d", kind), version, version)
	}
	return Unsupported("record", version, recordVersion)
}

// walk verifies records from the scanner until its end, or until visit returns false.
// visit gets the offset in the file at which the record begins. A damaged record is an
// error; the scanner's offset is then where that record begins.
func (c *chain) walk(ctx context.Context, s *scanner, visit func(info *recordInfo, f frame, offset int64) bool) error {
	for {
		before := s.offset
		f, err := s.next()
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
		info, err := c.accept(f)
		if err != nil {
			s.offset = before
			return err
		}
		if !visit(info, f, before+int64(f.head)) {
			return nil
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
}
