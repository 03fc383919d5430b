package note

import "strconv"

// wrapWidth is the length in bytes from which a line may have been wrapped: the
// sentence then goes on in the next line even if that begins with a capital.
const wrapWidth = 50

// A cutter makes the sentences and sections of a note.
type cutter struct {
	*Note
	first     int // first token of the sentence at hand
	value     int // its Value
	item      bool
	bracket   bool // a bracket is open
	number    int  // of the numbered item before
	lineStart int  // first token of the line at hand
}

// cut fills Sentences and Sections.
func (n *Note) cut() {
	n.Sentences = make([]Sentence, 0, len(n.Tokens)/10+1)
	c := cutter{Note: n}
	for i := 0; i < len(n.Tokens); {
		switch f := n.Tokens[i].Flags; {
		case f&Line != 0:
			i = c.line(i)
		case i == c.first:
			i = c.begin(i)
		}
		// Within a sentence: go on to its end or to that of the line.
		for i < len(n.Tokens) && n.Tokens[i].Flags&Line == 0 && i > c.first {
			t := &n.Tokens[i]
			if t.Kind == Number && c.counts(i) {
				c.end(i, false)
				break
			}
			i++
			if t.Kind != Punct {
				continue
			}
			switch c.Text[t.Start] {
			case '(':
				c.bracket = true
			case ')':
				c.bracket = false
			case ':':
				if h := c.headingBefore(i - 1); h > c.first {
					c.end(h, false)
					i = c.begin(h)
				}
			}
			if c.stops(i - 1) {
				for i < len(n.Tokens) && n.Tokens[i].Flags&Space == 0 && c.closes(i) {
					i++
				}
				c.end(i, false)
				break
			}
		}
	}
	c.end(len(n.Tokens), false)
	for i := range n.Sections {
		last := len(n.Sentences)
		if i+1 < len(n.Sections) {
			last = int(n.Sections[i+1].First)
		}
		n.Sections[i].Last = int32(last)
	}
}

// end ends the sentence at hand before the token last.
func (c *cutter) end(last int, heading bool) {
	if last <= c.first {
		return
	}
	if len(c.Sections) == 0 {
		c.Sections = append(c.Sections, Section{})
	}
	if s := c.Sections[len(c.Sections)-1]; !heading && !c.item && int(s.First) < len(c.Sentences) && c.leaves(s.Kind, max(c.value, c.first), last) {
		c.section(Other, 0, 0)
	}
	c.Sentences = append(c.Sentences, Sentence{First: int32(c.first), Last: int32(last), Value: int32(max(c.value, c.first)),
		Section: int32(len(c.Sections) - 1), Item: c.item, Heading: heading})
	c.first, c.value, c.item, c.bracket = last, last, false, false
}

// section begins a section at the sentence that comes next.
func (c *cutter) section(kind SectionKind, first, last int) {
	c.Sections = append(c.Sections, Section{Kind: kind, First: int32(len(c.Sentences)), HeadingFirst: int32(first), HeadingLast: int32(last)})
}

// lineEnd returns the token after the line that holds token i, looking at no more
// than limit tokens.
func (c *cutter) lineEnd(i, limit int) int {
	for end := min(len(c.Tokens), i+limit); ; {
		if i++; i >= end || c.Tokens[i].Flags&Line != 0 {
			return min(i, end)
		}
	}
}

// endsLine reports whether a token comes behind the last one of its line.
func (c *cutter) endsLine(i int) bool {
	return i >= len(c.Tokens) || c.Tokens[i].Flags&Line != 0
}

// line looks at the start of a line, ends the sentence at hand if the line begins
// another, and returns the token from which to go on.
func (c *cutter) line(i int) int {
	start := c.lineStart
	c.lineStart = i
	t := &c.Tokens[i]
	if mark := c.mark(i); mark > i {
		c.end(i, false)
		c.begun(i, mark)
		return max(c.label(mark), i+1)
	}
	if next := c.heading(i); next > i {
		return next
	}
	if t.Flags&Capital != 0 && c.labelEnd(i) > i {
		c.end(i, false)
		return c.label(i)
	}
	if i > c.first {
		previous := &c.Tokens[i-1]
		wrapped := int(previous.End-c.Tokens[start].Start) >= wrapWidth
		goesOn := t.Flags&Paragraph == 0 && (wrapped || t.Kind == Word && t.Flags&Capital == 0 || previous.Kind == Punct && c.Word(i-1) == ",")
		switch {
		case previous.Kind == Punct && c.Word(i-1) == ":",
			c.item && t.Flags&Capital != 0 && (c.Text[t.Start-1] == '\n' || c.Text[t.Start-1] == '\r'): // not indented
			goesOn = false
		}
		if !goesOn {
			c.end(i, false)
		}
	}
	return i + 1
}

// begin looks at the start of a sentence within a line.
func (c *cutter) begin(i int) int {
	if t := &c.Tokens[i]; t.Kind == Number && t.End-t.Start <= 2 && i+2 < len(c.Tokens) {
		if mark := c.mark(i); mark > i {
			c.begun(i, mark)
			return max(c.label(mark), i+1)
		}
	}
	if next := c.heading(i); next > i {
		return next
	}
	return max(c.label(i), i+1)
}

