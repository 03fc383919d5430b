package datastore

import (
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Read implements [Reader].
func (s *Store) Read(ctx context.Context, ref Ref) (_ Version, err error) {
	defer s.told("read", ref.Type, &err)()
	return s.read(ctx, ref)
}

func (s *Store) read(ctx context.Context, ref Ref) (Version, error) {
	now, err := s.now()
	if err != nil {
		return Version{}, err
	}
	defer now.Close()
	return now.read(ctx, ref)
}

// ReadVersion implements [Reader].
func (s *Store) ReadVersion(ctx context.Context, ref Ref, versionID string) (_ Version, err error) {
	defer s.told("vread", ref.Type, &err)()
	for {
		now, err := s.now()
		if err != nil {
			return Version{}, err
		}
		v, err := now.readVersion(ctx, ref, versionID)
		now.Close()
		// No later state sees a version that is removed at this moment.
		if !errors.Is(err, ErrStalePage) || ctx.Err() != nil {
			return v, err
		}
	}
}

// Read implements [Reader].
func (s *Snapshot) Read(ctx context.Context, ref Ref) (_ Version, err error) {
	defer s.store.told("read", ref.Type, &err)()
	return s.read(ctx, ref)
}

func (s *Snapshot) read(ctx context.Context, ref Ref) (Version, error) {
	o, err := s.currentOrdinal(ctx, ref)
	if err != nil {
		return Version{}, err
	}
	return s.version(o)
}

// ReadVersion implements [Reader].
func (s *Snapshot) ReadVersion(ctx context.Context, ref Ref, versionID string) (_ Version, err error) {
	defer s.store.told("vread", ref.Type, &err)()
	return s.readVersion(ctx, ref, versionID)
}

func (s *Snapshot) readVersion(ctx context.Context, ref Ref, versionID string) (Version, error) {
	o, err := s.versionOrdinal(ctx, ref, versionID)
	if err != nil {
		return Version{}, err
	}
	return s.version(o)
}

// currentOrdinal returns the current version of a resource.
func (s *Snapshot) currentOrdinal(ctx context.Context, ref Ref) (index.Ordinal, error) {
	o, err := s.lookup(ctx, ref)
	if err == nil {
		err = s.shows(ctx, o)
	}
	if err == nil && s.view.Deleted(o) {
		err = fmt.Errorf("%w: %s", ErrGone, ref.Type)
	}
	return o, err
}

// shows reports ErrNotFound for a version that the caller may not read.
func (s *Snapshot) shows(ctx context.Context, o index.Ordinal) error {
	shown, err := s.view.Lets(ctx, s.by, access.Read, o)
	if err == nil && !shown {
		t, _ := s.view.Key(o)
		err = fmt.Errorf("%w: %s", ErrNotFound, schema.TypeID(t))
	}
	return err
}

// versionOrdinal returns one version of a resource.
func (s *Snapshot) versionOrdinal(ctx context.Context, ref Ref, versionID string) (index.Ordinal, error) {
	o, err := s.lookup(ctx, ref)
	if err != nil {
		return 0, err
	}
	n, ok := engine.ParseVersion(versionID)
	for ok && s.view.VersionNumber(o) > n {
		o, ok = s.view.Previous(o)
	}
	switch {
	case (!ok || s.view.VersionNumber(o) != n) && !s.view.Complete():
		return 0, fmt.Errorf("%w: versions of this %s may have been removed; read it in a newer state", ErrStalePage, ref.Type)
	case (!ok || s.view.VersionNumber(o) != n) && s.seesAll(ref.Type):
		return 0, fmt.Errorf("%w: no such version of this %s: it never was, or is not kept", ErrNotFound, ref.Type)
	case !ok || s.view.VersionNumber(o) != n: // there may be none that the caller sees
		return 0, fmt.Errorf("%w: %s", ErrNotFound, ref.Type)
	}
	if err := s.shows(ctx, o); err != nil {
		return 0, err
	}
	if s.view.Deleted(o) {
		return 0, fmt.Errorf("%w: this version of the %s is its deletion", ErrGone, ref.Type)
	}
	return o, nil
}

// seesAll reports whether the caller may read all resources of a type.
func (s *Snapshot) seesAll(typ string) bool {
	t, _ := schema.ResourceType(typ)
	return s.by.Whole(access.Read, t)
}

// lookup returns the newest version of a resource, which may be a deletion, whether the
// caller may see it or not. It reports ErrForbidden if the caller may read no
// resource of the type.
func (s *Snapshot) lookup(ctx context.Context, ref Ref) (index.Ordinal, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	if err := s.view.Open(); err != nil {
		return 0, err
	}
	t, err := resourceType(ref.Type)
	if err != nil {
		return 0, err
	}
	if err := s.by.May(access.Read, t); err != nil {
		return 0, err
	}
	o, ok := s.view.Find(t, ref.ID)
	switch {
	case !ok && !s.view.Whole():
		return 0, fmt.Errorf("%w: the %s may have been removed; read it in a newer state", ErrStalePage, ref.Type)
	case !ok && s.seesAll(ref.Type) && s.store.engine.WasErased(t, ref.ID):
		return 0, ErrErased
	case !ok:
		return 0, fmt.Errorf("%w: %s", ErrNotFound, ref.Type)
	}
	return o, nil
}

// version reads one version that exists in the view, or its deletion.
func (s *Snapshot) version(o index.Ordinal) (Version, error) {
	described := s.view.Version(o)
	v := publicVersion(&described)
	if v.Deleted {
		return v, nil
	}
	var err error
	v.JSON, err = s.view.AppendJSON(nil, o)
	return v, err
}
