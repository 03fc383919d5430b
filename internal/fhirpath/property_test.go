package fhirpath_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

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
		fromFull, err := fhirpath.Format(full)
		require.NoError(t, err, full)
		require.Equal(t, short, fromFull)
		again, err := fhirpath.Format(short)
		require.NoError(t, err, short)
		require.Equal(t, short, again)
	})
}

// operands are expressions of all types of item.
var operands = []string{
	"{}", "1", "1.0", "1.10", "2", "'a'", "'A'", "'1'", "true", "active", "name", "name[0]", "name[1]", "name.given", "name.given[0]",
	"name.given[3]", "birthDate", "@1974-12-25", "@1974-12", "@1974-12-25T00:00:00Z", "deceased", "@2015-02-14T03:42:00Z", "@T10:00", "@T10:00:00",
	"1 'g'", "1000 'mg'", "1 'm'", "1 year", "12 months", "1 'a'", "365 days", "extension.value", "extension[1].value", "telecom.rank", "multipleBirth",
	"(1 | 2)", "(2 | 1)", "birthDate.type()", "1.type()", "$this", "contained", "generalPractitioner.reference", "7 days", "1 'wk'", "1 '1'",
}

func evaluated(t require.TestingT, expr string) string {
	e, err := fhirpath.CompileWith(expr, &fhirpath.Options{Untyped: true})
	require.NoError(t, err, expr)
	result, err := e.Evaluate(context.Background(), []byte(patient))
	if err != nil {
		return "error"
	}
	var texts []string
	for _, i := range result {
		texts = append(texts, i.Type()+" "+i.String())
	}
	return strings.Join(texts, "\n")
}

// Laws of operators, for all pairs of operands.
func TestLaws(t *testing.T) {
	for _, a := range operands {
		for _, b := range operands {
			for _, law := range [][2]string{
				{"(A) = (B)", "(B) = (A)"},
				{"(A) != (B)", "((A) = (B)).not()"},
				{"(A) ~ (B)", "(B) ~ (A)"},
				{"(A) !~ (B)", "((A) ~ (B)).not()"},
				{"(A) < (B)", "(B) > (A)"},
				{"(A) <= (B)", "(B) >= (A)"},
				{"(A) < (B)", "((A) >= (B)).not()"},
				{"((A) | (B)).count()", "((B) | (A)).count()"},
				{"(A) | (B)", "((A) | (B)) | (B)"},
				{"(A) | (B)", "((A) | (B)).distinct()"},
				{"(A) | (A)", "(A).distinct()"},
				{"(A).union(B)", "(A) | (B)"},
				{"(A).combine(B).count()", "(A).count() + (B).count()"},
				{"(A).exclude(B).count() <= (A).count()", "true"},
				{"(A).subsetOf(B)", "(B).supersetOf(A)"},
				{"(A).intersect(B).subsetOf(B)", "true"},
			} {
				replace := strings.NewReplacer("A", a, "B", b)
				left, right := replace.Replace(law[0]), replace.Replace(law[1])
				want := evaluated(t, right)
				if want == "true" {
					want = "System.Boolean true"
				}
				require.Equal(t, want, evaluated(t, left), "%s, %s", left, right)
			}
		}
	}
}

// A value that is written as text converts back to itself.
func TestConversionsRoundTrip(t *testing.T) {
	for _, c := range []struct{ literal, name string }{
		{"true", "Boolean"}, {"-17", "Integer"}, {"1.50", "Decimal"}, {"'x'", "String"}, {"@2015-02", "Date"}, {"@2015-02-04T14", "DateTime"},
		{"@2015-02-04T14:34:28.123-05:30", "DateTime"}, {"@T14:34", "Time"}, {"4.0 'mg'", "Quantity"}, {"3 days", "Quantity"},
	} {
		want := evaluated(t, c.literal)
		require.Equal(t, want, evaluated(t, "("+c.literal+").toString().to"+c.name+"()"))
		require.Equal(t, "System.Boolean true", evaluated(t, "("+c.literal+").convertsTo"+c.name+"()"))
		require.True(t, strings.HasPrefix(want, "System."+c.name), want)
	}
}
