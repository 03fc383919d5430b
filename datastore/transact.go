package datastore

import (
	"context"
	"strings"

	"github.com/fhirlake/fhirlake/internal/bundle"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// MaxBundleEntries is the most entries of a batch or transaction. It bounds the memory
// and the time of a transaction's commit.
const MaxBundleEntries = bundle.MaxEntries

// ServedAt names the address at which clients reach the store. Criteria, conditional
// references and the requests of a Bundle may be absolute below it, and the links of
// answers begin with it. By default it is [Options.BaseURL].
func ServedAt(base string) WriteOption {
	return func(o *writeOptions) { o.base = strings.TrimRight(base, "/") }
}

// A ReturnPreference selects the content of the answers to a Bundle's writes, beside
// their status (FHIR R4 §3.1.0.1.7, Prefer: return).
type ReturnPreference = bundle.Return

// The preferences.
const (
	// ReturnIssues gives the faults that were accepted. It is the default.
	ReturnIssues = bundle.Default
	// ReturnMinimal gives nothing.
	ReturnMinimal = bundle.Minimal
	// ReturnRepresentation gives the resource, and the faults that were accepted.
	ReturnRepresentation = bundle.Representation
	// ReturnOutcome gives an OperationOutcome, even without faults.
	ReturnOutcome = bundle.OperationOutcome
)

// Return selects the content of [Store.Transact]'s answers to writes. A create or an
// update with ReturnMinimal or ReturnOutcome leaves out [Version.JSON], which saves
// memory for large resources.
func Return(what ReturnPreference) WriteOption {
	return func(o *writeOptions) { o.returns = what }
}

// Transact carries out a Bundle of type batch or transaction and returns the
// response Bundle (FHIR R4 §3.1.0.11).
//
// A transaction is one commit: all of it or nothing, and an [Error] names the entry.
// Its writes are carried out in the order that FHIR gives (DELETE, POST, PUT, GET), ids
// are assigned first, and references from one entry to the fullUrl of another are
// rewritten; so are conditional references (Type?query), which must find one resource.
// Conditions are decided on the state that the other entries leave; see
// docs/conformance.md for the rules. The entries of a batch are carried out one by one,
// each with its own outcome. It takes the options for checks of resources, [ServedAt]
// and [Return].
func (s *Store) Transact(ctx context.Context, json []byte, opts ...WriteOption) ([]byte, error) {
	o, c, err := s.gather(opts, anything)
	if err != nil {
		return nil, err
	}
	if o.conditional || o.provenance != nil || c != (engine.Condition{}) {
		return nil, engine.Failf(ErrInvalid, issue.Invalid, "IfMatch, IfNoneMatch, IfNoneExist and WithProvenance do not go with a Bundle")
	}
	return bundle.Do(ctx, s.engine, json, bundle.Options{Check: o.check, Base: o.base, Return: o.returns, Get: s.get})
}

// get answers a GET of a Bundle.
func (s *Store) get(ctx context.Context, now engine.View, to bundle.Target, base string, room int) ([]byte, engine.Version, error) {
	at := &Snapshot{store: s, view: now}
	if to.IsQuery {
		typ := ""
		if to.Type != 0 {
			typ = to.Type.String()
		}
		page, err := s.search(ctx, at, typ, to.Query, room, []SearchOption{InCompartment(Ref{Type: to.InType, ID: to.InID})})
		if err != nil {
			return nil, engine.Version{}, err
		}
		return page.Bundle(base), engine.Version{}, nil
	}
	ref := Ref{Type: to.Type.String(), ID: to.ID}
	var o Ordinal
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
