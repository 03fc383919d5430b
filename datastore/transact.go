package datastore

import (
	"context"

	"github.com/fhirlake/fhirlake/internal/bundle"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/index"
)

// Transact carries out a Bundle of type batch or transaction and returns the
// response Bundle (FHIR R4 §3.1.0.11).
//
// A transaction is one commit: all of it or nothing, and an [Error] names the
// entry. Its writes are carried out in the order that FHIR gives (DELETE, POST,
// PUT, GET), ids are assigned first, and references from one entry to the fullUrl
// of another are rewritten; so are conditional references (Type?query), which
// must find one resource. Conditions are decided on what the other entries leave
// behind; see docs/conformance.md for the rules. The entries of a batch are carried out
// one by one, each with its own outcome. A Bundle has at most 100,000 entries, which bounds
// the memory and the time of the one commit that it becomes. The options are [Validation]
// and [Return]. See [Store.ServedAt].
func (s *Store) Transact(ctx context.Context, json []byte, opts ...WriteOption) (answer []byte, err error) {
	defer s.told("transact", "", &err)()
	o, err := s.gather(opts, &opTransact)
	if err != nil {
		return nil, err
	}
	return bundle.Do(ctx, s.engine, json, bundle.Options{Check: o.check, Base: s.base, Return: returns[o.returns], Get: s.get, By: s.access()})
}

// get answers a GET of a Bundle.
func (s *Store) get(ctx context.Context, now engine.View, to bundle.Target, base string, bytes int) ([]byte, engine.Version, error) {
	at := s.snapshot(now)
	if to.IsQuery {
		typ := ""
		if to.Type != 0 {
			typ = to.Type.String()
		}
		var opts []SearchOption
		if to.InType != "" {
			opts = append(opts, InCompartment(Ref{Type: to.InType, ID: to.InID}))
		}
		page, err := s.search(ctx, at, typ, to.Query, room{bytes: min(bytes, s.pageBytes)}, opts)
		if err != nil {
			return nil, engine.Version{}, err
		}
		return page.Bundle(base), engine.Version{}, nil
	}
	ref := Ref{Type: to.Type.String(), ID: to.ID}
	var o index.Ordinal
	var err error
	if to.Version != "" {
		o, err = at.versionOrdinal(ctx, ref, to.Version)
	} else {
		o, err = at.currentOrdinal(ctx, ref)
	}
	if err != nil {
		return nil, engine.Version{}, err
	}
	v, err := at.version(o)
	if err == nil {
		err = s.Subset(&v, to.Query)
	}
	return v.JSON, now.Version(o), err
}
