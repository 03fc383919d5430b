package value

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
)

// Times appends the expressions of time among tokens [first, last) of a sentence: dates,
// "for 3 days", "since yesterday", "two weeks ago", "in 2015", "last month".
func Times(times []Span, n *note.Note, first, last int) []Span {
	for i := first; i < last; {
		end := timeAt(n, i, last)
		if end > i {
			times = append(times, Span{i, end})
			i = end
			continue
		}
		i++
	}
	return times
}

// timeAt returns the end of the expression of time at token i, or i.
func timeAt(n *note.Note, i, last int) int {
	t := &n.Tokens[i]
	if t.Kind == note.Punct {
		return i
	}
	at := func(j int) string {
		if j < last {
			return n.Word(j)
		}
		return ""
	}
	if t.Kind == note.Number || isNumeral(n.Word(i)) {
		if end := DateAt(n, i, last); end > i {
			return end
		}
		if end := amount(n, i, last); end > i && (at(end) == "ago" || at(end) == "prior" || at(end) == "earlier") {
			return end + 1
		}
		return i
	}
	switch word := n.Word(i); word {
	case "yesterday", "tonight", "tomorrow":
		return i + 1
	case "today":
		return i // says when the note was written
	case "for", "x", "over", "past", "within", "after":
		j := i + 1
		for j < i+5 && (at(j) == "the" || at(j) == "past" || at(j) == "last" || at(j) == "about" || at(j) == "approximately" || at(j) == "at" || at(j) == "least" || at(j) == "over") {
			j++
		}
		if end := amount(n, j, last); end > j {
			if at(end) == "ago" {
				end++
			}
			return end
		}
		if j > i+1 && isPeriod(at(j)) {
			return j + 1
		}
	case "since", "until", "in", "on", "during", "from", "as", "before":
		j := i + 1
		if end := DateAt(n, j, last); end > j {
			return end
		}
		if t := at(j); isYear(t) && unitAt(n, j+1, last) <= j+1 && (word != "on" && word != "from" || j+1 >= last || n.Tokens[j+1].Kind == note.Punct) {
			return j + 1
		}
		if at(j) == "early" || at(j) == "late" || at(j) == "the" && (isYear(strings.TrimSuffix(at(j+1), "s"))) {
			if j++; isYear(strings.TrimSuffix(at(j), "s")) {
				if at(j+1) == "s" {
					j++
				}
				return j + 1
			}
			j--
		}
		switch at(j) {
		case "yesterday", "childhood", "birth", "infancy", "adolescence":
			return j + 1
		case "last", "this", "the":
			if isPeriod(at(j+1)) && word == "since" {
				return j + 2
			}
		}
		if isDay(at(j)) || monthOf(at(j)) && n.Tokens[j].Flags&note.Capital != 0 {
			return j + 1
		}
		if end := amount(n, j, last); end > j && (word == "since" || word == "in") {
			if at(end) == "ago" {
				end++
			}
			return end
		}
	case "last", "next", "this", "earlier":
		if isPeriod(at(i + 1)) {
			return i + 2
		}
		if at(i+1) == "this" && isPeriod(at(i+2)) {
			return i + 3
		}
	case "a", "several", "few":
		j := i + 1
		if word == "a" && at(j) == "few" {
			j++
		}
		if isPeriod(at(j)) && at(j+1) == "ago" {
			return j + 2
		}
	default:
		if monthOf(word) {
			return max(i, DateAt(n, i, last))
		}
	}
	return i
}

// amount returns the end of a number with a period at token i, "3 days" or "2-3 weeks",
// or i.
func amount(n *note.Note, i, last int) int {
	if i >= last || n.Tokens[i].Kind != note.Number && !isNumeral(n.Word(i)) {
		return i
	}
	j := i + 1
	if j+1 < last && (n.Word(j) == "-" || n.Word(j) == "to" || n.Word(j) == "or") && n.Tokens[j+1].Kind == note.Number {
		j += 2
	}
	if j < last && n.Word(j) == "-" {
		j++
	}
	if j < last && isPeriod(n.Word(j)) {
		return j + 1
	}
	return i
}

// DateAt returns the end of the calendar date at token i, or i: "03/14/1958",
// "2020-11-05", "June 3, 2021", "3 June 2021", "March 2020".
func DateAt(n *note.Note, i, last int) int {
	if i >= last {
		return i
	}
	at := func(j int) string {
		if j < last {
			return n.Word(j)
		}
		return ""
	}
	number := func(j, most int) bool {
		return j < last && n.Tokens[j].Kind == note.Number && below(n.Word(j), most)
	}
	word := n.Word(i)
	if n.Tokens[i].Kind == note.Number {
		if mark := at(i + 1); i+4 < last && (mark == "/" || mark == "-") && at(i+3) == mark && n.Tokens[i+2].Kind == note.Number && n.Tokens[i+4].Kind == note.Number {
			tight := n.Tokens[i+1].Flags&note.Space == 0 && n.Tokens[i+2].Flags&note.Space == 0 && n.Tokens[i+4].Flags&note.Space == 0
			year := len(at(i+4)) == 4 && isYear(at(i+4)) || len(at(i+4)) == 2 && mark == "/"
			if tight && (number(i, 31) && number(i+2, 31) && year || isYear(word) && number(i+2, 12) && number(i+4, 31)) {
				return i + 5
			}
		}
		if number(i, 31) && monthOf(at(i+1)) && n.Tokens[i+1].Flags&note.Capital != 0 {
			j := i + 2
			if at(j) == "," || at(j) == "." {
				j++
			}
			if isYear(at(j)) {
				return j + 1
			}
			return i + 2
		}
		return i
	}
	if !monthOf(word) || n.Tokens[i].Flags&note.Capital == 0 {
		return i
	}
	j := i + 1
	if at(j) == "." {
		j++
	}
	if isYear(at(j)) {
		return j + 1
	}
	if at(j) == "of" && isYear(at(j+1)) || at(j) == "," && isYear(at(j+1)) {
		return j + 2
	}
	if !number(j, 31) {
		return i
	}
	j++
	switch at(j) {
	case "st", "nd", "rd", "th":
		j++
	}
	switch {
	case at(j) == "," && isYear(at(j+1)):
		return j + 2
	case isYear(at(j)):
		return j + 1
	}
	return j
}

// below reports whether a number of one or two digits is from 1 to most.
func below(digits string, most int) bool {
	if len(digits) > 2 {
		return false
	}
	v := 0
	for i := range len(digits) {
		if digits[i] < '0' || digits[i] > '9' {
			return false
		}
		v = 10*v + int(digits[i]-'0')
	}
	return 1 <= v && v <= most
}

func monthOf(word string) bool {
	switch word {
	case "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
		"jan", "feb", "mar", "apr", "jun", "jul", "aug", "sep", "sept", "oct", "nov", "dec":
		return true
	}
	return false
}

func isDay(word string) bool {
	switch word {
	case "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday":
		return true
	}
	return false
}

func isPeriod(word string) bool {
	switch word {
	case "day", "days", "week", "weeks", "month", "months", "year", "years", "hour", "hours", "minutes", "night", "nights", "morning", "evening", "afternoon", "fall", "winter", "summer", "spring",
		"wk", "wks", "yr", "yrs", "hrs", "decade", "decades", "weekend":
		return true
	}
	return isDay(word)
}

func isNumeral(word string) bool {
	switch word {
	case "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve", "twenty", "several", "few":
		return true
	}
	return false
}
