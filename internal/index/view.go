package index

import "github.com/RoaringBitmap/roaring/v2"

// A View is the state after one record. It is a small value, needs no closing,
// and stays exact while others write. The zero View is of no use.
//
// Methods that take an ordinal or an entity expect one that exists in the view,
// and answer with zero values for others. Bitmaps hold ordinals or entities.
type View struct {
	x *Index
}

// View returns the newest published state.
func (x *Index) View() View { return View{} }

// ViewAt returns the state after the newest record whose sequence is at most
// seq, and false if no record as new as seq was applied yet.
func (x *Index) ViewAt(seq uint64) (View, bool) { return View{}, false }

// Terms computes terms for [View.Posting].
func (v View) Terms() Terms { return v.x.terms }

// Sequence returns the sequence of the view's newest record, 0 if there is none.
func (v View) Sequence() uint64 { return 0 }

// Time returns the time of the view's newest record in microseconds since the
// Unix epoch.
func (v View) Time() int64 { return 0 }

// Last returns the view's largest ordinal, 0 if it is empty.
func (v View) Last() Ordinal { return 0 }

// Lookup returns the newest version of a resource, which may be a deletion.
func (v View) Lookup(typ TypeID, id string) (Ordinal, bool) { return 0, false }

// Visible reports whether o is the newest version of its resource in the view,
// and no deletion.
func (v View) Visible(o Ordinal) bool { return false }

// Deleted reports whether o is a deletion.
func (v View) Deleted(o Ordinal) bool { return false }

// Hole reports whether o stands for nothing.
func (v View) Hole(o Ordinal) bool { return false }

// Key returns the type and id of the resource of o.
func (v View) Key(o Ordinal) (TypeID, string) { return 0, "" }

// VersionNumber returns the version number of o: 1 for the first version of a
// resource.
func (v View) VersionNumber(o Ordinal) uint64 { return 0 }

// Previous returns the version of the same resource before o.
func (v View) Previous(o Ordinal) (Ordinal, bool) { return 0, false }

// RecordOf returns the sequence and the time, in microseconds since the Unix
// epoch, of the record that holds o.
func (v View) RecordOf(o Ordinal) (seq uint64, timeMicros int64) { return 0, 0 }

// Updated returns the ordinals [first, end) whose record's time is in [from, to).
func (v View) Updated(from, to int64) (first, end Ordinal) { return 0, 0 }

// Entity returns the entity of a resource or reference target, and false if
// none was ever seen.
func (v View) Entity(typ TypeID, id string) (Entity, bool) { return 0, false }

// EntityOf returns the entity of the resource of o, 0 for a hole.
func (v View) EntityOf(o Ordinal) Entity { return 0 }

// EntityKey returns the type and id of an entity.
func (v View) EntityKey(e Entity) (TypeID, string) { return 0, "" }

// Current returns the visible version of an entity; false if it has none or is
// deleted.
func (v View) Current(e Entity) (Ordinal, bool) { return 0, false }

// CurrentOf returns the visible versions of a set of entities. The result is
// the caller's.
func (v View) CurrentOf(entities *roaring.Bitmap) *roaring.Bitmap { return nil }

// EntitiesOf returns the entities of a set of ordinals. The result is the
// caller's.
func (v View) EntitiesOf(ordinals *roaring.Bitmap) *roaring.Bitmap { return nil }

// RetainVisible removes from set, in place, what is not visible.
func (v View) RetainVisible(set *roaring.Bitmap) {}

// CountVisible returns how many of set are visible.
func (v View) CountVisible(set *roaring.Bitmap) int { return 0 }

// AllVisible returns every visible ordinal. The result is the caller's.
func (v View) AllVisible() *roaring.Bitmap { return nil }

// Posting returns the ordinals that have a term. Of a term that no version has
// it is empty.
func (v View) Posting(t Term) Posting { return Posting{} }

// OfType returns the ordinals of a resource type, deletions included.
func (v View) OfType(typ TypeID) Posting { return Posting{} }
