package datastore

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// A Tx collects operations on several resources, and named states, for one commit: all
// are written or none. Its methods check their arguments at once and leave conditions
// to the commit. A Tx is for one goroutine; several may be filled side by side, and are
// written in the order in which they are committed. The zero Tx must not be used.
type Tx struct {
	store  *Store
	ops    []engine.Op
	states []engine.State
	size   int
	done   bool
}

// Begin returns an empty transaction. A transaction that is not committed needs no
// release.
func (s *Store) Begin() *Tx { return &Tx{store: s} }

// Write calls f with an empty transaction and commits it if f returns nil. It
// returns what was written, one version an operation, without JSON.
func (s *Store) Write(ctx context.Context, f func(tx *Tx) error) ([]Version, error) {
	tx := s.Begin()
	if err := f(tx); err != nil {
		return nil, err
	}
	return tx.Commit(ctx)
}

// Create adds the creation of a resource under a new id, which it returns. It takes the
// options for checks of resources.
func (tx *Tx) Create(ctx context.Context, json []byte, opts ...WriteOption) (Ref, error) {
	o, c, err := tx.store.gather(opts, aResource)
	if err != nil {
		return Ref{}, err
	}
	if o.conditional || o.provenance != nil || o.source || c != (engine.Condition{}) {
		return Ref{}, engine.Failf(ErrInvalid, issue.Invalid, "IfMatch, IfNoneMatch, IfNoneExist, KeepVersion and WithProvenance do not go with a create in a transaction")
	}
	id, err := tx.store.engine.NewID(ctx)
	if err != nil {
		return Ref{}, err
	}
	return tx.prepare(ctx, json, &engine.How{ID: id, Check: o.check, Resolve: o.resolve}, engine.Condition{MustNot: true}, o.by(engine.Create))
}

// Update adds the update, or the creation, of a resource under its own id.
// IfMatch and IfNoneMatch are checked by the commit.
func (tx *Tx) Update(ctx context.Context, json []byte, opts ...WriteOption) (Ref, error) {
	o, c, err := tx.store.gather(opts, aResource)
	if err != nil {
		return Ref{}, err
	}
	if o.conditional || o.provenance != nil {
		return Ref{}, engine.Failf(ErrInvalid, issue.Invalid, "IfNoneExist and WithProvenance do not go with an update in a transaction")
	}
	return tx.prepare(ctx, json, &engine.How{Check: o.check, Compare: o.ifChanged, Resolve: o.resolve, Source: o.source}, c, o.by(engine.Update))
}

func (tx *Tx) prepare(ctx context.Context, json []byte, how *engine.How, c engine.Condition, by engine.Interaction) (Ref, error) {
	p, err := tx.store.engine.Prepare(ctx, json, how)
	if err != nil {
		return Ref{}, err
	}
	tx.add(engine.Op{Prepared: p, Condition: c, Interaction: by})
	return Ref{Type: p.Type.String(), ID: p.ID}, nil
}

// Delete adds the deletion of a resource. The commit reports ErrNotFound or ErrGone if
// there is none.
func (tx *Tx) Delete(ref Ref, opts ...WriteOption) error {
	o, c, err := tx.store.gather(opts, aDeletion)
	if err != nil {
		return err
	}
	if o.conditional || o.ifNoneMatch || o.ifChanged || o.provenance != nil {
		return engine.Failf(ErrInvalid, issue.Invalid, "IfNoneExist, IfNoneMatch, IfChanged and WithProvenance do not go with a deletion")
	}
	t, err := resourceType(ref.Type)
	if err != nil {
		return err
	}
	if !fhirjson.ValidID(ref.ID) {
		return fmt.Errorf("%w: %s", ErrNotFound, ref.Type)
	}
	c.MustExist, c.SkipAbsent = !o.ifPresent, o.ifPresent
	p := engine.PrepareDeletion(t, ref.ID)
	if as := o.deletedAs; as != nil {
		if err := p.Bring(as.versionID, !as.lastUpdated.IsZero(), as.lastUpdated.UnixMicro()); err != nil {
			return err
		}
	}
	tx.add(engine.Op{Prepared: p, Condition: c, Interaction: o.by(engine.Delete)})
	return nil
}

// Len returns the number of operations.
func (tx *Tx) Len() int { return len(tx.ops) }

// Issues returns the faults that were accepted in operation i, from 0: warnings, and at
// level Minimal all other faults.
func (tx *Tx) Issues(i int) []Issue { return tx.ops[i].Issues }

// Size returns the estimated size of the operations in the log, in bytes.
func (tx *Tx) Size() int { return tx.size }

func (tx *Tx) add(o engine.Op) {
	tx.ops = append(tx.ops, o)
	tx.size += o.Size()
}

// Commit writes the operations. It returns what was written, one version an
// operation, without JSON. After an error nothing was written, unless it is
// ErrOutcomeUnknown. A transaction is committed once.
func (tx *Tx) Commit(ctx context.Context) ([]Version, error) {
	if tx.done {
		return nil, engine.Failf(ErrInvalid, issue.Invalid, "the transaction was committed before")
	}
	tx.done = true
	if len(tx.ops)+len(tx.states) == 0 {
		return nil, tx.store.engine.Open()
	}
	done, err := tx.store.engine.Commit(ctx, &engine.Commit{Ops: tx.ops, States: tx.states})
	if err != nil {
		return nil, err
	}
	versions := make([]Version, len(done))
	for i := range done {
		versions[i] = publicVersion(&done[i])
	}
	return versions, nil
}
