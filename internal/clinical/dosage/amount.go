package dosage

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// amount reads a strength, a dosage or a rate that begins with a number. After says that a
// medication or another span stands directly before it.
func (p *parser) amount(i int, after bool) (Kind, int) {
	start := i
	if w := p.word(i); w == "at" || w == "@" {
		if kind, next := p.amount(i+1, false); next > 0 && kind == Rate {
			return Rate, next
		}
		return 0, 0
	}
	if p.word(i) == "1" && p.word(i+1) == ":" && p.number(i+2) && len(p.word(i+2)) > 3 {
		return Strength, i + 3 // "1:1000"
	}
	if kind, next := p.measured(i, after); next > 0 {
		if p.word(next) == "of" && p.is(next+1, beverage) {
			return 0, 0
		}
		return kind, next
	}
	q := p.quantity(i)
	if q == 0 {
		if w := p.word(i); (w == "a" || w == "an" || w == "each") && p.is(i+1, countUnit) && w != "each" {
			q = i + 1
		} else {
			return 0, 0
		}
	}
	if next := p.counted(q); next > 0 {
		return Dosage, next
	}
	// "1 po qd", "take 2 at bedtime"
	if p.few(i, q) && (after || p.is(i-1, sigVerb)) {
		if p.n.Tokens[q-1].Kind != note.Punct && p.directions(q) {
			return Dosage, q
		}
	}
	// "two 500 mg tablets"
	if kind, next := p.measured(q, false); next > 0 && kind == Strength && q > start {
		if p.formEnd(next) > 0 {
			return Dosage, q
		}
	}
	return 0, 0
}

// many reports whether a count is that of a whole package: "90 tablets".
func (p *parser) many(i int) bool {
	w := p.word(i)
	return p.number(i) && len(w) > 1 && w[1] != '.' && w[1] != ',' && (len(w) > 2 || w > "20") && w[0] != '0'
}

// few reports whether a quantity is as small as a count of tablets.
func (p *parser) few(i, q int) bool {
	if p.number(i) {
		w := p.word(i)
		return len(w) == 1 && w[0] <= '8' && w[0] > '0' || p.part(i) == q || w == "1.5" || w == "2.5" || w == "0.5"
	}
	return p.is(i, numeral|fraction)
}

// directions reports whether a route or a frequency begins at i.
func (p *parser) directions(i int) bool {
	return i < p.end && !p.newline(i) && (p.route(i, true) > 0 || p.frequency(i, true) > 0)
}

// bare reads a number without its unit right after a medication: "aspirin 325 p.o.",
// "digoxin 0.25, Lasix 40".
func (p *parser) bare(i int) int {
	if !p.number(i) || p.newline(i) {
		return 0
	}
	next := i + 1
	if w := p.word(next); (w == "-" || w == "/") && p.number(next+1) {
		next += 2
	}
	w := p.word(i)
	if p.directions(next) {
		if len(w) == 1 && next == i+1 && w[0] <= '2' {
			return 0 // a count: "Tylenol 2 po q6h"
		}
		return next
	}
	if q := p.quantity(next); q > 0 && p.few(next, q) && p.directions(q) {
		return next // "Lipitor 10 one at night"
	}
	switch p.word(next) {
	case ",", ";", ")", "and", "":
		return next
	case ".":
		// The number of the next item of a list has a point too.
		if len(w) > 2 || next == i+3 || next+1 >= len(p.n.Tokens) || p.n.Tokens[next+1].Flags&note.Wide != 0 {
			return next
		}
	}
	if next < p.end && p.newline(next) {
		return next
	}
	// "Motrin 600 without relief", but no year
	if len(w) == 3 && w[1] != '.' && p.word(next) != "%" && !p.is(next, timeUnit|countUnit) && p.n.Tokens[next].Kind == note.Word {
		return next
	}
	return 0
}

// counted reads the unit after a count: "tablets", "tablet(s)", "chewable tablets".
func (p *parser) counted(i int) int {
	if p.word(i) == "-" && p.glued(i) {
		i++
	}
	for range 4 {
		if p.is(i, countUnit) && !p.newline(i) {
			break
		}
		if !p.is(i, formMod) {
			return 0
		}
		i++
	}
	if !p.is(i, countUnit) || p.newline(i) {
		return 0
	}
	i++
	if p.word(i) == "(" && p.word(i+1) == "s" && p.word(i+2) == ")" && p.glued(i) {
		i += 3
	}
	return i
}

