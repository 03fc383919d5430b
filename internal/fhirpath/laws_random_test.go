package fhirpath_test

import (
	"context"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

// operand draws a collection written as literals, of any types and none.
func operand(t *rapid.T, label string) string {
	literal := rapid.OneOf(
		rapid.StringMatching(`-?[0-9]{1,9}`),
		rapid.StringMatching(`-?[0-9]{1,6}\.[0-9]{1,6}`),
		rapid.StringMatching(`'[a-z é]{0,4}'`),
		rapid.SampledFrom([]string{"true", "false"}),
		rapid.StringMatching(`@(19|20)[0-9]{2}(-(0[1-9]|1[0-2])(-(0[1-9]|1[0-9]|2[0-8]))?)?`),
		rapid.StringMatching(`@20[0-9]{2}-0[1-9]-1[0-9]T[01][0-9]:[0-5][0-9](:[0-5][0-9])?(Z|[+-]0[0-9]:00)?`),
		rapid.StringMatching(`@T[01][0-9]:[0-5][0-9]:[0-5][0-9](\.[0-9]{1,3})?`),
		rapid.StringMatching(`[0-9]{1,3}(\.[0-9])? ('mg'|'g'|'cm'|'m'|days|weeks|years)`),
		rapid.SampledFrom([]string{"name", "name.given", "birthDate", "active", "name.first()"}),
	)
	parts := rapid.SliceOfN(literal, 0, 3).Draw(t, label)
	if len(parts) == 0 {
		return "{}"
	}
	return "(" + strings.Join(parts, ").combine(") + ")"
}

func TestLawsOfRandomOperands(t *testing.T) {
	const patient = `{"resourceType":"Patient","active":true,"name":[{"given":["a","b"]},{"given":["a"]}],"birthDate":"1980-02"}`
	value := func(t *rapid.T, expression string) []string {
		e, err := fhirpath.CompileWith(expression, &fhirpath.Options{Untyped: true})
		require.NoError(t, err, expression)
		items, err := e.Evaluate(context.Background(), []byte(patient))
		require.NoError(t, err, expression)
		var all []string
		for _, i := range items {
			all = append(all, i.Type()+" "+string(i.JSON()))
		}
		return all
	}
	rapid.Check(t, func(t *rapid.T) {
		a, b := operand(t, "a"), operand(t, "b")
		for _, operator := range []string{"=", "!=", "~", "!~"} {
			require.Equal(t, value(t, a+operator+b), value(t, b+operator+a), "%s %s %s is symmetric", a, operator, b)
		}
		union := a + " | " + b
		require.Equal(t, value(t, union), value(t, "("+union+") | ("+union+")"), "the union of %s and %s is idempotent", a, b)
		require.Equal(t, value(t, a+".distinct()"), value(t, a+" | "+a), "%s with itself is its distinct items", a)
		require.Len(t, value(t, b+" | "+a), len(value(t, union)), "both orders of %s have as many items", union)
	})
}

// Quantities of two units are equivalent in the coarser of them, whichever stands
// first.
func TestEquivalenceOfUnitsIsSymmetric(t *testing.T) {
	for _, expression := range []string{"0 weeks ~ 1 day", "1 day ~ 0 weeks", "4 'g' ~ 4040 'mg'", "4040 'mg' ~ 4 'g'"} {
		e, err := fhirpath.Compile(expression)
		require.NoError(t, err)
		items, err := e.Evaluate(context.Background(), []byte(`{"resourceType":"Patient"}`))
		require.NoError(t, err)
		require.Equal(t, "true", items[0].String(), expression)
	}
}
