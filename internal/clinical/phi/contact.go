package phi

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// maxGlued is how many tokens an e-mail address or URL has at most.
const maxGlued = 128

// phone finds a telephone number that begins at token i: "(617) 555-0134",
// "+1 617-555-0134", "617.555.0134".
func (f *finder) phone(i int) (Span, bool) {
	j := i
	if f.word(j) == "1" && f.word(j+1) == "-" && f.glued(j+1) && f.glued(j+2) {
		j += 2
	}
	switch {
	case f.word(j) == "(" && f.digits(j+1) == 3 && f.word(j+2) == ")":
		j += 3
		if f.word(j) == "-" {
			j++
		}
	case f.digits(j) == 3 && (f.word(j+1) == "-" || f.word(j+1) == "/") && f.glued(j+1) && f.glued(j+2):
		j += 2
	case f.isNumber(j) && len(f.word(j)) == 7 && f.word(j)[3] == '.' && f.word(j+1) == "." && f.digits(j+2) == 4 && f.glued(j+2):
		return Span{Phone, i, j + 3, 0.95, "phone"}, true
	default:
		return Span{}, false
	}
	if f.digits(j) != 3 || f.word(j+1) != "-" && f.word(j+1) != "." || f.digits(j+2) != 4 || !f.glued(j+2) {
		return Span{}, false
	}
	return Span{Phone, i, j + 3, 0.97, "phone"}, true
}

// email finds the address around the "@" at token i.
func (f *finder) email(i int) (Span, bool) {
	first, last := i, i+1
	for first > 0 && i-first < maxGlued && f.glued(first) && f.isAddressPart(first-1) {
		first--
	}
	dot := false
	for last < len(f.n.Tokens) && last-i < maxGlued && f.glued(last) && f.isAddressPart(last) {
		dot = dot || f.word(last) == "."
		last++
	}
	for last > i+1 && f.n.Tokens[last-1].Kind == note.Punct {
		last--
	}
	if k := len(f.spans); k > 0 {
		first = max(first, f.spans[k-1].Last)
	}
	if first == i || last == i+1 || !dot {
		return Span{}, false
	}
	return Span{Email, first, last, 0.99, "email"}, true
}

func (f *finder) isAddressPart(i int) bool {
	if f.n.Tokens[i].Kind != note.Punct {
		return true
	}
	switch f.word(i) {
	case ".", "-", "_", "+":
		return true
	}
	return false
}

// url finds the URL that begins at token i.
func (f *finder) url(i int) (Span, bool) {
	if w := f.word(i + 1); !f.glued(i+1) || (w != ":" || f.word(i+2) != "/" && f.word(i+2) != "//") && (w != "." || f.word(i) != "www") {
		return Span{}, false
	}
	last := i + 1
	for last < len(f.n.Tokens) && last-i < maxGlued && f.glued(last) {
		last++
	}
	for last > i+1 && f.n.Tokens[last-1].Kind == note.Punct && f.word(last-1) != "/" {
		last--
	}
	if last < i+3 {
		return Span{}, false
	}
	return Span{URL, i, last, 0.99, "url"}, true
}

// identifier finds the identifier after a label: "MRN: 0045812".
func (f *finder) identifier(i int) (Span, bool) {
	j, labels := i+1, 0
	for ; labels < 4; labels++ {
		switch f.word(j) {
		case "number", "no", "#", ":", ".", "id", "is":
			j++
			continue
		}
		break
	}
	switch f.word(i) {
	case "mrn", "ssn", "npi", "dea":
	default:
		if labels == 0 {
			return Span{}, false
		}
	}
	last, digits := j, 0
	for last < len(f.n.Tokens) && last-j < 12 && (last == j || f.glued(last)) {
		t := &f.n.Tokens[last]
		w := f.word(last)
		if t.Kind == note.Punct && w != "-" {
			break
		}
		for k := range len(w) {
			if w[k] >= '0' && w[k] <= '9' {
				digits++
			}
		}
		last++
	}
	if last > j && f.n.Tokens[last-1].Kind == note.Punct {
		last--
	}
	if digits < 3 || last <= j {
		return Span{}, false
	}
	return Span{ID, j, last, 0.95, "id: label"}, true
}

