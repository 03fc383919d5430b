package assertion

import "github.com/fhirlake/fhirlake/internal/clinical/note"

// Rules for signs and values, which are no phrases.
var (
	minusRule    = &rule{meaning: negation, forward: true, score: .95, name: "negation: -", limit: 6, item: true}
	listRule     = &rule{meaning: negation, forward: true, score: .95, name: "negation: (-)", limit: reach}
	zeroRule     = &rule{meaning: negation, forward: true, score: .95, name: "negation: ø", limit: reach}
	plusRule     = &rule{meaning: end, ends: 1<<meanings - 1, name: "end: +"}
	bracketRule  = &rule{meaning: negation, backward: true, score: .95, name: "negation: (-)", limit: 6}
	suffixRule   = &rule{meaning: negation, backward: true, score: .95, name: "negation: -", limit: 6}
	queryRule    = &rule{meaning: uncertain, forward: true, score: .9, name: "uncertain: ?", limit: reach, item: true}
	questionRule = &rule{meaning: uncertain, backward: true, score: .9, name: "uncertain: ?", limit: 3}
	resultRule   = &rule{meaning: negation, backward: true, list: true, score: .97, name: "negation: value", limit: reach, result: true}
	cellRule     = &rule{meaning: negation, backward: true, cell: true, score: .95, name: "negation: cell", limit: reach}
	valueRule    = &rule{meaning: negation, backward: true, list: true, score: .97, name: "negation: value", limit: reach}
)

// sign finds a plus, a minus or a question mark that marks the finding beside it.
func (p *parser) sign(s *note.Sentence, i int32) {
	t := &p.Tokens[i]
	if raw := p.Text[t.Start:t.End]; raw == "Ø" || raw == "ø" {
		p.found = append(p.found, cue{first: i, last: i + 1, rule: zeroRule})
		return
	}
	if t.Kind != note.Punct || t.End-t.Start != 1 || i < s.Value {
		return
	}
	sign := p.Text[t.Start]
	if sign != '-' && sign != '+' && sign != '?' {
		return
	}
	spaced := i == s.First || t.Flags&note.Space != 0
	ends := i+1 == s.Last || p.Tokens[i+1].Kind == note.Punct
	joined := i+1 < s.Last && p.Tokens[i+1].Flags&note.Space == 0
	bracketed := i > s.First && i+1 < s.Last && p.Word(int(i-1)) == "(" && p.Word(int(i+1)) == ")"
	opens := i == s.First || i == s.Value || p.Tokens[i-1].Kind == note.Punct
	switch {
	case bracketed && p.bracketEnds(s, i):
		if sign == '-' {
			p.found = append(p.found, cue{first: i - 1, last: i + 2, rule: bracketRule})
		}
	case sign == '-' && bracketed:
		p.found = append(p.found, cue{first: i, last: i + 1, rule: listRule})
	case sign == '-' && opens && spaced && !joined && t.Flags&note.Line == 0 && p.plus:
		p.found = append(p.found, cue{first: i, last: i + 1, rule: minusRule})
	case sign == '-' && opens && spaced && joined && p.Tokens[i+1].Kind == note.Word:
		p.found = append(p.found, cue{first: i, last: i + 1, rule: minusRule})
	case sign == '-' && i > s.First && spaced && ends:
		p.found = append(p.found, cue{first: i, last: i + 1, rule: suffixRule})
	case sign == '+':
		p.found = append(p.found, cue{first: i, last: i + 1, rule: plusRule})
	case sign == '?' && spaced && !ends:
		p.found = append(p.found, cue{first: i, last: i + 1, rule: queryRule})
	case sign == '?' && !spaced && !p.answered(i, s.Last):
		p.found = append(p.found, cue{first: i, last: i + 1, rule: questionRule})
	}
}

// bracketEnds reports whether the sign in brackets at token i belongs to what goes before:
// "fever (-), cough (+)".
func (p *parser) bracketEnds(s *note.Sentence, i int32) bool {
	if i-1 <= s.Value || p.Tokens[i-2].Kind == note.Punct {
		return false
	}
	if i+2 >= s.Last || p.Tokens[i+2].Kind == note.Punct || p.Tokens[i+2].Flags&note.Line != 0 {
		return true
	}
	last := s.Last - 1
	if p.Word(int(last)) == "." {
		last--
	}
	return last > i+2 && p.Word(int(last)) == ")" && p.Word(int(last-2)) == "(" && (p.Word(int(last-1)) == "+" || p.Word(int(last-1)) == "-")
}

// answered reports whether an answer follows the question mark at token i.
func (p *parser) answered(i, end int32) bool {
	if i+1 >= end {
		return false
	}
	switch p.Word(int(i + 1)) {
	case "yes", "no", "none", "denies", "denied", "negative", "positive", "never":
		return true
	}
	return false
}

// value returns the rule for token i if it is a negative value behind a label: "Cough: none",
// "Fever: no.", "Murmurs - absent", "Any cough? No."
func (p *parser) value(s *note.Sentence, i int32) *rule {
	if i == s.First || p.Tokens[i].Kind != note.Word {
		return nil
	}
	switch p.Text[p.Tokens[i].Start] | 0x20 {
	case 'n', 'd', 'a':
	default:
		return nil
	}
	if p.answersCell(s, i) {
		switch p.Word(int(i)) {
		case "no", "none", "denies", "denied", "absent", "negative", "neg", "never", "n":
			return cellRule
		}
	}
	if p.Tokens[i-1].Kind != note.Punct {
		return nil
	}
	switch w := p.Word(int(i - 1)); {
	case w == ":", w == "?", w == "-" && p.Tokens[i-1].Flags&note.Space != 0:
	default:
		return nil
	}
	r := valueRule
	switch p.Word(int(i)) {
	case "negative", "neg":
		r = resultRule
	case "no", "none", "denied", "denies", "absent", "nil", "never", "n":
	default:
		return nil
	}
	if i+1 == s.Last || p.Tokens[i+1].Kind == note.Punct {
		return r
	}
	switch p.Word(int(i + 1)) {
	case "noted", "seen", "appreciated", "reported", "known", "at":
		if p.Word(int(i)) != "no" {
			return r
		}
	}
	return nil
}
