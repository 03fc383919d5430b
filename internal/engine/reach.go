package engine

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// A reach is what an erasure takes of a store, as of a view.
type reach struct {
	engine  *Engine
	ctx     context.Context
	view    View
	patient string
	entity  index.Entity // of the patient; 0 if nothing ever named it

	versions *roaring.Bitmap // that are erased
	slots    []uint32        // of the patient
	whole    map[key]bool    // resources whose every version is erased
	others   []index.Ordinal // current versions that name something of it and stay

	stayed map[key]*candidate // that are not erased
}

// reachOf finds what an erasure takes. The view is held, and what is written after it for
// the patient lies under another key.
func (e *Engine) reachOf(ctx context.Context, view View, patient string) (*reach, error) {
	r := &reach{engine: e, ctx: ctx, view: view, patient: patient, versions: roaring.New(), whole: map[key]bool{}, stayed: map[key]*candidate{}}
	entity, ok := r.view.Entity(index.TypeID(schema.TypePatient), patient)
	if !ok {
		return r, nil
	}
	r.entity = entity
	if err := r.own(); err != nil {
		return nil, err
	}
	if r.versions.IsEmpty() {
		return r, nil
	}
	if err := r.linked(); err != nil {
		return nil, err
	}
	r.findWhole()
	r.findOthers()
	return r, nil
}

// findOthers finds the current versions that name the patient, or a resource that is gone,
// and stay.
func (r *reach) findOthers() {
	gone := roaring.BitmapOf(uint32(r.entity))
	for k := range r.whole {
		if e, ok := r.view.Entity(index.TypeID(k.typ), k.id); ok {
			gone.Add(uint32(e))
		}
	}
	found := r.view.Referring(gone)
	for k, c := range r.stayed {
		names := func(k key) bool {
			return c.names[k] && (r.whole[k] || k.typ == schema.TypePatient && k.id == r.patient)
		}
		if o, ok := r.view.Find(k.typ, k.id); ok && slices.ContainsFunc(slices.Collect(maps.Keys(c.names)), names) {
			found.Add(uint32(o))
		}
	}
	for it := found.Iterator(); it.HasNext(); {
		if o := index.Ordinal(it.Next()); r.view.Visible(o) && !r.versions.Contains(uint32(o)) {
			r.others = append(r.others, o)
		}
	}
}

// own finds the versions whose one patient is the patient.
func (r *reach) own() error {
	for o, ok := r.view.Find(schema.TypePatient, r.patient); ok; o, ok = r.view.Previous(o) {
		if err := r.take(o); err != nil {
			return err
		}
	}
	of := roaring.BitmapOf(uint32(r.entity))
	swept := r.engine.index.Swept()
	for t, streams := range patientStreams() {
		if t == schema.TypePatient {
			continue
		}
		ofType := r.view.OfType(index.TypeID(t))
		found := roaring.New()
		for _, p := range streams {
			if refs := r.view.References(p); refs.Len() > 0 {
				found.Or(refs.Sources(of))
			}
		}
		for it := ofType.Intersect(found).Iterator(); it.HasNext(); {
			if err := r.consider(t, index.Ordinal(it.Next()), true); err != nil {
				return err
			}
		}
		// What was swept is in no column any more.
		for it := ofType.Intersect(swept).Iterator(); it.HasNext(); {
			if err := r.consider(t, index.Ordinal(it.Next()), false); err != nil {
				return err
			}
		}
	}
	return r.underKeys()
}

// underKeys takes all versions that lie under the keys of the patient, which are destroyed.
func (r *reach) underKeys() error {
	if len(r.slots) == 0 {
		return nil
	}
	err := r.engine.log.EachSlot(r.ctx, func(n txlog.Number, slot uint32) {
		if !slices.Contains(r.slots, slot) {
			return
		}
		if o := r.engine.numbers.from(n); r.engine.numbers.of(o) == n && o <= r.view.Last() && !r.view.Hole(o) {
			r.versions.Add(uint32(o))
		}
	})
	if err != nil {
		return fmt.Errorf("datastore: reading: %w", logError(err))
	}
	return nil
}

