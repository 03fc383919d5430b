package engine

import (
	"context"
	"io"
	"iter"
	"time"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A Log is the ordered log of commits that an engine follows and appends to. Others
// may append to it as well: an Append whose Expect is not the log's last sequence
// reports txlog.ErrConflict and writes nothing. *txlog.Log is the embedded one, of one
// process.
//
// Its methods are safe for many goroutines, and reading waits for no Append.
type Log interface {
	// Append makes commits durable as one record. It reports txlog.ErrConflict,
	// ErrFenced after a writer of a higher term, ErrOutcomeUnknown if the record may be
	// there or not, ErrReadOnly, ErrTooLarge, ErrFull, ErrClosed, or an error of the
	// disk, after which nothing was written.
	Append(ctx context.Context, b *txlog.Batch) (txlog.Position, error)
	// Find looks for the record of an id among the newest.
	Find(ctx context.Context, id [16]byte) (sequence uint64, ok bool, err error)
	// Last says where the log ends; Term is this writer's term.
	Last() txlog.Last
	Term() uint64
	// Horizon is the sequence of the newest commit that lost a version by Rewrite.
	Horizon() uint64
	// Records iterates over the records from a sequence on.
	Records(ctx context.Context, from uint64) iter.Seq2[*txlog.Record, error]
	// Values and Body append the plaintext of a part to dst.
	Values(n txlog.Number, dst []byte) ([]byte, error)
	Body(n txlog.Number, dst []byte) ([]byte, error)
	// Annotation appends the annotation of a commit to dst.
	Annotation(sequence uint64, dst []byte) ([]byte, error)
	// AddDictionary stores a dictionary of package pack and returns its number, which
	// is never 0. A stored dictionary keeps its number and is never removed.
	AddDictionary(ctx context.Context, content []byte) (uint32, error)
	Dictionaries() map[uint32][]byte
	// Roll begins a new segment. Segments describes all segments. Rewrite replaces
	// segments before the last, and changes no number, sequence or time. Reading goes
	// on meanwhile.
	Roll(ctx context.Context) error
	Segments() []txlog.Segment
	Rewrite(ctx context.Context, names []uint64, change txlog.Change) error
	// Slot returns the key slot of a patient; NoteSlot says which one it is, and
	// ForgetSlot that the next one is another. EraseSlots destroys the keys of slots, and
	// Erased reports whether that of one was: reading its items reports txlog.ErrErased.
	Slot(patient string) (uint32, error)
	NoteSlot(patient string, slot uint32)
	ForgetSlot(patient string) uint32
	SlotOf(n txlog.Number) (uint32, error)
	// SequenceOf returns the sequence of the commit that has an item.
	SequenceOf(n txlog.Number) (uint64, error)
	EachSlot(ctx context.Context, each func(n txlog.Number, slot uint32)) error
	EraseSlots(ctx context.Context, slots []uint32) error
	Erased(slot uint32) bool
	// BeginRotation begins to replace all keys of the log, unless a rotation has begun.
	// Rewrite then seals items under old keys anew, until EndRotation destroys the old
	// keys.
	BeginRotation(ctx context.Context) error
	EndRotation(ctx context.Context) error
	Rotating() bool
	// Rewrap lets another wrapper encrypt the keys.
	Rewrap(ctx context.Context, wrapper seal.KeyWrapper) error
	// Failed is the txlog.ErrReadOnly of a log that became read-only, with its cause.
	Failed() error
	// Lost is how many damaged bytes opening cut off behind the last synced commit.
	Lost() int64
	// HashKey is the key of all hashes of search values.
	HashKey() [16]byte
	// Head names the newest record, so that an older copy of the log is noticed.
	Head() txlog.Pin
	// StoreID is the random identifier of the store, and Created when it was made.
	StoreID() [16]byte
	Created() time.Time
	// Pin names a commit, and Holds tells whether the log has the commit of a pin.
	Pin(sequence uint64) txlog.Pin
	Holds(ctx context.Context, pin txlog.Pin) (bool, error)
	// Backup writes a piece of a backup; KeyID changes with the key that the caller's
	// wrapper encrypts.
	Backup(ctx context.Context, w io.Writer, o txlog.BackupOptions) (txlog.BackupInfo, error)
	KeyID() (seal.BackupID, error)
	Close() error
}
