package index

import (
	"iter"

	"github.com/RoaringBitmap/roaring/v2"
)

// References holds the edges of a reference parameter: from ordinals to the
// entities that they refer to, in either direction. References that are only
// text are not among them; [Terms.ReferenceText] finds those.
type References struct{ view View }

// References returns the edges of a parameter.
func (v View) References(p Param) References { return References{} }

// Len returns the number of edges, those of superseded versions included.
func (r References) Len() int { return 0 }

// Edges iterates over the edges that leave set, upwards by ordinal.
func (r References) Edges(set *roaring.Bitmap) iter.Seq2[Ordinal, Entity] {
	return func(func(Ordinal, Entity) bool) {}
}

// TargetsOf iterates over the entities to which one ordinal refers.
func (r References) TargetsOf(o Ordinal) iter.Seq[Entity] { return func(func(Entity) bool) {} }

// Targets returns the entities to which set refers. The result is the caller's;
// [View.CurrentOf] makes ordinals of it.
func (r References) Targets(set *roaring.Bitmap) *roaring.Bitmap { return nil }

// Sources returns the ordinals that refer to one of a set of entities,
// superseded versions included. The result is the caller's; [View.EntitiesOf]
// makes entities of ordinals.
func (r References) Sources(entities *roaring.Bitmap) *roaring.Bitmap { return nil }
