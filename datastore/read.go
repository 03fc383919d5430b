package datastore

import (
	"context"
	"fmt"
	"strconv"
	"sync"
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
)

// Read implements [Reader].
func (s *Store) Read(ctx context.Context, ref Ref) (Version, error) {
	now, err := s.snapshot()
	if err != nil {
		return Version{}, err
	}
	return now.Read(ctx, ref)
}

// ReadVersion implements [Reader].
func (s *Store) ReadVersion(ctx context.Context, ref Ref, versionID string) (Version, error) {
	now, err := s.snapshot()
	if err != nil {
		return Version{}, err
	}
	return now.ReadVersion(ctx, ref, versionID)
}

// Read implements [Reader].
func (s *Snapshot) Read(ctx context.Context, ref Ref) (Version, error) {
	o, err := s.lookup(ctx, ref)
	if err != nil {
		return Version{}, err
	}
	if s.view.Deleted(o) {
		return Version{}, fmt.Errorf("%w: %s", ErrGone, ref.Type)
	}
	return s.version(o)
}

// ReadVersion implements [Reader].
func (s *Snapshot) ReadVersion(ctx context.Context, ref Ref, versionID string) (Version, error) {
	o, err := s.lookup(ctx, ref)
	if err != nil {
		return Version{}, err
	}
	n, ok := parseVersion(versionID)
	for ok && s.view.VersionNumber(o) > n {
		o, ok = s.view.Previous(o)
	}
	switch {
	case !ok || s.view.VersionNumber(o) != n:
		return Version{}, fmt.Errorf("%w: no such version of this %s", ErrNotFound, ref.Type)
	case s.view.Deleted(o):
		return Version{}, fmt.Errorf("%w: this version of the %s is its deletion", ErrGone, ref.Type)
	}
	return s.version(o)
}

// lookup returns the newest version of a resource, which may be a deletion.
func (s *Snapshot) lookup(ctx context.Context, ref Ref) (index.Ordinal, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	t, err := resourceType(ref.Type)
	if err != nil {
		return 0, err
	}
	o, ok := s.view.Lookup(index.TypeID(t), ref.ID)
	if !ok {
		return 0, fmt.Errorf("%w: %s", ErrNotFound, ref.Type)
	}
	return o, nil
}

// buffers hold a sealed part's plaintext and the stored form that it packs.
type buffers struct{ body, stored []byte }

var readBuffers = sync.Pool{New: func() any { return new(buffers) }}

// version reads one version that exists in the view, or its deletion.
func (s *Snapshot) version(o index.Ordinal) (Version, error) {
	t, id := s.view.Key(o)
	_, micros := s.view.RecordOf(o)
	n := s.view.VersionNumber(o)
	v := Version{
		Ref:         Ref{Type: typeName(t), ID: id},
		VersionID:   strconv.FormatUint(n, 10),
		LastUpdated: time.UnixMicro(micros).UTC(),
		Ordinal:     o,
		Deleted:     s.view.Deleted(o),
	}
	if v.Deleted {
		return v, nil
	}
	var err error
	v.JSON, err = s.AppendJSON(nil, o)
	return v, err
}

// withJSON returns a version that was just written with its JSON, from its body
// part.
func (s *Store) withJSON(v Version, body []byte) (Version, error) {
	b := readBuffers.Get().(*buffers)
	defer readBuffers.Put(b)
	var err error
	if b.stored, err = openBody(b.stored[:0], body); err != nil {
		return v, err
	}
	n, _ := parseVersion(v.VersionID)
	v.JSON = fhirjson.AppendVersioned(make([]byte, 0, len(b.stored)+versionRoom), b.stored, n, v.LastUpdated.UnixMicro())
	return v, nil
}
