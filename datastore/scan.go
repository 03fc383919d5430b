package datastore

import (
	"errors"
	"fmt"
	"iter"
	"slices"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// An Ordinal names one version in the order of the log. It means something to the
// snapshot that gave it, and to no other.
type Ordinal = index.Ordinal

// At returns the state that a Reader reads: a Snapshot itself, or a new one of a
// Store, which need not be closed and is not for searching. It reports ErrClosed.
func At(r Reader) (*Snapshot, error) { return r.snapshot() }

// MaxResourceSize returns the size in bytes up to which the store takes a
// resource.
func (s *Store) MaxResourceSize() int { return s.options.MaxResourceSize }

// Types returns the names of the resource types that have a current version,
// sorted.
func (s *Snapshot) Types() []string {
	var names []string
	for t := range schema.Types {
		id := schema.TypeID(t)
		if _, ok := schema.ResourceType(id.String()); ok && s.view.OfType(index.TypeID(id)).CountVisible() > 0 {
			names = append(names, id.String())
		}
	}
	slices.Sort(names)
	return names
}

// Current iterates over the current versions of a resource type in the order of
// the log, without opening them. It reports an [Error] for a type that is none.
func (s *Snapshot) Current(typ string) (iter.Seq[Ordinal], error) {
	t, err := resourceType(typ)
	if err != nil {
		return nil, err
	}
	return func(yield func(Ordinal) bool) {
		for o := range s.view.OfType(index.TypeID(t)).All() {
			if s.view.Visible(o) && !yield(o) {
				return
			}
		}
	}, nil
}

// AppendJSON appends a version as [Version.JSON] has it to dst. The version must
// be one that Current gave. It allocates only where dst lacks room, and may be
// called by many goroutines at once.
func (s *Snapshot) AppendJSON(dst []byte, o Ordinal) ([]byte, error) {
	b := readBuffers.Get().(*buffers)
	defer readBuffers.Put(b)
	var err error
	if b.body, err = s.store.log.Body(logOrdinal(o), b.body[:0]); err != nil {
		if errors.Is(err, txlog.ErrClosed) {
			err = ErrClosed
		}
		return dst, fmt.Errorf("datastore: reading: %w", err)
	}
	if b.stored, err = openBody(b.stored[:0], b.body); err != nil {
		return dst, err
	}
	_, micros := s.view.RecordOf(o)
	dst = slices.Grow(dst, len(b.stored)+versionRoom)
	return fhirjson.AppendVersioned(dst, b.stored, s.view.VersionNumber(o), micros), nil
}

// versionRoom is more than versionId and lastUpdated take.
const versionRoom = 96
