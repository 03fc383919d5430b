package index

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

// windows returns the conditions on numbers in the unit with a number.
func (m *numberMatcher) windows(unit uint32) ([]imageWindow, error) {
	if u := &m.units[unit]; u.asked {
		return u.windows, nil
	}
	return m.ask(unit)
}

// ask asks the query about a unit, and remembers its answer.
func (m *numberMatcher) ask(unit uint32) ([]imageWindow, error) {
	if m.query.InUnit == nil && unit > 0 { // one answer is enough for all units
		windows, err := m.windows(0)
		m.units[unit] = unitWindows{err == nil, windows}
		return windows, err
	}
	var u storedUnit
	if unit > 0 {
		u = m.column.units[unit-1]
	}
	asked, err := m.query.inUnit(u.system, u.code, u.text)
	if err != nil {
		return nil, err
	}
	var windows []imageWindow
	for i := range asked {
		w, err := newImageWindow(&asked[i])
		if err != nil {
			return nil, err
		}
		windows = append(windows, w)
	}
	m.units[unit] = unitWindows{true, windows}
	return windows, nil
}

// maxBoxes bounds the scans for one query. A scan of a box costs a search in each
// chunk and a look at what lies in the box, so a few small ones are cheaper than
// a large one.
const maxBoxes = 16

// boxes returns boxes in which lies whatever can match, in any unit of the index.
func (m *numberMatcher) boxes() ([]box, error) {
	var boxes []box
	for unit := range uint32(len(m.units)) {
		windows, err := m.windows(unit)
		if err != nil {
			return nil, err
		}
		for i := range windows {
			boxes = addBox(boxes, windows[i].boxWithTies())
		}
		if m.query.InUnit == nil {
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
