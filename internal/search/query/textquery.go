package query

import (
	"bytes"
	"strings"
	"unicode"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/issue"
)

// Limits of one _text or _content. Its words count among the values of a query.
const (
	maxText      = 8 << 10 // bytes
	maxTextDepth = 32      // parentheses and NOTs
)

// fullText reads the value of _text or _content: alternatives of words and quoted
// phrases, joined by AND, OR, NOT and parentheses (FHIR R4 §3.1.1.4.20). It returns nil
// if every alternative is empty.
func (p *Parser) fullText(t schema.TypeID, on *param.Param, modified bool, text string) (Condition, error) {
	if modified {
		return nil, p.Fail(issue.Invalid, "%s takes no modifier", on.Row.Code)
	}
	if len(text) > maxText {
		return nil, p.Fail(issue.TooCostly, "a text of more than %d bytes", maxText)
	}
	r := textReader{Parser: p, typ: t, on: on}
	var found Condition
	for _, alternative := range splitEscaped(text, ',') {
		if alternative == "" {
			continue
		}
		r.rest = unescape(alternative)
		one, err := r.alternatives()
		if err != nil {
			return nil, err
		}
		if r.next(); r.term != "" {
			return nil, r.malformed(issue.Value, "a parenthesis is closed that is not open")
		}
		found = either(found, one)
	}
	return found, nil
}

// A textReader reads the text of one alternative term by term: a word, an operator,
// a parenthesis, or a phrase with its quotation marks.
type textReader struct {
	*Parser
	typ   schema.TypeID
	on    *param.Param
	rest  string
	term  string // that was read and not yet used; "" for none
	at    int    // its number in the whole value
	depth int
}

// malformed reports a fault at the term at hand, or a term that is missing after the
// last.
func (r *textReader) malformed(code issue.Code, reason string) error {
	switch {
	case r.term != "":
		return r.Fail(code, "term %d: %s", r.at, reason)
	case r.at > 0:
		return r.Fail(code, "after term %d: %s", r.at, reason)
	}
	return r.Fail(code, "%s", reason)
}

// next reads a term, unless there is one.
func (r *textReader) next() string {
	if r.term != "" {
		return r.term
	}
	if r.rest = strings.TrimLeftFunc(r.rest, unicode.IsSpace); r.rest == "" {
		return ""
	}
	end := 1
	switch r.rest[0] {
	case '(', ')':
	case '"':
		if end = strings.IndexByte(r.rest[1:], '"') + 2; end == 1 {
			end = len(r.rest)
		}
	default:
		if end = strings.IndexFunc(r.rest, func(c rune) bool { return unicode.IsSpace(c) || c == '(' || c == ')' || c == '"' }); end < 0 {
			end = len(r.rest)
		}
	}
	r.term, r.rest = r.rest[:end], r.rest[end:]
	r.at++
	return r.term
}

// accept uses the next term if it is the one given.
func (r *textReader) accept(term string) bool {
	if r.next() != term {
		return false
	}
	r.term = ""
	return true
}

// alternatives reads terms that OR joins, which binds least.
func (r *textReader) alternatives() (Condition, error) {
	if r.depth++; r.depth > maxTextDepth {
		return nil, r.Fail(issue.TooCostly, "more than %d levels of parentheses", maxTextDepth)
	}
	defer func() { r.depth-- }()
	found, err := r.together()
	for err == nil && r.accept("OR") {
		var other Condition
		if other, err = r.together(); err == nil {
			found = either(found, other)
		}
	}
	return found, err
}

// together reads terms that AND joins, written or not. R4's example has it in lower
// case.
func (r *textReader) together() (Condition, error) {
	found, err := r.operand()
	for err == nil {
		if !r.accept("AND") && !r.accept("and") {
			switch r.next() {
			case "", ")", "OR":
				return found, nil
			}
		}
		var other Condition
		if other, err = r.operand(); err == nil {
			found = both(found, other)
		}
	}
	return nil, err
}

// operand reads a word, a phrase, a NOT with its operand, or an expression in
// parentheses.
func (r *textReader) operand() (Condition, error) {
	switch term := r.next(); term {
	case "", ")", "AND", "and", "OR":
		return nil, r.malformed(issue.Value, "a word or a phrase is expected")
	case "NOT":
		r.term = ""
		if r.depth++; r.depth > maxTextDepth {
			return nil, r.Fail(issue.TooCostly, "more than %d levels of NOT", maxTextDepth)
		}
		defer func() { r.depth-- }()
		excluded, err := r.operand()
		return &Negation{excluded}, err
	case "(":
		r.term = ""
		inside, err := r.alternatives()
		if err == nil && !r.accept(")") {
			err = r.malformed(issue.Value, "a parenthesis is not closed")
		}
		return inside, err
	default:
		return r.words(term)
	}
}

// words makes a condition of a word or a phrase. A text that punctuation cuts into
// several words, such as x-ray, is a phrase.
func (r *textReader) words(term string) (Condition, error) {
	if term[0] == '"' && (len(term) == 1 || term[len(term)-1] != '"') {
		return nil, r.malformed(issue.Value, `a quotation is not closed; a comma inside is written \,`)
	}
	if strings.Contains(term, "*") {
		return nil, r.malformed(issue.NotSupported, "words are found whole, without *")
	}
	folded := param.AppendWords(nil, term)
	if len(folded) == 0 {
		return nil, r.malformed(issue.Value, "no letter and no digit")
	}
	r.term = ""
	if r.values += 1 + bytes.Count(folded, []byte(" ")); r.values > maxValues {
		return nil, r.Fail(issue.TooCostly, "more than %d values in the query", maxValues)
	}
	if bytes.IndexByte(folded, ' ') >= 0 {
		return &Phrase{Param: r.on, Words: string(folded)}, nil
	}
	return &Match{Type: r.typ, Param: r.on, Values: []Value{{Folded: string(folded)}}}, nil
}

// both joins two conditions that must hold.
func both(a, b Condition) Condition {
	if c, ok := a.(*Combination); ok && c.All {
		c.Of = append(c.Of, b)
		return c
	}
	return &Combination{All: true, Of: []Condition{a, b}}
}

// either joins two conditions, one of which must hold; a may be nil. Words become
// alternatives of one match.
func either(a, b Condition) Condition {
	switch one := a.(type) {
	case nil:
		return b
	case *Match:
		if other, ok := b.(*Match); ok {
			one.Values = append(one.Values, other.Values...)
			return one
		}
	case *Combination:
		if !one.All {
			one.Of = append(one.Of, b)
			return one
		}
	}
	return &Combination{Of: []Condition{a, b}}
}

// Phrases returns the words that are alternatives of a match on _text or _content.
func (m *Match) Phrases() []string {
	all := make([]string, len(m.Values))
	for i := range m.Values {
		all[i] = m.Values[i].Folded
	}
	return all
}