// begun notes that the sentence that begins at token i is an item, with its mark.
func (c *cutter) begun(i, mark int) {
	c.value, c.item = mark, true
	c.number = 0
	if c.Tokens[i].Kind == Number {
		c.number, _ = strconv.Atoi(c.Word(i))
	}
}

// counts reports whether the number at token i begins the next item of an
// enumeration within a line: "1) pain, 2) fever".
func (c *cutter) counts(i int) bool {
	t := &c.Tokens[i]
	if c.bracket || t.Flags&Space == 0 || t.End-t.Start > 2 || i+1 >= len(c.Tokens) || c.Word(i+1) != ")" || c.mark(i) == i {
		return false
	}
	number, _ := strconv.Atoi(c.Word(i))
	return number == 1 || number == c.number+1
}

// mark returns the token after the list mark at token i, or i if there is none.
func (c *cutter) mark(i int) int {
	t := &c.Tokens[i]
	spaced := func(i int) bool { return !c.endsLine(i) && c.Tokens[i].Flags&Space != 0 }
	switch {
	case t.Kind == Punct && spaced(i+1):
		switch c.Word(i) {
		case "-", "*", "•", "·", "▪", "◦", "‣", "●", "○", "■", "□", "–", "—", "+", "~", "o":
			return i + 1
		}
	case t.Kind == Punct && c.Word(i) == "-" && t.Flags&Line != 0 && !c.endsLine(i+1) && c.Tokens[i+1].Kind == Word && !c.signs(i+1):
		return i + 1
	case t.Kind == Punct && c.Word(i) == "(" && i+2 < len(c.Tokens) && c.Tokens[i+1].Kind == Number && c.Word(i+2) == ")" && spaced(i+3):
		return i + 3
	case t.End-t.Start <= 2 && (t.Kind == Number || t.End-t.Start == 1) && i+1 < len(c.Tokens) && c.Tokens[i+1].Kind == Punct && c.Tokens[i+1].Flags&Space == 0 && spaced(i+2):
		if w := c.Word(i + 1); w == ")" || w == "." && t.Kind == Number {
			return i + 2
		}
	}
	return i
}

// bracketed returns the token after a short bracket that begins at token i, as in
// "Past Medical History (PMH):", or i.
func (c *cutter) bracketed(i int) int {
	if c.endsLine(i) || c.Word(i) != "(" {
		return i
	}
	for j := i + 1; j < min(i+7, len(c.Tokens)) && c.Tokens[j].Flags&Line == 0; j++ {
		if c.Word(j) == ")" {
			return j + 1
		}
	}
	return i
}

// signs reports whether a plus or minus sign stands before a word in the line from
// token i on: "-fever, -chills, +cough" is no list item.
func (c *cutter) signs(i int) bool {
	for end := c.lineEnd(i, 30); i+1 < end; i++ {
		if w := c.Word(i); (w == "-" || w == "+") && c.Tokens[i].Flags&Space != 0 && c.Tokens[i+1].Flags&Space == 0 && c.Tokens[i+1].Kind == Word {
			return true
		}
	}
	return false
}

// heading begins a section if a heading stands at token i. It returns the token
// from which to go on, or i.
func (c *cutter) heading(i int) int {
	words, marked := i, false
	if c.Tokens[i].Flags&Line != 0 && c.Tokens[i].Kind == Punct {
		switch c.Word(i)[0] {
		case '#', '*', '=', '_':
			marked = true
			words++
		}
	}
	if words >= len(c.Tokens) || c.Tokens[words].Kind != Word || marked && c.Tokens[words].Flags&Line != 0 {
		return i
	}
	hash := marked && c.Word(i)[0] == '#'
	kind, end := c.headingAt(words, min(words+8, len(c.Tokens)))
	if end == 0 {
		if !hash {
			return i
		}
		if end = c.lineEnd(words, 12); !c.endsLine(end) {
			return i
		}
	}
	after := c.bracketed(end)
	for after < len(c.Tokens) && c.Tokens[after].Flags&Line == 0 && marked && c.Tokens[after].Kind == Punct && (c.Word(after)[0] == '*' || c.Word(after)[0] == '=' || c.Word(after)[0] == '#' || c.Word(after)[0] == '_') {
		after++
	}
	colon := after < len(c.Tokens) && c.Tokens[after].Flags&Line == 0 && c.Word(after) == ":"
	if colon {
		after++
		for marked && !c.endsLine(after) && c.Tokens[after].Kind == Punct && c.Word(after)[0] == '*' {
			after++
		}
	}
	atLine := c.Tokens[i].Flags&Line != 0
	alone := c.endsLine(after)
	capitals := c.Tokens[words].Flags&(Capital|Upper) != 0
	short := c.Tokens[end-1].End-c.Tokens[words].Start <= 2
	switch {
	case hash && alone:
	case hash && !colon:
		return i
	case colon && (atLine || capitals):
	case alone && atLine && capitals && !short && !colon:
	case atLine && !colon && !alone && c.Tokens[end].Kind == Punct && c.Tokens[end].Flags&Space != 0 && (c.Word(end) == "-" || c.Word(end) == "—") && capitals:
		after = end + 1
	default:
		return i
	}
	if short && !colon && !hash {
		return i
	}
	if letter := end == words+1 && c.Tokens[words].End-c.Tokens[words].Start == 1; letter && (!atLine || !alone && c.Tokens[after].Kind == Number) {
		return i // "P: 80" is a pulse
	}
	if !alone && kind == Other {
		return i // a label such as "Name:"
	}
	c.end(i, false)
	c.section(kind, words, end)
	c.value = after
	if alone || c.Tokens[after].Kind == Number && c.mark(after) > after {
		c.end(after, true)
	}
	return after
}

