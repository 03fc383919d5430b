package assertion

import (
	"slices"
	"sort"

	"github.com/fhirlake/fhirlake/internal/clinical/note"
)

// reach is the number of tokens that a scope has at most, and width the number of
// tokens of a phrase.
const (
	reach = 300
	width = 16
)

// A Context has the cues of a note. Many goroutines may use it.
type Context struct {
	note *note.Note
	cues []cue // by first
	// lead has, for every list item below a line such as "Patient denies:", the
	// cues of that line; nil in a note without such lines.
	lead map[int32][]cue
}

// A cue is a phrase with its scope.
type cue struct {
	first, last int32 // tokens of the phrase
	from, to    int32 // tokens of the scope
	rule        *rule
}

// Parse finds the cues of a note.
func Parse(n *note.Note) *Context {
	c := &Context{note: n}
	p := parser{Note: n, lexicon: rules(), context: c}
	for i := range n.Sentences {
		p.sentence(int32(i))
	}
	return c
}

// A parser finds the cues of a note, sentence by sentence.
type parser struct {
	*note.Note
	*lexicon
	context *Context
	found   []cue // phrases of the sentence at hand, terminators included, by first
	lead    []cue // cues of the last line that ended in a colon
	line    int32 // start of the line, or of the value in it, that holds the token before looked
	looked  int32
	plus    bool // a plus has marked a finding in the line at hand
}

// sentence finds the cues of a sentence.
func (p *parser) sentence(index int32) {
	s := &p.Sentences[index]
	p.found, p.line, p.looked = p.found[:0], s.First, s.First
	if p.Tokens[s.First].Flags&note.Line != 0 {
		p.plus = false
	}
	for i := s.First; i < s.Last; {
		if last := p.box(s, i); last > i {
			i = last
			continue
		}
		if r := p.value(s, i); r != nil {
			p.found = append(p.found, cue{first: i, last: i + 1, rule: r})
			i++
			continue
		}
		node, last := p.longest(&p.root, i, s.Last)
		if node == nil {
			p.sign(s, i)
			i++
			continue
		}
		p.plus = p.plus || p.Tokens[i].Kind == note.Punct && p.Word(int(i)) == "+"
		opens := i == s.First || i == s.Value
		closed := slices.ContainsFunc(node.rules, func(r *rule) bool { return r.closed }) && p.closes(last, s.Last)
		for _, r := range node.rules {
			switch {
			case r.start && !opens, r.open && !opens && p.Tokens[i-1].Kind != note.Punct, r.closed && !closed:
			case closed && r.forward && r.meaning <= uncertain && !opens: // "MI ruled out and PE found"
			default:
				p.found = append(p.found, cue{first: i, last: last, rule: r})
			}
		}
		i = last
	}
	start := len(p.context.cues)
	for i := range p.found {
		f := &p.found[i]
		switch {
		case f.rule.meaning >= meanings:
			continue
		case f.rule.forward:
			f.from, f.to = f.last, p.forward(s, i)
			if f.from < f.to {
				p.context.cues = append(p.context.cues, *f)
			}
		}
		if f.rule.backward {
			f.from, f.to = p.backward(s, i), f.first
			if f.from < f.to {
				p.context.cues = append(p.context.cues, *f)
			}
		}
	}
	p.list(index, s, p.context.cues[start:])
}

// list lets the cues at the end of a line such as "Patient denies:" rule the list
// items below it.
func (p *parser) list(index int32, s *note.Sentence, cues []cue) {
	if s.Item {
		if len(p.lead) > 0 {
			if p.context.lead == nil {
				p.context.lead = map[int32][]cue{}
			}
			p.context.lead[index] = p.lead
		}
		return
	}
	p.lead = nil
	if s.Heading || p.Word(int(s.Last-1)) != ":" {
		return
	}
	for _, c := range cues {
		if c.rule.forward && c.from <= c.to && c.to >= s.Last-1 && c.rule.limit == reach {
			p.lead = append(p.lead, c)
		}
	}
	// A phrase directly before the colon has an empty scope.
	for _, f := range p.found {
		if f.last >= s.Last-1 && f.rule.forward && f.rule.meaning < meanings && f.rule.limit == reach {
			p.lead = append(p.lead, f)
		}
	}
}

// closes reports whether a clause may end before token i: punctuation or a word
// that leads to another phrase follows.
func (p *parser) closes(i, end int32) bool {
	if i >= end || p.Tokens[i].Kind == note.Punct && p.Word(int(i)) != ":" {
		return true
	}
	switch p.Word(int(i)) {
	case "and", "or", "but", "by", "with", "on", "at", "in", "after", "since", "during", "today", "now", "prior",
		"before", "overnight", "per", "as", "x", "when", "while", "throughout", "bilaterally", "from", "without", "which",
		"so", "then", "w", "because", "although", "though", "however", "upon", "following", "spontaneously", "times":
		return true
	}
	return false
}

// longest returns the node of the longest phrase that begins at token i and the
// token behind it, or nil.
func (p *parser) longest(at *node, i, end int32) (*node, int32) {
	if i >= end {
		return nil, 0
	}
	t := &p.Tokens[i]
	var best *node
	var last int32
	try := func(next *node) {
		if next == nil {
			return
		}
		if n, l := p.longest(next, i+1, end); n != nil && l > last {
			best, last = n, l
		} else if next.rules != nil && i+1 > last {
			best, last = next, i+1
		}
	}
	if w, ok := p.lookup(p.Word(int(i))); ok {
		if at == &p.root {
			try(p.begins[w.id])
		} else {
			try(at.next[w.id])
		}
		for _, e := range at.class {
			if e.bit&w.classes != 0 {
				try(e.to)
			}
		}
	}
	if t.Kind == note.Number {
		try(at.number)
		if at.year != nil && t.End-t.Start == 4 {
			if w := p.Word(int(i)); w >= "1900" && w <= "2099" {
				try(at.year)
			}
		}
	}
	return best, last
}

