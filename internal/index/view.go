package index

import (
	"sort"

	"github.com/RoaringBitmap/roaring/v2"
)

// A View is the state after one commit. It is a small value, needs no closing, and
// stays exact while others write. The zero View must not be used.
//
// Methods that take an ordinal or an entity return zero values if the view does not
// have it.
type View struct {
	x *Index
	s *published
}

// View returns the newest published state.
func (x *Index) View() View { return View{x, x.state.Load()} }

// ViewAt returns the state after the newest record whose sequence is at most
// seq, and false if no record as new as seq was applied yet, or if a sweep has
// gone beyond it.
//
// It is exact too, but what it counts it must look at more closely: superseded
// versions that were visible then are looked up one by one.
func (x *Index) ViewAt(seq uint64) (View, bool) {
	now := x.View()
	switch {
	case seq > now.s.sequence, seq < x.horizon.at.Load():
		return View{}, false
	case seq == now.s.sequence:
		return now, true
	}
	n := sort.Search(int(now.s.records), func(i int) bool { return x.records.at(uint32(i)).sequence > seq })
	s := &published{records: uint32(n), dead: now.s.dead}
	if n > 0 {
		s.record = *x.records.at(uint32(n - 1))
	}
	return View{x, s}, true
}

// Through returns the view with a filter in place of its own. This package only carries
// the filter, for package search: the methods of a View ignore it.
func (v View) Through(filter any) View {
	s := *v.s
	s.filter = filter
	return View{v.x, &s}
}

// Filter returns the view's filter, nil for a view that shows all.
func (v View) Filter() any { return v.s.filter }

// Terms computes terms for [View.Posting].
func (v View) Terms() Terms { return v.x.terms }

// Sequence returns the sequence of the view's newest commit, 0 if there is none.
func (v View) Sequence() uint64 { return v.s.sequence }

// Time returns the time of the view's newest commit in microseconds since the Unix
// epoch.
func (v View) Time() int64 { return v.s.time }

// Last returns the view's largest ordinal, 0 if it is empty.
func (v View) Last() Ordinal { return v.s.last }

// version returns the entry of an ordinal, nil for one that is not in the view.
func (v View) version(o Ordinal) *version {
	if o == 0 || o > v.s.last {
		return nil
	}
	return v.x.versions.at(uint32(o))
}

// Lookup returns the newest version of a resource, which may be a deletion.
func (v View) Lookup(typ TypeID, id string) (Ordinal, bool) {
	o := v.newest(v.x.entities.lookup(typ, id))
	return o, o != 0
}

// newest returns the newest version of an entity in the view, or 0.
func (v View) newest(e Entity) Ordinal {
	if e == 0 {
		return 0
	}
	o := Ordinal(v.x.entities.records.at(uint32(e)).newest.Load())
	for o > v.s.last {
		o = v.x.versions.at(uint32(o)).previous
	}
	return v.kept(o)
}

// kept returns o, or the newest version of its resource before o that did not leave the
// log, 0 if there is none.
func (v View) kept(o Ordinal) Ordinal {
	for o != 0 && v.x.Purged(o) {
		o = v.x.versions.at(uint32(o)).previous
	}
	return o
}

// Visible reports whether o is the newest version of its resource in the view,
// and no deletion.
func (v View) Visible(o Ordinal) bool {
	w := v.version(o)
	if w == nil || w.entity == 0 || w.number&deletedBit != 0 {
		return false
	}
	next := Ordinal(w.next.Load())
	return next == 0 || next > v.s.last
}

// Deleted reports whether o is a deletion.
func (v View) Deleted(o Ordinal) bool {
	w := v.version(o)
	return w != nil && w.number&deletedBit != 0
}

// Hole reports whether o stands for no version: it never did, or its item left the log.
func (v View) Hole(o Ordinal) bool {
	w := v.version(o)
	return w != nil && (w.entity == 0 || v.x.Purged(o))
}

// Key returns the type and id of the resource of o.
func (v View) Key(o Ordinal) (TypeID, string) { return v.EntityKey(v.EntityOf(o)) }