// measured reads numbers with a unit of measure: "10 mg", "5-325 mg", "0.5 mg-3 mg/3 mL",
// "250 mg/5 mL", "5 mcg/kg/min", "0.5%". Two numbers with a slash need no unit directly
// after a medication: "5/325".
func (p *parser) measured(i int, after bool) (Kind, int) {
	numbers, q := 0, i
	for {
		next := q + 1
		switch {
		case p.number(q):
			numbers++
			if f := p.mixed(q); f > next && numbers == 1 {
				next = f // "1 1/2 mL"
			}
		case p.is(q, fraction) && p.word(q) != "half" && numbers == 0, p.is(q, numeral) && numbers == 0:
			numbers++
			if f := p.mixed(q); f > next {
				next = f
			}
		default:
			return 0, 0
		}
		q = next
		if w := p.word(q); (w == "-" || w == "/" || w == "to" && numbers == 1 || w == "or" && numbers == 1) && p.number(q+1) {
			q++
			continue
		}
		break
	}
	if w := p.word(q); w == "-" && p.glued(q) {
		q++ // "10-mg tablet"
	}
	kind, next := p.unit(q)
	if next == 0 {
		if after && numbers > 1 && p.word(i+1) == "/" && !p.is(q, timeUnit|countUnit) && p.part(i) == 0 {
			return Strength, q
		}
		return 0, 0
	}
	// A second strength joined to the first.
	if w := p.word(next); (w == "-" || w == "/" || w == "to" && p.word(i-1) != "from") && p.number(next+1) {
		if k, second := p.measured(next+1, false); second > 0 && (k == Strength || k == kind) {
			return k, second
		}
	}
	if kind == Rate && p.patch(i, q, next) {
		kind = Strength
	}
	return kind, next
}

// patch reports whether an amount per hour, with its unit in [q, next), is the strength of
// a patch: "25 mcg/hr", "0.4 mg/hr", but "at 25 mcg/hr" and "drip 25 mcg/hr".
func (p *parser) patch(i, q, next int) bool {
	if next != q+3 || !p.is(q+2, clockUnit) || p.word(q + 2)[0] != 'h' {
		return false
	}
	if w := p.word(i); p.word(q) != "mcg" && !(p.word(q) == "mg" && (w[0] == '.' || w[0] == '0')) {
		return false
	}
	for k := i - 1; k >= 0 && k >= i-3; k-- {
		switch p.word(k) {
		case "at", "@", "drip", "gtt", "infusion", "rate":
			return false
		}
	}
	return true
}

// unit reads a unit of measure with its denominator.
func (p *parser) unit(i int) (Kind, int) {
	if p.word(i) == "%" {
		return Strength, i + 1
	}
	c := p.class(i)
	kind := Strength
	switch {
	case p.newline(i) || c&(massUnit|unitUnit|volumeUnit) == 0:
		return 0, 0
	case c&massUnit != 0:
	case p.word(i) == "u" || p.word(i) == "l":
		kind = Dosage
		if p.word(i) == "l" && p.word(i+1) != "/" && p.word(i+1) != "of" && p.word(i+1) != "iv" {
			return 0, 0
		}
	default:
		kind = Dosage
	}
	if p.word(i) == "international" {
		i++
	}
	mass := c&massUnit != 0
	i++
	for p.word(i) == "/" || p.word(i) == "per" && !p.is(i+1, timeUnit&^clockUnit) {
		d := i + 1
		counted := p.number(d)
		if counted {
			d++
			if p.word(d) == "-" {
				d++
			}
		}
		dc := p.class(d)
		w := p.word(d)
		switch {
		case w == "dl" || w == "l":
			return 0, 0 // of a test
		case dc&clockUnit != 0:
			if !counted {
				kind = Rate
			} else if mass || c&unitUnit != 0 {
				kind = Strength
			}
		case dc&weight != 0:
		case dc&perUnit != 0 && (mass || c&unitUnit != 0):
			kind = Strength
		default:
			return kind, i
		}
		i = d + 1
	}
	return kind, i
}
