package datastore

import (
	"context"
	"fmt"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/issue"
)

// A Transaction is one under way: it collects creates, updates and deletions of several
// resources, and named state, until [Transaction.Commit] writes all of them or none, in one
// record of the log. The word is FHIR's (R4 §3.1.0.11.2). It reads nothing and locks
// nothing: what its operations depend on they say as conditions, such as [IfMatch], which
// the commit checks.
//
// Its methods check what they are given at once and leave the rest to the commit. A
// Transaction is for one goroutine; different ones may be filled side by side, and are
// written in the order in which they are committed. The zero Transaction is of no use.
type Transaction struct {
	store   *Store
	ops     []engine.Op
	states  []engine.State
	size    int
	note    []byte
	inOrder bool // SkipOutOfOrder
	done    bool
}

// Begin returns an empty transaction. It holds nothing that must be released: one
// that is not committed is forgotten.
func (s *Store) Begin() *Transaction { return &Transaction{store: s} }

// Write calls f with an empty transaction and commits it if f returns nil. It
// returns what was written, one version an operation, without JSON.
func (s *Store) Write(ctx context.Context, f func(tx *Transaction) error) ([]Version, error) {
	tx := s.Begin()
	if err := f(tx); err != nil {
		return nil, err
	}
	return tx.Commit(ctx)
}

// maxNote bounds the annotation of a commit.
const maxNote = 64 << 10

// Annotate has the commit keep a note of who asked for it and why, at most 64 KiB. The
// note is sealed with the commit, and [Change.Annotation] tells it. The last note counts.
func (tx *Transaction) Annotate(note []byte) error {
	if len(note) > maxNote {
		return engine.Failf(ErrInvalid, issue.TooLong, "a note is at most %d bytes", maxNote)
	}
	tx.note = append([]byte(nil), note...)
	return nil
}

// Create adds the creation of a resource under a new id, which it returns. The
// options are Imported, ResolveReferences and Validation.
func (tx *Transaction) Create(ctx context.Context, json []byte, opts ...WriteOption) (Ref, error) {
	o, err := tx.store.gather(opts, &opCreateIn)
	if err != nil {
		return Ref{}, err
	}
	id, err := tx.store.engine.NewID(ctx)
	if err != nil {
		return Ref{}, err
	}
	how := engine.How{ID: id, Check: o.check, Resolve: o.has(optResolveReferences), By: tx.store.access()}
	return tx.prepare(ctx, json, &how, engine.Condition{MustNot: true}, o.by(engine.Create))
}

// Update adds the update, or the creation, of a resource under its own id. IfMatch and
// IfNoneMatch are checked by the commit. Of the options of [Store.Update] it takes all but
// WithProvenance and Return.
func (tx *Transaction) Update(ctx context.Context, json []byte, opts ...WriteOption) (Ref, error) {
	o, err := tx.store.gather(opts, &opUpdateIn)
	if err != nil {
		return Ref{}, err
	}
	c, err := o.condition()
	if err != nil {
		return Ref{}, err
	}
	how := engine.How{Check: o.check, Compare: c.SkipSame, Resolve: o.has(optResolveReferences), Source: o.has(optKeepVersion), By: tx.store.access()}
	return tx.prepare(ctx, json, &how, c, o.by(engine.Update))
}

func (tx *Transaction) prepare(ctx context.Context, json []byte, how *engine.How, c engine.Condition, by engine.Interaction) (Ref, error) {
	p, err := tx.store.engine.Prepare(ctx, json, how)
	if err != nil {
		return Ref{}, err
	}
	tx.add(engine.Op{Prepared: p, Condition: c, Interaction: by})
	return Ref{Type: p.Type.String(), ID: p.ID}, nil
}

// Delete adds the deletion of a resource. The commit reports ErrNotFound or
// ErrGone where there is none.
func (tx *Transaction) Delete(ref Ref, opts ...WriteOption) error {
	return tx.delete(ref, engine.Condition{MustExist: true}, func(*engine.Prepared) error { return nil }, opts)
}

// DeleteAs adds a deletion that was made elsewhere: it writes nothing, and is no error,
// where there is no such resource. As with [KeepVersion] it has this number and this time;
// "" and the zero time leave them to the store.
func (tx *Transaction) DeleteAs(ref Ref, versionID string, lastUpdated time.Time, opts ...WriteOption) error {
	return tx.delete(ref, engine.Condition{SkipAbsent: true}, func(p *engine.Prepared) error {
		if versionID == "" && lastUpdated.IsZero() {
			return nil
		}
		return p.Bring(versionID, !lastUpdated.IsZero(), lastUpdated.UnixMicro())
	}, opts)
}

func (tx *Transaction) delete(ref Ref, c engine.Condition, bring func(*engine.Prepared) error, opts []WriteOption) error {
	o, err := tx.store.gather(opts, &opDelete)
	if err != nil {
		return err
	}
	match, err := o.condition()
	if err != nil {
		return err
	}
	t, err := resourceType(ref.Type)
	if err != nil {
		return err
	}
	if !fhirjson.ValidID(ref.ID) {
		return fmt.Errorf("%w: %s", ErrNotFound, ref.Type)
	}
	p := engine.PrepareDeletion(t, ref.ID)
	if err := bring(p); err != nil {
		return err
	}
	c.IfMatch = match.IfMatch
	tx.add(engine.Op{Prepared: p, Condition: c, Interaction: o.by(engine.Delete)})
	return nil
}

// SkipOutOfOrder has each operation that would report ErrVersionOrder write nothing
// instead, and the other operations be done: the Version that the commit returns for it
// has Refused set.
func (tx *Transaction) SkipOutOfOrder() { tx.inOrder = true }

// Len returns the number of operations.
func (tx *Transaction) Len() int { return len(tx.ops) }

// Issues returns what was found and accepted in operation i, from 0: warnings, and at
// level Minimal everything else that is wrong.
func (tx *Transaction) Issues(i int) []Issue { return tx.ops[i].Issues }

// Size returns about how many bytes the operations take in the log.
func (tx *Transaction) Size() int { return tx.size }

func (tx *Transaction) add(o engine.Op) {
	tx.ops = append(tx.ops, o)
	tx.size += o.Size()
}

// Commit writes the operations. It returns what was written, one version an
// operation, without JSON. After an error nothing was written, unless it is
// ErrOutcomeUnknown. A transaction is committed once.
func (tx *Transaction) Commit(ctx context.Context) (versions []Version, err error) {
	defer tx.store.told("commit", "", &err)()
	return tx.commit(ctx)
}

func (tx *Transaction) commit(ctx context.Context) ([]Version, error) {
	if tx.done {
		return nil, engine.Failf(ErrInvalid, issue.Invalid, "the transaction was committed before")
	}
	tx.done = true
	if len(tx.ops)+len(tx.states) == 0 {
		return nil, tx.store.engine.Open()
	}
	if len(tx.states) > 0 {
		if err := tx.store.admin("set state"); err != nil {
			return nil, err
		}
	}
	for i := range tx.ops {
		tx.ops[i].Condition.SkipRefused = tx.inOrder
	}
	done, err := tx.store.engine.Commit(ctx, &engine.Commit{Ops: tx.ops, States: tx.states, Annotation: tx.note, By: tx.store.access()})
	if err != nil {
		return nil, err
	}
	versions := make([]Version, len(done))
	for i := range done {
		versions[i] = publicVersion(&done[i])
	}
	return versions, nil
}
