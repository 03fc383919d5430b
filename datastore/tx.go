package datastore

import (
	"context"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/issue"
)

// A Tx collects operations on several resources that are written as one: all in
// one log record, or none. Its methods check what they are given at once and
// leave the rest to the commit. A Tx is for one goroutine; different ones may be
// filled side by side, and are written in the order in which they are committed.
// The zero Tx is of no use.
type Tx struct {
	store *Store
	ops   []op
	size  int
	done  bool
}

// Begin returns an empty transaction. It holds nothing that must be released: one
// that is not committed is forgotten.
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

// Create adds the creation of a resource under a new id, which it returns. Of the
// options only Validation goes with it.
func (tx *Tx) Create(ctx context.Context, json []byte, opts ...WriteOption) (Ref, error) {
	o, c, err := tx.store.gather(opts)
	if err != nil {
		return Ref{}, err
	}
	if o.ifNoneExist != "" || c != (condition{}) {
		return Ref{}, failf(ErrInvalid, issue.Invalid, "only Validation goes with a create in a transaction")
	}
	p, err := tx.store.prepare(ctx, json, tx.store.options.NewID(), o.level)
	if err != nil {
		return Ref{}, err
	}
	tx.add(op{p, condition{mustNot: true}})
	return Ref{Type: p.typ.String(), ID: p.id}, nil
}

// Update adds the update, or the creation, of a resource under its own id.
// IfMatch and IfNoneMatch are checked by the commit.
func (tx *Tx) Update(ctx context.Context, json []byte, opts ...WriteOption) (Ref, error) {
	o, c, err := tx.store.gather(opts)
	if err != nil {
		return Ref{}, err
	}
	if o.ifNoneExist != "" {
		return Ref{}, failf(ErrInvalid, issue.Invalid, "IfNoneExist does not go with an update")
	}
	p, err := tx.store.prepare(ctx, json, "", o.level)
	if err != nil {
		return Ref{}, err
	}
	tx.add(op{p, c})
	return Ref{Type: p.typ.String(), ID: p.id}, nil
}

// Delete adds the deletion of a resource. The commit reports ErrNotFound or
// ErrGone where there is none.
func (tx *Tx) Delete(ref Ref, opts ...WriteOption) error {
	o, c, err := tx.store.gather(opts)
	if err != nil {
		return err
	}
	if o.ifNoneExist != "" || o.ifNoneMatch {
		return failf(ErrInvalid, issue.Invalid, "IfNoneExist and IfNoneMatch do not go with a deletion")
	}
	t, err := resourceType(ref.Type)
	if err != nil {
		return err
	}
	if !validID(ref.ID) {
		return fmt.Errorf("%w: %s", ErrNotFound, ref.Type)
	}
	c.mustExist = true
	tx.add(op{prepareDelete(t, ref.ID), c})
	return nil
}

// Len returns the number of operations.
func (tx *Tx) Len() int { return len(tx.ops) }

// Size returns about how many bytes the operations take in the log.
func (tx *Tx) Size() int { return tx.size }

func (tx *Tx) add(o op) {
	tx.ops = append(tx.ops, o)
	tx.size += o.size()
}

// Commit writes the operations. It returns what was written, one version an
// operation, without JSON. After an error nothing was written, unless it is
// ErrOutcomeUnknown. A transaction is committed once.
func (tx *Tx) Commit(ctx context.Context) ([]Version, error) {
	if tx.done {
		return nil, failf(ErrInvalid, issue.Invalid, "the transaction was committed before")
	}
	tx.done = true
	c := &commit{ops: tx.ops}
	if len(c.ops) == 0 {
		return nil, tx.store.open()
	}
	if err := tx.store.submit(ctx, c); err != nil {
		return nil, err
	}
	return c.versions, nil
}
