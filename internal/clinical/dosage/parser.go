package dosage

import (
	"github.com/fhirlake/fhirlake/internal/clinical/note"
)

// A parser reads spans of the tokens before end. Its methods take the index of a token and
// return the index after the tokens that they read, 0 if they read none.
type parser struct {
	n      *note.Note
	end    int
	recent [64]lookup // of the last tokens looked up, by the low bits of their indices
}

// A lookup is the entry of a token's word, once it was looked up.
type lookup struct {
	after int // the token's index plus one
	entry *entry
}

// word returns the word of token i, "" beyond the end.
func (p *parser) word(i int) string {
	if i >= p.end || i < 0 {
		return ""
	}
	return p.n.Word(i)
}

// entry returns the entry of token i's word.
func (p *parser) entry(i int) *entry {
	if i >= p.end || i < 0 {
		return &unknown
	}
	l := &p.recent[i%len(p.recent)]
	if l.after != i+1 {
		l.after = i + 1
		if l.entry = entries[p.n.Word(i)]; l.entry == nil {
			l.entry = &unknown
		}
	}
	return l.entry
}

func (p *parser) class(i int) class { return p.entry(i).class }

func (p *parser) is(i int, c class) bool { return p.entry(i).class&c != 0 }

func (p *parser) number(i int) bool { return 0 <= i && i < p.end && p.n.Tokens[i].Kind == note.Number }

// glued reports whether token i follows its neighbour without a space.
func (p *parser) glued(i int) bool {
	return i < p.end && p.n.Tokens[i].Flags&note.Space == 0
}

// upper reports whether token i is all in capitals, as a single capital letter is.
func (p *parser) upper(i int) bool {
	t := p.n.Tokens[i]
	return t.Flags&note.Upper != 0 || t.Flags&note.Capital != 0 && t.End-t.Start == 1
}

// newline reports whether token i begins a line.
func (p *parser) newline(i int) bool { return i < p.end && p.n.Tokens[i].Flags&note.Line != 0 }

// dotted reads letters with points between them ("p.o.", "q.i.d.") and writes them to buf.
// It returns how many letters there are and the token after the last point.
func (p *parser) dotted(i int, buf *[6]byte) (letters, next int) {
	next = i
	for letters < len(buf) {
		w := p.word(next)
		if len(w) != 1 && (letters == 0 || len(w) > 2) || w == "" || w[0] < 'a' || w[0] > 'z' {
			break
		}
		if letters > 0 && !p.glued(next) {
			break
		}
		if p.word(next+1) != "." || !p.glued(next+1) {
			if letters > 0 && len(w) == 1 { // the last letter without its point
				buf[letters] = w[0]
				return letters + 1, next + 1
			}
			break
		}
		if letters+len(w) > len(buf) {
			break
		}
		letters += copy(buf[letters:], w)
		next += 2
	}
	if letters < 2 {
		return 0, 0
	}
	return letters, next
}

// match reads the words of a phrase, with hyphens between them or not.
func (p *parser) match(i int, words []string) int {
	for k, w := range words {
		if k > 0 && p.word(i) == "-" && p.glued(i) {
			i++
		}
		if p.word(i) != w {
			return 0
		}
		i++
	}
	return i
}

// fixed reads the longest fixed phrase at i that is of the kind.
func (p *parser) fixed(i int, kind Kind) int {
	for _, ph := range p.entry(i).phrases {
		if ph.kind == kind {
			if next := p.match(i, ph.words); next > 0 {
				return next
			}
		}
	}
	return 0
}
