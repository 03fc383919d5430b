package dosage

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// when reads a moment: "at bedtime", "in the morning", "before meals", "with breakfast and
// dinner", "at 8 am", "on Mondays".
func (p *parser) when(i int, after bool) int {
	w := p.word(i)
	i++
	if w == "prior" || w == "w" {
		if s := p.word(i); s != "to" && s != "/" || (s == "/") != (w == "w") {
			return 0
		}
		i++
	}
	if w == "on" {
		return p.weekdays(i, true)
	}
	if w == "at" && p.number(i) {
		return p.clock(i)
	}
	for p.word(i) == "the" || p.word(i) == "each" || p.word(i) == "every" || p.word(i) == "a" || p.word(i) == "all" {
		i++
	}
	var next int
	switch w {
	case "in":
		if p.word(i) == "morning" || p.word(i) == "evening" || p.word(i) == "afternoon" || p.word(i) == "am" || p.word(i) == "pm" || p.word(i) == "mornings" || p.word(i) == "evenings" {
			next = i + 1
		} else if a := p.word(i); (a == "a" || a == "p") && p.word(i+1) == "." && p.word(i+2) == "m" {
			next = p.point(i + 3)
		}
	case "at":
		switch p.word(i) {
		case "bedtime", "night", "noon", "midnight", "nighttime", "breakfast", "lunch", "dinner", "supper", "suppertime", "dinnertime", "lunchtime", "mealtime", "mealtimes", "hs", "midday":
			next = i + 1
		}
	default:
		if p.word(i) == "evening" || p.word(i) == "morning" || p.word(i) == "largest" {
			i++
		}
		if p.is(i, meal) {
			next = i + 1
		}
	}
	if next == 0 {
		return 0
	}
	if w == "with" && p.word(i) == "food" && !after {
		return 0
	}
	if p.word(next) == "time" {
		next++
	}
	for (p.word(next) == "and" || p.word(next) == "," || p.word(next) == "or") && p.is(next+1, meal) && w != "in" {
		next += 2
	}
	return next
}

// clock reads a time of day: "8 am", "8:00", "0800", "noon".
func (p *parser) clock(i int) int {
	if p.word(i) == "noon" {
		return i + 1
	}
	if !p.number(i) {
		return 0
	}
	hour := p.word(i)
	i++
	if p.word(i) == ":" && p.number(i+1) && len(hour) <= 2 && len(p.word(i+1)) == 2 {
		i += 2
		if w := p.word(i); w == "am" || w == "pm" {
			i++
		}
		return i
	}
	switch w := p.word(i); {
	case w == "am" || w == "pm":
		return i + 1
	case (w == "a" || w == "p") && p.word(i+1) == "." && p.word(i+2) == "m":
		return p.point(i + 3)
	}
	if len(hour) == 4 && hour < "2400" && hour[1] != '.' && hour[2] != '.' && p.word(i-2) == "at" && p.class(i)&(massUnit|unitUnit|volumeUnit) == 0 {
		return i
	}
	return 0
}

// weekdays reads days of the week: "Mondays", "Mon, Wed and Fri", "M/W/F". Short names need
// another one beside them, unless sure.
func (p *parser) weekdays(i int, sure bool) int {
	count, long, next := 0, false, 0
	for p.is(i, weekday|weekdayAbbr) {
		if p.is(i, weekday) {
			long = true
		} else if len(p.word(i)) < 3 && p.n.Tokens[i].Flags&note.Capital == 0 {
			break
		}
		count++
		i++
		next = i
		if p.word(i) == "." && p.glued(i) {
			i++
		}
		for range 2 {
			switch p.word(i) {
			case ",", "/", "and", "&", "-", "through", "thru", "to":
				i++
			}
		}
	}
	if count > 1 || count == 1 && (long || sure && len(p.word(next-1)) > 2) {
		return next
	}
	return 0
}
