package txlog

import (
	"encoding/binary"
	"sort"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Annotation appends the annotation of a commit to dst, nothing where it has none; it
// reports ErrNotFound for a commit that the log does not have. Otherwise it is as Values.
func (l *Log) Annotation(sequence uint64, dst []byte) ([]byte, error) {
	if l.closed.Load() {
		return dst, ErrClosed
	}
	st := l.state.Load()
	at := sort.Search(len(st.segments), func(i int) bool { return st.segments[i].entry.firstSequence > sequence }) - 1
	if at < 0 || sequence > st.last.Sequence {
		return dst, ErrNotFound
	}
	s := st.segments[at]
	t, err := s.load(l.keys.Load())
	if err != nil {
		return dst, err
	}
	if len(t.records) == 0 {
		return dst, ErrNotFound
	}
	i := t.from(sequence)
	p := &t.records[i]
	info := p.info
	if info == nil {
		if info, err = l.oneRun(s, t, i); err != nil {
			return dst, err
		}
	}
	run := sort.Search(len(info.runs), func(i int) bool { return info.runs[i].Sequence >= sequence })
	if run == len(info.runs) || info.runs[run].Sequence != sequence {
		return dst, ErrNotFound
	}
	start, end, id := info.annotation(run)
	if start == end {
		return dst, nil
	}
	sealed, err := t.read(s, i, int(start), int(end))
	if err != nil {
		return dst, err
	}
	key, err := l.keys.Load().Key(id)
	if err != nil {
		return dst, sealError(err)
	}
	out, err := key.OpenPart(dst, sealed, seal.PartID{Lineage: l.header.lineage, Number: sequence, Kind: seal.Annotation})
	if err != nil {
		return dst, sealError(err)
	}
	return out, nil
}

// oneRun returns what an annotation wants of the head of a record with one run.
func (l *Log) oneRun(s *segment, t *table, i int) (*recordInfo, error) {
	p := &t.records[i]
	b, err := t.read(s, i, recordHeadSize, recordHeadSize+runSize)
	if err != nil {
		return nil, err
	}
	run := recordRun{
		Run:     Run{Sequence: p.sequence},
		noteEnd: binary.LittleEndian.Uint32(b[28:]),
		noteKey: seal.KeyID(binary.LittleEndian.Uint64(b[32:])),
	}
	info := &recordInfo{items: p.items, runs: []recordRun{run}, spans: make([]span, 1)}
	if info.entries() != p.entries || uint64(p.entries)+uint64(p.items)*entrySize+uint64(run.noteEnd) > uint64(p.base) {
		return nil, corruptf("the annotation of commit %d is out of its record's bounds", p.sequence)
	}
	return info, nil
}

// read returns the bytes from start up to end of a record.
func (t *table) read(s *segment, i, start, end int) ([]byte, error) {
	if t.strings != nil {
		return stringBytes(t.strings[i])[start:end:end], nil
	}
	b := make([]byte, end-start)
	return b, readFull(s.file, b, int64(t.records[i].offset)+int64(start))
}
