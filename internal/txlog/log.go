package txlog

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// A Log is an open store's log. It is safe for use by many goroutines: appends
// take their turn, and reads wait for neither appends nor syncs.
type Log struct {
	options Options
	folder  Folder
	header  *storeHeader
	hashKey [16]byte
	term    uint64

	keys         atomic.Pointer[seal.Keyset]
	state        atomic.Pointer[state]
	manifest     atomic.Pointer[manifest] // as on the disk
	dictionaries atomic.Pointer[map[uint32][]byte]
	checkpoint   atomic.Pointer[checkpointHeader] // of the one that is there and can be used; nil for none
	closed       atomic.Bool
	slots        atomic.Pointer[slotTable] // nil as long as no patient has a key
	patients     patientKeys
	lost         int64 // bytes that opening found damaged behind the last sync

	// writer has what Append, Roll and Rewrite change.
	writer struct {
		sync.Mutex
		engine   *engine
		head     File     // the lock lies on it
		slot     int      // of head that was written last
		tag      seal.Tag // of the manifest
		nextName uint64   // of the next segment
		failed   error    // why the log is read-only; nil if it is not
		synced   uint64   // the last sequence that head tells of
		wrapper  seal.KeyWrapper
		rewraps  int  // how often wrapper was replaced
		begun    bool // the term has begun: its id and its data key are on the disk
	}

	failed    atomic.Pointer[error] // why the log became read-only, for who does not wait for the writer
	rewriting sync.Mutex            // held by Rewrite
	syncer    *syncer               // with SyncInterval alone
}

// A state is the durable log as readers see it. It does not change.
type state struct {
	keys     *seal.Keyset // that the segments need, and perhaps more
	segments []*segment   // in order; the last one is open
	open     segmentEntry
	last     Last
	tag      seal.Tag // of the last record; the id of an open segment without any
}

// Last is where a log ends.
type Last struct {
	Sequence uint64 // of the last durable commit; 0 for none
	Next     Number // that the next item gets
	Time     int64  // of the last commit
}

// Last returns where the log ends.
func (l *Log) Last() Last { return l.state.Load().last }

// Horizon returns the sequence of the newest commit that lost a version by Rewrite; 0
// for none. Later commits are whole.
func (l *Log) Horizon() uint64 { return l.manifest.Load().horizon }

// Term returns the writer's term: each opening that writes has one, and the numbers rise. A
// log opened for reading returns the last writer's term.
func (l *Log) Term() uint64 { return l.term }

// HashKey returns the key for hashes of search values. It differs from store to
// store, and stays the same as long as the log is open. After a rotation the next
// opening has another.
func (l *Log) HashKey() [16]byte { return l.hashKey }

// StoreID returns the store's random identifier.
func (l *Log) StoreID() [16]byte { return l.header.store }

// Lineage returns the random identifier that a store shares with its copies.
func (l *Log) Lineage() [16]byte { return l.header.lineage }

// Created returns when the store was made.
func (l *Log) Created() time.Time { return time.UnixMicro(l.header.created).UTC() }

// Close syncs head and releases the store. It waits for an Append or a Rewrite that is
// under way. Records and parts that were handed out stay valid. Closing again does
// nothing.
func (l *Log) Close() error {
	if l.closed.Swap(true) {
		return nil
	}
	l.syncer.end()
	l.rewriting.Lock()
	defer l.rewriting.Unlock()
	w := &l.writer
	w.Lock()
	defer w.Unlock()
	var errs []error
	if w.failed == nil {
		err := l.settleLocked()
		if err == nil {
			err = w.head.Sync()
		}
		if err != nil {
			errs = append(errs, fmt.Errorf("txlog: close: %w", err))
		}
	}
	return errors.Join(append(errs, l.release())...)
}

// release lets go of everything that is open. Head comes last: with it the lock
// goes.
func (l *Log) release() error {
	var errs []error
	if l.writer.engine != nil {
		errs = append(errs, l.writer.engine.close())
	}
	if st := l.state.Load(); st != nil {
		for _, s := range st.segments {
			errs = append(errs, s.file.Close())
		}
	}
	errs = append(errs, l.folder.Close())
	if l.writer.head != nil {
		errs = append(errs, l.writer.head.Close())
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("txlog: close: %w", err)
	}
	return nil
}
