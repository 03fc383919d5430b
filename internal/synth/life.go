package synth

import (
	"cmp"
	"slices"
)

// life is the plan of a patient: disorders, visits and drugs. It is drawn whole before a
// line is written, so that a resource can refer to a later one.
type life struct {
	random
	person
	places      [kinships]int // where the person stands for each group of disorders
	afflictions []affliction
	visits      []visit
	courses     []course
	allergies   []allergy
	begin       moment // visits are recorded from here on, but for diagnoses
	closing     moment // all visits end before it, but for the one that ends with death
	deathbed    setting
}

// affliction is a disorder that the patient has, a Condition.
type affliction struct {
	*disorder
	onset moment
	end   moment // 0 while it lasts
	visit int    // at which it was diagnosed
	pace  int    // growth of severity in a year, in thousandths
	keeps int    // of a thousand parts of severity, how many are left after a treatment
}

// activeAt reports whether it is known and lasts at t.
func (a *affliction) activeAt(t moment) bool { return a.onset <= t && (a.end == 0 || a.end > t) }

// chronic reports whether it is a disease that stays for long.
func (a *affliction) chronic() bool {
	return a.days == 0 && !a.social && a.disorder != normalPregnancy
}

// visit is an Encounter.
type visit struct {
	start, end moment
	setting    setting
	about      int  // index into afflictions, or -1
	diagnosis  bool // what it is about was found here
	last       bool // the patient died at its end
	provider   int  // index into directory.providers
	staff      int  // index into directory.staff
}

// window is how far back routine care is recorded, as in Synthea's exports.
const window = 10 * year

// plan draws the disorders, visits and medications of the person.
func (l *life) plan() {
	l.afflictions, l.visits, l.courses = l.afflictions[:0], l.visits[:0], l.courses[:0]
	l.begin = max(l.born, l.last-window)
	l.drawDeathbed()
	for i := range l.places {
		l.places[i] = l.below(1000000)
	}
	l.planCheckups()
	l.planChronic()
	l.planAcute()
	l.planPregnancies()
	l.planDeath()
	// Sorting is stable, so that no other algorithm can give another order.
	slices.SortStableFunc(l.visits, func(a, b visit) int {
		return cmp.Or(cmp.Compare(a.start, b.start), cmp.Compare(a.about, b.about))
	})
	for i, v := range l.visits {
		if v.diagnosis {
			l.afflictions[v.about].visit = i
		}
	}
	l.planTherapy()
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
	if start < l.born || end > l.closing {
		return false
	}
	l.addVisit(visit{start: start, end: end, setting: s, about: about, diagnosis: diagnosis})
	return true
}

// addVisit plans a visit and draws who sees the patient.
func (l *life) addVisit(v visit) {
	switch {
	case settings[v.setting].hospital:
		v.staff = (l.home+hospitalFacility)*staffPerFacility + hospitalStaff[v.setting]
	case v.setting != wellness && l.permille(350):
		v.staff = (l.home+1)*staffPerFacility + l.below(staffPerFacility*(len(facilities)-1))
	default:
		v.staff = l.doctor
	}
	v.provider = v.staff / staffPerFacility
	l.visits = append(l.visits, v)
}

// hospitalStaff has the number of the clinician of a hospital who sees patients in a
// setting.
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
		months, ok := what.shares[l.sex()].ageFor(l.place(what.kin))
		if !ok {
			continue
		}
		onset := l.born + moment(months)*year/12 + moment(l.below(30))*day
		if onset < l.last-30*day {
			l.planDisorder(what, onset)
		}
	}
}

// planDisorder plans a chronic disorder: the visit at which it is found, and follow-up
// visits if something can be done.
func (l *life) planDisorder(what *disorder, onset moment) {
	about := len(l.afflictions)
	a := affliction{
		disorder: what, onset: onset,
		pace:  what.pace * l.between(40, 160) / 100,
		keeps: min(1000-what.relief+l.between(-120, 200), 1000),
	}
	if l.permille(what.remits) {
		end := onset + moment(l.between(what.lasts[0]*12, what.lasts[1]*12))*year/12
		if end < l.last {
			a.end = end
		}
	}
	l.afflictions = append(l.afflictions, a)
	found := onset + moment(l.between(1, 20))*day
	if !l.newVisit(found, ambulatory, about, true) {
		l.afflictions = l.afflictions[:about]
		return
	}
	if len(what.drugs)+len(what.treat) == 0 {
		return
	}
	until := l.last
	if a.end != 0 {
		until = a.end
	}
	first := max(found+moment(l.between(30, 120))*day, l.begin+moment(l.below(300))*day)
	for t := first; t < until; t += moment(l.between(270, 900)) * day {
		l.newVisit(t, followUp, about, false)
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
		if what == covid && t < covidBegan {
			continue
		}
		about := len(l.afflictions)
		l.afflictions = append(l.afflictions, l.acute(what, t))
		if !l.newVisit(t, what.place, about, true) {
			l.afflictions = l.afflictions[:about]
		}
	}
}

const (
	covidBegan moment = 1583020800 // March 2020, when COVID-19 could be diagnosed
	covidEbbed moment = 1672531200 // 2023, when few died of it any more
)

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

// traitsAt returns the traits of the afflictions at t.
func (l *life) traitsAt(t moment) trait {
	var all trait
	for i := range l.afflictions {
		if a := &l.afflictions[i]; a.activeAt(t) {
			all |= a.traits
		}
	}
	return all
}
