package txlog

import (
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A Position is where a commit begins: its sequence, and its first item's
// number.
type Position struct {
	Sequence uint64
	Number   Number
}

// Append seals the commits of a batch and appends them as one record. When it
// returns nil the record is readable, and durable as Options.Durability says; the position is that of the
// first commit, and the others follow it densely. The batch is not kept and not
// changed.
//
// The context is looked at before anything is written; a write that has begun
// is finished. No key wrapper is asked.
//
// It reports ErrConflict, ErrFenced, ErrFull, ErrTooLarge, ErrBadRecord,
// ErrReadOnly, ErrReplaced, ErrClosed, or the file system's error, of a full
// disk for instance: then nothing was written. With ErrOutcomeUnknown the record
// may turn out to be there when the store is opened again.
func (l *Log) Append(ctx context.Context, b *Batch) (Position, error) {
	p, err := newLayout(b)
	if err != nil {
		return Position{}, err
	}
	w := &l.writer
	w.Lock()
	defer w.Unlock()
	if err := l.checkAppendLocked(ctx, b, p); err != nil {
		return Position{}, err
	}
	key, err := l.reserveLocked(p.seals)
	if err != nil {
		return Position{}, err
	}
	if w.engine.end > 0 && w.engine.end+frameSize(p.size) > l.options.SegmentSize {
		if err := l.rollLocked(); err != nil {
			return Position{}, err
		}
	}
	st := l.state.Load()
	slots, err := l.slotKeys(key, p.items)
	if err != nil {
		return Position{}, err
	}
	f := p.seal(key, slots, l.header.lineage, st.tag, st.last, b.Commits)
	next, err := l.writeLocked(st, &p.info, f)
	if err != nil {
		return Position{}, err
	}
	l.state.Store(next)
	return Position{Sequence: st.last.Sequence + 1, Number: st.last.Next}, nil
}

// checkAppendLocked refuses a batch that cannot be appended now.
func (l *Log) checkAppendLocked(ctx context.Context, b *Batch, p *recordLayout) error {
	if err := l.checkWriteLocked(ctx); err != nil {
		return err
	}
	last := l.state.Load().last
	switch {
	case b.Term != l.term:
		return fmt.Errorf("%w: %d, the log's is %d", ErrFenced, b.Term, l.term)
	case b.Expect != last.Sequence:
		return fmt.Errorf("%w: it is %d, not %d", ErrConflict, last.Sequence, b.Expect)
	case last.Sequence > maxSequence-uint64(len(b.Commits)), last.Next > maxNumber-Number(len(p.items)):
		return ErrFull
	}
	for i := range b.Commits {
		if t := b.Commits[i].Time; last.Sequence > 0 || i > 0 {
			if t < last.Time {
				return fmt.Errorf("%w: commit %d is earlier than the one before", ErrBadRecord, i)
			}
		}
		last.Time = b.Commits[i].Time
	}
	return nil
}

// checkWriteLocked refuses a write to a log that is closed or read-only, or whose
// folder was replaced. Before the first write it begins the writer's term.
func (l *Log) checkWriteLocked(ctx context.Context) error {
	if l.closed.Load() {
		return ErrClosed
	}
	if l.writer.failed != nil {
		return l.writer.failed
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := l.checkFolderLocked(); err != nil {
		return err
	}
	return l.beginTermLocked()
}

// checkFolderLocked looks whether head is still at its path. If it is not, the log
// becomes read-only: nobody would find what it writes.
func (l *Log) checkFolderLocked() error {
	err := l.folder.Check(nameHead, l.writer.head)
	if errors.Is(err, ErrReplaced) {
		l.failLocked(err)
	}
	return err
}

// failLocked makes the log read-only.
func (l *Log) failLocked(cause error) {
	if l.writer.failed != nil {
		return
	}
	l.writer.failed = fmt.Errorf("%w until it is opened again", ErrReadOnly)
	if errors.Is(cause, ErrReplaced) {
		l.writer.failed = fmt.Errorf("%w: %w", l.writer.failed, cause)
	}
	err := fmt.Errorf("%w until it is opened again: %w", ErrReadOnly, cause)
	l.failed.Store(&err)
	l.options.Logger.Error("the log is read-only until it is opened again", "error", cause)
}

// Failed returns an ErrReadOnly with its cause once the log has become read-only, and nil
// before. It waits for no Append.
func (l *Log) Failed() error {
	if err := l.failed.Load(); err != nil {
		return *err
	}
	return nil
}

// unknownLocked makes the log read-only because of a write that the disk did
// not confirm.
func (l *Log) unknownLocked(cause error) error {
	l.failLocked(cause)
	return fmt.Errorf("%w: %w", ErrOutcomeUnknown, cause)
}

// writeLocked brings a sealed record to the disk and returns the state that has
// it. Without SyncCommit the record is in the page cache, and head says nothing of
// it.
func (l *Log) writeLocked(st *state, info *recordInfo, f framed) (*state, error) {
	w := &l.writer
	offset := w.engine.end + int64(f.head)
	text, whole, err := w.engine.append(info.firstRun().Sequence, f)
	if err != nil {
		if !whole {
			return nil, l.unknownLocked(err)
		}
		return nil, err
	}
	open := st.segments[len(st.segments)-1]
	if l.options.Durability == SyncCommit {
		if err := open.file.Sync(); err != nil {
			return nil, l.unknownLocked(err)
		}
	}
	next := &state{
		keys:     l.keys.Load(),
		segments: st.segments,
		open:     st.open,
		last:     Last{Sequence: info.lastRun().Sequence, Next: info.lastNumber() + 1, Time: info.lastRun().Time},
		tag:      recordTag(f.record()),
	}
	next.open.count(info, w.engine.end)
	next.open.last = next.tag
	if err := l.checkFolderLocked(); err != nil {
		return nil, l.unknownLocked(err)
	}
	if l.options.Durability == SyncCommit {
		if err := l.writeHeadLocked(next, w.engine.end); err != nil {
			return nil, l.unknownLocked(err)
		}
	}
	l.syncer.appended()
	old := open.table.Load()
	open.table.Store(&table{
		records: append(old.records, newPosition(info, offset, len(text))),
		strings: append(old.strings, text),
	})
	return next, nil
}

// writeHeadLocked writes a head to the slot that was not written last. The last record
// of st is durable and ends at end.
func (l *Log) writeHeadLocked(st *state, end int64) error {
	w := &l.writer
	h := head{
		generation: l.manifest.Load().generation,
		durability: l.options.Durability,
		sequence:   st.last.Sequence,
		next:       st.last.Next,
		end:        end,
		term:       uint32(l.term),
		manifest:   refTo(w.tag),
		record:     refTo(st.tag),
	}
	slot := 1 - w.slot
	if _, err := w.head.WriteAt(h.marshal(l.keys.Load()), int64(slot)*headBlock); err != nil {
		return err
	}
	w.slot, w.synced = slot, st.last.Sequence
	return nil
}

// reserveLocked counts the seals of a record. If the data key is spent, a new one
// begins; it is durable before it is used.
func (l *Log) reserveLocked(n uint64) (*seal.Key, error) {
	keys := l.keys.Load()
	if err := keys.Current().Reserve(n, l.options.SealsPerKey); err == nil {
		return keys.Current(), nil
	}
	keys, err := keys.WithNewKey()
	if err != nil {
		return nil, err
	}
	if err := l.replaceKeysLocked(keys); err != nil {
		return nil, err
	}
	return keys.Current(), keys.Current().Reserve(n, 0)
}

// replaceKeysLocked makes a keyset durable, then current. A failure may leave the old
// file or the new one: each has all keys that were used.
func (l *Log) replaceKeysLocked(keys *seal.Keyset) error {
	_, err := l.writeKeysLocked(keys)
	return err
}

// writeKeysLocked is replaceKeysLocked. With an error, renamed tells whether the file
// may be the new one.
func (l *Log) writeKeysLocked(keys *seal.Keyset) (renamed bool, err error) {
	file, err := keys.Marshal()
	if err != nil {
		return false, err
	}
	if err := l.checkFolderLocked(); err != nil {
		return false, err
	}
	if renamed, err = replaceFile(l.folder, nameKeyset, file); err != nil {
		return renamed, fmt.Errorf("txlog: write keyset: %w", err)
	}
	l.keys.Store(keys)
	next := *l.state.Load()
	next.keys = keys
	l.state.Store(&next)
	return true, nil
}
