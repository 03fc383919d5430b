package syntax_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirpath/syntax"
)

// printed parses a text and prints the tree.
func printed(text string) (string, error) {
	tree, err := syntax.Parse(text)
	if err != nil {
		return "", err
	}
	return syntax.Format(tree), nil
}

// Every operator of FHIRPath N1 §6.8 against the ones beside it, shown by the
// parentheses that the printer leaves out.
func TestPrecedence(t *testing.T) {
	for _, c := range []struct{ text, same string }{
		{"a.b[0].c", "((a.b)[0]).c"},
		{"-a.b", "-(a.b)"},
		{"-a * b", "(-a) * b"},
		{"a * b + c", "(a * b) + c"},
		{"a + b * c", "a + (b * c)"},
		{"a div b mod c / d", "((a div b) mod c) / d"},
		{"a - b - c & d", "((a - b) - c) & d"},
		{"a + b is X", "(a + b) is X"},
		{"a as X | b as Y", "(a as X) | (b as Y)"},
		{"a | b | c", "(a | b) | c"},
		{"a | b < c | d", "(a | b) < (c | d)"},
		{"a < b = c >= d", "(a < b) = (c >= d)"},
		{"a = b in c != d", "(a = b) in (c != d)"},
		{"a in b and c contains d", "(a in b) and (c contains d)"},
		{"a and b or c and d", "(a and b) or (c and d)"},
		{"a or b xor c", "(a or b) xor c"},
		{"a or b implies c or d", "(a or b) implies (c or d)"},
		{"a implies b implies c", "(a implies b) implies c"},
		{"a ~ b !~ c", "(a ~ b) !~ c"},
		{"a.where(b or c).d", "(a.where((b or c))).d"},
		{"a[b + 1]", "a[(b + 1)]"},
	} {
		want, err := printed(c.same)
		require.NoError(t, err, c.same)
		got, err := printed(c.text)
		require.NoError(t, err, c.text)
		assert.Equal(t, want, got)
		assert.Equal(t, c.text, got)
	}
}

func TestFormat(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{" a . b  // comment\n", "a.b"},
		{"a/*x*/|b", "a | b"},
		{"(a or b) and c", "(a or b) and c"},
		{"a - (b - c)", "a - (b - c)"},
		{"(a is X).not()", "(a is X).not()"},
		{"a is FHIR.`Patient`", "a is FHIR.Patient"},
		{"`odd name`.`div`.as", "`odd name`.`div`.as"},
		{"a.div div b.mod", "a.`div` div b.`mod`"},
		{`'it\'s \u0041\n'`, `'it\'s A\u000a'`},
		{`'\uD83D\uDE00'`, "'😀'"},
		{"{ }", "{}"},
		{"@2015-02-04T14:34:28.123+10:00 = @T14:34", "@2015-02-04T14:34:28.123+10:00 = @T14:34"},
		{"4 days + 10.1 'mg'", "4 days + 10.1 'mg'"},
		{"%resource.a | %'us-zip' | %`x y`", "%resource.a | %`us-zip` | %`x y`"},
		{"$this.select( $index , $total )", "$this.select($index, $total)"},
		{"1.is(Integer)", "1.is(Integer)"},
		{"contains.code | is | in.as", "contains.code | is | in.as"},
		{"- - 1", "--1"},
	} {
		got, err := printed(c.text)
		require.NoError(t, err, c.text)
		assert.Equal(t, c.want, got)
		again, err := printed(got)
		require.NoError(t, err, got)
		assert.Equal(t, got, again)
	}
}

// A reference is a random expression, which can be written in two ways: with
// parentheses around everything, and with those alone that the precedences of
// FHIRPath N1 §6.8 ask for.
type reference struct {
	operator    string // "" for a leaf, "." for a path, "[]" for an index, "+1" for a sign
	text        string // of a leaf
	left, right *reference
}

