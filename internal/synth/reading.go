package synth

// reading is a value of the visit being written, and the one before it.
type reading struct {
	*measure
	value, before int
	at, beforeAt  moment // beforeAt is 0 if there was none
}

// remember keeps a value for the note of the visit and for later notes.
func (c *chart) remember(m *measure, value int, at moment) {
	r := reading{measure: m, value: value, at: at}
	for i := range c.history {
		if h := &c.history[i]; h.measure == m {
			r.before, r.beforeAt = h.value, h.at
			h.value, h.at = value, at
			c.readings = append(c.readings, r)
			return
		}
	}
	c.history = append(c.history, r)
	c.readings = append(c.readings, r)
}

// abnormal reports whether a value lies outside its reference range.
func (r *reading) abnormal() bool {
	return r.low >= 0 && r.value < r.low || r.high >= 0 && r.value > r.high
}

// changed reports whether a value moved by more than a tenth since the one before.
func (r *reading) changed() bool {
	change := r.value - r.before
	return r.beforeAt != 0 && change*change*100 > r.before*r.before
}
