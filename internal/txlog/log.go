package txlog

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Options of Open. The zero value of each field is its default.
type Options struct {
	// Wrapper is the caller's key. A store on disk needs one; a store in
	// memory gets a random one.
	Wrapper seal.KeyWrapper

	// FS is the store's folder. By default it is the operating system's, or
	// memory for the path "mem:". Where it is set, the path is not looked at.
	FS FS

	// SegmentSize is the length that a segment does not pass unless one record
	// does: 16 MiB by default, 1 GiB at most.
	SegmentSize int64

	// SealsPerKey is the number of seals after which a new data key begins.
	// The default and the most is seal.MaxSeals.
	SealsPerKey uint64

	// Zone is the IANA name of the time zone that a new store notes in its
	// header: "UTC" by default. It is not looked at for a store that exists.
	Zone string

	// Now is the clock for a new store's header: time.Now by default.
	Now func() time.Time
}

// Limits and defaults of Options.
const (
	// The open segment is in memory, so this bounds what a store keeps there of its
	// bodies; a new segment costs a few syncs.
	defaultSegmentSize = 16 << 20

	// maxSegmentSize and MaxRecord together keep offsets within 32 bits.
	maxSegmentSize = 1 << 30
)

// withDefaults returns a filled and checked copy of the options.
func (o *Options) withDefaults(path string) (Options, error) {
	var out Options
	if o != nil {
		out = *o
	}
	var errs []error
	inMemory := path == "mem:" && out.FS == nil
	if out.FS == nil {
		out.FS = OSFolder(path)
		if inMemory {
			out.FS = NewMemory()
		} else if path == "" {
			errs = append(errs, errors.New("txlog: no path"))
		}
	}
	if out.Wrapper == nil {
		if !inMemory {
			errs = append(errs, ErrNoKey)
		}
		out.Wrapper = seal.RandomKey()
	}
	if out.SegmentSize == 0 {
		out.SegmentSize = defaultSegmentSize
	}
	if out.SegmentSize < 0 || out.SegmentSize > maxSegmentSize {
		errs = append(errs, fmt.Errorf("txlog: segment size %d is not between 1 and %d", out.SegmentSize, maxSegmentSize))
	}
	if out.SealsPerKey == 0 {
		out.SealsPerKey = seal.MaxSeals
	}
	if out.Zone == "" {
		out.Zone = "UTC"
	}
	if len(out.Zone) > maxZone {
		errs = append(errs, fmt.Errorf("txlog: time zone name of %d bytes", len(out.Zone)))
	}
	if out.Now == nil {
		out.Now = time.Now
	}
	return out, errors.Join(errs...)
}

// A Log is an open store's log. It is safe for use by many goroutines: appends
// take their turn, and reads wait for neither appends nor syncs.
type Log struct {
	options Options
	header  *storeHeader
	hashKey [16]byte
	lock    io.Closer

	keys   atomic.Pointer[seal.Keyset]
	state  atomic.Pointer[state]
	closed atomic.Bool

	// writer is what appending needs.
	writer struct {
		sync.Mutex
		engine   *engine
		head     File
		epoch    uint32
		entries  []segmentEntry // of the closed segments
		readOnly bool
	}
}

// A state is the durable log as readers see it. It does not change.
type state struct {
	segments []*segment
	sequence uint64
	next     Ordinal
	tag      seal.Tag
}

// HashKey returns the key for hashes of search values. It is the same for the
// whole life of a store, and differs from store to store.
func (l *Log) HashKey() [16]byte { return l.hashKey }

// StoreID returns the store's random identifier.
func (l *Log) StoreID() [16]byte { return l.header.store }

// Zone returns the IANA name of the store's time zone.
func (l *Log) Zone() string { return l.header.zone }

// Created returns when the store was made.
func (l *Log) Created() time.Time { return time.UnixMicro(l.header.created).UTC() }

// Last returns the sequence of the last durable record, 0 for none, and the
// next free ordinal.
func (l *Log) Last() (sequence uint64, next Ordinal) {
	st := l.state.Load()
	return st.sequence, st.next
}

// A Pin names a point of a log's history: a sequence and the tag of its record,
// on which all records before it bear.
type Pin struct {
	Sequence uint64
	Tag      [16]byte
}

// Head returns the pin of the last durable record. A caller who keeps it
// outside the store notices with [Log.Holds] that an older copy of the store
// was put in place.
func (l *Log) Head() Pin {
	st := l.state.Load()
	return Pin{Sequence: st.sequence, Tag: st.tag}
}

// Close syncs what an Append left to it and releases the store. It waits for an
// Append that is under way. Records and parts that were handed out stay valid.
// Closing again does nothing.
func (l *Log) Close() error {
	w := &l.writer
	w.Lock()
	defer w.Unlock()
	if l.closed.Swap(true) {
		return nil
	}
	var errs []error
	if !w.readOnly {
		if err := w.head.Sync(); err != nil {
			errs = append(errs, fmt.Errorf("txlog: close: %w", err))
		}
	}
	return errors.Join(append(errs, l.release())...)
}

// release lets go of everything that is open.
func (l *Log) release() error {
	var errs []error
	if l.writer.engine != nil {
		errs = append(errs, l.writer.engine.close())
	}
	if l.writer.head != nil {
		errs = append(errs, l.writer.head.Close())
	}
	if st := l.state.Load(); st != nil {
		for _, s := range st.segments {
			errs = append(errs, s.file.Close())
		}
	}
	errs = append(errs, l.lock.Close())
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("txlog: close: %w", err)
	}
	return nil
}

// readError names a failed read. A file is closed only by Close.
func readError(err error) error {
	if errors.Is(err, fs.ErrClosed) {
		return ErrClosed
	}
	return fmt.Errorf("txlog: read: %w", err)
}
