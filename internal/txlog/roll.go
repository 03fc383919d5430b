package txlog

import (
	"context"
	"crypto/rand"
	"fmt"
	"os"
	"slices"
)

// nextManifestLocked returns a copy of the current manifest with the given segments.
func (l *Log) nextManifestLocked(segments []*segment) *manifest {
	m := *l.manifest.Load()
	m.cut = false
	if keys := l.keys.Load(); keys.Rotating() {
		m.dictionaries = l.tagAgain(keys, m.dictionaries)
	}
	m.segments = make([]segmentEntry, len(segments))
	for i, s := range segments {
		m.segments[i] = s.entry
	}
	return &m
}

// replaceManifestLocked makes m the store's manifest, one generation on, and
// then writes head, so that head and manifest are never more than one apart.
// The state is the one that head shall tell of; its last record ends at end.
//
// Once the new manifest may have its name, a failure leaves unknown which of the
// two a crash would bring back, and the log becomes read-only.
func (l *Log) replaceManifestLocked(m *manifest, st *state, end int64) error {
	if err := l.settleLocked(); err != nil {
		return err
	}
	w, old := &l.writer, l.manifest.Load()
	// The head slot that stays must be durable first, and cover all segments before the
	// one that the new manifest may begin.
	if err := w.head.Sync(); err != nil {
		l.failLocked(err)
		return fmt.Errorf("txlog: sync head: %w", err)
	}
	m.generation, m.previous, m.nextName = old.generation+1, w.tag, w.nextName
	file := m.marshal(l.keys.Load())
	if err := l.checkFolderLocked(); err != nil {
		return err
	}
	renamed, err := replaceFile(l.folder, nameManifest, file)
	if err != nil {
		if renamed {
			l.failLocked(err)
		}
		return fmt.Errorf("txlog: write manifest: %w", err)
	}
	w.tag = manifestTag(file)
	l.manifest.Store(m)
	if err := l.syncHeadLocked(st, end); err != nil {
		return fmt.Errorf("txlog: write head: %w", err)
	}
	return nil
}

// syncHeadLocked writes head and syncs it. After a failure the log is
// read-only.
func (l *Log) syncHeadLocked(st *state, end int64) error {
	err := l.checkFolderLocked()
	if err == nil {
		err = l.writeHeadLocked(st, end)
	}
	if err == nil {
		err = l.writer.head.Sync()
	}
	if err != nil {
		l.failLocked(err)
	}
	return err
}

// Roll closes the open segment, unless it is empty, and begins the next, so that
// Rewrite can take all records appended so far. It reports what Append reports.
func (l *Log) Roll(ctx context.Context) error {
	l.writer.Lock()
	defer l.writer.Unlock()
	if err := l.checkWriteLocked(ctx); err != nil {
		return err
	}
	if l.writer.engine.end == 0 {
		return nil
	}
	return l.rollLocked()
}

// rollLocked closes the open segment and begins the next. It makes the new file, then
// lists it in the manifest, and only then may records be written to it.
func (l *Log) rollLocked() error {
	w, st := &l.writer, l.state.Load()
	begun := segmentEntry{name: l.takeNameLocked(), firstSequence: st.last.Sequence + 1, firstNumber: st.last.Next, before: st.last.Time}
	rand.Read(begun.id[:])
	file, err := l.newSegmentFile(begun.name)
	if err != nil {
		return fmt.Errorf("txlog: begin segment: %w", err)
	}
	engine, _, err := openEngine(file, 0)
	if err != nil {
		file.Close()
		return err
	}
	opened := &segment{entry: begun, file: file, open: true}
	opened.table.Store(&table{strings: []string{}})
	old := st.segments[len(st.segments)-1]
	closed := &segment{entry: st.open, file: old.file}
	closed.table.Store(&table{records: slices.Clip(old.table.Load().records)})
	next := &state{
		keys:     l.keys.Load(),
		segments: append(slices.Clone(st.segments[:len(st.segments)-1]), closed, opened),
		open:     begun,
		last:     st.last,
		tag:      begun.id,
	}
	if err := l.replaceManifestLocked(l.nextManifestLocked(next.segments), next, 0); err != nil {
		engine.close()
		file.Close()
		return err
	}
	w.engine.close() // it has nothing that is not synced: its error changes nothing
	w.engine = engine
	l.state.Store(next)
	return nil
}

// takeNameLocked returns a name for a new segment.
func (l *Log) takeNameLocked() uint64 {
	name := l.writer.nextName
	l.writer.nextName++
	return name
}

// newSegmentFile makes an empty segment file.
func (l *Log) newSegmentFile(name uint64) (File, error) {
	file := segmentName(name)
	if err := writeSynced(l.folder, file, nil); err != nil {
		return nil, err
	}
	if err := l.folder.SyncDir(nameLog); err != nil {
		return nil, err
	}
	return l.folder.Open(file, os.O_RDWR)
}
