package phi

import (
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/internal/clinical/value"
)

// A Kind is a type of protected health information, by its name in Comprehend Medical.
type Kind string

// The kinds of protected health information.
const (
	Name       Kind = "NAME"
	Date       Kind = "DATE"
	Age        Kind = "AGE"
	Phone      Kind = "PHONE_OR_FAX"
	Email      Kind = "EMAIL"
	ID         Kind = "ID"
	Address    Kind = "ADDRESS"
	URL        Kind = "URL"
	Profession Kind = "PROFESSION"
)

// A Span is a run of tokens [First, Last) of a kind.
type Span struct {
	Kind        Kind
	First, Last int
	Score       float64
	Rule        string // what it was found by
}

// A finder reads a note from left to right.
type finder struct {
	n     *note.Note
	spans []Span
}

// Find returns the protected health information of a note, in order, none overlapping
// another.
func Find(n *note.Note) []Span {
	f := finder{n: n}
	for i := 0; i < len(n.Tokens); {
		if s, ok := f.at(i); ok {
			f.spans = append(f.spans, s)
			i = max(s.Last, i+1)
			continue
		}
		i++
	}
	return f.spans
}

// word returns the folded word of a token, "" outside the note.
func (f *finder) word(i int) string {
	if i < 0 || i >= len(f.n.Tokens) {
		return ""
	}
	return f.n.Word(i)
}

// glued reports whether token i follows the one before it without space.
func (f *finder) glued(i int) bool {
	return i > 0 && i < len(f.n.Tokens) && f.n.Tokens[i].Flags&note.Space == 0
}

func (f *finder) isNumber(i int) bool {
	return i >= 0 && i < len(f.n.Tokens) && f.n.Tokens[i].Kind == note.Number
}

// at looks for a span that is recognized by token i, which is its first token or the cue
// before it.
func (f *finder) at(i int) (Span, bool) {
	t := &f.n.Tokens[i]
	switch t.Kind {
	case note.Number:
		return f.number(i)
	case note.Punct:
		word := f.word(i)
		switch word {
		case "@":
			return f.email(i)
		case "**":
			return f.masked(i)
		case "(":
			if f.isNumber(i+1) && f.glued(i+1) && t.End-t.Start == 1 && f.digits(i+1) == 3 {
				return f.phone(i)
			}
		}
		return Span{}, false
	}
	if t.End-t.Start > 24 {
		return Span{}, false
	}
	return f.cue(i)
}

// digits returns the number of digits of a token, 0 if it has anything else.
func (f *finder) digits(i int) int {
	if !f.isNumber(i) {
		return 0
	}
	w := f.word(i)
	for j := range len(w) {
		if w[j] < '0' || w[j] > '9' {
			return 0
		}
	}
	return len(w)
}

// number looks for a date, an age, a telephone or social security number, or an address
// that begins with the number at token i.
func (f *finder) number(i int) (Span, bool) {
	last := min(len(f.n.Tokens), i+12)
	if end := value.DateAt(f.n, i, last); end > i {
		return Span{Date, i, end, 0.97, "date"}, true
	}
	if f.isAge(i) {
		return Span{Age, i, i + 1, 0.97, "age: years old"}, true
	}
	if f.digits(i) == 3 && f.word(i+1) == "-" && f.digits(i+2) == 2 && f.word(i+3) == "-" && f.digits(i+4) == 4 && f.glued(i+1) && f.glued(i+4) {
		return Span{ID, i, i + 5, 0.95, "id: social security number"}, true
	}
	if s, ok := f.phone(i); ok {
		return s, true
	}
	return f.address(i)
}

// isAge reports whether the words after a number say that it is an age.
func (f *finder) isAge(i int) bool {
	if f.digits(i) == 0 || f.digits(i) > 3 {
		return false
	}
	j := i + 1
	if f.word(j) == "-" {
		j++
	}
	switch f.word(j) {
	case "yo", "y.o", "yof", "yom":
		return true
	case "y":
		return (f.word(j+1) == "/" || f.word(j+1) == ".") && f.word(j+2) == "o"
	case "year", "years", "yr", "yrs", "month", "months", "week", "weeks", "day", "days", "mo":
		j++
		if f.word(j) == "-" {
			j++
		}
		if w := f.word(j); w == "old" || w == "olds" || w == "of" && f.word(j+1) == "age" {
			return true
		}
	}
	return false
}

// cue looks for a span that the word at token i begins or announces.
func (f *finder) cue(i int) (Span, bool) {
	word := f.word(i)
	switch word {
	case "dr", "mr", "mrs", "ms", "miss", "prof", "professor", "doctor", "mister":
		return f.titled(i)
	case "name", "patient", "physician", "provider", "attending", "surgeon", "pcp", "author", "dictated", "signed", "nurse", "resident", "practitioner", "cosigned", "transcribed", "reviewed":
		return f.labelled(i)
	case "mrn", "ssn", "account", "acct", "record", "npi", "id", "policy", "license", "dea", "accession", "member":
		return f.identifier(i)
	case "age", "aged":
		j := i + 1
		if f.word(j) == ":" {
			j++
		}
		if n := f.digits(j); (n == 1 || n == 2 || n == 3) && f.word(j+1) != "/" && f.word(j+1) != "-" {
			return Span{Age, j, j + 1, 0.9, "age: " + word}, true
		}
	case "http", "https", "www":
		return f.url(i)
	case "works", "worked", "employed", "occupation", "profession", "working":
		return f.profession(i)
	case "tel", "phone", "telephone", "fax", "pager", "call", "cell", "mobile":
		j := i + 1
		for f.word(j) == ":" || f.word(j) == "." || f.word(j) == "#" || f.word(j) == "number" || f.word(j) == "at" || f.word(j) == "is" {
			j++
		}
		if f.digits(j) == 3 && f.word(j+1) == "-" && f.digits(j+2) == 4 && f.glued(j+2) {
			return Span{Phone, j, j + 3, 0.9, "phone: " + word}, true
		}
	case "p", "po":
		return f.box(i)
	}
	if f.n.Tokens[i].Flags&note.Capital != 0 {
		if end := value.DateAt(f.n, i, min(len(f.n.Tokens), i+6)); end > i {
			return Span{Date, i, end, 0.97, "date"}, true
		}
		return f.bare(i)
	}
	return Span{}, false
}
