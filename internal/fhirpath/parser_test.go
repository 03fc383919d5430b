package fhirpath_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

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
		want, err := fhirpath.Format(c.same)
		require.NoError(t, err, c.same)
		got, err := fhirpath.Format(c.text)
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
		got, err := fhirpath.Format(c.text)
		require.NoError(t, err, c.text)
		assert.Equal(t, c.want, got)
		again, err := fhirpath.Format(got)
		require.NoError(t, err, got)
		assert.Equal(t, got, again)
	}
}

func TestSyntaxErrors(t *testing.T) {
	for _, c := range []struct {
		text         string
		line, column int
	}{
		{"", 1, 1},
		{"a.", 1, 3},
		{"a..b", 1, 3},
		{"a b", 1, 3},
		{"(a", 1, 3},
		{"a)", 1, 2},
		{"a.where(b", 1, 10},
		{"a.where(b,)", 1, 11},
		{"a[0", 1, 4},
		{"a |", 1, 4},
		{"a is", 1, 5},
		{"a is 1", 1, 6},
		{"and", 1, 1},
		{"a\n  = # b", 2, 5},
		{"'äö' = 'x", 1, 8},
		{`'\x'`, 1, 2},
		{`'\uD83D'`, 1, 2},
		{"``", 1, 1},
		{"a /* b", 1, 3},
		{"@20", 1, 1},
		{"@T", 1, 1},
		{"@T14:34:28Z", 1, 11},
		{"$that", 1, 1},
		{"%", 1, 2},
		{"% ''", 1, 3},
		{"{a}", 1, 2},
		{"a.1", 1, 3},
		{"\xff", 1, 1},
	} {
		_, err := fhirpath.Compile(c.text)
		var e *fhirpath.Error
		require.ErrorAs(t, err, &e, "%q", c.text)
		assert.ErrorIs(t, err, fhirpath.ErrSyntax, "%q", c.text)
		assert.Equal(t, [2]int{c.line, c.column}, [2]int{e.Line, e.Column}, "%q: %s", c.text, e)
	}
}

func TestLimits(t *testing.T) {
	for _, text := range []string{
		strings.Repeat("(", 200) + "a" + strings.Repeat(")", 200),
		strings.Repeat("-", 200) + "1",
		"id" + strings.Repeat("[0", 200),
		strings.Repeat("where(", 200),
		strings.Repeat("id|", fhirpath.MaxLength),
	} {
		_, err := fhirpath.Compile(text)
		assert.ErrorIs(t, err, fhirpath.ErrLimit)
	}
	_, err := fhirpath.Compile("id" + strings.Repeat(" | id", fhirpath.MaxLength/6))
	assert.NoError(t, err)
}

func TestCompileErrors(t *testing.T) {
	for _, c := range []struct {
		text   string
		class  error
		offset int
	}{
		{"Patient.nmae", fhirpath.ErrSemantic, 8},
		{"nmae.given", fhirpath.ErrSemantic, 0},
		{"Observation.valueQuantity.unit", fhirpath.ErrSemantic, 12},
		{"(Observation.value as Period).unit", fhirpath.ErrSemantic, 30},
		{"Patient.gender.as(string1)", fhirpath.ErrSemantic, 18},
		{"Patient.name.whree(use = 'x')", fhirpath.ErrSemantic, 13},
		{"Patient.name.where()", fhirpath.ErrSemantic, 13},
		{"Patient.name.first(1)", fhirpath.ErrSemantic, 13},
		{"Patient.name.as('x')", fhirpath.ErrSemantic, 13},
		{"Patient.birthDate > @2015-02-30", fhirpath.ErrSyntax, 20},
		{"Patient.birthDate.foo()", fhirpath.ErrSemantic, 18},
		{"Patient.name + 1", fhirpath.ErrSemantic, 13},
		{"Patient.active > 1", fhirpath.ErrSemantic, 15},
		{"Patient.name.startsWith('x')", fhirpath.ErrSemantic, 13},
		{"Patient.name.given.startsWith(1)", fhirpath.ErrSemantic, 30},
		{"Patient.name.given.startsWith()", fhirpath.ErrSemantic, 19},
		{"Patient.name[active]", fhirpath.ErrSemantic, 13},
		{"-Patient.name", fhirpath.ErrSemantic, 0},
		{"$index", fhirpath.ErrSemantic, 0},
		{"Patient.name.where($total)", fhirpath.ErrSemantic, 19},
		{"Patient.$this", fhirpath.ErrSemantic, 8},
		{"iif('x', 1)", fhirpath.ErrSemantic, 4},
		{"defineVariable('a').defineVariable('a')", fhirpath.ErrSemantic, 20},
		{"1.length()", fhirpath.ErrSemantic, 2},
	} {
		_, err := fhirpath.Compile(c.text)
		var e *fhirpath.Error
		require.ErrorAs(t, err, &e, c.text)
		assert.ErrorIs(t, err, c.class, c.text)
		assert.Equal(t, c.offset, e.Offset, "%s: %s", c.text, e)
	}
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
		first, err := fhirpath.Format(s)
		if err != nil {
			var e *fhirpath.Error
			if !errors.As(err, &e) || e.Offset < 0 || e.Offset > len(s) {
				t.Fatalf("%q: %v", s, err)
			}
			return
		}
		if _, err := fhirpath.Compile(s); err != nil && !errors.As(err, new(*fhirpath.Error)) {
			t.Fatalf("%q: %v", s, err)
		}
		second, err := fhirpath.Format(first)
		if errors.Is(err, fhirpath.ErrLimit) {
			return // printing may lengthen an expression: a|b
		}
		if err != nil || first != second {
			t.Fatalf("%q prints %q, then %q, %v", s, first, second, err)
		}
	})
}