// tightness is the table of FHIRPath N1 §6.8, tightest first.
var tightness = [][]string{
	{".", "[]"}, {"+1"}, {"*", "/", "div", "mod"}, {"+", "-", "&"}, {"is", "as"}, {"|"}, {">", "<", ">=", "<="},
	{"=", "~", "!=", "!~"}, {"in", "contains"}, {"and"}, {"xor", "or"}, {"implies"},
}

func (r *reference) level() int {
	if r.operator == "" {
		return -1
	}
	return slices.IndexFunc(tightness, func(row []string) bool { return slices.Contains(row, r.operator) })
}

// write writes r; a part that binds looser than the level gets parentheses, with
// full set every part does.
func (r *reference) write(level int, full bool) string {
	var text string
	own := r.level()
	if full {
		level = -2
	}
	switch r.operator {
	case "":
		return r.text
	case ".":
		text = r.left.write(own, full) + "." + r.right.text
	case "[]":
		text = r.left.write(own, full) + "[" + r.right.write(len(tightness), full) + "]"
	case "+1":
		text = "-" + r.right.write(own, full)
	case "is", "as":
		text = r.left.write(own, full) + " " + r.operator + " " + r.right.text
	default:
		text = r.left.write(own, full) + " " + r.operator + " " + r.right.write(own-1, full)
	}
	if own > level {
		return "(" + text + ")"
	}
	return text
}

// anyReference draws an expression that nests so deep at most.
func anyReference(t *rapid.T, depth int) *reference {
	leaves := []string{"name", "1", "2.50", "'a b'", "{}", "true", "@2015-02", "@T14:34", "4 'mg'", "3 days", "%resource", "$this", "given.first()", "`odd one`"}
	if depth == 0 || rapid.IntRange(0, 3).Draw(t, "leaf") == 0 {
		return &reference{text: rapid.SampledFrom(leaves).Draw(t, "text")}
	}
	row := rapid.SampledFrom(tightness).Draw(t, "row")
	r := &reference{operator: rapid.SampledFrom(row).Draw(t, "operator")}
	if r.operator != "+1" {
		r.left = anyReference(t, depth-1)
	}
	switch r.operator {
	case ".":
		r.right = &reference{text: rapid.SampledFrom([]string{"given", "exists()", "where($this = 1)", "`div`"}).Draw(t, "member")}
	case "is", "as":
		r.right = &reference{text: rapid.SampledFrom([]string{"Quantity", "System.String", "FHIR.string"}).Draw(t, "type")}
	default:
		r.right = anyReference(t, depth-1)
	}
	return r
}

// The printer leaves out the parentheses that the reference printer does, and what
// it prints is read as the same tree.
func TestPrecedenceProperty(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		r := anyReference(t, 5)
		short, full := r.write(len(tightness), false), r.write(len(tightness), true)
		fromFull, err := printed(full)
		require.NoError(t, err, full)
		require.Equal(t, short, fromFull)
		again, err := printed(short)
		require.NoError(t, err, short)
		require.Equal(t, short, again)
	})
}

// Whatever the input, the parser returns a tree or an Error, and what it prints
// of a tree it reads as the same tree.
func FuzzParse(f *testing.F) {
	for _, s := range []string{"Patient.name.where(use = 'official').given.first()", "(Observation.value as Quantity) | Observation.value.as(DateTime)",
		"a.where(resolve() is Patient)", "-1 + +2 * 3 div 4 mod 5 & 'x'", "@2015-02-04T14:34:28.123+10:00 > @T14:34", "4 days ~ 10.1 'mg'",
		"%resource.`a b`[$index]", `'\\\/\f\r\n\t\"\` + "`" + `\'\u002a'`, "{} implies (a xor b !~ c)", "1.is(System.Integer) // x", "((a))[0][1].b(c, d)"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		first, err := printed(s)
		if err != nil {
			var e *syntax.Error
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(s) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		second, err := printed(first)
		if limit := (*syntax.Error)(nil); errors.As(err, &limit) && limit.Limit {
			return // printing may lengthen an expression: a|b
		}
		if err != nil || first != second {
			t.Fatalf("%q prints %q, then %q, %v", s, first, second, err)
		}
	})
}
