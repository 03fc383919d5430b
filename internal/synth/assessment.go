package synth

import "strings"

func (c *chart) noteExamination(v *visit) {
	t := &c.note
	t.heading("Physical Examination")
	c.noteVitals()
	if v.last {
		t.say("Appears critically ill.")
	} else {
		c.noteFindings()
	}
	for i := range signs {
		if c.traits&signs[i].of != 0 {
			t.say(" ")
			t.say(signs[i].words)
		}
	}
	if v.about >= 0 && v.diagnosis {
		if s := c.afflictions[v.about].image; s != nil {
			t.say("\n")
			t.fill("Imaging ({}): ", s.words)
			t.say(s.conclusion)
		}
	}
}

// noteFindings says three to five normal findings that nothing the patient has
// contradicts.
func (c *chart) noteFindings() {
	first, left := c.below(len(examinations)), c.between(3, 5)
	for i := range examinations {
		e := &examinations[(first+2*i)%len(examinations)]
		if c.traits&e.unless != 0 {
			continue
		}
		if i > 0 {
			c.note.say(" ")
		}
		c.note.say(e.words)
		if left--; left == 0 {
			return
		}
	}
}

// noteVitals writes the vital signs of the visit.
func (c *chart) noteVitals() {
	t, v := &c.note, &c.vitals
	if *v == (vitals{}) {
		return
	}
	said := 0
	next := func(what string) {
		if said++; said > 1 {
			t.say(", ")
		}
		t.say(what)
	}
	t.say("Vital signs: ")
	if v.systolic > 0 {
		next("blood pressure ")
		t.number(v.systolic)
		t.say("/")
		t.number(v.diastolic)
		t.say(" mmHg")
	}
	for _, m := range [...]struct {
		what         string
		value, scale int
		unit         string
	}{
		{"pulse ", v.pulse, 0, "/min"}, {"temperature ", v.warmth, 1, " Cel"},
		{"oxygen saturation ", v.oxygen, 1, " %"}, {"weight ", v.weight, 1, " kg"}, {"BMI ", v.bmi, 1, " kg/m2"},
	} {
		if m.value > 0 {
			next(m.what)
			t.decimal(m.value, m.scale)
			t.say(m.unit)
		}
	}
	t.say(".\n")
}

// noteResults writes the values of the visit: abnormal and changed ones by number, and the
// others as normal.
func (c *chart) noteResults() {
	if len(c.readings) == 0 {
		return
	}
	t := &c.note
	t.heading("Laboratory Data")
	quiet := 0
	for i := range c.readings {
		r := &c.readings[i]
		if len(c.readings) > 3 && !r.abnormal() && !r.changed() {
			quiet++
			continue
		}
		t.fill("- {} ", r.words)
		t.decimal(r.value, r.scale)
		if r.unit != score {
			t.say(" ")
			t.say(r.unit.print)
		}
		switch {
		case r.low >= 0 && r.value < r.low:
			t.say(" (low)")
		case r.high >= 0 && r.value > r.high:
			t.say(" (high)")
		default:
			t.say(" (normal)")
		}
		c.noteTrend(r)
		t.say("\n")
	}
	switch {
	case quiet == len(c.readings):
		t.say("All results are within normal limits.")
	case quiet > 0:
		t.say("The other results are within normal limits.")
	}
}

// noteTrend writes the value before this one.
func (c *chart) noteTrend(r *reading) {
	t := &c.note
	if r.beforeAt == 0 {
		return
	}
	switch {
	case !r.changed():
		t.say(", stable since ")
		t.date(r.beforeAt)
		return
	case r.value > r.before:
		t.say(", up from ")
	default:
		t.say(", down from ")
	}
	t.decimal(r.before, r.scale)
	t.say(" on ")
	t.date(r.beforeAt)
}

// noteVaccines says which vaccines were given.
func (c *chart) noteVaccines() {
	none := true
	for i := range c.charges {
		billed := &c.charges[i]
		if billed.of.kind != immunization {
			continue
		}
		if none {
			c.note.heading("Immunizations")
		}
		none = false
		c.note.fill("- {} given today.\n", billed.what.display)
	}
}

// notePlan writes the decisions about the visit's reason, then about each chronic disorder.
func (c *chart) notePlan(v *visit) {
	t := &c.note
	t.heading("Assessment and Plan")
	line := 1
	if v.about >= 0 && v.setting != wellness {
		a := &c.afflictions[v.about]
		c.problem(&line, a.words)
		c.noteTreatment(v, a)
	}
	for i := range c.afflictions {
		a := &c.afflictions[i]
		if i == v.about || !a.chronic() || !a.activeAt(v.start) || c.visits[a.visit].start > v.start || !c.permille(600) {
			continue
		}
		if k := c.taken(i, v.start); k != nil {
			c.problem(&line, a.words)
			t.fill(pick(&c.random, continuations), k.words)
			t.say("\n")
		}
	}
	if line == 1 {
		t.say("Healthy. Age-appropriate screening and immunizations were reviewed.\n")
	}
	if !v.last {
		t.say(pick(&c.random, advice))
	}
}

// taken returns a course for a disorder that the patient takes at t, or nil.
func (c *chart) taken(about int, t moment) *course {
	for i := range c.courses {
		if k := &c.courses[i]; k.about == about && k.takenAt(t) {
			return k
		}
	}
	return nil
}

// problem says the number and name of a problem, capitalized.
func (c *chart) problem(line *int, words string) {
	c.note.number(*line)
	*line++
	c.note.say(". ")
	c.note.say(strings.ToUpper(words[:1]))
	c.note.say(words[1:])
	c.note.say(": ")
}

// noteTreatment writes the drugs that were started, exchanged, raised and renewed for the
// visit's reason, and the procedures.
func (c *chart) noteTreatment(v *visit, a *affliction) {
	t := &c.note
	at := v.start + ordered
	said := false
	for i := range c.courses {
		k := &c.courses[i]
		if k.about != v.about || k.stop != at {
			continue
		}
		said = true
		switch k.ending {
		case exchanged:
			t.fill("{} was stopped because of ", k.words)
			t.say(pick(&c.random, sideEffects))
			t.say(". ")
		case raised:
			t.fill("Not controlled on {}. ", k.words)
		}
	}
	for _, begun := range [...]bool{true, false} {
		if c.noteOrders(v, begun) {
			said = true
		}
	}
	if !said && len(a.treat) == 0 {
		t.say("Supportive care. ")
	}
	for _, done := range a.treat {
		name, _, _ := strings.Cut(done.code.display, " (")
		t.fill("{} was performed. ", name)
	}
	t.b = append(t.b[:len(t.b)-1], '\n')
}

// noteOrders writes the drugs that were started, or else renewed, and reports whether there
// were any.
func (c *chart) noteOrders(v *visit, begun bool) bool {
	t := &c.note
	said := false
	for i := range c.orders {
		k := c.orders[i].course
		if (k.start == v.start+ordered) != begun {
			continue
		}
		switch {
		case said:
			t.say(" and ")
		case begun:
			t.say("Started ")
		default:
			t.say("Renewed ")
		}
		t.say(k.words)
		said = true
	}
	if said {
		t.say(". ")
	}
	return said
}

// noteDeath says the day and the cause of death.
func (c *chart) noteDeath(v *visit) {
	t := &c.note
	t.heading("Disposition")
	t.say("Patient died on ")
	t.date(v.end)
	t.fill(". Cause of death: {}.", c.afflictions[v.about].words)
}
