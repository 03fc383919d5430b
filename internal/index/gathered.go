package index

import "github.com/RoaringBitmap/roaring/v2"

// A gathered is the union of many postings while it is made: few ordinals as a list, many
// as a row of bits from the pool, and long postings as bitmaps.
type gathered struct {
	top  uint32 // the largest ordinal there may be
	list []uint32
	row  *dense            // nil while the list is short
	long []*roaring.Bitmap // not to be changed
}

// reset begins an empty union of ordinals up to top, and keeps nothing of the one before.
func (g *gathered) reset(top uint32) {
	g.top, g.list = top, g.list[:0]
	if g.row != nil {
		g.row.giveBack()
		g.row = nil
	}
	clear(g.long)
	g.long = g.long[:0]
}

// shortList is how long a list may be at any size of the index.
const shortList = 64

// rowAfter is how many ordinals, for each of the row's, a list has that costs as much as
// the row.
const rowAfter = 4096

// add adds the ordinals of a posting.
func (g *gathered) add(p Posting) {
	if p.frozen != nil {
		g.long = append(g.long, p.frozenInView())
	}
	var only [1]uint32
	rest := p.rest(&only)
	if len(rest) >= tailClose {
		g.long = append(g.long, bitmapOfRising(rest))
		return
	}
	if g.row == nil {
		if len(g.list)+len(rest) <= shortList+int(g.top)/rowAfter {
			g.list = append(g.list, rest...)
			return
		}
		g.row = borrowDense(0, g.top)
		for _, o := range g.list {
			g.row.set(o)
		}
	}
	for _, o := range rest {
		g.row.set(o)
	}
}

// bitmap returns the union, which is the caller's.
func (g *gathered) bitmap() *roaring.Bitmap {
	var union *roaring.Bitmap
	if g.row != nil {
		union, g.row = g.row.bitmap(), nil
	} else {
		union = roaring.BitmapOf(g.list...)
	}
	if len(g.long) > 2 {
		g.long = append(g.long, union)
		return roaring.FastOr(g.long...)
	}
	for _, long := range g.long {
		union.Or(long)
	}
	return union
}
