package engine

import (
	"fmt"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A View is the state of a store after one commit.
type View struct {
	index.View
	engine *Engine
}

// A Hold is a counted View: no sweep passes it until it is released, or has lasted for
// [MaxHold].
type Hold struct {
	View
	held *index.Hold
}

// Hold returns the newest state. It costs less than a microsecond. It reports
// ErrClosed.
func (e *Engine) Hold() (*Hold, error) {
	if err := e.Open(); err != nil {
		return nil, err
	}
	held := e.index.Hold(time.Now())
	return &Hold{View{held.View, e}, held}, nil
}

// Release ends the hold. Releasing again does nothing.
func (h *Hold) Release() { h.held.Release() }

// MaxHold is how long a hold may keep sweeps back. A search of one that lasted longer
// may report ErrStalePage.
const MaxHold = time.Hour

// endOldHolds ends the holds that have lasted too long.
func (e *Engine) endOldHolds() {
	for _, h := range e.index.Holds() {
		if time.Since(h.Since) <= MaxHold {
			return // the next holds began later
		}
		h.End()
		e.options.Logger.Warn("datastore: a state was held for so long that it is kept no more", "since", h.Since)
	}
}

// Held returns how many states are held, and since when the oldest is.
func (e *Engine) Held() (n int, oldest time.Time) {
	holds := e.index.Holds()
	if len(holds) > 0 {
		oldest = holds[0].Since
	}
	return len(holds), oldest
}

// Open reports ErrClosed once the engine is closed.
func (v View) Open() error { return v.engine.Open() }

// buffers has the plaintext of a body part and the stored form unpacked from it.
type buffers struct{ body, stored []byte }

var readBuffers = sync.Pool{New: func() any { return new(buffers) }}

// stored puts the stored form of a version into b.stored.
func (e *Engine) stored(o index.Ordinal, b *buffers) (err error) {
	if b.body, err = e.log.Body(e.numbers.of(o), b.body[:0]); err != nil {
		return fmt.Errorf("datastore: reading: %w", goneError(err))
	}
	b.stored, err = e.packing.unpack(b.stored[:0], b.body)
	return err
}

// versionRoom is more than versionId and lastUpdated take.
const versionRoom = 96

// AppendJSON appends the canonical form of a version to dst. The view must have the
// version, and it must be no deletion. AppendJSON allocates only if dst lacks room, and
// may be called by many goroutines at once.
func (v View) AppendJSON(dst []byte, o index.Ordinal) (out []byte, err error) {
	b := readBuffers.Get().(*buffers)
	defer readBuffers.Put(b)
	if err := v.engine.stored(o, b); err != nil {
		return dst, err
	}
	defer func() {
		if recover() != nil { // it is looked at where version and time go, and not parsed
			out, err = dst, fmt.Errorf("%w: a stored resource has no head", ErrCorrupt)
		}
	}()
	_, micros := v.RecordOf(o)
	return AppendVersioned(dst, b.stored, v.VersionNumber(o), micros), nil
}

// AppendVersioned appends the stored form of a version with its number and its time.
func AppendVersioned(dst, stored []byte, number uint64, micros int64) []byte {
	return fhirjson.AppendVersioned(slices.Grow(dst, len(stored)+versionRoom), stored, number, micros)
}

// Version describes a version that the view has.
func (v View) Version(o index.Ordinal) Version {
	t, id := v.Key(o)
	sequence, micros := v.RecordOf(o)
	return Version{
		Type: schema.TypeID(t), ID: id, Number: v.VersionNumber(o), Ordinal: o,
		Sequence: sequence, Micros: micros, Deleted: v.Deleted(o),
	}
}

// Interaction returns the interaction that wrote a version. It reads the log.
func (v View) Interaction(o index.Ordinal) (Interaction, error) {
	b := readBuffers.Get().(*buffers)
	defer readBuffers.Put(b)
	part, err := v.engine.log.Values(v.engine.numbers.of(o), b.body[:0])
	if err != nil {
		return 0, fmt.Errorf("datastore: reading: %w", goneError(err))
	}
	b.body = part
	h, _, err := splitItem(part)
	return h.interaction, err
}

// Find returns the newest version of a resource that the view has, which may be a
// deletion.
func (v View) Find(t schema.TypeID, id string) (index.Ordinal, bool) {
	return v.Lookup(index.TypeID(t), id)
}

// Current describes a version, as of the newest state.
func (e *Engine) Current(o index.Ordinal) (Version, error) {
	now, err := e.Hold()
	if err != nil {
		return Version{}, err
	}
	defer now.Release()
	return now.Version(o), nil
}

// ParseVersion reads a version id that a store has made, and reports false for any
// other text.
func ParseVersion(id string) (uint64, bool) {
	n, err := strconv.ParseUint(id, 10, 64)
	return n, err == nil && n > 0 && strconv.FormatUint(n, 10) == id
}

// Last returns the newest state without counting it.
func (e *Engine) Last() View { return View{e.index.View(), e} }

// Then returns the state after a commit, which no sweep has passed yet.
func (e *Engine) Then(sequence uint64) View {
	if view, ok := e.index.ViewAt(sequence); ok {
		return View{view, e}
	}
	return e.Last()
}

// Limit returns the share, from 0 to 1, of the limit that the index is nearest to.
func (e *Engine) Limit() float64 { return e.index.Used().Share(e.index.Limits()) }

// Stats counts the whole index.
func (e *Engine) Stats() index.Stats { return e.index.Stats() }
