package synth

import (
	"cmp"
	"slices"
)

// life is the plan of a patient: what they have and when they are seen. It is
// drawn whole before a line is written, so that a resource can refer to what
// comes later.
type life struct {
	random
	person
	afflictions []affliction
	visits      []visit
	begin       moment // visits are recorded from here on, but for diagnoses
}

// affliction is a disorder that the patient has, a Condition.
type affliction struct {
	*disorder
	onset moment
	end   moment // 0 while it lasts
	visit int    // at which it was diagnosed
}

// activeAt reports whether it is known and lasts at t.
func (a *affliction) activeAt(t moment) bool { return a.onset <= t && (a.end == 0 || a.end > t) }

// visit is an Encounter.
type visit struct {
	start, end moment
	setting    setting
	about      int  // index into afflictions, or -1
	diagnosis  bool // what it is about was found here
	provider   int  // index into directory.providers
	staff      int  // index into directory.staff
}

// window is how far back routine care is recorded, as in Synthea's exports.
const window = 10 * year

// plan draws the disorders and visits of the person.
func (l *life) plan() {
	l.afflictions, l.visits = l.afflictions[:0], l.visits[:0]
	l.begin = max(l.born, l.last-window)
	l.planCheckups()
	l.planChronic()
	l.planAcute()
	l.planPregnancies()
	slices.SortFunc(l.visits, func(a, b visit) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.about, b.about))
	})
	for i, v := range l.visits {
		if v.diagnosis {
			l.afflictions[v.about].visit = i
		}
	}
}

// newVisit plans a visit on the day of t and reports whether it fits between
// birth and the end of the record.
func (l *life) newVisit(t moment, s setting, about int, diagnosis bool) bool {
	kind := &settings[s]
	start := t.midnight() + 13*hour + moment(l.below(8*60))*minute
	if s == emergency || s == inpatient {
		start = t.midnight() + moment(l.below(24*60))*minute
	}
	end := start + moment(l.between(kind.low, kind.high))*minute
	if start < l.born || end+hour > l.last {
		return false
	}
	v := visit{start: start, end: end, setting: s, about: about, diagnosis: diagnosis}
	switch {
	case kind.hospital:
		v.staff = (l.home+hospitalFacility)*staffPerFacility + hospitalStaff[s]
	case s != wellness && l.permille(350):
		v.staff = (l.home+1)*staffPerFacility + l.below(staffPerFacility*(len(facilities)-1))
	default:
		v.staff = l.doctor
	}
	v.provider = v.staff / staffPerFacility
	l.visits = append(l.visits, v)
	return true
}

// hospitalStaff says which of a hospital's staff sees a patient, by setting.
var hospitalStaff = [...]int{emergency: 0, inpatient: 1, prenatal: 2}

// infantCheckups are the ages in months of well child visits; from the last on
// they are yearly.
var infantCheckups = []int{0, 1, 2, 4, 6, 9, 12, 15, 18, 24, 30}

func (l *life) planCheckups() {
	for _, months := range infantCheckups {
		if t := l.born + 2*day + moment(months)*year/12; t > l.begin {
			l.checkup(t)
		}
	}
	t := max(l.born+3*year, l.begin+moment(l.below(300))*day)
	for t < l.last {
		l.checkup(t)
		switch age := l.ageAt(t); {
		case age < 20 || age >= 50:
			t += year + moment(l.between(-20, 45))*day
		default:
			t += 2*year + moment(l.between(-40, 90))*day
		}
	}
}

// checkup plans a wellness visit, and at one in five for an adult a finding of
// the social history.
func (l *life) checkup(t moment) {
	about := -1
	if l.permille(220) {
		finding := pick(&l.random, socialFindings)
		if age := l.ageAt(t); age >= finding.from && age <= finding.to {
			about = len(l.afflictions)
			l.afflictions = append(l.afflictions, l.acute(finding, t))
		}
	}
	if !l.newVisit(t, wellness, about, about >= 0) && about >= 0 {
		l.afflictions = l.afflictions[:about]
	}
}

