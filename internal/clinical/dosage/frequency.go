package dosage

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// frequency reads one or more parts of a frequency: "bid", "every 6 hours as needed", "in
// the morning and at bedtime".
func (p *parser) frequency(i int, after bool) int {
	if w := p.word(i); w == "divided" {
		if next := p.frequencyPart(i+1, true); next > 0 {
			return next
		}
	}
	next := p.frequencyPart(i, after)
	if next == 0 || next == i+1 && p.is(i, period) && p.is(next, occasion) && !p.newline(next) {
		return 0
	}
	for {
		j := next
		if p.word(j) == "." && p.glued(j) && len(p.word(j-1)) == 1 && j+1 < p.end && p.n.Tokens[j+1].Flags&(note.Capital|note.Wide) == 0 {
			j++ // "q.6 h. p.r.n."
		}
		switch w := p.word(j); w {
		case "and", "&":
			j++
			if !p.timed(j) {
				return next
			}
		case ",":
			j++
			if w := p.word(j); w == "and" {
				j++
			}
			if !p.timed(j) && p.word(j) != "prn" && !(p.word(j) == "as" && p.word(j+1) == "needed") {
				return next
			}
		case "only":
			j++
			if p.word(j) != "if" && p.word(j) != "as" && p.word(j) != "when" {
				return next
			}
		case "except":
			if p.word(j+1) == "on" {
				j++
			}
			if end := p.weekdays(j+1, true); end > 0 {
				next = end
				continue
			}
			return next
		case "x", "×", "times", "x1", "x2", "x3", "x4":
			return next
		case "or", "to", "-":
			j++
			if !p.is(j, freqWord) && p.word(j) != "as" {
				return next
			}
		case "(":
			return next
		}
		if p.newline(j) {
			return next
		}
		more := p.frequencyPart(j, true)
		if more == 0 {
			return next
		}
		next = more
	}
}

// onceDone reports whether "once" before i says how often, not when: "once stable".
func (p *parser) onceDone(i int) bool {
	if i >= p.end || p.n.Tokens[i].Kind != note.Word {
		return true
	}
	switch p.word(i) {
	case "for", "in", "at", "on", "by", "and", "or", "then", "now", "only", "today", "yesterday", "tonight", "with", "before", "after", "as", "if":
		return true
	}
	return p.route(i, true) > 0 || p.is(i, freqWord)
}

// timed reports whether a moment of the day or the week begins at i. It continues a
// frequency after "and".
func (p *parser) timed(i int) bool {
	switch p.word(i) {
	case "at", "in", "before", "after", "with", "w", "every", "each", "noon", "midnight", "evening", "night", "bedtime", "dinner", "lunch", "supper", "on", "prn", "as", "qhs", "hs":
		return true
	}
	return p.is(i, weekday|weekdayAbbr) || p.number(i) && p.clock(i) > 0
}

// frequencyPart reads a frequency without its continuation. After says that a medication or
// another span stands directly before it; words that often mean something else need that.
func (p *parser) frequencyPart(i int, after bool) int {
	w := p.word(i)
	if w == "" {
		return 0
	}
	if w == "up" && p.word(i+1) == "to" {
		return p.times(i + 2)
	}
	if w == "or" {
		return 0
	}
	if next := p.fixed(i, Frequency); next > 0 {
		switch {
		case w == "once":
			if t := p.times(i); t > 0 {
				return t
			}
			if p.word(i+1) == "every" {
				return p.every(i + 1)
			}
			if !p.onceDone(next) {
				return 0
			}
		case w == "a" && !after:
			return 0
		}
		return next
	}
	if next := p.abbreviation(i, after); next > 0 {
		return next
	}
	if next := p.times(i); next > 0 {
		return next
	}
	switch w {
	case "every", "each":
		return p.every(i)
	case "in", "at", "before", "after", "with", "prior", "between", "during", "on", "w":
		return p.when(i, after)
	case "now":
		if after {
			return i + 1
		}
	case "x", "×", "times":
		return p.repeats(i+1, p.quantity(i+1))
	case "x1", "x2", "x3", "x4":
		return p.repeats(i, i+1)
	case "/":
		if after && p.glued(i) && p.is(i+1, timeUnit) && (p.word(i+1) == "day" || p.word(i+1) == "week") {
			return i + 2
		}
		return 0
	case "noon", "midnight", "evening", "bedtime":
		if after {
			return i + 1
		}
	case "dinner", "lunch", "supper":
		if after {
			return i + 1
		}
	}
	if next := p.weekdays(i, after); next > 0 {
		return next
	}
	if q := p.quantity(i); q > 0 && p.is(q, timeUnit) && p.is(q, clockUnit) {
		switch p.word(q + 1) {
		case "before", "after", "prior":
			return p.when(q+1, true)
		}
	}
	if after && p.number(i) {
		return p.clock(i)
	}
	return 0
}

// repeats reads how often something is given in all: "x1", "times two", "x 1 dose". Number
// is the token of the number, next the one after it.
func (p *parser) repeats(number, next int) int {
	if next == 0 || next > number+1 || p.is(next, timeUnit|massUnit|volumeUnit) || p.word(next) == "/" || p.word(next) == "-" {
		return 0
	}
	switch p.word(next) {
	case "dose":
		return next + 1
	case "doses", "more", "a", "total":
		return 0
	}
	return next
}

