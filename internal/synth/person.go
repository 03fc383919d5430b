package synth

// person is a patient's identity and body.
type person struct {
	woman       bool
	culture     *culture
	race        *race
	hispanic    bool
	given       string
	middle      string
	family      [2]string // the second is empty, or joined by familyJoin
	familyJoin  string
	mother      [2]string // given name, maiden name
	maiden      string    // family name before marriage, or empty
	marital     *concept
	language    concept
	born, died  moment // died is 0 for the living
	last        moment // died or now: nothing is recorded after it
	birthKnown  precision
	home        int // first provider of the group in whose city they live
	doctor      int // general practitioner
	payer       int
	street      string
	height      int    // as an adult, in millimeters
	bmi         int    // as an adult, in tenths
	smoked      moment // when they began to smoke, 0 if they never did
	quit        moment // when they stopped, 0 if they did not
	occasional  bool   // they smoke on some days
	birthNumber int    // in a multiple birth, or 0
}

// race is one of the OMB categories. A code that is empty is said in words only.
//
// Source: U.S. Census Bureau, QuickFacts 2023, rounded.
type race struct {
	code  concept
	of    int // permille
	names *culture
}

const ombSystem = "urn:oid:2.16.840.1.113883.6.238"

var races = []race{
	{concept{ombSystem, "2106-3", "White"}, 753, &cultures.anglo},
	{concept{ombSystem, "2054-5", "Black or African American"}, 137, &cultures.anglo},
	{concept{ombSystem, "2028-9", "Asian"}, 64, &cultures.asian},
	{concept{ombSystem, "1002-5", "American Indian or Alaska Native"}, 13, &cultures.anglo},
	{concept{ombSystem, "2076-8", "Native Hawaiian or Other Pacific Islander"}, 3, &cultures.anglo},
	{concept{"", "", "Other"}, 30, &cultures.french},
}

var (
	hispanicOrigin    = concept{ombSystem, "2135-2", "Hispanic or Latino"}
	nonHispanicOrigin = concept{ombSystem, "2186-5", "Not Hispanic or Latino"}

	neverMarried = hl7("v3-MaritalStatus", "S", "Never Married")
	married      = hl7("v3-MaritalStatus", "M", "Married")
	divorced     = hl7("v3-MaritalStatus", "D", "Divorced")
	widowed      = hl7("v3-MaritalStatus", "W", "Widowed")
)

// byWeight returns an index drawn by the weights that of gives for each.
func byWeight[T any](r *random, from []T, of func(*T) int) int {
	total := 0
	for i := range from {
		total += of(&from[i])
	}
	n := r.below(total)
	for i := range from {
		if n -= of(&from[i]); n < 0 {
			return i
		}
	}
	return len(from) - 1
}

// draw draws the person of patient i.
func (p *person) draw(r *random, i int) {
	*p = person{}
	p.drawSpan(r)
	p.drawNames(r)
	p.home = r.below(groupsFor(i+1)) * len(facilities)
	practice := p.home + 1 + r.below(len(facilities)-1)
	p.doctor = practice*staffPerFacility + r.below(3)
	p.street = streetLine(r)
	if r.permille(300) {
		p.street += " " + pick(r, dwellings) + " " + string(rune('1'+r.below(9)))
	}
	p.height = r.around(stature[p.sex()].middle, stature[p.sex()].spread)
	p.bmi = r.around(250, 80)
	p.drawSmoking(r)
	if r.permille(30) {
		p.birthNumber = r.between(1, 2)
	}
	p.drawPayer(r)
}

// drawSpan decides the patient's sex, and when they were born and died: as one of the
// living, or of those who died within the time that is recorded.
func (p *person) drawSpan(r *random) {
	group := byWeight(r, population[:], func(weight *int) int { return *weight })
	at := group / 4
	p.woman = group&2 != 0
	age := moment(at*5)*year + moment(r.below(int(5*year)))
	if at == 0 && group&1 != 0 && r.permille(850) {
		age = moment(r.below(int(year))) // of the deaths before five, most are in the first year
	}
	p.last = now
	if group&1 != 0 {
		p.died = now - moment(r.below(int(window)))
		p.last = p.died
	}
	p.born = p.last - age - 3*day
	switch n := r.below(200); {
	case n == 0:
		p.birthKnown = toYear
	case n < 4:
		p.birthKnown = toMonth
	default:
		p.birthKnown = toDay
	}
}

// population has the weights of the living and the dead of ten years: for each band of ages
// men alive, men dead, women alive, women dead.
var population = weighPopulation()

func weighPopulation() (weights [4 * len(bands)]int) {
	for i, b := range bands {
		for sex := range 2 {
			weights[4*i+2*sex] = b.people[sex] * 1000
			weights[4*i+2*sex+1] = b.people[sex] * b.deaths[sex] * int(window/year) / 100
		}
	}
	return weights
}

// sex is 0 for men and 1 for women, as tables have them.
func (p *person) sex() int {
	if p.woman {
		return 1
	}
	return 0
}

