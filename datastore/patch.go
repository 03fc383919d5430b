package datastore

import (
	"context"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/issue"
)

// Patch applies a patch to the current version of a resource, with its meta.versionId and
// meta.lastUpdated, and stores the result as a new version. The patch is a JSON Patch (RFC
// 6902, FHIR R4 §3.1.0.6), a JSON array, or a FHIRPath Patch (FHIR R4 fhirpatch.html), a
// Parameters resource in JSON. With [IfMatch] it applies to the version named alone;
// without, it starts again when another write came in between, so that no write is lost.
//
// The result is validated like any other resource, and must keep its type and id. A
// patch that removes the last item of an array must remove the array, since FHIR has no
// empty arrays.
//
// It reports ErrNotFound, ErrGone, ErrPreconditionFailed, ErrConflict after many
// overtaken tries, or an [Error] of class ErrInvalid or ErrTooCostly. If the patch
// cannot be applied, its issues point into the patch; a failed test has the code
// conflict. If the result is invalid, they point into the patched resource.
func (s *Store) Patch(ctx context.Context, ref Ref, patch []byte, opts ...WriteOption) (_ Version, err error) {
	defer s.told("patch", ref.Type, &err)()
	defer func() { withoutOffsets(err) }()
	o, err := s.gather(opts, &opPatch)
	if err != nil {
		return Version{}, err
	}
	for range tries {
		now, err := s.toPatch(ctx, ref)
		if err != nil {
			return Version{}, err
		}
		if o.has(optIfMatch) && o.ifMatch != now.VersionID {
			return Version{}, engine.Failf(ErrPreconditionFailed, issue.Conflict, "IfMatch names another version than the current one")
		}
		v, err := s.patch(ctx, now, patch, o)
		if o.has(optIfMatch) || !errors.Is(err, ErrPreconditionFailed) {
			return v, err
		}
	}
	return Version{}, ErrConflict
}

// toPatch reads the version that a patch is applied to.
func (s *Store) toPatch(ctx context.Context, ref Ref) (Version, error) {
	now, err := s.now()
	if err != nil {
		return Version{}, err
	}
	defer now.Close()
	t, err := resourceType(ref.Type)
	if err != nil {
		return Version{}, err
	}
	if err := now.view.Permit(ctx, now.by, access.Update, t, ref.ID); err != nil {
		return Version{}, err
	}
	o, ok := now.view.Find(t, ref.ID)
	switch {
	case !ok && s.engine.WasErased(t, ref.ID):
		return Version{}, ErrErased
	case !ok:
		return Version{}, fmt.Errorf("%w: %s", ErrNotFound, ref.Type)
	case now.view.Deleted(o):
		return Version{}, fmt.Errorf("%w: %s", ErrGone, ref.Type)
	}
	return now.version(o)
}

// patch applies a patch to a version, and stores the result if that is still the
// current one.
func (s *Store) patch(ctx context.Context, now Version, patch []byte, with *writeOptions) (Version, error) {
	text, err := engine.ApplyPatch(ctx, now.JSON, patch)
	if err != nil {
		return Version{}, err
	}
	n, _ := engine.ParseVersion(now.VersionID)
	v, err := s.update(ctx, text, now.Ref, with, engine.Condition{IfMatch: n}, engine.Patch)
	if err != nil {
		return Version{}, err
	}
	return v, s.withhold(ctx, &v)
}

// withoutOffsets takes the offsets out of an error about the patched resource, whose
// text nobody has seen.
func withoutOffsets(err error) {
	var data *Error
	if !errors.As(err, &data) {
		return
	}
	for i := range data.Issues {
		if data.Issues[i].Root != "" {
			data.Issues[i].Offset = -1
		}
	}
}
