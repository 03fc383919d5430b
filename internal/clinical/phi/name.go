package phi

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// maxNames is the number of words that a name has at most.
const maxNames = 4

// names returns the end of a name that begins at token i, or i: capitalized words,
// initials, "Lopez, Maria" if comma allows it.
func (f *finder) names(i int, comma bool) int {
	end, words := i, 0
	for j := i; j < len(f.n.Tokens) && words < maxNames; {
		t := &f.n.Tokens[j]
		if t.Kind != note.Word || t.Flags&note.Capital == 0 || j > i && t.Flags&note.Paragraph != 0 {
			break
		}
		if initial := t.End-t.Start == 1 && f.word(j+1) == "."; !initial && f.isOrdinary(f.word(j)) {
			break
		}
		if j > i && t.Flags&note.Line != 0 && words > 1 {
			break
		}
		j++
		words++
		end = j
		for f.word(j) == "-" && f.glued(j) && f.glued(j+1) && j+1 < len(f.n.Tokens) && f.n.Tokens[j+1].Flags&note.Capital != 0 {
			j += 2
			end = j
		}
		switch {
		case t.End-t.Start == 1 && f.word(j) == "." && j+1 < len(f.n.Tokens):
			j++ // an initial
		case comma && f.word(j) == "," && words == 1 && j+1 < len(f.n.Tokens) && f.n.Tokens[j+1].Flags&note.Line == 0 && !f.isCredential(j+1):
			j++
		}
	}
	return end
}

// isOrdinary reports whether a capitalized word is no part of a name.
func (f *finder) isOrdinary(word string) bool {
	switch word {
	case "the", "a", "an", "is", "was", "has", "had", "in", "on", "of", "for", "at", "to", "and", "or", "with", "he", "she", "they", "i", "we", "it", "this", "that", "will", "who",
		"patient", "pt", "date", "dob", "age", "sex", "mrn", "account", "admission", "discharge", "chief", "history", "physical", "md", "rn", "phone", "gender", "male", "female", "no", "not", "none", "unknown",
		"mother", "father", "mom", "dad", "sister", "brother", "son", "daughter", "wife", "husband", "aunt", "uncle", "grandmother", "grandfather", "infant", "baby", "child",
		"denies", "reports", "presents", "states", "complains", "seen", "signed", "name", "address", "medical", "record", "number", "service", "department", "hospital", "clinic", "room", "unit", "ssn", "id":
		return true
	}
	return false
}

// isCredential reports whether token i is a clinician's credential after a name.
func (f *finder) isCredential(i int) bool {
	switch f.word(i) {
	case "md", "do", "rn", "np", "pa", "phd", "dds", "dpm", "facs", "facc", "pharmd", "aprn", "fnp", "lcsw", "crna", "dnp":
		return f.n.Tokens[i].Flags&note.Capital != 0
	case "m", "d", "r", "n", "p":
		return f.n.Tokens[i].Flags&note.Capital != 0 && f.word(i+1) == "."
	}
	return false
}

// titled finds the name after a title: "Dr. Burns".
func (f *finder) titled(i int) (Span, bool) {
	t := &f.n.Tokens[i]
	if t.Flags&note.Capital == 0 {
		return Span{}, false
	}
	j := i + 1
	if f.word(j) == "." {
		j++
	} else if t.Flags&note.Upper != 0 {
		return Span{}, false // "MS" is a disease, "MR BRAIN" an image
	}
	if j >= len(f.n.Tokens) || f.n.Tokens[j].Flags&note.Paragraph != 0 {
		return Span{}, false
	}
	// After a title, even an ordinary word is part of a name: "Dr. Will".
	if w := &f.n.Tokens[j]; w.Kind != note.Word || w.Flags&note.Capital == 0 {
		return Span{}, false
	}
	end := max(f.names(j, false), j+1)
	return Span{Name, j, end, 0.97, "name: title"}, true
}

// labelled finds the name after a label: "Patient name: Maria Lopez", "signed by Alan
// Price".
func (f *finder) labelled(i int) (Span, bool) {
	j := i + 1
	switch f.word(i) {
	case "dictated", "signed", "cosigned", "transcribed", "reviewed":
		if f.word(j) == "electronically" {
			j++
		}
		if f.word(j) != "by" {
			return Span{}, false
		}
		j++
	default:
		if f.word(j) == "name" || f.word(j) == "physician" || f.word(j) == "provider" {
			j++
		}
		if f.word(j) == "(" || f.word(j) != ":" && f.word(j) != "=" {
			return Span{}, false
		}
	}
	if f.word(j) == ":" || f.word(j) == "=" {
		j++
	}
	switch f.word(j) {
	case "dr", "mr", "mrs", "ms":
		if j++; f.word(j) == "." {
			j++
		}
	}
	if j >= len(f.n.Tokens) || f.n.Tokens[j].Flags&note.Line != 0 {
		return Span{}, false
	}
	end := f.names(j, true)
	if end == j || f.isCredential(j) || end == j+1 && f.n.Tokens[j].End-f.n.Tokens[j].Start < 3 {
		return Span{}, false
	}
	return Span{Name, j, end, 0.95, "name: label"}, true
}

// bare finds a name without title or label: before a credential, before "is a 60
// year-old", or with the numbers that Synthea adds to its names.
func (f *finder) bare(i int) (Span, bool) {
	t := &f.n.Tokens[i]
	if t.Flags&note.Upper != 0 && t.End-t.Start < 4 || f.isCredential(i) {
		return Span{}, false
	}
	starts := t.Flags&note.Line != 0 || f.word(i-1) == "." || f.word(i-1) == ":" || f.word(i-1) == "by"
	if f.isNumbered(i) {
		end := i + 1
		for end < i+maxNames && end < len(f.n.Tokens) && f.isNumbered(end) {
			end++
		}
		if end > i+1 || starts {
			return Span{Name, i, end, 0.9, "name: numbered"}, true
		}
	}
	if next := i + 1; next >= len(f.n.Tokens) || f.n.Tokens[next].Kind == note.Word && f.n.Tokens[next].Flags&note.Capital == 0 && !starts {
		return Span{}, false
	}
	if i > 0 && f.n.Tokens[i-1].Kind == note.Word && f.n.Tokens[i-1].Flags&note.Capital != 0 && t.Flags&note.Line == 0 {
		return Span{}, false // inside a run of capitalized words whose start was looked at
	}
	end := f.names(i, false)
	if end == i {
		return Span{}, false
	}
	if end >= i+2 && f.word(end) == "," && f.isCredential(end+1) || end > i+2 && f.isCredential(end-1) {
		return Span{Name, i, end, 0.95, "name: credential"}, true
	}
	if starts && f.word(end) == "is" && (f.word(end+1) == "a" || f.word(end+1) == "an") && f.isAge(end+2) {
		return Span{Name, i, end, 0.9, "name: age"}, true
	}
	return Span{}, false
}

// isNumbered reports whether token i is a name with a number, "Sumiko254".
func (f *finder) isNumbered(i int) bool {
	t := &f.n.Tokens[i]
	w := f.word(i)
	if t.Kind != note.Word || t.Flags&note.Capital == 0 || t.Flags&note.Upper != 0 {
		return false
	}
	if c := f.n.Text[t.Start+min(1, t.End-t.Start-1)]; 'A' <= c && c <= 'Z' {
		return false // "AAOx3"
	}
	letters, digits := 0, 0
	for j := range len(w) {
		switch c := w[j]; {
		case c >= '0' && c <= '9':
			digits++
		case digits > 0:
			return false
		default:
			letters++
		}
	}
	return letters > 1 && digits > 0 && digits < 4
}
