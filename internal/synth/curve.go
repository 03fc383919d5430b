package synth

// knot is a point of a curve: a share out of a thousand at an age in years.
type knot struct{ age, share int }

// curve says which share of people have something by an age. It never falls: what goes
// away again has an end of its own. Between knots it is a line, and before the first it
// rises from nothing within four years.
type curve []knot

// ageFor returns the age in months at which somebody gets what the curve is of, if their
// place among a million people is at: those with the lowest places get it first. It
// reports false for those who never get it. So the share of those who have it is the
// curve's at every age.
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

// place draws where the person stands among a million people for a disorder: in two of
// five draws where they stand for its whole group. Each place is as likely as any other,
// so that shares stay what curves say, and what comes together does so more often than by
// chance.
func (l *life) place(of kinship) int {
	at := l.below(1000000)
	if of != alone && l.permille(400) {
		return l.places[of]
	}
	return at
}
