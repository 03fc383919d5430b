package dosage

// duration reads "for 10 days", "x 7 days", "x7d", "for the next 2 weeks", "over 30
// minutes", "until finished", "7 day course". After says that another span stands directly
// before it.
func (p *parser) duration(i int, after bool) int {
	if next := p.fixed(i, Duration); next > 0 {
		return next
	}
	w := p.word(i)
	switch w {
	case "for", "x", "×", "over", "times", "another":
		return p.span(i+1, w)
	case "until", "til", "till":
		return p.clause(i + 1)
	case "through", "thru":
		if p.number(i + 1) {
			return p.clause(i + 1)
		}
		return 0
	}
	if len(w) > 1 && w[0] == 'x' && '0' <= w[1] && w[1] <= '9' {
		k := 1
		for k < len(w) && '0' <= w[k] && w[k] <= '9' {
			k++
		}
		switch {
		case k < len(w) && classOf(w[k:])&timeUnit != 0:
			return i + 1
		case k == len(w) && p.word(i+1) == "-" && p.number(i+2) && p.is(i+3, timeUnit):
			return i + 4
		case k == len(w) && (p.is(i+1, timeUnit) || p.word(i+1) == "doses"):
			return i + 2
		}
		return 0
	}
	// "7 day course", "10 days of", and after a frequency "10 days".
	q := p.quantity(i)
	if q == 0 {
		return 0
	}
	if p.word(q) == "-" {
		q++
	}
	if !p.is(q, timeUnit) || len(p.word(q)) == 1 && !p.glued(q) {
		return 0
	}
	switch p.word(q + 1) {
	case "course":
		return q + 2
	case "of":
		if p.is(q, clockUnit) {
			return 0
		}
		return q + 1
	case "ago", "old", "prior", "before", "later", "supply", "after", "earlier", "history", "total", "pack", "apart":
		return 0
	}
	if after && !p.is(q, clockUnit) {
		return q + 1
	}
	return 0
}

// span reads the length of time after a word such as "for".
func (p *parser) span(i int, w string) int {
	for range 4 {
		if !p.is(i, measure) {
			break
		}
		i++
	}
	q := p.quantity(i)
	if q == 0 {
		switch p.word(i - 1) {
		case "a", "an", "the", "next", "another":
		default:
			return 0
		}
		q = i
		if !p.is(q, timeUnit) || p.is(q, plural) {
			return 0
		}
	}
	for range 2 {
		switch p.word(q) {
		case "-", "more", "additional", "full", "further", "consecutive":
			q++
		}
	}
	u := p.word(q)
	switch {
	case classOf(u)&timeUnit != 0 && (len(u) > 1 || p.glued(q) || w == "x" || w == "×"):
	case u == "doses" || u == "cycles":
	default:
		return 0
	}
	next := q + 1
	switch p.word(next) {
	case "course", "total", "period":
		next++
	case "ago", "old":
		return 0
	}
	return next
}

// clause reads up to six words, to the end of the clause.
func (p *parser) clause(i int) int {
	start := i
	for i < p.end && i-start < 7 && (i == start || !p.newline(i)) {
		switch p.word(i) {
		case ",", ";", ")", "(", "and", "then", ".":
			goto end
		}
		i++
	}
end:
	if i == start {
		return 0
	}
	return i
}
