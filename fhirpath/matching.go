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
	maxPatterns = 256
	// maxPattern is the length of the longest pattern in bytes.
	maxPattern = 4096
)

// pattern compiles a regular expression, or finds it compiled. With full set it
// has to match the whole text.
func (v *Evaluator) pattern(text string, full bool, pos int) (*regexp.Regexp, error) {
	key := text
	if full {
		key = `\A(?:` + text + `)\z`
	}
	if re, ok := v.patterns[key]; ok {
		return re, nil
	}
	if len(text) > maxPattern {
		return nil, v.fail(ErrLimit, pos, "regular expression too long")
	}
	// Parsed by itself, since one that is not well-formed might be inside \A(?:)\z.
	if _, err := syntax.Parse(text, patternFlags); err != nil {
		return nil, v.fail(ErrEvaluation, pos, "not a regular expression of RE2")
	}
	re, err := regexp.Compile("(?s)" + key)
	if err != nil {
		return nil, v.fail(ErrEvaluation, pos, "not a regular expression of RE2")
	}
	if v.patterns == nil || len(v.patterns) >= maxPatterns {
		v.patterns = map[string]*regexp.Regexp{}
	}
	v.patterns[key] = re
	return re, nil
}

func evalMatches(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	return v.match(in, args[0], false, pos)
}

func evalMatchesFull(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	return v.match(in, args[0], true, pos)
}

func (v *Evaluator) match(in, pattern item, full bool, pos int) (item, bool, error) {
	re, err := v.pattern(v.string(pattern), full, pos)
	if err != nil {
		return item{}, false, err
	}
	text := v.text(in, &v.buffers[0])
	return booleanItem(re.Match(text)), true, v.visit(len(text), pos)
}

// evalReplaceMatches replaces what a pattern matches; $1 and ${name} in the
// substitution stand for groups. An empty pattern changes nothing.
func evalReplaceMatches(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	pattern := v.string(args[0])
	if pattern == "" {
		return in, true, nil
	}
	re, err := v.pattern(pattern, false, pos)
	if err != nil {
		return item{}, false, err
	}
	text, substitution := v.string(in), bracedGroups(v.string(args[1]))
	if err := v.visit(len(text), pos); err != nil {
		return item{}, false, err
	}
	var out []byte
	last := 0
	for _, match := range re.FindAllStringSubmatchIndex(text, -1) {
		before := len(out)
		out = append(out, text[last:match[0]]...)
		out = re.ExpandString(out, substitution, text, match)
		last = match[1]
		if err := v.charge(len(out)-before, pos); err != nil {
			return item{}, false, err
		}
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
