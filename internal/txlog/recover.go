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
	head    head
	segment *segment
	from    int64 // where in the segment head's record ends

	chain   *chain
	summary *summary
	headMet bool  // the record that head names was found, or needs no finding
	end     int64 // of the good bytes
	lost    int64 // damaged bytes behind them, which may have been acknowledged
	size    int64 // of the file
}

// recover verifies the last segment and publishes its state.
func (l *Log) recover(ctx context.Context, h head) (*recovery, error) {
	st := l.state.Load()
	s := st.segments[len(st.segments)-1]
	r := &recovery{head: h, segment: s, chain: s.chain(l.keys.Load()), summary: newSummary(s.entry)}
	if err := r.checkHead(l.manifest.Load()); err != nil {
		return nil, err
	}
	if err := r.read(ctx); err != nil {
		return nil, err
	}
	r.summary.entry.last = r.chain.previous
	l.publish(r)
	return r, nil
}

// publish sets the state of the log to what a recovery has read.
func (l *Log) publish(r *recovery) {
	l.state.Store(&state{
		keys:     l.keys.Load(),
		segments: l.state.Load().segments,
		open:     r.summary.entry,
		last:     Last{Sequence: r.chain.sequence, Next: r.chain.number + 1, Time: r.chain.time},
		tag:      r.chain.previous,
	})
}

// checkHead compares head with the manifest. After a power failure, head may be behind
// the end of the open segment, but never before its beginning, and never ahead.
func (r *recovery) checkHead(m *manifest) error {
	e := &r.segment.entry
	if m.cut && m.generation != r.head.generation {
		// The cut removed what head knew of.
		r.head.sequence, r.head.next = e.firstSequence-1, e.firstNumber
	}
	switch {
	case r.head.sequence < e.firstSequence-1:
		return corruptf("head is at commit %d, the last segment begins at %d", r.head.sequence, e.firstSequence)
	case r.head.sequence == e.firstSequence-1 && r.head.next != e.firstNumber:
		return corruptf("head and manifest differ at commit %d", r.head.sequence)
	}
	r.headMet = r.head.sequence < e.firstSequence
	if !r.headMet {
		r.from = r.head.end
	}
	return nil
}

// read verifies the segment and finds where its good bytes end.
func (r *recovery) read(ctx context.Context) (err error) {
	if r.size, err = r.segment.file.Size(); err != nil {
		return openError(err)
	}
	s := &scanner{file: r.segment.file, size: r.size}
	err = r.chain.walk(ctx, s, r.visit)
	if err != nil && !errors.Is(err, ErrCorrupt) {
		return err
	}
	if !r.headMet {
		if err != nil {
			return err
		}
		return corruptf("head is at commit %d, the log ends before it", r.head.sequence)
	}
	r.end = s.offset
	switch {
	case err == nil:
		return nil
	case r.head.durability != SyncCommit:
		// Nothing behind head was synced: any part of it may be missing.
		r.lost = r.size - r.end
		return nil
	}
	return checkTorn(r.segment.file, s.offset, r.size, err)
}

func (r *recovery) visit(info *recordInfo, f frame, offset int64) bool {
	r.summary.add(info, offset, len(f.value))
	if info.lastRun().Sequence == r.head.sequence {
		r.headMet = r.head.end == r.summary.entry.size && r.head.record == refTo(r.chain.previous) &&
			r.head.next == r.chain.number+1
	}
	return true
}

// checkTorn tells a torn tail beyond head from damage. A record is synced before the
// next is begun, so only the last can be torn. If more records seem to follow, or more
// bytes than one record has, the bytes are damaged, and cause says how.
func checkTorn(f File, offset, size int64, cause error) error {
	if size-offset > frameSize(MaxRecord) {
		return cause
	}
	tail := make([]byte, size-offset)
	if err := readFull(f, tail, offset); err != nil {
		return err
	}
	if holdsFrame(tail) {
		return cause
	}
	return nil
}

// repair cuts a torn tail, and makes the bytes beyond head durable. After a failed sync
// they may be in the system's cache alone, marked as written: only writing them again
// is sure to bring them to the disk.
func (l *Log) repair(r *recovery) error {
	if r.end == r.size && r.end == r.from {
		return nil
	}
	l.options.Logger.Warn("the store was not closed: its last segment is repaired",
		"segment", r.segment.entry.name, "cut", r.size-r.end, "written again", r.end-r.from)
	if err := r.rewrite(); err != nil {
		return fmt.Errorf("txlog: repair: %w", err)
	}
	if l.lost = r.lost; l.lost > 0 {
		l.options.Logger.Error("commits that were acknowledged and not synced are lost",
			"durability", r.head.durability, "last commit left", l.Last().Sequence, "bytes lost", l.lost)
	}
	return nil
}

func (r *recovery) rewrite() error {
	f := r.segment.file
	if r.end < r.size {
		if err := f.Truncate(r.end); err != nil {
			return err
		}
	}
	for from := r.from; from < r.end; {
		chunk := make([]byte, min(chunkSize, r.end-from))
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

// startWriting opens the engine on the verified segment and brings head up to
// it.
func (l *Log) startWriting(r *recovery) error {
	engine, strings, err := openEngine(r.segment.file, r.end)
	if err != nil {
		return err
	}
	l.writer.engine = engine
	records := r.summary.records
	if len(strings) != len(records) {
		return corruptf("engine has %d records of %d", len(strings), len(records))
	}
	for i, s := range strings {
		if len(s) != int(records[i].size) {
			return corruptf("engine and file differ at commit %d", records[i].sequence)
		}
	}
	r.segment.table.Store(&table{records: records, strings: strings})
	st, m := l.state.Load(), l.manifest.Load()
	if st.last.Sequence == r.head.sequence && m.generation == r.head.generation {
		l.writer.synced = st.last.Sequence
		return nil
	}
	if err := l.syncHeadLocked(st, r.end); err != nil {
		return fmt.Errorf("txlog: repair: %w", err)
	}
	return nil
}

// beginTermLocked begins the writer's term before its first write, with an id in the
// manifest and a data key. No other opening and no copy of the store has this key, so
// nobody else counts its seals. Keys that sealed nothing, and terms that wrote nothing,
// are removed. Once the term has begun it does nothing.
func (l *Log) beginTermLocked() error {
	if l.writer.begun {
		return nil
	}
	st, m := l.state.Load(), l.nextManifestLocked(l.state.Load().segments)
	used := l.neededKeys(st)
	keys, err := l.keys.Load().Keep(func(id seal.KeyID) bool { return used[id] }).WithNewKey()
	if err != nil {
		return err
	}
	if err := l.replaceKeysLocked(keys); err != nil {
		return err
	}
	m.terms = appendTerm(m.terms, l.term, st.last.Sequence+1)
	if err := l.replaceManifestLocked(m, l.state.Load(), l.writer.engine.end); err != nil {
		return err
	}
	l.writer.begun = true
	return nil
}

const maxTerm = 1<<32 - 1