// forward returns the end of the scope of the cue found[i].
func (p *parser) forward(s *note.Sentence, i int) int32 {
	f := &p.found[i]
	to := min(s.Last, f.last+f.rule.limit)
	if f.last < to && p.Word(int(f.last)) == "," && f.rule.meaning == negation {
		return f.last // "dysuria denied, hematuria"
	}
	bit := uint8(1) << f.rule.meaning
	for j := i + 1; j < len(p.found) && p.found[j].first < to; j++ {
		g := &p.found[j]
		switch {
		case g.first == f.first:
		case g.rule.ends&bit != 0:
			if g.first == f.last && f.rule.meaning == negation && p.Tokens[g.first].Kind == note.Word {
				continue // "no c/o", "never complained of"
			}
			return g.first
		case g.rule.meaning == f.rule.meaning && g.rule.forward && g.rule.limit == reach && !g.rule.item && !g.rule.nested:
			return g.last // what follows is in the scope of that cue
		case f.rule.meaning == uncertain && g.rule.meaning == negation && g.rule.forward:
			return g.first // "probably vertigo, not stroke"
		case p.changes(f.rule, g):
			return g.first
		case g.rule.meaning == comma && (f.rule.item || f.rule.nested && p.listed(i)) && !p.alternative(j+1, to):
			return g.first
		case f.rule.meaning != negation:
		case g.rule.meaning == colon && p.heading(f.last, g.first) > f.last:
			return p.heading(f.last, g.first)
		case (g.rule.meaning == comma || g.rule.meaning == join) && p.clause(j+1):
			return g.first
		}
	}
	return to
}

// changes reports whether the cue g, behind a comma, begins a statement of another kind
// than a cue with rule r makes: "no fever, possible pneumonia", "r/o MI, h/o PE".
func (p *parser) changes(r *rule, g *cue) bool {
	if !g.rule.forward || p.Word(int(g.first-1)) != "," {
		return false
	}
	switch r.meaning {
	case negation:
		return g.rule.meaning == uncertain || g.rule.meaning == history && p.Word(int(g.first+1)) == "/"
	case uncertain, hypothetical:
		return g.rule.meaning == history
	case history:
		return g.rule.meaning == uncertain && p.Word(int(g.first+1)) == "/"
	}
	return false
}

// heading returns the first token of the heading whose colon is token i, if it stands
// in capitals within [from, i): "no icterus  NECK: supple". It returns from if there is
// none.
func (p *parser) heading(from, i int32) int32 {
	first, most := i, int32(4)
	if p.Tokens[from-1].Flags&note.Upper != 0 {
		most = 1 // everything is in capitals
	}
	for first > from && i-first < most && p.Tokens[first-1].Flags&note.Upper != 0 {
		first--
	}
	if first == i || first == from {
		return from
	}
	return first
}

// listed reports whether a comma goes before found[i] in its clause.
func (p *parser) listed(i int) bool {
	least := p.found[i].first - reach
	for i--; i >= 0 && p.found[i].first > least; i-- {
		switch m := p.found[i].rule.meaning; {
		case m == comma:
			return true
		case m == end:
			return false
		}
	}
	return false
}

// alternative reports whether an "or" or "nor" follows from found[i] before another
// cue and the token to.
func (p *parser) alternative(i int, to int32) bool {
	for ; i < len(p.found) && p.found[i].first < to; i++ {
		switch m := p.found[i].rule.meaning; {
		case m == join:
			if w := p.Word(int(p.found[i].first)); w == "or" || w == "nor" {
				return true
			}
		case m == end, m < meanings:
			return false
		}
	}
	return false
}

// clause reports whether the words from found[i] to the next comma have a verb of
// their own.
func (p *parser) clause(i int) bool {
	for ; i < len(p.found); i++ {
		switch m := p.found[i].rule.meaning; {
		case m == verb:
			return true
		case m == comma, m == join, m == end, m < meanings:
			return false
		}
	}
	return false
}

// backward returns the start of the scope of the cue found[i].
func (p *parser) backward(s *note.Sentence, i int) int32 {
	f := &p.found[i]
	if f.rule.cell {
		return p.cell(s, f.first)
	}
	from := max(s.First, f.first-f.rule.limit)
	if f.rule.near {
		from = max(from, f.first-1)
	}
	bit := uint8(1) << f.rule.meaning
	crossed := false // a comma
	for j := i - 1; j >= 0 && p.found[j].last > from; j-- {
		g := &p.found[j]
		switch {
		case g.last > f.first:
		case g.rule.ends&bit != 0, g.rule.meaning == comma && !f.rule.list:
			return g.last
		case g.rule.meaning == comma:
			crossed = true
		case g.rule.meaning == condition && f.rule.meaning == negation && !crossed:
			return f.first // "once the pain has resolved"
		}
	}
	return from
}

// near returns the cues of a sentence whose phrases begin within reach of a span.
func (c *Context) near(s *note.Sentence, first, last int32) []cue {
	low, high := max(s.First, first-reach-width), min(s.Last, last+reach+width)
	i := sort.Search(len(c.cues), func(i int) bool { return c.cues[i].first >= low })
	j := i
	for j < len(c.cues) && c.cues[j].first < high {
		j++
	}
	return c.cues[i:j]
}
