package assertion

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// Rules for the boxes of forms.
var (
	emptyRule  = &rule{meaning: negation, forward: true, score: .85, name: "negation: [ ]", limit: reach}
	beforeRule = &rule{meaning: negation, backward: true, cell: true, score: .85, name: "negation: [ ]", limit: reach}
	boxRule    = &rule{meaning: end, ends: 1<<meanings - 1, name: "end: [ ]"}
)

// A mark is the content of a box.
type mark uint8

const (
	noBox mark = iota
	emptyBox
	checkedBox
)

// boxAt returns the box at token i and the token behind it: "[ ]", "[x]", "( )", "☑".
func (p *parser) boxAt(i, end int32) (mark, int32) {
	t := &p.Tokens[i]
	if t.Kind != note.Punct {
		return noBox, i
	}
	switch p.Text[t.Start] {
	case '[', '(':
	case 0xe2:
		switch p.Text[t.Start:t.End] {
		case "☐":
			return emptyBox, i + 1
		case "☑", "☒", "✓", "✔":
			return checkedBox, i + 1
		}
		return noBox, i
	default:
		return noBox, i
	}
	square := p.Text[t.Start] == '['
	closes := func(i int32) bool {
		return i < end && p.Tokens[i].Kind == note.Punct && (p.Text[p.Tokens[i].Start] == ']') == square && (square || p.Text[p.Tokens[i].Start] == ')')
	}
	switch {
	case closes(i+1) && (square || p.Tokens[i+1].Flags&note.Space != 0):
		return emptyBox, i + 2
	case !closes(i + 2):
	case i+2 < end:
		switch p.Word(int(i + 1)) {
		case "x", "v", "*", "✓", "✔", "☑":
			return checkedBox, i + 3
		case "_", "__", "___":
			return emptyBox, i + 3
		}
	}
	return noBox, i
}

// box finds the box of a form at token i and returns the token behind it, or i. An empty
// box denies the words behind it; in a line that begins with words, the words before it. Of
// boxes before "yes" and "no" the checked one counts.
func (p *parser) box(s *note.Sentence, i int32) int32 {
	mark, last := p.boxAt(i, s.Last)
	if mark == noBox {
		return i
	}
	if last < s.Last {
		switch p.Word(int(last)) {
		case "no", "n", "denies", "none":
			if mark == checkedBox {
				p.found = append(p.found, cue{first: i, last: last + 1, rule: cellRule})
			}
			return last + 1
		case "yes", "y":
			return last + 1
		}
	}
	switch {
	case p.leads(s, i):
		p.found = append(p.found, cue{first: i, last: last, rule: boxRule})
		if mark == emptyBox {
			p.found = append(p.found, cue{first: i, last: last, rule: emptyRule})
		}
	case mark == emptyBox:
		p.found = append(p.found, cue{first: i, last: last, rule: beforeRule})
	}
	return last
}

// leads reports whether the boxes of token i's line go before the words that they answer.
func (p *parser) leads(s *note.Sentence, i int32) bool {
	for ; p.looked <= i; p.looked++ {
		if p.looked == s.Value || p.Tokens[p.looked].Flags&note.Line != 0 {
			p.line = p.looked
		}
	}
	for i, end := p.line, min(p.line+4, s.Last); i < end && p.Tokens[i].Kind == note.Punct; i++ {
		if mark, _ := p.boxAt(i, s.Last); mark != noBox {
			return true
		}
	}
	return false
}

// cell returns the first token of the cell or line that ends before token i: a cell begins
// with the line, or after a wide space, a bar or a box.
func (p *parser) cell(s *note.Sentence, i int32) int32 {
	for i > s.First && p.separates(s, i-1) {
		i--
	}
	for ; i > s.First; i-- {
		if i > s.First && p.separates(s, i-1) && p.Word(int(i-1)) != ":" {
			return i
		}
		if p.Tokens[i-1].Flags&note.Wide != 0 {
			return i - 1
		}
	}
	return s.First
}

// separates reports whether token i ends a cell: a bar, a bracket of a box, an answer.
func (p *parser) separates(s *note.Sentence, i int32) bool {
	if p.Tokens[i].Kind == note.Punct {
		switch p.Word(int(i)) {
		case "|", "[", "]", "(", ")", ":", "☐", "☑", "☒":
			return true
		}
		return false
	}
	switch p.Word(int(i)) {
	case "yes", "no":
		return i > s.First
	}
	return false
}

// answersCell reports whether token i stands alone in the cell of a table behind one with
// words, or at the end of a line in capitals: "Fever | No", "Fever  No", "Fever No".
func (p *parser) answersCell(s *note.Sentence, i int32) bool {
	t, before := &p.Tokens[i], &p.Tokens[i-1]
	if t.Flags&note.Line != 0 || i == s.Value {
		return false
	}
	ends := i+1 == s.Last || p.Tokens[i+1].Flags&note.Line != 0
	bar := p.Word(int(i-1)) == "|"
	switch {
	case bar:
		return ends || p.Word(int(i+1)) == "|"
	case before.Kind != note.Word && p.Word(int(i-1)) != ")":
		return false
	case t.Flags&note.Wide != 0:
		return ends || p.Tokens[i+1].Flags&note.Wide != 0
	}
	return ends && t.Flags&note.Capital != 0 && t.End-t.Start > 1 && before.Flags&note.Upper == 0
}