const headingWidth = 7 // tokens of a heading inside a sentence at most

// headingBefore returns the first token of the heading of a section that ends before the
// colon at token colon, without a stop before it: "cough for 3 days PMH: asthma". It returns
// c.first if there is none.
func (c *cutter) headingBefore(colon int) int {
	for i := max(c.first, c.value, colon-headingWidth) + 1; i < colon; i++ {
		t := &c.Tokens[i]
		if t.Kind != Word || t.Flags&(Capital|Upper) == 0 || t.Flags&Space == 0 || colon == i+1 && t.End-t.Start == 1 || c.bracket {
			continue
		}
		if kind, end := c.headingAt(i, colon); end == colon && kind != Other && !joinsHeading[c.Word(i-1)] {
			return i
		}
	}
	return c.first
}

// joinsHeading are words before a heading that make it a part of a sentence.
var joinsHeading = set(`of the and or for in to with a an his her their / & - on by per see`)

const labelWidth = 6 // tokens of a label at most

// closes reports whether a mark belongs to the sentence that a stop before it ends.
func (c *cutter) closes(i int) bool {
	if c.Tokens[i].Kind != Punct {
		return false
	}
	switch c.Word(i) {
	case `"`, "'", ")", "]", ".", "*", "**":
		return true
	}
	return false
}

// stops reports whether the mark at token i ends a sentence.
func (c *cutter) stops(i int) bool {
	switch c.Text[c.Tokens[i].Start] {
	case '!', '?':
		if c.Text[c.Tokens[i].Start] == '?' && i+1 < len(c.Tokens) && answers[c.Word(i+1)] {
			return false
		}
		return i > c.first && !c.endsLine(i+1) && c.Tokens[i+1].Flags&Space != 0 && c.Tokens[i].Flags&Space == 0 && c.Tokens[i+1].Flags&Capital != 0
	case '.':
	default:
		return false
	}
	if i == c.first {
		return false
	}
	previous := &c.Tokens[i-1]
	next := i + 1
	for next < len(c.Tokens) && c.Tokens[next].Flags&Space == 0 && c.closes(next) {
		next++
	}
	if c.endsLine(next) {
		return next >= len(c.Tokens) || c.Tokens[next].Flags&Paragraph != 0 || !c.goesOn(i, next)
	}
	following := &c.Tokens[next]
	if following.Flags&Space == 0 {
		// "pain.The" lacks a space; "q.d.", "p.o." and "e.g." do not.
		return previous.Kind == Word && previous.End-previous.Start > 2 && following.Kind == Word && following.Flags&Capital != 0 && following.Flags&Upper == 0 && following.End-following.Start > 1
	}
	return !c.goesOn(i, next)
}

// goesOn reports whether the sentence goes on behind the full stop at token i with
// the token next.
func (c *cutter) goesOn(i, next int) bool {
	previous, following := &c.Tokens[i-1], &c.Tokens[next]
	if previous.Kind != Word || previous.End > c.Tokens[i].Start {
		return false
	}
	if c.Tokens[i].End-c.Tokens[i].Start > 1 {
		return following.Kind == Word && following.Flags&Capital == 0 // an ellipsis
	}
	word := c.Word(i - 1)
	dotted := i >= 3 && previous.Flags&Space == 0 && c.Word(i-2) == "." // "b.i.d."
	if titles[word] {
		return word != "no" && word != "nos" || following.Kind == Number
	}
	begins := following.Flags&Capital != 0 || following.Kind == Number || following.Kind == Punct
	switch {
	case dotted, abbreviations[word]:
		return !begins || following.Kind == Number
	case len(word) == 1 && previous.Flags&Capital != 0:
		// An initial, "J. Smith", or the end of "hepatitis C.".
		return following.Kind == Word && (!begins || !openers[c.Word(next)] && c.initial(i-1))
	case len(word) <= 2:
		return !begins && !starters[c.Word(next)]
	}
	return false
}

// initial reports whether the letter at token i stands where an initial does: after
// a title, a name or another initial.
func (c *cutter) initial(i int) bool {
	if i == c.first {
		return true
	}
	if c.Word(i-1) == "." {
		return true
	}
	return c.Tokens[i-1].Flags&Capital != 0
}
