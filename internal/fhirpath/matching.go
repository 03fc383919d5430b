package fhirpath

import (
	"regexp"
	"regexp/syntax"
	"strconv"
)

// Regular expressions are RE2's: no look-around and no back references, so that
// matching takes time in proportion to the text (FHIRPath N1 §5.6.9 leaves the
// dialect open). A point matches a line break too.
const patternFlags = syntax.Perl | syntax.DotNL

const (
	// maxPatterns is how many compiled patterns an Evaluator keeps.
	maxPatterns = 64
	// maxPatternSize is the greatest size of a pattern, in steps of its program:
	// a{1000} has a thousand.
	maxPatternSize = 20_000
	// visitsPerStep is the cost of compiling a step of a pattern.
	visitsPerStep = 32
	// directWork is the most visits of a search that is done in one go. A longer search
	// is interrupted at the limit.
	directWork = 1 << 18
)

// A pattern is a compiled regular expression.
type pattern struct {
	*regexp.Regexp
	text string
	// perByte is how many visits it takes at the most to go over a byte of text.
	perByte int
	// first and next search as the pattern does, from the start of a text and from
	// after its first character, with the match as group 1. They are nil until needed.
	first, next *regexp.Regexp
}

// pattern compiles a regular expression, or finds it compiled. With full set it
// has to match the whole text.
func (v *Evaluator) pattern(text string, full bool, pos int) (*pattern, error) {
	key := text
	if full {
		key = `\A(?:` + text + `)\z`
	}
	if p, ok := v.patterns[key]; ok {
		return p, nil
	}
	if len(text) > maxPatternSize {
		return nil, v.fail(ErrLimit, pos, "regular expression too large")
	}
	// The pattern is parsed by itself, since a malformed one might be well-formed
	// inside \A(?:)\z.
	tree, err := syntax.Parse(text, patternFlags)
	if err != nil {
		return nil, v.fail(ErrEvaluation, pos, "not a regular expression of RE2")
	}
	size := patternSize(tree)
	if size > maxPatternSize {
		return nil, v.fail(ErrLimit, pos, "regular expression too large")
	}
	if err := v.visit(visitsPerStep*(size+len(text)), pos); err != nil {
		return nil, err
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, v.fail(ErrEvaluation, pos, "not a regular expression of RE2")
	}
	re, err := regexp.Compile("(?s)" + key)
	if err != nil {
		return nil, v.fail(ErrEvaluation, pos, "not a regular expression of RE2")
	}
	if v.patterns == nil || len(v.patterns) >= maxPatterns {
		v.patterns = map[string]*pattern{}
	}
	p := &pattern{Regexp: re, text: text, perByte: 2 + len(program.Inst)}
	v.patterns[key] = p
	return p, nil
}

// patternSize estimates the size of the program of a pattern.
func patternSize(tree *syntax.Regexp) int {
	size := 1 + len(tree.Rune)
	for _, sub := range tree.Sub {
		size += patternSize(sub)
	}
	if tree.Op == syntax.OpRepeat {
		size *= max(tree.Min, tree.Max, 1)
	}
	return min(size, maxPatternSize+1)
}

func evalMatches(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	return v.match(in, args[0], false, pos)
}

func evalMatchesFull(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	return v.match(in, args[0], true, pos)
}

func (v *Evaluator) match(in, pattern item, full bool, pos int) (item, bool, error) {
	p, err := v.pattern(v.string(pattern), full, pos)
	if err != nil {
		return item{}, false, err
	}
	text := v.text(in, &v.buffers[0])
	if work := len(text) * p.perByte; work <= directWork {
		return booleanItem(p.Match(text)), true, v.visit(1+work/4, pos) // most take less
	}
	r := p.reader(v, string(text), pos)
	found := p.MatchReader(r)
	return booleanItem(found), true, r.err
}

// evalReplaceMatches replaces the matches of a pattern; $1 and ${name} in the
// substitution stand for groups. An empty pattern changes nothing.
func evalReplaceMatches(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	expression := v.string(args[0])
	if expression == "" {
		return in, true, nil
	}
	p, err := v.pattern(expression, false, pos)
	if err != nil {
		return item{}, false, err
	}
	text, substitution := v.string(in), bracedGroups(v.string(args[1]))
	var out []byte
	last := 0
	replace := func(match []int) error {
		out = append(out, text[last:match[0]]...)
		out = p.ExpandString(out, substitution, text, match)
		last = match[1]
		if err := v.visit(1+len(match), pos); err != nil {
			return err
		}
		return v.room(len(out)+len(text)-last, pos)
	}
	if err := v.eachMatch(p, text, pos, replace); err != nil {
		return item{}, false, err
	}
	it, err := v.addText(sortString, string(append(out, text[last:]...)), pos)
	return it, true, err
}

// bracedGroups writes $1 as ${1}, since Go would read $1x as a group named 1x.
func bracedGroups(substitution string) string {
	var out []byte
	for i := 0; i < len(substitution); i++ {
		out = append(out, substitution[i])
		if substitution[i] != '$' {
			continue
		}
		if i+1 < len(substitution) && substitution[i+1] == '$' {
			out = append(out, '$')
			i++
			continue
		}
		end := i + 1
		for end < len(substitution) && isDigit(substitution[end]) && end < i+4 {
			end++
		}
		if n, err := strconv.Atoi(substitution[i+1 : end]); err == nil {
			out = append(strconv.AppendInt(append(out, '{'), int64(n), 10), '}')
			i = end - 1
		}
	}
	return string(out)
}
