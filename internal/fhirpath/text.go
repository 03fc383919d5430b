package fhirpath

import (
	"bytes"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"html"
	"strings"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/quote"
)

// textFunctions are the functions of a string (FHIRPath N1 §5.6, and §5.6 of later
// versions for those of trial use). Positions count characters, not bytes.
var textFunctions = map[string]*scalar{
	"indexOf":     textToInteger(func(text, part string) int { return characters(text, strings.Index(text, part)) }),
	"lastIndexOf": textToInteger(func(text, part string) int { return characters(text, strings.LastIndex(text, part)) }),
	"startsWith":  textTest(bytes.HasPrefix),
	"endsWith":    textTest(bytes.HasSuffix),
	"contains":    textTest(bytes.Contains),
	"upper":       textMap(strings.ToUpper),
	"lower":       textMap(strings.ToLower),
	"trim":        textMap(strings.TrimSpace),
	"length": {input: kindString, result: yields(sortInteger), eval: func(v *Evaluator, in item, _ []item, _ int) (item, bool, error) {
		it, ok := addInteger(int64(utf8.RuneCount(v.text(in, &v.buffers[0]))))
		return it, ok, nil
	}},
	"substring": {
		input: kindString, args: []kinds{kindNumber, kindNumber}, least: 1, lenient: true, result: yields(sortString), eval: evalSubstring,
	},
	"replace":        {input: kindString, args: []kinds{kindString, kindString}, least: 2, result: yields(sortString), eval: evalReplace},
	"matches":        {input: kindString, args: []kinds{kindString}, least: 1, result: yields(sortBoolean), eval: evalMatches},
	"matchesFull":    {input: kindString, args: []kinds{kindString}, least: 1, result: yields(sortBoolean), eval: evalMatchesFull},
	"replaceMatches": {input: kindString, args: []kinds{kindString, kindString}, least: 2, result: yields(sortString), eval: evalReplaceMatches},
	"encode":         textCode(encodings, func(c textCoding) func(string) (string, bool) { return c.apply }),
	"decode":         textCode(encodings, func(c textCoding) func(string) (string, bool) { return c.undo }),
	"escape":         textCode(escapings, func(c textCoding) func(string) (string, bool) { return c.apply }),
	"unescape":       textCode(escapings, func(c textCoding) func(string) (string, bool) { return c.undo }),
}

// characters turns an offset in bytes into one in characters; -1 stays.
func characters(text string, offset int) int {
	if offset < 0 {
		return -1
	}
	return utf8.RuneCountInString(text[:offset])
}

// cutRune splits a text after its first character.
func cutRune(text string) (first, rest string) {
	_, n := utf8.DecodeRuneInString(text)
	return text[:n], text[n:]
}

func textTest(test func(text, part []byte) bool) *scalar {
	return &scalar{
		input: kindString, args: []kinds{kindString}, least: 1, result: yields(sortBoolean),
		eval: func(v *Evaluator, in item, args []item, _ int) (item, bool, error) {
			return booleanItem(test(v.text(in, &v.buffers[0]), v.text(args[0], &v.buffers[1]))), true, nil
		},
	}
}

func textToInteger(find func(text, part string) int) *scalar {
	return &scalar{
		input: kindString, args: []kinds{kindString}, least: 1, result: yields(sortInteger),
		eval: func(v *Evaluator, in item, args []item, _ int) (item, bool, error) {
			it, ok := addInteger(int64(find(v.string(in), v.string(args[0]))))
			return it, ok, nil
		},
	}
}

func textMap(change func(string) string) *scalar {
	return &scalar{
		input: kindString, result: yields(sortString),
		eval: func(v *Evaluator, in item, _ []item, pos int) (item, bool, error) {
			text := v.string(in)
			if err := v.room(len(text), pos); err != nil {
				return item{}, false, err
			}
			it, err := v.addText(sortString, change(text), pos)
			return it, true, err
		},
	}
}

