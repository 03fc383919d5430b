package dosage

// quantity reads a number of things: "2", "1/2", "1 and 1/2", "1-2", "two (2)", "one to
// two", "one and a half", "half a".
func (p *parser) quantity(i int) int {
	i = p.mixed(i)
	if i == 0 {
		return 0
	}
	switch p.word(i) {
	case "-", "to", "or", "/":
		if p.word(i) == "/" && !p.glued(i) {
			break
		}
		if next := p.mixed(i + 1); next > 0 {
			i = next
		}
	}
	if p.word(i) == "(" && (p.number(i+1) || p.is(i+1, numeral)) && p.word(i+2) == ")" {
		i += 3
	}
	return i
}

// mixed reads a number with its fraction.
func (p *parser) mixed(i int) int {
	if next := p.part(i); next > 0 {
		return next
	}
	if !p.number(i) && !p.is(i, numeral) {
		return 0
	}
	i++
	next := i
	if p.word(next) == "and" || p.word(next) == "&" {
		next++
		if p.word(next) == "a" && p.word(next+1) == "half" {
			return next + 2
		}
	} else if p.word(next) == "-" && p.glued(next) {
		next++
	}
	if f := p.part(next); f > 0 && p.word(next) != "half" {
		return f
	}
	return i
}

// part reads a fraction: "1/2", "½", "half", "half a", "one-half".
func (p *parser) part(i int) int {
	if p.is(i, fraction) {
		if w := p.word(i + 1); p.word(i) == "half" && (w == "a" || w == "of" && p.word(i+2) == "a") {
			return i + 2
		}
		return i + 1
	}
	if p.word(i) == "one" && p.word(i+1) == "-" && p.word(i+2) == "half" {
		return i + 3
	}
	if p.number(i) && p.word(i+1) == "/" && p.number(i+2) {
		switch above, below := p.word(i), p.word(i+2); below {
		case "2", "3", "4", "8":
			if len(above) == 1 && above[0] < below[0] {
				return i + 3
			}
		}
	}
	return 0
}
