package dosage

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// maxSpan is the number of tokens looked at from the first one of a span. It keeps the time
// linear.
const maxSpan = 40

// find appends the spans that begin in [first, last) to spans. Name is the token after a
// medication's name, free the one after the name or span before, -1 if there is none nearby.
func (p *parser) find(first, last, name, free int, spans []Span) []Span {
	end := p.end
	defer func() { p.end = end }()
	for i := first; i < last; {
		p.end = min(end, i+maxSpan)
		if skip := p.limit(i); skip > i {
			i = skip
			continue
		}
		kind, next := p.spanAt(i, p.near(free, i))
		if i == name && (next == 0 || kind == Dosage && next == i+1) {
			if bare := p.bare(i); bare > 0 {
				kind, next = Strength, bare
			}
		}
		if next == 0 {
			i++
			continue
		}
		spans = append(spans, Span{kind, i, next})
		i, free = next, next
	}
	return spans
}

// near reports whether nothing but marks stands between a span's end and i.
func (p *parser) near(free, i int) bool {
	if free < 0 {
		return false
	}
	for ; free < i; free++ {
		if p.n.Tokens[free].Kind != note.Punct || i-free > 3 {
			return false
		}
	}
	return true
}

// spanAt reads the span that begins at i.
func (p *parser) spanAt(i int, after bool) (Kind, int) {
	if p.n.Tokens[i].Kind == note.Punct {
		switch p.word(i) {
		case "½", "¼", "¾", "⅓", "⅔", "×", "/", "@":
		default:
			return 0, 0
		}
	}
	if next := p.duration(i, after); next > 0 {
		return Duration, next
	}
	if next := p.frequency(i, after); next > 0 {
		return Frequency, next
	}
	if kind, next := p.amount(i, after); next > 0 {
		return kind, next
	}
	if next := p.form(i, after); next > 0 && p.fixed(i, Route) == 0 || next > p.fixed(i, Route) {
		return Form, next
	}
	if next := p.route(i, after); next > 0 {
		return Route, next
	}
	return 0, 0
}

// limit passes over words that are no part of taking a medication: "max 4 g per day", "not
// to exceed 3 doses", "dispense #30 tablets", "90 tablets", "refills: 3".
func (p *parser) limit(i int) int {
	if p.many(i) {
		if next := p.counted(i + 1); next > 0 {
			return next
		}
	}
	switch p.word(i) {
	case "max", "maximum", "exceed", "exceeding":
		j := i + 1
		for j < p.end && j-i < 9 && !p.newline(j) {
			if w := p.word(j); w == "," || w == ";" || w == "." || w == ")" {
				break
			}
			j++
		}
		return j
	case "disp", "dispense", "dispensed", "qty", "quantity", "refill", "refills", "#":
		j := i + 1
		for j < p.end && j-i < 4 && p.n.Tokens[j].Kind == note.Punct {
			j++
		}
		if p.number(j) {
			j++
			if p.is(j, countUnit|volumeUnit) {
				j++
			}
			return j
		}
	}
	return i
}