// VersionNumber returns the version number of o: 1 for the first version of a
// resource.
func (v View) VersionNumber(o Ordinal) uint64 {
	if w := v.version(o); w != nil {
		return uint64(w.number &^ deletedBit)
	}
	return 0
}

// Previous returns the version of the same resource before o, passing over versions that left
// the log.
func (v View) Previous(o Ordinal) (Ordinal, bool) {
	w := v.version(o)
	if w == nil {
		return 0, false
	}
	before := v.kept(w.previous)
	return before, before != 0
}

// RecordOf returns the sequence of the commit of o, and the time of o in microseconds
// since the Unix epoch: the commit's, unless the version brought its own.
func (v View) RecordOf(o Ordinal) (seq uint64, timeMicros int64) {
	if o == 0 || o > v.s.last {
		return 0, 0
	}
	r := v.recordOf(o)
	if brought, ok := v.SourceTime(o); ok {
		return r.sequence, brought
	}
	return r.sequence, r.time
}

// CommitTime returns the time of the commit of o, or 0 if the view does not have o.
func (v View) CommitTime(o Ordinal) int64 {
	if o == 0 || o > v.s.last {
		return 0
	}
	return v.recordOf(o).time
}

func (v View) recordOf(o Ordinal) *record {
	n := sort.Search(int(v.s.records), func(i int) bool { return v.x.records.at(uint32(i)).last >= o })
	return v.x.records.at(uint32(n))
}

// since returns the first ordinal of a commit not before t.
func (v View) since(t int64) Ordinal {
	n := sort.Search(int(v.s.records), func(i int) bool { return v.x.records.at(uint32(i)).time >= t })
	if n == 0 {
		return FirstOrdinal
	}
	return v.x.records.at(uint32(n-1)).last + 1
}

// Entity returns the entity of a resource or reference target, and false if
// none was ever seen.
func (v View) Entity(typ TypeID, id string) (Entity, bool) {
	e := v.x.entities.lookup(typ, id)
	return e, e != 0
}

// EntityOf returns the entity of the resource of o, 0 for a hole.
func (v View) EntityOf(o Ordinal) Entity {
	if w := v.version(o); w != nil {
		return w.entity
	}
	return 0
}

// EntityKey returns the type and id of an entity that this index has given out.
func (v View) EntityKey(e Entity) (TypeID, string) {
	if e == 0 {
		return 0, ""
	}
	r := v.x.entities.records.at(uint32(e))
	return r.typ, v.x.entities.id(r)
}

// Current returns the visible version of an entity; false if it has none or is
// deleted.
func (v View) Current(e Entity) (Ordinal, bool) {
	o := v.newest(e)
	if o == 0 || v.Deleted(o) {
		return 0, false
	}
	return o, true
}

// CurrentOf returns the visible versions of a set of entities. The result is
// the caller's.
func (v View) CurrentOf(entities *roaring.Bitmap) *roaring.Bitmap {
	found := make([]uint32, 0, entities.GetCardinality())
	for e := range ordinalsOf(entities) {
		if o, ok := v.Current(Entity(e)); ok {
			found = append(found, uint32(o))
		}
	}
	return bitmapOf(found, uint32(v.s.last))
}

// EntitiesOf returns the entities of a set of ordinals. The result is the
// caller's.
func (v View) EntitiesOf(ordinals *roaring.Bitmap) *roaring.Bitmap {
	found := make([]uint32, 0, ordinals.GetCardinality())
	top := Entity(0)
	for o := range ordinalsOf(ordinals) {
		if e := v.EntityOf(o); e != 0 {
			found = append(found, uint32(e))
			top = max(top, e)
		}
	}
	return bitmapOf(found, uint32(top))
}

