package synth

// course is a drug that the patient takes for a disorder, from its first order to its
// end.
type course struct {
	*drug
	about       int // index into afflictions
	start       moment
	stop        moment // 0 while it is taken
	first, last int    // visits at which it was ordered first and last
	step        bool   // it lowers severity further than what was taken before
	ending      ending
}

// ending is the reason for the end of a course.
type ending uint8

const (
	running   ending = iota
	completed        // as planned
	raised           // for more of the same
	exchanged        // because it was not tolerated
	deceased         // with the patient
)

// statusReason returns the MedicationRequest.statusReason of an ending.
func (e ending) statusReason() concept {
	switch e {
	case raised:
		return concept{display: "Dose was too low"}
	case exchanged:
		return hl7("medicationrequest-status-reason", "sintol", "Suspected intolerance")
	case deceased:
		return concept{display: "Patient has died"}
	default:
		return concept{}
	}
}

// takenAt reports whether the patient takes the drug at t.
func (c *course) takenAt(t moment) bool { return c.start <= t && (c.stop == 0 || c.stop > t) }

// ordered is how long after its beginning a visit orders drugs.
const ordered = 20 * minute

// tolerates reports whether none of the patient's allergies forbids the drug.
func (l *life) tolerates(d *drug) bool {
	for i := range l.allergies {
		for _, forbidden := range l.allergies[i].drugs {
			if forbidden == d {
				return false
			}
		}
	}
	return true
}

// planTherapy plans the courses: begun when a disorder is found, reviewed at each visit
// that follows it up, ended as planned, with the disorder or with the patient.
func (l *life) planTherapy() {
	for n := range l.visits {
		v := &l.visits[n]
		switch {
		case v.about < 0 || v.last && !v.diagnosis:
		case v.diagnosis:
			for i, d := range l.afflictions[v.about].drugs {
				l.startCourse(n, d, i == 0)
			}
		case v.setting == followUp:
			l.review(n)
		}
	}
	for i := range l.courses {
		l.finish(&l.courses[i])
	}
}

// startCourse begins a course at visit n unless the patient is allergic to the drug.
func (l *life) startCourse(n int, d *drug, step bool) {
	if !l.tolerates(d) {
		return
	}
	l.courses = append(l.courses, course{
		drug: d, about: l.visits[n].about, start: l.visits[n].start + ordered, first: n, last: n, step: step,
	})
}

// review renews the drugs for the disorder of visit n, exchanges a drug that is not
// tolerated, and steps up if severity is high.
func (l *life) review(n int) {
	v := &l.visits[n]
	a := &l.afflictions[v.about]
	high := a.relief > 0 && l.severityAt(v.about, v.start) > uncontrolled && l.permille(750)
	for i := range len(l.courses) {
		c := &l.courses[i]
		if c.about != v.about || c.stop != 0 || l.past(a, c, v.start) {
			continue
		}
		switch {
		case c.instead != nil && l.tolerates(c.instead) && l.permille(c.intolerable(n)):
			l.endCourse(i, n, exchanged)
			l.startCourse(n, l.courses[i].instead, false)
		case high && c.stronger != nil:
			high = false
			l.endCourse(i, n, raised)
			l.startCourse(n, l.courses[i].stronger, true)
		default:
			c.last = n
		}
	}
	if !high {
		return
	}
	for _, d := range a.more {
		if !l.hasHad(v.about, d) && l.tolerates(d) {
			l.startCourse(n, d, true)
			return
		}
	}
}

// intolerable returns how many of a thousand do not tolerate the drug at visit n: most
// of them notice soon.
func (c *course) intolerable(n int) int {
	if c.first == c.last {
		return 90
	}
	return 15
}

// endCourse ends course i at visit n.
func (l *life) endCourse(i, n int, why ending) {
	l.courses[i].stop, l.courses[i].ending = l.visits[n].start+ordered, why
}

func (l *life) hasHad(about int, d *drug) bool {
	for i := range l.courses {
		if l.courses[i].about == about && l.courses[i].drug == d {
			return true
		}
	}
	return false
}

// planned returns when a course ends as planned, or 0.
func (l *life) planned(a *affliction, c *course) moment {
	switch {
	case a.days > 0:
		return c.start + moment(c.weeks)*7*day
	case a.months > 0:
		return c.start + moment(a.months)*year/12
	default:
		return 0
	}
}

// past reports whether a course is past its plan at t.
func (l *life) past(a *affliction, c *course, t moment) bool {
	planned := l.planned(a, c)
	return planned != 0 && planned <= t
}

// finish ends a course that nothing has ended as planned, with the disorder or with the
// patient, whichever comes first.
func (l *life) finish(c *course) {
	a := &l.afflictions[c.about]
	if c.stop != 0 {
		return
	}
	if planned := l.planned(a, c); planned != 0 && planned < l.last {
		c.stop, c.ending = planned, completed
	}
	if a.end != 0 && a.days == 0 && (c.stop == 0 || a.end < c.stop) {
		c.stop, c.ending = min(max(a.end, c.start+day), l.last), completed
	}
	if l.died != 0 && (c.stop == 0 || c.stop > l.died) {
		c.stop, c.ending = l.died, deceased
	}
}