// acute returns an affliction that begins by t and ends after the disorder's
// days, if that is before the end of the record.
func (l *life) acute(what *disorder, t moment) affliction {
	a := affliction{disorder: what, onset: max(t.midnight()-moment(l.below(int(3*day))), l.born)}
	if what.days > 0 {
		end := t.midnight() + 2*day + moment(l.below(what.days*int(day))) + moment(what.days/2)*day
		if what.severe {
			end += 6 * day
		}
		if end < l.last {
			a.end = end
		}
	}
	return a
}

func (l *life) mayHave(what *disorder) bool {
	return what.sex == anySex || (what.sex == womenOnly) == l.woman
}

func (l *life) planChronic() {
	for _, what := range chronicDisorders {
		onset := l.born + moment(what.from)*year + moment(l.below(what.to-what.from+1))*year + moment(l.below(360))*day
		if !l.mayHave(what) || !l.permille(what.chance) || onset > l.last-30*day {
			continue
		}
		about := len(l.afflictions)
		l.afflictions = append(l.afflictions, affliction{disorder: what, onset: onset})
		found := onset + moment(l.between(1, 20))*day
		if !l.newVisit(found, ambulatory, about, true) {
			l.afflictions = l.afflictions[:about]
			continue
		}
		if len(what.drugs)+len(what.treat) == 0 {
			continue
		}
		for t := max(found, l.begin) + moment(l.between(60, 500))*day; t < l.last; t += moment(l.between(300, 1100)) * day {
			l.newVisit(t, followUp, about, false)
		}
	}
}

// planAcute plans an illness or injury about every 22 months, for children
// every year.
func (l *life) planAcute() {
	t := l.begin
	for {
		gap := 1300
		if l.ageAt(t) < 8 {
			gap = 700
		}
		if t += moment(l.between(20, gap)) * day; t >= l.last {
			return
		}
		what := l.drawAcute(l.ageAt(t))
		if what.code.code == "840539006" && t < covidBegan {
			continue
		}
		about := len(l.afflictions)
		l.afflictions = append(l.afflictions, l.acute(what, t))
		if !l.newVisit(t, what.place, about, true) {
			l.afflictions = l.afflictions[:about]
		}
	}
}

// covidBegan is the first day of March 2020, when COVID-19 could be diagnosed.
const covidBegan moment = 1583020800

func (l *life) drawAcute(age int) *disorder {
	weight := func(what **disorder) int {
		if !l.mayHave(*what) || age < (*what).from || age > (*what).to {
			return 0
		}
		return (*what).chance
	}
	return acuteDisorders[byWeight(&l.random, acuteDisorders, weight)]
}

// planPregnancies plans at most two, each from the sixth week to the birth.
func (l *life) planPregnancies() {
	conceived := l.begin + moment(l.below(1500))*day
	for range 2 {
		age := l.ageAt(conceived)
		birth := conceived + 40*7*day
		if l.mayHave(normalPregnancy) && age >= normalPregnancy.from && age <= normalPregnancy.to &&
			birth+8*day < l.last && l.permille(280) {
			l.pregnancy(conceived, birth)
		}
		conceived += moment(l.between(700, 1600)) * day
	}
}

func (l *life) pregnancy(conceived, birth moment) {
	about := len(l.afflictions)
	l.afflictions = append(l.afflictions, affliction{disorder: normalPregnancy, onset: conceived + 6*7*day, end: birth + day})
	for i, week := range [...]int{8, 14, 20, 26, 32, 36, 38} {
		l.newVisit(conceived+moment(week)*7*day, prenatal, about, i == 0)
	}
	l.newVisit(birth, inpatient, about, false)
}

// traitsAt returns what the disorders of the moment change.
func (l *life) traitsAt(t moment) trait {
	var all trait
	for i := range l.afflictions {
		if a := &l.afflictions[i]; a.activeAt(t) {
			all |= a.traits
		}
	}
	return all
}
