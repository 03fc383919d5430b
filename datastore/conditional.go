package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/bundle"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// ConditionalUpdate stores a resource of a type in the place of the one that the query
// finds (FHIR R4 §3.1.0.4.3). If it finds none, the resource is created: under its own id,
// which must be free, or under a new one. The resource may leave its id out, and otherwise
// has the id of the one that is found. What the query finds is still true at the moment of
// the write, whoever else writes.
//
// It reports ErrPreconditionFailed if the query finds several, or another version than
// IfMatch names; ErrInvalid for a query without a condition; otherwise what Update reports.
func (s *Store) ConditionalUpdate(ctx context.Context, typ, query string, json []byte, opts ...WriteOption) (v Version, err error) {
	defer s.toldOf("update", &v, &err)()
	return s.conditional(ctx, typ, &bundle.Conditional{Method: "PUT", Criteria: query, Resource: json}, &opConditionalUpdate, opts)
}

// ConditionalPatch applies a patch, as [Store.Patch] does, to the one resource of a type
// that the query finds (FHIR R4 §3.1.0.6.2). It reports ErrNotFound if it finds none, and
// otherwise what ConditionalUpdate and Patch report.
func (s *Store) ConditionalPatch(ctx context.Context, typ, query string, patch []byte, opts ...WriteOption) (v Version, err error) {
	defer s.toldOf("patch", &v, &err)()
	return s.conditional(ctx, typ, &bundle.Conditional{Method: "PATCH", Criteria: query, Patch: patch}, &opConditionalPatch, opts)
}

// ConditionalDelete deletes the one resource of a type that the query finds (FHIR R4
// §3.1.0.7.1), and returns how many it deleted: none is no error. It reports
// ErrPreconditionFailed if it finds several.
func (s *Store) ConditionalDelete(ctx context.Context, typ, query string, opts ...WriteOption) (deleted int, err error) {
	defer s.told("delete", typ, &err)()
	v, err := s.conditional(ctx, typ, &bundle.Conditional{Method: "DELETE", Criteria: query}, &opConditionalDelete, opts)
	if err != nil || v.VersionID == "" {
		return 0, err
	}
	return 1, nil
}

// ConditionalDeleteAll deletes all resources of a type that the query finds, up to 100,000,
// in one commit, and returns how many it deleted. It reports ErrTooCostly for more.
func (s *Store) ConditionalDeleteAll(ctx context.Context, typ, query string) (deleted int, err error) {
	defer s.told("delete", typ, &err)()
	t, ok := schema.ResourceType(typ)
	if !ok {
		return 0, errNoType
	}
	all, err := (&bundle.Conditional{Type: t, Criteria: query}).DeleteAll(ctx, s.engine, bundle.Options{Base: s.base, By: s.access()})
	return len(all), err
}

var errNoType = engine.Failf(ErrInvalid, issue.Value, "the type is none of FHIR R4's resource types")

// conditional carries out a conditional interaction on resources of a type.
func (s *Store) conditional(ctx context.Context, typ string, c *bundle.Conditional, as *operation, opts []WriteOption) (Version, error) {
	o, err := s.gather(opts, as)
	if err != nil {
		return Version{}, err
	}
	var ok bool
	if c.Type, ok = schema.ResourceType(typ); !ok {
		return Version{}, errNoType
	}
	if c.Condition, err = o.condition(); err != nil {
		return Version{}, err
	}
	answer := bundle.Minimal
	if o.wantsJSON() && c.Method != "DELETE" {
		answer = bundle.Representation
	}
	v, json, err := c.Do(ctx, s.engine, bundle.Options{Check: o.check, Base: s.base, Return: answer, Get: s.get, By: s.access()})
	if err != nil || v.Number == 0 {
		withoutOffsets(err)
		return Version{}, err
	}
	public := publicVersion(&v)
	public.JSON = json
	return public, nil
}
