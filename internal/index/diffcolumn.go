package index

// diffColumn compares the visible entries of two columns.
func diffColumn[T any](d *differ, kind DifferenceKind, p Param, a, b column[T], same func(a, b T) bool) {
	i, j := nextEntry(d, &a, 0), nextEntry(d, &b, 0)
	reported := Ordinal(0)
	differs := func(o Ordinal) {
		if o != reported {
			reported = o
			d.differs(kind, p, o)
		}
	}
	for !d.stopped && (i < a.n || j < b.n) {
		switch {
		case j == b.n || i < a.n && a.ordinal(i) < b.ordinal(j):
			differs(a.ordinal(i))
			i = nextEntry(d, &a, i+1)
		case i == a.n || b.ordinal(j) < a.ordinal(i):
			differs(b.ordinal(j))
			j = nextEntry(d, &b, j+1)
		default:
			if !same(a.value(i), b.value(j)) {
				differs(a.ordinal(i))
			}
			i, j = nextEntry(d, &a, i+1), nextEntry(d, &b, j+1)
		}
	}
}

// nextEntry returns the first position from i on whose ordinal is visible, or the
// column's end.
func nextEntry[T any](d *differ, c *column[T], i int) int {
	for i < c.n && !d.visible.Test(uint(c.ordinal(i))) {
		i++
	}
	return i
}

func (d *differ) sameNumber(a, b numberRange) bool {
	unit := func(units []storedUnit, r *numberRange) (u storedUnit) {
		if n := r.unit &^ inexactBit; n > 0 && int(n) <= len(units) {
			u = units[n-1]
		}
		return u
	}
	return a.low() == b.low() && a.high() == b.high() && a.unit&inexactBit == b.unit&inexactBit &&
		unit(d.aUnits, &a) == unit(d.bUnits, &b)
}

func (d *differ) sameEdge(a, b Entity) bool {
	x, y := d.a.entity(a), d.b.entity(b)
	return x != nil && y != nil && d.sameEntity(x, y)
}

func (d *differ) sameText(a, b textID) bool {
	x, y := d.a.x.mu.texts.texts.at(uint32(a)), d.b.x.mu.texts.texts.at(uint32(b))
	return x.text == y.text && x.param == y.param
}