// drawSmoking decides whether the patient smokes or smoked, by the band of their age at
// the end, and when they began and stopped.
func (p *person) drawSmoking(r *random) {
	age := p.ageAt(p.last)
	for i := len(smokingBands) - 1; i >= 0; i-- {
		b := &smokingBands[i]
		if age < b.from {
			continue
		}
		n := r.below(1000)
		p.smoked = p.born + moment(r.between(15, 22))*year + moment(r.below(360))*day
		switch {
		case n < b.current[p.sex()]:
			p.occasional = r.permille(200)
		case n < b.current[p.sex()]+b.former[p.sex()]:
			years := max(age-23, 1)
			p.quit = max(p.last-moment(r.below(years*360))*day, p.smoked+year/2)
		default:
			p.smoked = 0
		}
		return
	}
}

// smokingAt returns the smoking status at t.
func (p *person) smokingAt(t moment) *smokingHabit {
	switch {
	case p.smoked == 0 || t < p.smoked:
		return &smokingStatuses[neverSmoked]
	case p.quit != 0 && t >= p.quit:
		return &smokingStatuses[formerSmoker]
	case p.occasional:
		return &smokingStatuses[occasionalSmoker]
	default:
		return &smokingStatuses[dailySmoker]
	}
}

func (p *person) drawNames(r *random) {
	p.race = &races[byWeight(r, races, func(c *race) int { return c.of })]
	p.culture = p.race.names
	if p.race.code.code != "2028-9" && r.permille(195) {
		p.hispanic = true
		p.culture = &cultures.hispanic
	} else if r.permille(60) {
		p.culture = &cultures.french
	}
	given := p.culture.men
	if p.woman {
		given = p.culture.women
	}
	p.given = pick(r, given)
	if r.permille(620) {
		if p.middle = pick(r, given); p.middle == p.given {
			p.middle = ""
		}
	}
	p.family[0] = pick(r, p.culture.families)
	switch {
	case p.culture.doubleSurname && r.permille(600):
		p.family[1], p.familyJoin = pick(r, p.culture.families), " "
	case r.permille(40):
		p.family[1], p.familyJoin = pick(r, p.culture.families), "-"
	}
	p.mother = [2]string{pick(r, p.culture.women), pick(r, p.culture.families)}
	p.language = pick(r, p.culture.languages)
	p.marital = &neverMarried
	if p.ageAt(p.last) >= 24 {
		switch n := r.below(100); {
		case n < 54:
			p.marital = &married
		case n < 66:
			p.marital = &divorced
		case n < 70+p.ageAt(p.last)/8:
			p.marital = &widowed
		}
		if p.woman && p.marital != &neverMarried {
			p.maiden = pick(r, p.culture.families)
		}
	}
}

// drawPayer draws the payer: Medicare from 65 years of age, otherwise any.
func (p *person) drawPayer(r *random) {
	switch {
	case p.ageAt(p.last) >= 65:
		p.payer = 0
	case r.permille(80):
		p.payer = noInsurance
	default:
		p.payer = r.between(1, noInsurance-1)
	}
}

// ageAt returns the age in whole years.
func (p *person) ageAt(t moment) int { return p.monthsAt(t) / 12 }

// monthsAt returns the age in months, counted by the calendar's months.
func (p *person) monthsAt(t moment) int { return max(monthOf(t)-monthOf(p.born), 0) }

// honorific is the form of address, or empty for a child.
func (p *person) honorific() string {
	switch {
	case p.ageAt(p.last) < 16:
		return ""
	case !p.woman:
		return "Mr."
	case p.marital == &neverMarried:
		return "Ms."
	default:
		return "Mrs."
	}
}

// appendFamily appends the family name.
func (p *person) appendFamily(dst []byte) []byte {
	dst = append(dst, p.family[0]...)
	dst = append(dst, p.familyJoin...)
	return append(dst, p.family[1]...)
}

// mailbox writes an e-mail address made of a name: lower case, without accents,
// spaces and apostrophes.
func (w *writer) mailbox(given, family, domain string) {
	w.key("value")
	w.b = append(w.b, '"')
	w.b = appendMailName(w.b, given)
	w.b = append(w.b, '.')
	w.b = appendMailName(w.b, family)
	w.b = append(w.b, '@')
	w.b = append(w.b, domain...)
	w.b = append(w.b, '"')
}

func appendMailName(dst []byte, name string) []byte {
	for _, c := range name {
		switch {
		case c >= 'a' && c <= 'z':
			dst = append(dst, byte(c))
		case c >= 'A' && c <= 'Z':
			dst = append(dst, byte(c)+'a'-'A')
		case c > 127:
			dst = append(dst, foldLetter(c))
		}
	}
	return dst
}

// foldLetter returns the plain letter under an accented one of the tables.
func foldLetter(c rune) byte {
	for _, fold := range [...]struct {
		letters string
		plain   byte
	}{
		{"áàâÁạầ", 'a'}, {"éèêëÉễ", 'e'}, {"íïîì", 'i'}, {"óôòöÓÔọơ", 'o'}, {"úùüûÚư", 'u'},
		{"ñÑ", 'n'}, {"ç", 'c'}, {"đĐ", 'd'}, {"ỳý", 'y'},
	} {
		for _, letter := range fold.letters {
			if letter == c {
				return fold.plain
			}
		}
	}
	return 'x'
}
