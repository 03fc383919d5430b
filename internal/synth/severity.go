package synth

// Severity is how much a disorder changes measurements: a thousand when it is found
// untreated. A chronic one builds up over two years until it is found, falls over half a
// year with each step of its treatment, and grows again year by year.

const (
	buildup = 2 * year
	effect  = 180 * day // until a step of treatment has its full effect
)

// uncontrolled is the severity from which a treatment is stepped up.
const uncontrolled = 470

// severityAt returns the severity of an affliction at t.
func (l *life) severityAt(about int, t moment) int {
	a := &l.afflictions[about]
	if a.end != 0 && t >= a.end {
		return 0
	}
	if a.days > 0 {
		end := a.end
		if end == 0 {
			end = a.onset + moment(a.days)*day
		}
		if t < a.onset || t >= end {
			return 0
		}
		return int(1000 * (end - t) / (end - a.onset))
	}
	found := l.visits[a.visit].start
	if t < found {
		return int(max(1000*(t-a.onset+buildup)/(found-a.onset+buildup), 0))
	}
	severity, since := 1000, found
	for i := range l.courses {
		c := &l.courses[i]
		if c.about != about || !c.step || c.start > t {
			continue
		}
		severity += a.growth(since, c.start)
		gone := severity * (1000 - a.keeps) / 1000
		severity -= gone * int(min(t-c.start, effect)/day) / int(effect/day)
		since = c.start
	}
	severity += a.growth(since, t)
	if a.end != 0 { // it fades away in the last half year
		severity = severity * int(min(a.end-t, effect)/day) / int(effect/day)
	}
	return severity
}

// growth returns by how much severity grows from one moment to another, up to a bound.
func (a *affliction) growth(from, to moment) int {
	return min(a.pace*int((to-from)/day)/365, 600)
}

// severityOf returns the highest severity at t among afflictions with a trait.
func (l *life) severityOf(of trait, t moment) int {
	highest := 0
	for i := range l.afflictions {
		if l.afflictions[i].traits&of != 0 {
			highest = max(highest, l.severityAt(i, t))
		}
	}
	return highest
}
