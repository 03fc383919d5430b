package txlog

import (
	"fmt"
	"time"
)

// Durability says when the open segment is synced. At each level, closed segments and
// all small files are synced before anything builds on them, and the end of the
// process, as by SIGKILL, takes no acknowledged record: only a power failure, or a crash
// of the operating system, does.
type Durability uint8

const (
	// SyncCommit syncs each record before its Append returns. A power failure takes no
	// acknowledged record.
	SyncCommit Durability = iota
	// SyncInterval syncs within a second of an Append. A power failure may take the
	// records of the last second, and of the time that a sync takes.
	SyncInterval
	// SyncNone syncs when a segment is closed, and when the log is closed. A power
	// failure may take all records since then.
	SyncNone
)

// String returns "commit", "interval" or "none".
func (d Durability) String() string {
	if d > SyncNone {
		return fmt.Sprintf("Durability(%d)", uint8(d))
	}
	return [...]string{"commit", "interval", "none"}[d]
}

// syncInterval is how long after an Append its record is synced.
const syncInterval = time.Second

// A syncer syncs the open segment in the background. A nil one does nothing.
type syncer struct {
	wake  chan struct{} // holds a value when something was appended
	stop  chan struct{} // closed to end it
	ended chan struct{}
}

// startSyncing starts the goroutine that SyncInterval needs.
func (l *Log) startSyncing() {
	if l.options.Durability != SyncInterval {
		return
	}
	l.syncer = &syncer{wake: make(chan struct{}, 1), stop: make(chan struct{}), ended: make(chan struct{})}
	go l.keepSynced()
}

// appended tells the syncer of a record that is not synced.
func (s *syncer) appended() {
	if s == nil {
		return
	}
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// end ends the syncer and waits for it.
func (s *syncer) end() {
	if s == nil {
		return
	}
	close(s.stop)
	<-s.ended
}

// keepSynced syncs the open segment an interval after each first unsynced record.
func (l *Log) keepSynced() {
	s := l.syncer
	defer close(s.ended)
	for {
		select {
		case <-s.wake:
		case <-s.stop:
			return
		}
		select {
		case <-time.After(syncInterval):
		case <-s.stop:
			return
		}
		l.syncOpen()
	}
}

// syncOpen syncs the open segment, writes head and syncs head. Appends go on meanwhile.
// After a failure the log is read-only, since no caller waits for the error.
func (l *Log) syncOpen() {
	w := &l.writer
	w.Lock()
	st, end := l.state.Load(), w.engine.end
	idle := w.failed != nil || w.synced >= st.last.Sequence
	w.Unlock()
	if idle {
		return
	}
	err := st.segments[len(st.segments)-1].file.Sync()
	if err == nil {
		err = l.tellSynced(st, end)
	}
	if err == nil {
		err = w.head.Sync()
	}
	if err != nil {
		w.Lock()
		l.failLocked(err)
		w.Unlock()
	}
}

// tellSynced writes the head of a state whose last record is synced and ends at end. It
// does nothing if a new generation has synced more meanwhile.
func (l *Log) tellSynced(st *state, end int64) error {
	w := &l.writer
	w.Lock()
	defer w.Unlock()
	if w.failed != nil || w.synced >= st.last.Sequence {
		return nil
	}
	if err := l.checkFolderLocked(); err != nil {
		return err
	}
	return l.writeHeadLocked(st, end)
}

// settleLocked syncs the open segment if it has unsynced records, and writes head
// without syncing it. After a failure the log is read-only.
func (l *Log) settleLocked() error {
	w, st := &l.writer, l.state.Load()
	if w.synced >= st.last.Sequence {
		return nil
	}
	err := st.segments[len(st.segments)-1].file.Sync()
	if err == nil {
		err = l.checkFolderLocked()
	}
	if err == nil {
		err = l.writeHeadLocked(st, w.engine.end)
	}
	if err != nil {
		l.failLocked(err)
		return fmt.Errorf("txlog: sync: %w", err)
	}
	return nil
}

// Lost returns how many damaged bytes opening cut off behind the last synced record of
// a log without SyncCommit. They may have held acknowledged commits; Last is the last
// commit that is left.
func (l *Log) Lost() int64 { return l.lost }