// RetainVisible removes the ordinals that are not visible from set, in place.
func (v View) RetainVisible(set *roaring.Bitmap) {
	if !set.IsEmpty() && Ordinal(set.Maximum()) > v.s.last {
		set.RemoveRange(uint64(v.s.last)+1, 1<<32)
	}
	if v.s.exact {
		v.s.dead.removeFrom(set)
		return
	}
	alive := v.aliveAmong(set)
	v.s.dead.removeFrom(set)
	set.AddMany(alive)
}

// CountVisible returns how many ordinals of set are visible.
func (v View) CountVisible(set *roaring.Bitmap) int {
	n := int(set.Rank(uint32(v.s.last)))
	if v.s.exact {
		return n - v.s.dead.countIn(set, true)
	}
	// A swept ordinal was dead before any whole view.
	dead := 0
	if v.s.dead.swept != nil {
		dead = int(v.s.dead.swept.AndCardinality(set))
	}
	for o := range ordinalsOf(v.s.dead.fresh(set)) {
		if o <= v.s.last && !v.Visible(o) {
			dead++
		}
	}
	return n - dead
}

// aliveAmong returns the ordinals of set that died after the view.
func (v View) aliveAmong(set *roaring.Bitmap) []uint32 {
	var alive []uint32
	for o := range ordinalsOf(v.s.dead.fresh(set)) {
		if v.Visible(o) {
			alive = append(alive, uint32(o))
		}
	}
	return alive
}

// AllVisible returns every visible ordinal. The result is the caller's.
func (v View) AllVisible() *roaring.Bitmap {
	all := roaring.New()
	all.AddRange(uint64(FirstOrdinal), uint64(v.s.last)+1)
	v.RetainVisible(all)
	return all
}

// Posting returns the ordinals that have a term: none if no version has it.
func (v View) Posting(t Term) Posting {
	if t.lookup == lookupCode {
		return v.anySystem(t)
	}
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	switch t.lookup {
	case lookupPresent:
		if columns := v.x.columnsLocked(Param(t.number)); columns != nil {
			return v.postingLocked(columns.present)
		}
		return Posting{}
	case lookupType:
		if int(t.number) >= len(v.x.mu.types) {
			return Posting{}
		}
		p := v.postingLocked(v.x.mu.types[t.number])
		p.ofType, p.typ = true, TypeID(t.number)
		return p
	}
	return v.postingLocked(v.x.mu.table.get(t.hash))
}

// anySystem returns the union of the postings of a code under each system.
// Mostly a code has one, and nothing is copied.
func (v View) anySystem(t Term) Posting {
	var buf [2]Posting // more are rare
	found := v.underSystems(buf[:0], t)
	switch len(found) {
	case 0:
		return Posting{}
	case 1:
		return found[0]
	}
	union := roaring.New()
	for _, p := range found {
		p.AddTo(union)
	}
	return Posting{view: v, frozen: union}
}

// underSystems appends the postings of a code that are not empty: one for each of the
// param's own systems, and one for all other systems together.
func (v View) underSystems(dst []Posting, t Term) []Posting {
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	columns := v.x.columnsLocked(Param(t.number))
	if columns == nil {
		return dst
	}
	add := func(h termHash) {
		if p := v.postingLocked(v.x.mu.table.get(h)); !p.empty() {
			dst = append(dst, p)
		}
	}
	for _, system := range columns.systems {
		add(system.then(t.code).hash(t.number, formToken))
	}
	if len(columns.systems) == ownSystems {
		add(t.hash)
	}
	return dst
}

// OfType returns the ordinals of a resource type: every version that was applied,
// deletions included. It is never swept.
func (v View) OfType(typ TypeID) Posting { return v.Posting(v.x.terms.Type(typ)) }

// postingLocked copies the header of a payload's posting. REQUIRES: mu held.
func (v View) postingLocked(payload uint32) Posting {
	switch {
	case payload == 0:
		return Posting{}
	case payload&postingBit == 0:
		if Ordinal(payload) > v.s.last {
			return Posting{}
		}
		return Posting{view: v, only: payload}
	}
	p := v.x.mu.postings.postings.at(payload &^ postingBit)
	return newPosting(v, p.frozen, p.tail)
}
