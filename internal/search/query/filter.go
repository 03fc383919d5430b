package query

import (
	"strings"
	"unicode"

	"github.com/go-json-experiment/json"

	"github.com/fhirlake/fhirlake/issue"
)

// A filterNode is a tree: a test, a negation, or filters joined by "and" or by "or"
// (FHIR R4 §3.1.3).
type filterNode struct {
	kind filterForm
	of   []filterNode // of not, and, or

	path  []filterStep // of a test
	op    string
	value string
}

type filterForm uint8

const (
	filterTest filterForm = iota
	filterNot
	filterAnd
	filterOr
)

// A filterStep is one name of a path, with the filter that its targets must satisfy.
type filterStep struct {
	name  string
	where *filterNode
}

// Limits of a filter.
const (
	maxFilterDepth = 32  // parentheses and brackets
	maxFilterTests = 256 // tests in one filter
)

// A filterReader reads the text of a _filter.
type filterReader struct {
	*Parser
	rest  string
	depth int
	tests int
}

// readFilter reads a whole filter.
func (p *Parser) readFilter(text string) (filterNode, error) {
	r := filterReader{Parser: p, rest: text}
	node, err := r.expression()
	if err == nil && r.next() != "" {
		err = r.malformed("text after the end")
	}
	return node, err
}

func (r *filterReader) malformed(reason string) error {
	return r.Fail(issue.Value, "not a filter: %s", reason)
}

// next cuts white space and returns what is left.
func (r *filterReader) next() string {
	r.rest = strings.TrimLeftFunc(r.rest, unicode.IsSpace)
	return r.rest
}

// accept cuts a mark, if it is next.
func (r *filterReader) accept(mark string) bool {
	if !strings.HasPrefix(r.next(), mark) {
		return false
	}
	r.rest = r.rest[len(mark):]
	return true
}

// keyword cuts a word that stands alone, if it is next.
func (r *filterReader) keyword(word string) bool {
	after, found := strings.CutPrefix(r.next(), word)
	if !found || after != "" && !strings.ContainsRune(" \t\r\n(", rune(after[0])) {
		return false
	}
	r.rest = after
	return true
}

// expression reads filters joined by "and" and "or", which are evaluated from left to
// right without precedence.
func (r *filterReader) expression() (filterNode, error) {
	if r.depth++; r.depth > maxFilterDepth {
		return filterNode{}, r.Fail(issue.TooCostly, "more than %d levels of parentheses", maxFilterDepth)
	}
	defer func() { r.depth-- }()
	left, err := r.operand()
	for err == nil {
		kind := filterAnd
		switch {
		case r.keyword("and"):
		case r.keyword("or"):
			kind = filterOr
		default:
			return left, nil
		}
		var right filterNode
		if right, err = r.operand(); err != nil {
			break
		}
		if left.kind == kind {
			left.of = append(left.of, right)
		} else {
			left = filterNode{kind: kind, of: []filterNode{left, right}}
		}
	}
	return filterNode{}, err
}

// operand reads a test, or a filter in parentheses.
func (r *filterReader) operand() (filterNode, error) {
	negated := r.keyword("not")
	if !r.accept("(") {
		if negated {
			return filterNode{}, r.malformed("not is followed by a parenthesis")
		}
		return r.test()
	}
	inside, err := r.expression()
	if err != nil {
		return inside, err
	}
	if !r.accept(")") {
		return inside, r.malformed("a parenthesis is open")
	}
	if negated {
		return filterNode{kind: filterNot, of: []filterNode{inside}}, nil
	}
	// It is a filter of its own: the next filter must not be joined into it.
	return filterNode{kind: filterAnd, of: []filterNode{{kind: filterOr, of: []filterNode{inside}}}}, nil
}

// test reads path, operation and value.
func (r *filterReader) test() (node filterNode, err error) {
	if r.tests++; r.tests > maxFilterTests {
		return node, r.Fail(issue.TooCostly, "more than %d tests", maxFilterTests)
	}
	for more := true; more; more = strings.HasPrefix(r.rest, ".") && r.accept(".") {
		var step filterStep
		if step, err = r.step(); err != nil {
			return node, err
		}
		node.path = append(node.path, step)
	}
	if node.path[len(node.path)-1].where != nil {
		return node, r.malformed("a path ends with a name")
	}
	node.op = r.word(func(c rune) bool { return c >= 'a' && c <= 'z' })
	if node.op == "" {
		return node, r.malformed("an operation is expected after a path")
	}
	node.value, err = r.value()
	return node, err
}

// step reads a name and the filter in brackets after it.
func (r *filterReader) step() (step filterStep, err error) {
	step.name = r.word(func(c rune) bool {
		return c == '_' || c == '-' || c == ':' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
	})
	if step.name == "" {
		return step, r.malformed("a name is expected")
	}
	if !strings.HasPrefix(r.rest, "[") {
		return step, nil
	}
	r.rest = r.rest[1:]
	where, err := r.expression()
	if err != nil {
		return step, err
	}
	if !r.accept("]") || !strings.HasPrefix(r.rest, ".") {
		return step, r.malformed("a bracket ends with ]. and a name")
	}
	step.where = &where
	return step, nil
}

// word cuts the longest run of some characters.
func (r *filterReader) word(of func(rune) bool) string {
	text := r.next()
	end := strings.IndexFunc(text, func(c rune) bool { return !of(c) })
	if end < 0 {
		end = len(text)
	}
	r.rest = text[end:]
	return text[:end]
}

// value reads a JSON string, or the text up to white space or a closing mark.
func (r *filterReader) value() (string, error) {
	text := r.next()
	if !strings.HasPrefix(text, `"`) {
		token := r.word(func(c rune) bool { return !unicode.IsSpace(c) && c != ')' && c != ']' })
		if token == "" {
			return "", r.malformed("a value is expected after an operation")
		}
		return token, nil
	}
	end := 1
	for end < len(text) && text[end] != '"' {
		if text[end] == '\\' {
			end++
		}
		end++
	}
	if end >= len(text) {
		return "", r.malformed("a string is open")
	}
	var value string
	if err := json.Unmarshal([]byte(text[:end+1]), &value); err != nil || strings.ContainsFunc(value, forbidden) {
		return "", r.malformed("not a JSON string")
	}
	r.rest = text[end+1:]
	return value, nil
}