// evalSubstring yields nothing if the start is outside the text.
func evalSubstring(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	start, ok := v.integerOf(args[0])
	if !ok {
		return item{}, false, v.fail(ErrEvaluation, pos, "substring takes integers")
	}
	text := v.string(in)
	if start < 0 || start >= int64(len(text)) {
		return item{}, false, nil
	}
	for ; start > 0 && text != ""; start-- {
		_, text = cutRune(text)
	}
	if text == "" {
		return item{}, false, nil
	}
	if len(args) > 1 {
		length, ok := v.integerOf(args[1])
		if !ok {
			return item{}, false, v.fail(ErrEvaluation, pos, "substring takes integers")
		}
		end := 0
		for ; length > 0 && end < len(text); length-- {
			_, n := utf8.DecodeRuneInString(text[end:])
			end += n
		}
		text = text[:end]
	}
	it, err := v.addText(sortString, text, pos)
	return it, true, err
}

func evalReplace(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
	text, pattern, substitution := v.string(in), v.string(args[0]), v.string(args[1])
	count := strings.Count(text, pattern)
	if err := v.room(len(text)+count*len(substitution), pos); err != nil {
		return item{}, false, err
	}
	return v.addValue(sortString, value{text: strings.ReplaceAll(text, pattern, substitution)}), true, nil
}

// A textCoding is a way to write any text in other characters, and back.
type textCoding struct {
	apply func(string) (string, bool)
	undo  func(string) (string, bool)
}

var encodings = map[string]textCoding{
	"hex":       {func(s string) (string, bool) { return hex.EncodeToString([]byte(s)), true }, decoded(hex.DecodeString)},
	"base64":    {base64Coded(base64.StdEncoding), decoded(base64.StdEncoding.DecodeString)},
	"urlbase64": {base64Coded(base64.URLEncoding), decoded(base64.URLEncoding.DecodeString)},
}

var escapings = map[string]textCoding{
	"html": {
		func(s string) (string, bool) { return htmlEscapes.Replace(s), true },
		func(s string) (string, bool) { return html.UnescapeString(s), true },
	},
	"json": {
		func(s string) (string, bool) {
			quoted := quote.Append(nil, s)
			return string(quoted[1 : len(quoted)-1]), true
		},
		func(s string) (string, bool) {
			var text string
			err := json.Unmarshal([]byte(`"`+s+`"`), &text)
			if err != nil {
				return s, true // nothing in it is escaped, or not rightly
			}
			return text, true
		},
	},
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&quot;", "'", "&#39;")

func base64Coded(e *base64.Encoding) func(string) (string, bool) {
	return func(s string) (string, bool) { return e.EncodeToString([]byte(s)), true }
}

func decoded(decode func(string) ([]byte, error)) func(string) (string, bool) {
	return func(s string) (string, bool) {
		text, err := decode(s)
		return string(text), err == nil && utf8.Valid(text)
	}
}

// maxExpansion is how many bytes a coding makes of one: &quot; and \u0001.
const maxExpansion = 6

// textCode returns a function whose argument names a coding. There is no result for an
// unknown coding, or for a text that the coding cannot read.
func textCode(codings map[string]textCoding, direction func(textCoding) func(string) (string, bool)) *scalar {
	return &scalar{
		input: kindString, args: []kinds{kindString}, least: 1, result: yields(sortString),
		eval: func(v *Evaluator, in item, args []item, pos int) (item, bool, error) {
			coding, ok := codings[v.string(args[0])]
			if !ok {
				return item{}, false, nil
			}
			text := v.string(in)
			if err := v.room(maxExpansion*len(text), pos); err != nil {
				return item{}, false, err
			}
			text, ok = direction(coding)(text)
			if !ok {
				return item{}, false, nil
			}
			it, err := v.addText(sortString, text, pos)
			return it, true, err
		},
	}
}
