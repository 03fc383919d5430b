package note

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Locate returns the tokens [first, last) of a phrase, apart from case and white space. Of
// several places it takes the one in capitals, if there is exactly one, or else the first;
// a place at word boundaries goes before one inside a word.
func (n *Note) Locate(phrase string) (first, last int, ok bool) {
	fields := strings.Fields(phrase)
	if len(fields) == 0 {
		return 0, 0, false
	}
	type place struct{ start, end int }
	var best, capital, inside place
	capitals := 0
	for i := 0; i < len(n.Text); i++ {
		end, found := matchFields(n.Text[i:], fields)
		if !found {
			continue
		}
		p := place{i, i + end}
		switch {
		case !n.bounded(p.start, p.end):
			if inside.end == 0 {
				inside = p
			}
			continue
		case best.end == 0:
			best = p
		}
		if text := n.Text[p.start:p.end]; strings.IndexFunc(text, unicode.IsLower) < 0 && strings.IndexFunc(text, unicode.IsUpper) >= 0 {
			capital = p
			capitals++
		}
	}
	switch {
	case capitals == 1:
		best = capital
	case best.end == 0:
		best = inside
	}
	if best.end == 0 {
		return 0, 0, false
	}
	first = n.TokenAt(best.start)
	last = first
	for last < len(n.Tokens) && int(n.Tokens[last].Start) < best.end {
		last++
	}
	return first, last, last > first
}

// matchFields reports whether text begins with the fields, white space between
// them, and where they end.
func matchFields(text string, fields []string) (end int, ok bool) {
	for i, f := range fields {
		if i > 0 {
			trimmed := strings.TrimLeftFunc(text[end:], unicode.IsSpace)
			if len(trimmed) == len(text)-end {
				return 0, false
			}
			end = len(text) - len(trimmed)
		}
		if len(text)-end < len(f) || !strings.EqualFold(text[end:end+len(f)], f) {
			return 0, false
		}
		end += len(f)
	}
	return end, true
}

// bounded reports whether no letter, digit or possessive continues the span.
func (n *Note) bounded(start, end int) bool {
	word := func(r rune) bool { return unicode.IsLetter(r) || unicode.IsDigit(r) }
	before, _ := utf8.DecodeLastRuneInString(n.Text[:start])
	from, _ := utf8.DecodeRuneInString(n.Text[start:])
	to, _ := utf8.DecodeLastRuneInString(n.Text[:end])
	after, _ := utf8.DecodeRuneInString(n.Text[end:])
	if rest := n.Text[end:]; word(to) && len(rest) > 1 && rest[0] == '\'' && word(rune(rest[1])) {
		return false
	}
	return !(word(before) && word(from)) && !(word(to) && word(after))
}
