package phi

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// maxMasked is how many tokens a mask has at most.
const maxMasked = 32

// masked finds the mask that a de-identified note has in place of protected information:
// "**NAME[AAA, BBB M]", "[**2118-3-4**]". Token i is the first mark of the mask.
func (f *finder) masked(i int) (Span, bool) {
	if f.word(i-1) == "[" && f.glued(i) {
		return f.bracketed(i)
	}
	j := i + 1
	if !f.glued(j) || f.n.Tokens[j].Kind != note.Word || f.n.Tokens[j].Flags&note.Upper == 0 {
		return Span{}, false
	}
	kind := maskKind(f.word(j))
	last := j + 1
	if f.word(last) == "-" && f.glued(last) && f.glued(last+1) {
		last += 2
	}
	if f.word(last) == "[" && f.glued(last) {
		for k := last; k < min(len(f.n.Tokens), last+maxMasked); k++ {
			if f.word(k) == "]" {
				last = k + 1
				break
			}
		}
	}
	return Span{kind, i, last, 0.99, "mask"}, true
}

// bracketed finds a mask "[**…**]" whose first asterisks are token i.
func (f *finder) bracketed(i int) (Span, bool) {
	kind := ID
	for j := i + 1; j < min(len(f.n.Tokens), i+maxMasked); j++ {
		if f.word(j) == "**" && f.word(j+1) == "]" {
			if kind == ID && f.isNumber(i+1) && (f.word(i+2) == "-" || f.word(i+2) == "/") {
				kind = Date
			}
			return Span{kind, i - 1, j + 2, 0.99, "mask"}, true
		}
		if k := maskKind(f.word(j)); k != ID && kind == ID {
			kind = k
		}
	}
	return Span{}, false
}

// maskKind returns the kind that a mask's word names.
func maskKind(word string) Kind {
	switch word {
	case "name", "names", "initial", "initials", "lastname", "firstname":
		return Name
	case "date", "month", "year", "day", "holiday":
		return Date
	case "age":
		return Age
	case "phone", "telephone", "fax", "pager":
		return Phone
	case "email":
		return Email
	case "place", "institution", "street", "hospital", "location", "address", "state", "country", "zip", "university":
		return Address
	}
	return ID
}
