package txlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A recovery reads the last segment when a store is opened, and decides what is
// damage and what is a torn tail.
type recovery struct {
	keys *seal.Keyset
	head head
	last *segment

	chain   *chain
	records []position
	headMet bool                  // the record that head names was found, or needs no finding
	seals   map[seal.KeyID]uint64 // made by records beyond head
}

// openLast verifies the last segment, repairs its tail, opens the engine on it
// and publishes the first state.
func (l *Log) openLast(ctx context.Context, m *manifest, h head) error {
	st := l.state.Load()
	r := &recovery{keys: l.keys.Load(), head: h, last: st.segments[len(st.segments)-1],
		seals: map[seal.KeyID]uint64{}}
	r.chain = r.last.chain(l)
	if err := r.checkHead(m); err != nil {
		return err
	}
	end, err := r.read(ctx)
	if err != nil {
		return err
	}
	if err := l.restoreSeals(r); err != nil {
		return err
	}
	return l.startWriting(r, end)
}

// checkHead holds head against the manifest. Head may be behind the last
// segment, after a power failure, and never ahead of it.
func (r *recovery) checkHead(m *manifest) error {
	e := m.segments[len(m.segments)-1]
	switch {
	case r.head.segment > e.first, r.head.segment == e.first && r.head.sequence < e.first-1:
		return corruptf("head is at record %d, the last segment begins at %d", r.head.sequence, e.first)
	case r.head.sequence >= e.first && r.head.segment < e.first:
		return corruptf("head is at record %d, in segment %d", r.head.sequence, r.head.segment)
	case r.head.sequence == e.first-1 && (r.head.tag != e.previous || r.head.next != e.firstOrdinal):
		return corruptf("head and manifest differ at record %d", r.head.sequence)
	}
	r.headMet = r.head.sequence < e.first
	return nil
}

// read verifies the segment and returns where its good bytes end.
func (r *recovery) read(ctx context.Context) (end int64, err error) {
	size, err := r.last.file.Size()
	if err != nil {
		return 0, fmt.Errorf("txlog: open: %w", err)
	}
	s := &scanner{file: r.last.file, size: size}
	err = r.chain.walk(ctx, s, r.visit)
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return 0, err
	}
	if !r.headMet {
		if err != nil {
			return 0, err
		}
		return 0, corruptf("head is at record %d, the log ends before it", r.head.sequence)
	}
	if err != nil {
		if err := r.checkTorn(s.offset, size, err); err != nil {
			return 0, err
		}
	}
	return s.offset, r.repair(s.offset, size)
}

func (r *recovery) visit(info recordInfo, f frame, offset int64) bool {
	p := newPosition(info, offset, len(f.value))
	r.records = append(r.records, p)
	switch {
	case info.Sequence == r.head.sequence:
		r.headMet = r.head.end == p.end() && r.head.tag == r.chain.previous && r.head.next == r.chain.next
	case info.Sequence > r.head.sequence:
		r.seals[info.key] += recordSeals(info.Items)
	}
	return true
}

// checkTorn tells a torn tail from damage, beyond head. A record is synced
// before the next is begun, so only the last can be torn: where more records
// seem to follow, or where there is more than one record can have, the bytes
// are damaged.
func (r *recovery) checkTorn(offset, size int64, cause error) error {
	if size-offset > frameSize(MaxRecord) {
		return cause
	}
	tail := make([]byte, size-offset)
	if err := readFull(r.last.file, tail, offset); err != nil {
		return err
	}
	if holdsFrame(tail) {
		return cause
	}
	return nil
}

// repair cuts a torn tail, and makes durable what lies beyond head. Those bytes
// may be in the page cache alone, after a sync that failed, and marked as
// written: only writing them again is sure to bring them to the disk.
func (r *recovery) repair(end, size int64) error {
	from := int64(0)
	if r.head.segment == r.last.first {
		from = r.head.end
	}
	if end == size && end == from {
		return nil
	}
	if err := r.rewrite(from, end, size); err != nil {
		return fmt.Errorf("txlog: repair: %w", err)
	}
	return nil
}

func (r *recovery) rewrite(from, end, size int64) error {
	f := r.last.file
	if end < size {
		if err := f.Truncate(end); err != nil {
			return err
		}
	}
	for from < end {
		chunk := make([]byte, min(chunkSize, end-from))
		if err := readFull(f, chunk, from); err != nil {
			return err
		}
		if _, err := f.WriteAt(chunk, from); err != nil {
			return err
		}
		from += int64(len(chunk))
	}
	return f.Sync()
}

// restoreSeals sets the count of the current data key: what head says, and the
// seals of the records beyond it.
func (l *Log) restoreSeals(r *recovery) error {
	if _, err := r.keys.Key(r.head.key); err != nil {
		return sealError(err)
	}
	key := r.keys.Current()
	seals := r.seals[key.ID()]
	if key.ID() == r.head.key {
		seals += r.head.seals
	}
	key.RestoreSeals(seals)
	return nil
}

// startWriting opens the engine on the verified segment, publishes the state
// and brings head up to it.
func (l *Log) startWriting(r *recovery, end int64) error {
	engine, strings, err := openEngine(l.options.FS, segmentName(r.last.first), r.last.file, end)
	if err != nil {
		return err
	}
	l.writer.engine = engine
	if len(strings) != len(r.records) {
		return corruptf("engine has %d records of %d", len(strings), len(r.records))
	}
	for i, s := range strings {
		if len(s) != int(r.records[i].size) {
			return corruptf("engine and file differ at record %d", r.last.first+uint64(i))
		}
	}
	r.last.table.Store(&table{records: r.records, strings: strings})
	st := &state{segments: l.state.Load().segments, sequence: r.chain.sequence - 1, next: r.chain.next, tag: r.chain.previous}
	l.state.Store(st)
	if st.sequence == r.head.sequence {
		return nil
	}
	if err := l.writeHead(st); err != nil {
		return fmt.Errorf("txlog: repair: %w", err)
	}
	if err := l.writer.head.Sync(); err != nil {
		return fmt.Errorf("txlog: repair: %w", err)
	}
	return nil
}
