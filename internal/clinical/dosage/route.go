package dosage

// route reads a way of giving: "po", "p.o.", "IV push", "in both eyes", "via G-tube".
func (p *parser) route(i int, after bool) int {
	w := p.word(i)
	var buf [6]byte
	if letters, next := p.dotted(i, &buf); letters > 0 {
		switch string(buf[:letters]) {
		case "po", "iv", "im", "sc", "sl", "pr", "sq", "pv", "ou", "os", "ad", "as", "au":
			return next
		case "od":
			if p.drops(i) {
				return next
			}
		}
	}
	switch w {
	case "ou", "os", "au", "ad":
		if p.upper(i) && after {
			return i + 1
		}
	case "as":
		if p.upper(i) && after && p.word(i+1) != "needed" {
			return i + 1
		}
	case "od":
		if p.upper(i) && p.drops(i) {
			return i + 1
		}
	case "via", "per", "by", "through":
		j := i + 1
		if p.word(j) == "the" || p.word(j) == "a" {
			j++
		}
		if p.is(j, tube) {
			j++
			if p.word(j) == "-" && p.word(j+1) == "tube" {
				return j + 2
			}
			if p.word(j) == "tube" || p.word(j) == "line" {
				j++
			}
			return j
		}
	case "in", "into", "to", "on", "onto":
		if next := p.place(i + 1); next > 0 {
			return next
		}
		return 0
	case "each", "both", "right", "left", "affected":
		if next := p.place(i); next > 0 && p.class(next-1)&site != 0 {
			switch p.word(next - 1) {
			case "eye", "eyes", "ear", "ears", "nostril", "nostrils", "nare", "nares", "area", "areas":
				return next
			}
		}
	}
	if next := p.fixed(i, Route); next > 0 {
		switch w {
		case "pr", "io", "inh", "td":
			if !after {
				return 0
			}
		case "gtt":
			if p.number(i - 1) {
				return 0
			}
		case "infusion", "drip", "bolus", "iv", "sub", "intravenous":
			return next
		}
		return next
	}
	return 0
}

// drops reports whether drops stand before i, so that "OD" is the right eye.
func (p *parser) drops(i int) bool {
	for k := i - 1; k >= 0 && k >= i-4; k-- {
		switch p.n.Word(k) {
		case "drop", "drops", "gtt", "gtts", "ophthalmic", "solution", "eye":
			return true
		}
	}
	return false
}

// place reads a part of the body to which a medication is applied: "the right eye",
// "affected area", "each nostril".
func (p *parser) place(i int) int {
	for range 4 {
		if !p.is(i, side) {
			break
		}
		i++
	}
	if !p.is(i, site) {
		return 0
	}
	i++
	if p.word(i) == "(" && p.word(i+1) == "s" && p.word(i+2) == ")" {
		i += 3
	}
	return i
}

// formEnd reads a form: "tablet", "extended release tablet", "HFA inhaler", "eye drops".
func (p *parser) formEnd(i int) int {
	if next := p.fixed(i, Form); next > 0 {
		return next
	}
	j := i
	for range 5 {
		if !p.is(j, formMod) || p.newline(j) && j > i {
			break
		}
		if p.is(j, upperOnly) && !p.upper(j) {
			break
		}
		j++
		if p.word(j) == "-" && p.glued(j) {
			j++
		}
	}
	if j > i && p.word(i) != "oral" && p.word(i) != "topical" && p.word(i) != "rectal" && p.word(i) != "transdermal" {
		if p.is(j, form) {
			return j + 1
		}
		if p.word(i) == "extended" || p.word(i) == "delayed" || p.word(i) == "sustained" || p.word(i) == "immediate" || p.word(i) == "controlled" {
			if p.word(j-1) == "release" {
				return j
			}
		}
	}
	if p.is(i, form) {
		return i + 1
	}
	return 0
}

// form reads a form. After says that a medication or another span stands directly before
// it.
func (p *parser) form(i int, after bool) int {
	if next := p.formEnd(i); next > 0 {
		return next
	}
	if after && p.is(i, suffix) && p.upper(i) {
		return i + 1
	}
	return 0
}
