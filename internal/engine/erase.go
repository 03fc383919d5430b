package engine

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/killpoint"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// Erase destroys every version whose one patient is the patient of an id, and what is
// reached only from these. It reports ErrNotFound for a patient that the store knows
// nothing of, ErrErased for one that was erased before, ErrReadOnly, ErrClosed, the error
// of ctx, or one of the disk. Once the erasure is durable as a commit, what is left to do
// is done even after a crash: when the store is opened again. It returns the current
// versions that name the patient, or a resource that is gone, and stay: they are about
// somebody else as well.
//
// An erasure is a commit that deletes what is current and keeps, as named state, what has
// to be done: so it is whole or not at all. Then holds from before end, the patient's keys
// are destroyed, and segments that have parts of it under other keys are rewritten.
func (e *Engine) Erase(ctx context.Context, id string) (others []Version, err error) {
	if err := e.beginRewriting(ctx); err != nil {
		return nil, err
	}
	defer e.endRewriting()
	if err := e.readOnly(); err != nil {
		return nil, err
	}
	finished, err := e.finishErasures(ctx)
	if err != nil {
		return nil, err
	}
	// What is written from now on lies under another key, and is not erased.
	var hold *Hold
	err = e.take(ctx, func() (err error) {
		if err = e.readOnly(); err == nil {
			e.log.ForgetSlot(id)
			hold, err = e.Hold()
		}
		return err
	})
	if err != nil {
		return nil, err
	}
	defer hold.Release()
	r, err := e.reachOf(ctx, hold.View, id)
	if err != nil {
		return nil, err
	}
	if r.versions.IsEmpty() {
		for _, x := range finished {
			if x.patient == id {
				return x.others, nil
			}
		}
		if e.WasErased(schema.TypePatient, id) {
			return nil, ErrErased
		}
		return nil, fmt.Errorf("%w: Patient", ErrNotFound)
	}
	r.whole[key{schema.TypePatient, id}] = true // even if there is no such resource
	hashKey, states, err := e.erasureKey(ctx)
	if err != nil {
		return nil, err
	}
	x := &erasure{name: erasedPrefix + randomName(), hashes: sortedHashes(hashKey, r.whole), slots: r.slots, patient: id, versions: r.versions}
	for it := r.versions.Iterator(); it.HasNext(); {
		x.numbers = append(x.numbers, e.numbers.of(index.Ordinal(it.Next())))
	}
	states = append(states, State{Name: x.name, Value: x.value()})
	if _, err := e.Commit(ctx, &Commit{Ops: r.deletions(), States: states}); err != nil {
		return nil, err
	}
	killpoint.Here("after.erase-commit")
	e.erased.mu.Lock()
	e.erased.key = hashKey
	e.erased.mu.Unlock()
	e.erased.add(x.hashes, x.numbers)
	for _, o := range r.others {
		x.others = append(x.others, r.view.Version(o))
	}
	now := e.Last()
	for _, k := range r.deleted() {
		o, ok := now.Find(k.typ, k.id)
		if before, _ := now.Previous(o); ok && r.whole[k] && now.Deleted(o) && r.versions.Contains(uint32(before)) {
			r.versions.Add(uint32(o)) // the deletion that the erasure wrote
		}
	}
	e.erased.underWay = append(e.erased.underWay, x)
	hold.Release()
	_, err = e.finishErasures(ctx)
	return x.others, err
}

// randomName returns a name that nothing else has.
func randomName() string {
	var b [8]byte
	rand.Read(b[:])
	return hex.EncodeToString(b[:])
}

// finishErasures finishes the erasures that are durable and stopped before their end, and
// returns them.
//
// REQUIRES: the right to rewrite, or that nobody uses the engine yet.
func (e *Engine) finishErasures(ctx context.Context) (finished []*erasure, err error) {
	for len(e.erased.underWay) > 0 {
		x := e.erased.underWay[0]
		if err := e.finishErasure(ctx, x); err != nil {
			return finished, err
		}
		e.erased.underWay = e.erased.underWay[1:]
		finished = append(finished, x)
	}
	return finished, nil
}

// finishErasure does what is left of an erasure that is durable. It may be done again from
// its beginning.
func (e *Engine) finishErasure(ctx context.Context, x *erasure) error {
	versions := x.versions
	if err := e.endHolds(ctx, e.Last().Sequence()); err != nil {
		return err
	}
	e.index.Purge(versions)
	open, err := e.underOtherKeys(versions, x.slots)
	if err != nil {
		return err
	}
	// It has texts of erased versions. No other is made before the next opening.
	if err := e.DropCheckpoint(); err != nil {
		return err
	}
	if err := e.log.EraseSlots(ctx, x.slots); err != nil {
		return e.rewriteFailed(err)
	}
	killpoint.Here("after.erase-slots")
	if err := e.remove(ctx, open); err != nil {
		return err
	}
	killpoint.Here("after.erase-rewrite")
	done := erasure{name: x.name, done: true, hashes: x.hashes, slots: x.slots, numbers: slices.Clone(x.numbers)}
	for it := versions.Iterator(); it.HasNext(); {
		done.numbers = append(done.numbers, e.numbers.of(index.Ordinal(it.Next())))
	}
	slices.Sort(done.numbers)
	done.numbers = slices.Compact(done.numbers)
	if _, err := e.Commit(ctx, &Commit{States: []State{{Name: x.name, Value: done.value()}}}); err != nil {
		return err
	}
	e.erased.add(nil, done.numbers)
	// What postings, dictionaries and columns have of it goes from memory too.
	return e.SweepAll(ctx)
}

// underOtherKeys returns the versions whose parts do not lie under the keys of slots.
func (e *Engine) underOtherKeys(versions *roaring.Bitmap, slots []uint32) (*roaring.Bitmap, error) {
	others := roaring.New()
	for it := versions.Iterator(); it.HasNext(); {
		o := it.Next()
		slot, err := e.log.SlotOf(e.numbers.of(index.Ordinal(o)))
		if errors.Is(err, txlog.ErrNotFound) {
			continue // it is gone already
		}
		if err != nil {
			return nil, fmt.Errorf("datastore: reading: %w", logError(err))
		}
		if !slices.Contains(slots, slot) {
			others.Add(o)
		}
	}
	return others, nil
}

// resumeErasures finishes what an earlier process began. A store that is only read does
// not.
func (e *Engine) resumeErasures(ctx context.Context) error {
	if e.readOnly() != nil {
		return nil
	}
	for _, x := range e.erased.underWay {
		e.options.Logger.Info("datastore: an erasure that was interrupted is finished", "versions", x.versions.GetCardinality())
	}
	_, err := e.finishErasures(ctx)
	return err
}

// versionsOf returns the versions of an erasure that the index has, with the deletions of
// resources that are gone.
func (e *Engine) versionsOf(x *erasure) *roaring.Bitmap {
	versions, view := roaring.New(), e.Last()
	for _, n := range x.numbers {
		if o := e.numbers.from(n); e.numbers.of(o) == n && o <= view.Last() {
			versions.Add(uint32(o))
		}
	}
	gone := make(map[erasedHash]bool, len(x.hashes))
	for _, h := range x.hashes {
		gone[h] = true
	}
	for o := index.FirstOrdinal; o <= view.Last(); o++ {
		if !view.Deleted(o) {
			continue
		}
		if t, id := view.Key(o); gone[hashOfErased(e.erased.key, schema.TypeID(t), id)] {
			if by, err := view.Interaction(o); err == nil && by == Erasure {
				versions.Add(uint32(o))
			}
		}
	}
	return versions
}
