package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/bundle"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// MaxBundleEntries is the number of entries up to which a batch or transaction is
// taken. It bounds the memory and the time of the one commit that it becomes.
const MaxBundleEntries = bundle.MaxEntries

// Transact carries out a Bundle of type batch or transaction and returns the
// response Bundle (FHIR R4 §3.1.0.11).
//
// A transaction is one commit: all of it or nothing, and an [Error] names the
// entry. Its writes are carried out in the order that FHIR gives (DELETE, POST,
// PUT, GET), ids are assigned first, and references from one entry to the fullUrl
// of another are rewritten; so are conditional references (Type?query), which
// must find one resource. The entries of a batch are carried out one by one, each
// with its own outcome. The options are those that say how resources are
// checked.
func (s *Store) Transact(ctx context.Context, json []byte, opts ...WriteOption) ([]byte, error) {
	o, c, err := s.gather(opts)
	if err != nil {
		return nil, err
	}
	if o.ifNoneExist != "" || c != (engine.Condition{}) {
		return nil, engine.Failf(ErrInvalid, issue.Invalid, "IfMatch, IfNoneMatch and IfNoneExist do not go with a Bundle")
	}
	return bundle.Do(ctx, s.engine, json, o.check, s.get)
}

// get answers a GET of a Bundle.
func (s *Store) get(ctx context.Context, hold *engine.Hold, to bundle.Target) ([]byte, engine.Version, error) {
	now := &Snapshot{store: s, view: hold.View}
	if to.IsQuery {
		typ := ""
		if to.Type != 0 {
			typ = to.Type.String()
		}
		page, err := now.Search(ctx, typ, to.Query, InCompartment(Ref{Type: to.InType, ID: to.InID}))
		if err != nil {
			return nil, engine.Version{}, err
		}
		return page.Bundle(s.engine.Options().BaseURL), engine.Version{}, nil
	}
	ref := Ref{Type: to.Type.String(), ID: to.ID}
	var o Ordinal
	var err error
	if to.Version != "" {
		o, err = now.versionOrdinal(ctx, ref, to.Version)
	} else {
		o, err = now.currentOrdinal(ctx, ref)
	}
	if err != nil {
		return nil, engine.Version{}, err
	}
	resource, err := hold.AppendJSON(nil, o)
	return resource, hold.Version(o), err
}
