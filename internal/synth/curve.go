package synth

// knot is a point of a curve: a share out of a thousand at an age in years.
type knot struct{ age, share int }

// curve is the share of people who have something by an age. It never falls: an affliction
// that goes away has an end of its own. Between knots it is a line, and before the first it
// rises from nothing within four years.
type curve []knot

// ageFor returns the age in months at which a disorder with this curve begins, for the
// person at a place among a million: it begins first for those with the lowest places.
// It reports false if it never begins. At every age, as many people have the disorder as
// the curve says.
func (c curve) ageFor(at int) (months int, ok bool) {
	before := knot{}
	if len(c) > 0 {
		before.age = max(c[0].age-4, 0)
	}
	for _, k := range c {
		if at < k.share*1000 {
			span := (k.age - before.age) * 12
			return before.age*12 + (at-before.share*1000)/1000*span/(k.share-before.share), true
		}
		before = k
	}
	return 0, false
}

// kinship groups disorders that often come together.
type kinship uint8

const (
	alone kinship = iota
	metabolic
	atopic
	mental

	kinships = int(mental) + 1
)

// place draws the person's place among a million for a disorder. Two of five draws give
// the place for its whole kinship, so that related disorders come together. Every place
// is equally likely, so shares stay those of the curves.
func (l *life) place(of kinship) int {
	at := l.below(1000000)
	if of != alone && l.permille(400) {
		return l.places[of]
	}
	return at
}