// abbreviation reads "bid", "q.i.d.", "q4-6h", "q 8 hours", "q week".
func (p *parser) abbreviation(i int, after bool) int {
	w := p.word(i)
	var buf [6]byte
	if letters, next := p.dotted(i, &buf); letters > 0 {
		if classOf(string(buf[:letters]))&freqWord != 0 {
			return next
		}
		if string(buf[:letters]) == "od" && !p.drops(i) {
			return next
		}
		if buf[0] != 'q' {
			return 0
		}
	}
	if c := p.class(i); c&freqWord != 0 {
		if c&upperOnly != 0 && !p.upper(i) && !after {
			return 0
		}
		return i + 1
	}
	if w == "od" && after && !p.drops(i) {
		return i + 1
	}
	if (w == "am" || w == "pm") && after && p.upper(i) {
		return i + 1
	}
	if w[0] != 'q' {
		return 0
	}
	if len(w) == 1 {
		if p.word(i+1) == "." && p.glued(i+1) {
			i++
		}
		i++
		if p.word(i) == "-" {
			i++
		}
		if letters, next := p.dotted(i, &buf); letters > 0 { // "q h.s.", "q. i.d."
			switch string(buf[:letters]) {
			case "hs", "am", "pm", "id", "od", "ac":
				return next
			}
			return 0
		}
		switch p.word(i) {
		case "am", "pm", "hs", "day", "daily", "week", "weekly", "month", "monthly", "night", "nightly", "evening", "morning", "shift", "hour", "hr", "h", "bedtime", "ac", "pc":
			return i + 1
		case "other":
			if p.is(i+1, timeUnit) {
				return i + 2
			}
			return 0
		}
		if p.is(i, weekday|weekdayAbbr) {
			return i + 1
		}
		if !p.number(i) && !p.is(i, numeral) {
			return 0
		}
		return p.interval(i + 1)
	}
	// One word: "q4h", "q12", "q8hours", "q2wks".
	k := 1
	for k < len(w) && '0' <= w[k] && w[k] <= '9' {
		k++
	}
	if k == 1 {
		return 0
	}
	if k == len(w) {
		if next := p.interval(i + 1); next > 0 {
			return next
		}
		return i + 1 // "q12"
	}
	unit := w[k:]
	if classOf(unit)&timeUnit != 0 {
		return i + 1
	}
	if len(unit) > 3 && unit[len(unit)-3:] == "prn" && classOf(unit[:len(unit)-3])&timeUnit != 0 {
		return i + 1
	}
	return 0
}

// point passes over a point that ends an abbreviation.
func (p *parser) point(i int) int {
	if p.word(i) == "." && p.glued(i) {
		return i + 1
	}
	return i
}

// interval reads the rest of an interval after its first number: "-6h", " hours", "°".
func (p *parser) interval(i int) int {
	if w := p.word(i); (w == "-" || w == "to" || w == "/") && p.number(i+1) {
		i += 2
	}
	if p.word(i) == "-" && p.is(i+1, timeUnit) {
		i++
	}
	w := p.word(i)
	if classOf(w)&timeUnit != 0 || w == "°" || w == "º" {
		return i + 1
	}
	if len(w) > 3 && w[len(w)-3:] == "prn" && classOf(w[:len(w)-3])&timeUnit != 0 {
		return i + 1
	}
	return 0
}

// every reads "every 4 to 6 hours", "each morning", "every other day", "every Monday".
func (p *parser) every(i int) int {
	i++
	w := p.word(i)
	switch w {
	case "other", "alternate":
		if p.is(i+1, timeUnit|moment|weekday) {
			return i + 2
		}
		return 0
	case "single":
		i++
	}
	if p.is(i, weekday|weekdayAbbr) {
		return p.weekdays(i, true)
	}
	if p.is(i, timeUnit|moment) || p.word(i) == "shift" || p.word(i) == "meal" || p.word(i) == "cycle" {
		next := i + 1
		if w := p.word(next); (w == "and" || w == "&") && p.is(next+1, moment) {
			next += 2
		}
		return next
	}
	q := p.quantity(i)
	if q == 0 {
		return 0
	}
	if p.word(q) == "-" && p.glued(q) {
		q++
	}
	if p.is(q, timeUnit) {
		return q + 1
	}
	return 0
}

// times reads "twice daily", "2 times a day", "3x/day", "four times weekly", "once every 7
// days".
func (p *parser) times(i int) int {
	w := p.word(i)
	switch w {
	case "once", "twice", "thrice":
		i++
	default:
		q := p.quantity(i)
		if q == 0 {
			return 0
		}
		switch p.word(q) {
		case "times", "time", "x", "×":
			i = q + 1
		default:
			return 0
		}
	}
	switch w := p.word(i); w {
	case "a", "per", "each", "every", "/", "in", "an":
		if w == "every" && p.every(i) > 0 {
			return p.every(i)
		}
		if w == "in" {
			return 0
		}
		i++
		if p.is(i, timeUnit|moment) {
			return i + 1
		}
		return 0
	case "daily", "weekly", "monthly", "nightly", "hourly", "yearly", "day":
		return i + 1
	case "-":
		if p.is(i+1, freqWord) {
			return i + 2
		}
	}
	return 0
}