// take erases a version, and notes its key slot.
func (r *reach) take(o index.Ordinal) error {
	slot, err := r.engine.log.SlotOf(r.engine.numbers.of(o))
	if err != nil {
		return fmt.Errorf("datastore: reading: %w", goneError(err))
	}
	if slot != 0 && !slices.Contains(r.slots, slot) {
		r.slots = append(r.slots, slot)
	}
	r.versions.Add(uint32(o))
	return nil
}

// consider takes a version of a type that is in compartments if its one patient is the
// patient. refers says that it refers to the patient: then whatever key of a patient it
// lies under is the patient's.
func (r *reach) consider(t schema.TypeID, o index.Ordinal, refers bool) error {
	if r.view.Hole(o) || r.view.Deleted(o) {
		return nil
	}
	if err := r.ctx.Err(); err != nil {
		return err
	}
	slot, err := r.engine.log.SlotOf(r.engine.numbers.of(o))
	if err != nil {
		return fmt.Errorf("datastore: reading: %w", goneError(err))
	}
	switch {
	case slot != 0 && (refers || slices.Contains(r.slots, slot)):
		return r.take(o)
	case slot != 0 && len(r.slots) > 0:
		return nil // another patient's
	}
	patient, _, err := r.patientOf(t, o)
	if err == nil && patient == r.patient {
		err = r.take(o)
	}
	return err
}

// patientOf reads whose a version is from its stored values.
func (r *reach) patientOf(t schema.TypeID, o index.Ordinal) (patient string, several bool, err error) {
	payload, err := r.engine.payloadOf(o, nil)
	if err != nil {
		return "", false, err
	}
	var values index.Prepared
	if err := r.engine.index.Prepare(&values, payload); err != nil {
		return "", false, fmt.Errorf("%w: %w", ErrCorrupt, err)
	}
	_, id := r.view.Key(o)
	patient, several = patientOf(t, id, &values)
	return patient, several, nil
}

// findWhole finds the resources whose every version is erased, or a deletion.
func (r *reach) findWhole() {
	for it := r.versions.Clone().Iterator(); it.HasNext(); {
		o := index.Ordinal(it.Next())
		t, id := r.view.Key(o)
		k := key{schema.TypeID(t), id}
		if _, seen := r.whole[k]; seen {
			continue
		}
		r.whole[k] = true
		var deletions []uint32
		for v, ok := r.view.Find(k.typ, k.id); ok; v, ok = r.view.Previous(v) {
			switch {
			case r.view.Deleted(v):
				deletions = append(deletions, uint32(v))
			case !r.versions.Contains(uint32(v)):
				r.whole[k] = false
			}
		}
		if r.whole[k] {
			r.versions.AddMany(deletions)
		}
	}
	for k, whole := range r.whole {
		if !whole {
			delete(r.whole, k)
		}
	}
}

// deleted returns the resources whose current version is erased.
func (r *reach) deleted() (keys []key) {
	for it := r.versions.Iterator(); it.HasNext(); {
		if o := index.Ordinal(it.Next()); r.view.Visible(o) {
			t, id := r.view.Key(o)
			keys = append(keys, key{schema.TypeID(t), id})
		}
	}
	// The deletion of a document deletes what was derived from it, unless that is deleted
	// already.
	document := func(k key) int {
		if k.typ == schema.TypeDocumentReference {
			return 1
		}
		return 0
	}
	slices.SortStableFunc(keys, func(a, b key) int { return cmp.Compare(document(a), document(b)) })
	return keys
}

// deletions returns the operations that delete what is current. What others write
// meanwhile stays.
func (r *reach) deletions() (ops []Op) {
	for _, k := range r.deleted() {
		o, _ := r.view.Find(k.typ, k.id)
		ops = append(ops, Op{Prepared: PrepareDeletion(k.typ, k.id), Condition: Condition{IfMatch: r.view.VersionNumber(o), SkipChanged: true}, Interaction: Erasure})
	}
	return ops
}
