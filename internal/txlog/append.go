package txlog

import (
	"context"
	"fmt"
	"slices"
	"unsafe"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Append seals items and appends them as one record. When it returns nil the
// record is durable and readable. h.Sequence and h.First must be the next, as
// [Log.Last] tells them; h.Items is not looked at. The parts are not kept and
// not changed.
//
// The context is looked at before anything is written, and by the key wrapper
// in the rare case that a new data key begins; a write that has begun is
// finished.
//
// It reports ErrConflict, ErrTooLarge, ErrBadRecord, ErrReadOnly, ErrClosed, or
// the file system's error, of a full disk for instance: then nothing was
// written. With ErrOutcomeUnknown the record may turn out to be there when the
// store is opened again.
func (l *Log) Append(ctx context.Context, h Header, items []Item) error {
	size, values, err := checkItems(items)
	if err != nil {
		return err
	}
	w := &l.writer
	w.Lock()
	defer w.Unlock()
	if err := l.checkAppend(ctx, h, len(items)); err != nil {
		return err
	}
	key, err := l.reserveLocked(ctx, recordSeals(len(items)))
	if err != nil {
		return err
	}
	if w.engine.end > 0 && w.engine.end+frameSize(int(size)) > l.options.SegmentSize {
		if err := l.rollLocked(); err != nil {
			return err
		}
	}
	st := l.state.Load()
	record := sealRecord(key, l.header.store, st.tag, h, items, size, values)
	next, err := l.writeLocked(st, h.Sequence, record)
	if err != nil {
		return err
	}
	l.state.Store(next)
	return nil
}

func checkItems(items []Item) (size, values int64, err error) {
	if len(items) == 0 {
		return 0, 0, fmt.Errorf("%w: no items", ErrBadRecord)
	}
	for i := range items {
		if items[i].Slot != 0 {
			return 0, 0, fmt.Errorf("%w: item %d has key slot %d", ErrBadRecord, i, items[i].Slot)
		}
	}
	size, values, ok := recordSize(items)
	if !ok {
		return 0, 0, fmt.Errorf("%w: over %d bytes", ErrTooLarge, MaxRecord)
	}
	return size, values, nil
}

// checkAppend refuses what cannot be appended now.
//
// REQUIRES: writer held.
func (l *Log) checkAppend(ctx context.Context, h Header, items int) error {
	if l.closed.Load() {
		return ErrClosed
	}
	if l.writer.readOnly {
		return ErrReadOnly
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	st := l.state.Load()
	if h.Sequence != st.sequence+1 || h.First != st.next {
		return fmt.Errorf("%w: record %d at ordinal %d, next is %d at %d",
			ErrConflict, h.Sequence, h.First, st.sequence+1, st.next)
	}
	if uint64(st.next)+uint64(items) > maxOrdinals {
		return fmt.Errorf("%w: no ordinals are left for it", ErrTooLarge)
	}
	return nil
}

// reserveLocked counts the seals of a record. Where the data key is spent, a new
// one begins; it is durable before it is used.
func (l *Log) reserveLocked(ctx context.Context, n uint64) (*seal.Key, error) {
	keys := l.keys.Load()
	if err := keys.Current().Reserve(n, l.options.SealsPerKey); err == nil {
		return keys.Current(), nil
	}
	keys, err := keys.WithNewKey()
	if err != nil {
		return nil, err
	}
	file, err := keys.Marshal(ctx, l.options.Wrapper)
	if err != nil {
		return nil, err
	}
	if err := l.replaceLocked(nameKeyset, file); err != nil {
		return nil, err
	}
	l.keys.Store(keys)
	return keys.Current(), keys.Current().Reserve(n, 0)
}

// replaceLocked replaces a small file. Once the new file may have the name, a
// failure leaves unknown which of the two a crash would bring back, and the log
// becomes read-only.
func (l *Log) replaceLocked(name string, content []byte) error {
	renamed, err := replaceFile(l.options.FS, name, content)
	if err == nil {
		return nil
	}
	l.writer.readOnly = l.writer.readOnly || renamed
	return fmt.Errorf("txlog: append: write %s: %w", name, err)
}

// writeLocked brings a sealed record to the disk and returns the state that has
// it.
func (l *Log) writeLocked(st *state, sequence uint64, record []byte) (*state, error) {
	w := &l.writer
	info, ok := decodeRecord(record)
	if !ok {
		return nil, fmt.Errorf("%w: sealed record does not decode", ErrBadRecord)
	}
	// Nothing changes the record from here on, so the string needs no copy.
	text := unsafe.String(unsafe.SliceData(record), len(record))
	offset := w.engine.end + int64(frameHeadSize(len(record)))
	if whole, err := w.engine.append(sequence, text); err != nil {
		if !whole {
			return nil, l.failLocked(err)
		}
		return nil, err
	}
	last := st.segments[len(st.segments)-1]
	if err := last.file.Sync(); err != nil {
		return nil, l.failLocked(err)
	}
	next := &state{segments: st.segments, sequence: sequence,
		next: st.next + Ordinal(info.Items), tag: recordTag(record)}
	if err := l.writeHead(next); err != nil {
		return nil, l.failLocked(err)
	}
	old := last.table.Load()
	last.table.Store(&table{
		records: append(old.records, newPosition(info, offset, len(record))),
		strings: append(old.strings, text),
	})
	return next, nil
}

// failLocked makes the log read-only.
func (l *Log) failLocked(err error) error {
	l.writer.readOnly = true
	return fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
}

// writeHead writes the head of a state whose last record is durable.
func (l *Log) writeHead(st *state) error {
	key := l.keys.Load().Current()
	h := head{
		sequence: st.sequence,
		segment:  st.segments[len(st.segments)-1].first,
		end:      l.writer.engine.end,
		next:     st.next,
		key:      key.ID(),
		seals:    key.Seals(),
		tag:      st.tag,
	}
	_, err := l.writer.head.WriteAt(h.marshal(l.keys.Load()), h.offset())
	return err
}

// rollLocked closes the open segment and begins the next. The new file is there
// before the manifest lists it; the manifest lists it before anything is
// written to it.
func (l *Log) rollLocked() error {
	w, st := &l.writer, l.state.Load()
	last := st.segments[len(st.segments)-1]
	t := last.table.Load()
	closed := segmentEntry{
		first: last.first, firstOrdinal: last.ordinal, previous: last.previous,
		records: uint32(len(t.records)), next: st.next, size: w.engine.end, last: st.tag,
	}
	opened := segmentEntry{first: st.sequence + 1, firstOrdinal: st.next, previous: st.tag}

	// Opening adds the seals of records beyond head in the last segment only:
	// head must not be further behind, or the data key's count falls short.
	if err := w.head.Sync(); err != nil {
		w.readOnly = true
		return fmt.Errorf("txlog: begin segment: %w", err)
	}
	name := segmentName(opened.first)
	file, err := l.newSegmentFile(name)
	if err != nil {
		return fmt.Errorf("txlog: begin segment: %w", err)
	}
	engine, _, err := openEngine(l.options.FS, name, file, 0)
	if err != nil {
		file.Close()
		return err
	}
	m := manifest{epoch: w.epoch, segments: append(slices.Clone(w.entries), closed, opened)}
	if err := l.replaceLocked(nameManifest, m.marshal(l.keys.Load())); err != nil {
		engine.close()
		file.Close()
		return err
	}

	// The old engine has nothing that is not synced; its error changes nothing.
	w.engine.close()
	w.engine = engine
	w.entries = append(w.entries, closed)
	last.table.Store(&table{records: slices.Clip(t.records)})
	s := &segment{first: opened.first, ordinal: opened.firstOrdinal, previous: opened.previous, file: file}
	s.table.Store(&table{strings: []string{}})
	l.state.Store(&state{
		segments: append(slices.Clone(st.segments), s),
		sequence: st.sequence, next: st.next, tag: st.tag,
	})
	return nil
}

// newSegmentFile makes an empty segment file, or takes one that an attempt to
// begin the segment has left.
func (l *Log) newSegmentFile(name string) (File, error) {
	if err := writeSynced(l.options.FS, name, nil); err != nil {
		return nil, err
	}
	if err := l.options.FS.SyncDir(nameLog); err != nil {
		return nil, err
	}
	return l.options.FS.Open(name, false)
}
