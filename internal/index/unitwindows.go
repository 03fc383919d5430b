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

// windowsOf returns the conditions on numbers in a unit, given by its number. It asks
// the query once and remembers the answer.
func (m *numberMatcher) windowsOf(unit uint32) ([]imageWindow, error) {
	if m.units[unit].asked {
		return m.units[unit].windows, nil
	}
	var u storedUnit
	if unit > 0 {
		u = m.column.units[unit-1]
	}
	windows, err := m.query.inUnit(u.system, u.code, u.text)
	if err != nil {
		return nil, err
	}
	answer := unitWindows{asked: true}
	for i := range windows {
		w, err := newImageWindow(&windows[i])
		if err != nil {
			return nil, err
		}
		answer.windows = append(answer.windows, w)
	}
	m.units[unit] = answer
	if m.query.InUnit == nil { // it holds for all units
		for other := range m.units {
			m.units[other] = answer
		}
	}
	return answer.windows, nil
}
