package fhirpath_test

import (
	"context"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

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
