package txlog

import (
	"errors"
	"fmt"
	"log/slog"
	"time"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// Options of Open. The zero value of each field is its default.
type Options struct {
	// Wrapper is the caller's key. A store on disk needs one; a store in
	// memory gets a random one.
	Wrapper seal.KeyWrapper

	// FS is where the store's folder is. By default it is the operating system's, or
	// memory for the path "mem:". If it is set, the path is ignored.
	FS FS

	// ReadOnly opens a store as it is at that moment, with or without a writer beside
	// it. It takes no lock and writes nothing. After a crash of the writer, the last
	// record may be missing until the store is opened for writing.
	ReadOnly bool

	// Existing makes no new store: without a store, Open reports ErrNoStore and leaves
	// the folder as it is.
	Existing bool

	// AtLeast is an earlier result of [Log.Head] that the store must hold. Open reports
	// ErrCorrupt for a store that does not hold it. The zero Pin asks for nothing.
	AtLeast Pin

	// SegmentSize is the most bytes of a segment, except for one larger record: 16 MiB
	// by default, 1 GiB at most.
	SegmentSize int64

	// Durability says when commits are synced: each before it is acknowledged, by
	// default.
	Durability Durability

	// SealsPerKey is the number of seals after which a new data key begins.
	// The default and the most is seal.MaxSeals.
	SealsPerKey uint64

	// Now is the clock for a new store's header: time.Now by default.
	Now func() time.Time

	// Logger gets what an operator should know: names that are passed over, repairs,
	// and why a log turned read-only. By default nothing is logged.
	Logger *slog.Logger

	// inMemory is set for the path "mem:", whose folder nobody can open again.
	inMemory bool
}

// Limits and defaults of Options.
const (
	// The open segment is in memory, so this bounds the bodies kept there; a new
	// segment costs a few syncs.
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
	out.inMemory = inMemory
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
	if out.Durability > SyncNone {
		errs = append(errs, fmt.Errorf("txlog: durability %d is none", out.Durability))
	}
	if out.SealsPerKey == 0 || out.SealsPerKey > seal.MaxSeals {
		out.SealsPerKey = seal.MaxSeals
	}
	if out.Now == nil {
		out.Now = time.Now
	}
	if out.Logger == nil {
		out.Logger = slog.New(slog.DiscardHandler)
	}
	return out, errors.Join(errs...)
}
