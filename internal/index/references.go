package index

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2"
)

// References has the edges of a reference parameter, from ordinals to the entities to
// which they refer, in either direction. A reference that is only text is no edge;
// [Terms.ReferenceText] finds it.
type References struct {
	view  View
	param Param
	edges column[Entity]
}

// References returns the edges of a parameter.
func (v View) References(p Param) References {
	return References{v, p, snapshot(v, p, func(c *paramColumns) column[Entity] { return c.edges })}
}

// Len returns the number of edges, those of superseded versions included.
func (r References) Len() int { return r.edges.n }

// Edges iterates over the edges that leave set, upwards by ordinal; nil is all.
func (r References) Edges(set *roaring.Bitmap) iter.Seq2[Ordinal, Entity] {
	return func(yield func(Ordinal, Entity) bool) {
		for o, e := range r.edges.entries(set) {
			if !yield(o, *e) {
				return
			}
		}
	}
}

// Targets returns the entities to which set refers. The result is the caller's;
// [View.CurrentOf] turns it into ordinals.
func (r References) Targets(set *roaring.Bitmap) *roaring.Bitmap {
	found := borrowDense(0, r.view.x.entities.n.Load())
	for _, e := range r.edges.entries(set) {
		found.set(uint32(*e))
	}
	return found.bitmap()
}

// lookupShare is how many edges are scanned in the time of looking up one
// target's posting.
const lookupShare = 64

// Sources returns the ordinals that refer to one of a set of entities, superseded
// versions included. The result is the caller's; [View.EntitiesOf] turns it into
// entities.
func (r References) Sources(entities *roaring.Bitmap) *roaring.Bitmap {
	if r.edges.n == 0 || entities.IsEmpty() {
		return roaring.New()
	}
	if entities.GetCardinality() < uint64(r.edges.n)/lookupShare {
		return r.lookUpSources(entities)
	}
	wanted := borrowDense(0, entities.Maximum())
	defer wanted.giveBack()
	for e := range ordinalsOf(entities) {
		wanted.set(uint32(e))
	}
	found := borrowDense(0, r.edges.top())
	for ordinals, chunk := range r.edges.parts() {
		for i, o := range ordinals {
			if wanted.has(uint32(chunk.values[i])) { // edges are not packed
				found.set(uint32(o))
			}
		}
	}
	return found.bitmap()
}

// lookUpSources finds the sources of few targets by their postings.
func (r References) lookUpSources(entities *roaring.Bitmap) *roaring.Bitmap {
	// For a handful of targets, the row of bits would be most of the work.
	if entities.GetCardinality() <= 16 {
		found := roaring.New()
		for e := range ordinalsOf(entities) {
			r.posting(Entity(e)).AddTo(found)
		}
		return found
	}
	found := borrowDense(0, uint32(r.view.s.last)) // some references have a posting and no edge
	for e := range ordinalsOf(entities) {
		for o := range r.posting(Entity(e)).All() {
			found.set(uint32(o))
		}
	}
	return found.bitmap()
}

// posting returns the ordinals that refer to an entity.
func (r References) posting(e Entity) Posting {
	entities := &r.view.x.entities
	record := entities.records.at(uint32(e))
	return r.view.Posting(Term{hash: entities.digest(record).hash(uint16(r.param), formReference)})
}
