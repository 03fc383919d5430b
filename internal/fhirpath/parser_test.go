package fhirpath_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

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