// address finds the postal address that begins with the house number at token i.
func (f *finder) address(i int) (Span, bool) {
	if n := f.digits(i); n == 0 || n > 5 {
		return Span{}, false
	}
	j := i + 1
	for words := 0; words < 4 && j < len(f.n.Tokens); words++ {
		t := &f.n.Tokens[j]
		if t.Kind == note.Number && (f.word(j+1) == "st" || f.word(j+1) == "nd" || f.word(j+1) == "rd" || f.word(j+1) == "th") && words <= 1 {
			j += 2
			continue
		}
		if t.Kind != note.Word || t.Flags&note.Capital == 0 || t.Flags&note.Line != 0 {
			return Span{}, false
		}
		if words > 0 && isStreet(f.word(j)) {
			j++
			if f.word(j) == "." {
				j++
			}
			return Span{Address, i, f.town(j), 0.9, "address: street"}, true
		}
		j++
		if f.word(j) == "." && t.End-t.Start == 1 {
			j++
		}
	}
	return Span{}, false
}

// box finds a post-office box.
func (f *finder) box(i int) (Span, bool) {
	j := i + 1
	if f.word(i) == "p" {
		if f.word(j) != "." || f.word(j+1) != "o" {
			return Span{}, false
		}
		if j += 2; f.word(j) == "." {
			j++
		}
	}
	if f.word(j) != "box" || f.digits(j+1) == 0 {
		return Span{}, false
	}
	return Span{Address, i, f.town(j + 2), 0.9, "address: box"}, true
}

// town returns the end of the address behind a street at token j: flat, town, state,
// postal code.
func (f *finder) town(j int) int {
	end := j
	if w := f.word(j - 1); w == "." && j > 0 {
		end = j - 1
	}
	for k, words := j, 0; k < len(f.n.Tokens) && words < 8; words++ {
		for f.word(k) == "," || f.word(k) == "#" || f.word(k) == "." && k == j {
			k++
		}
		if k >= len(f.n.Tokens) {
			break
		}
		t := &f.n.Tokens[k]
		switch {
		case t.Flags&note.Paragraph != 0, t.Kind == note.Punct, t.Kind == note.Word && t.Flags&note.Capital == 0:
			return end
		case t.Kind == note.Word && f.word(k-1) == ".": // another sentence
			return end
		case t.Kind == note.Number && f.digits(k) == 5:
			if f.word(k+1) == "-" && f.digits(k+2) == 4 && f.glued(k+2) {
				return k + 3
			}
			return k + 1
		}
		k++
		end = k
	}
	return end
}

func isStreet(word string) bool {
	switch word {
	case "street", "st", "avenue", "ave", "road", "rd", "drive", "dr", "lane", "ln", "boulevard", "blvd", "court", "ct", "way", "place", "pl", "highway", "hwy", "circle", "terrace", "parkway", "pkwy", "square", "trail", "alley":
		return true
	}
	return false
}

// profession finds the patient's profession.
func (f *finder) profession(i int) (Span, bool) {
	j := i + 1
	switch f.word(i) {
	case "occupation", "profession":
		if f.word(j) != ":" && f.word(j) != "is" {
			return Span{}, false
		}
		j++
	default:
		if f.word(j) != "as" {
			return Span{}, false
		}
		j++
	}
	if w := f.word(j); w == "a" || w == "an" || w == "the" {
		j++
	}
	last := j
	for last < len(f.n.Tokens) && last-j < 3 && f.n.Tokens[last].Kind == note.Word && f.n.Tokens[last].Flags&note.Paragraph == 0 {
		switch f.word(last) {
		case "and", "at", "in", "for", "with", "who", "but", "on", "of", "from", "the", "needed", "tolerated", "has", "is", "was", "or", "by", "expected", "well":
			goto end
		}
		last++
	}
end:
	if last == j {
		return Span{}, false
	}
	return Span{Profession, j, last, 0.8, "profession: " + f.word(i)}, true
}
