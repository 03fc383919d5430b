package index

import (
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// unitWindows are the conditions of a query on the numbers in one unit.
type unitWindows struct {
	asked   bool
	windows []imageWindow
}

// inUnit returns the conditions on numbers in a unit.
func (q *NumberQuery) inUnit(system, code, unit string) ([]NumberWindow, error) {
	if q.InUnit == nil {
		return q.Windows, nil
	}
	return q.InUnit(system, code, unit)
}

// ask asks the query about the unit with a number, and remembers its answer.
func (m *numberMatcher) ask(unit uint32) error {
	var u storedUnit
	if unit > 0 {
		u = m.column.units[unit-1]
	}
	windows, err := m.query.inUnit(u.system, u.code, u.text)
	if err != nil {
		return err
	}
	answer := unitWindows{asked: true}
	for i := range windows {
		w, err := newImageWindow(&windows[i])
		if err != nil {
			return err
		}
		answer.windows = append(answer.windows, w)
	}
	m.units[unit] = answer
	return nil
}

// scan finds what matches in boxes, among those of set or all if it is nil. It
// looks at no entry of a chunk more than about once, however many boxes there are.
func (m *numberMatcher) scan(boxes []box, set *roaring.Bitmap) (*roaring.Bitmap, error) {
	found := denseSet(m.column.entries.top())
	wanted := m.wanted(set)
	var lists [][]uint16
	var buf []numberRange
	for ordinals, chunk := range m.column.entries.parts() {
		lists = lists[:0]
		n, all := 0, false
		for i := 0; i < len(boxes) && !all; i++ {
			var positions []uint16
			positions, all = candidates(chunk, len(ordinals), &boxes[i])
			lists = append(lists, positions)
			n += len(positions)
			all = all || n > columnChunkN/2
		}
		look := func(o Ordinal, r *numberRange) error {
			ok, err := m.match(o, r)
			if ok {
				found.Set(uint(o))
			}
			return err
		}
		if all {
			values := chunk.all(len(ordinals), &buf)
			for i, o := range ordinals {
				if r := &values[i]; m.counts(wanted, o, r) {
					if err := look(o, r); err != nil {
						return nil, err
					}
				}
			}
			continue
		}
		for _, positions := range lists {
			for _, i := range positions {
				if o, r := ordinals[i], chunk.value(int(i)); m.counts(wanted, o, &r) {
					if err := look(o, &r); err != nil {
						return nil, err
					}
				}
			}
		}
	}
	return bitmapOfSet(found), nil
}

// counts reports whether an entry is of an ordinal that is wanted and in a unit
// that has conditions. It is small, for a scan asks it of every entry.
func (m *numberMatcher) counts(wanted []uint64, o Ordinal, r *numberRange) bool {
	return wanted[o>>6]>>(o&63)&1 != 0 && len(m.units[r.unit&^inexactBit].windows) > 0
}

// wanted returns a bit for each ordinal of the column, set for those of set, or
// all if it is nil. To ask it costs less than to compare a number.
func (m *numberMatcher) wanted(set *roaring.Bitmap) []uint64 {
	n := int(m.column.entries.top()>>6) + 1
	if set == nil {
		return slices.Repeat([]uint64{math.MaxUint64}, n)
	}
	words := set.ToDense()
	if len(words) < n {
		words = append(words, make([]uint64, n-len(words))...)
	}
	return words
}

// maxBoxes bounds the scans for one query. To search a chunk for what lies in a
// small box takes a hundredth of the time of looking at all of it.
const maxBoxes = 64

// boxes returns boxes in which lies whatever can match, in any unit of the index.
func (m *numberMatcher) boxes() ([]box, error) {
	var boxes []box
	for unit := range uint32(len(m.units)) {
		if err := m.ask(unit); err != nil {
			return nil, err
		}
		windows := m.units[unit].windows
		for i := range windows {
			boxes = addBox(boxes, windows[i].boxWithTies())
		}
		if m.query.InUnit == nil { // they are those of all units
			for other := range m.units {
				m.units[other] = m.units[unit]
			}
			break
		}
	}
	return boxes, nil
}

// addBox adds a box to some of which none holds another, and keeps them so. Of
// conditions such as gt, one box is left whatever the number of units.
func addBox(boxes []box, b box) []box {
	kept := boxes[:0]
	for i := range boxes {
		if boxes[i].holds(&b) {
			return boxes
		}
		if !b.holds(&boxes[i]) {
			kept = append(kept, boxes[i])
		}
	}
	if kept = append(kept, b); len(kept) <= maxBoxes {
		return kept
	}
	around := kept[0]
	for i := range kept {
		around.extend(&kept[i])
	}
	return append(kept[:0], around)
}

// holds reports whether all that lies in c lies in b.
func (b *box) holds(c *box) bool {
	return b.lowMin <= c.lowMin && c.lowMax <= b.lowMax && b.highMin <= c.highMin && c.highMax <= b.highMax
}

// extend makes b hold c.
func (b *box) extend(c *box) {
	b.lowMin, b.lowMax = min(b.lowMin, c.lowMin), max(b.lowMax, c.lowMax)
	b.highMin, b.highMax = min(b.highMin, c.highMin), max(b.highMax, c.highMax)
}
