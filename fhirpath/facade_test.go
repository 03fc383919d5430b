package fhirpath_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/fhirpath"
)

// world answers what an Evaluator asks of a Resolver, a TypeResolver, a Terminology and
// Profiles.
type world struct{}

var errDown = errors.New("the service is down")

func (world) Resolve(_ context.Context, reference string) ([]byte, error) {
	if reference == "urn:down" {
		return nil, errDown
	}
	return []byte(`{"resourceType":"Organization","id":"o","name":"Org"}`), nil
}

func (world) ResolveType(string) (string, bool) { return "Organization", true }

func (world) MemberOf(_ context.Context, valueSet string, codings []fhirpath.Coding) (member, known bool, err error) {
	return codings[0] == fhirpath.Coding{System: "urn:s", Code: "a"}, valueSet == "urn:v", nil
}

func (world) Subsumes(_ context.Context, a, b fhirpath.Coding) (subsumes, known bool, err error) {
	return a.Code == "a" && b.Code == "b", true, nil
}

func (world) Conforms(_ context.Context, element fhirpath.Item, _ string) (conforms, known bool, err error) {
	return element.Type() == "Patient", true, nil
}

func (world) InSlice(_ context.Context, element fhirpath.Item, _, _ string) (in, known bool, err error) {
	return element.String() == "Ann", true, nil
}

func (world) ElementDefinition(_ context.Context, element fhirpath.Item) (fhirpath.Collection, error) {
	return fhirpath.Collection{fhirpath.NewString("of " + element.Type())}, nil
}

const someone = `{"resourceType":"Patient","active":true,"name":[{"given":["Ann","Eve"]}],"maritalStatus":{"coding":[{"system":"urn:s","code":"a"}]},
	"managingOrganization":{"reference":"urn:org"},"generalPractitioner":[{"reference":"urn:down"}]}`

func TestWhatAnEvaluatorIsGiven(t *testing.T) {
	five, err := fhirpath.NewQuantity("5", "mg")
	require.NoError(t, err)
	var traced []string
	v := fhirpath.Evaluator{
		Types: world{}, Resolver: world{}, Terminology: world{}, Profiles: world{},
		Variables: map[string]fhirpath.Collection{"dose": {five}},
		Trace: func(name string, items fhirpath.Collection) {
			for _, i := range items {
				traced = append(traced, name+" "+i.String())
			}
		},
		Now: time.Date(2020, 2, 3, 4, 5, 6, 0, time.UTC),
	}
	opts := &fhirpath.Options{Functions: map[string]fhirpath.Function{
		"twice": {MaxArgs: 1, Call: func(_ context.Context, input fhirpath.Collection, args []fhirpath.Collection) (fhirpath.Collection, error) {
			for _, arg := range args {
				input = append(input, arg...)
			}
			return append(input, input...), nil
		}},
		"fails": {Call: func(context.Context, fhirpath.Collection, []fhirpath.Collection) (fhirpath.Collection, error) {
			return nil, errDown
		}},
	}}
	call := opts.Functions["twice"].Call
	for name, f := range map[string]fhirpath.Function{
		"where": {MaxArgs: 1, Call: call}, "first": {Call: call}, "upper": {Call: call}, "union": {MaxArgs: 1, Call: call}, "mine": {},
		"less": {MinArgs: -1, Call: call}, "few": {MinArgs: 2, MaxArgs: 1, Call: call},
	} {
		_, err := fhirpath.CompileWith("true", &fhirpath.Options{Functions: map[string]fhirpath.Function{name: f}})
		require.ErrorIs(t, err, fhirpath.ErrSemantic, name)
		require.ErrorContains(t, err, name)
	}
	evaluate := func(expr, resource string) (fhirpath.Collection, error) {
		e, err := fhirpath.CompileWith(expr, opts)
		require.NoError(t, err, expr)
		if resource == "" {
			return v.EvaluateEmpty(t.Context(), e)
		}
		return v.Evaluate(t.Context(), e, []byte(resource))
	}
	for expr, want := range map[string]string{
		"managingOrganization.resolve().name":            "Org",
		"managingOrganization.resolve() is Organization": "true",
		"maritalStatus.memberOf('urn:v')":                "true",
		"maritalStatus.memberOf('urn:w')":                "",
		"maritalStatus.coding.subsumes('b')":             "true",
		"conformsTo('urn:profile')":                      "true",
		"name.given.slice('urn:profile', 'anns')":        "Ann",
		"name.elementDefinition()":                       "of HumanName",
		"%dose + 1 'mg'":                                 "6 'mg'",
		"name.given.twice('x').count()":                  "6",
		"name.given.trace('g').count()":                  "2",
		"today()":                                        "2020-02-03",
		"active":                                         "true",
	} {
		c, err := evaluate(expr, someone)
		require.NoError(t, err, expr)
		text := ""
		for _, i := range c {
			text += i.String()
		}
		require.Equal(t, want, text, expr)
	}
	require.ElementsMatch(t, []string{"g Ann", "g Eve"}, traced)
	for _, expr := range []string{"fails()", "generalPractitioner.resolve()"} {
		_, err := evaluate(expr, someone)
		require.ErrorIs(t, err, errDown, "the error of a service is returned as it is")
	}
	c, err := evaluate("1 + 1", "")
	require.NoError(t, err)
	require.Equal(t, "2", c[0].String())

	v = fhirpath.Evaluator{MaxVisits: 10}
	_, err = evaluate("(1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9).twice().twice()", "")
	require.ErrorIs(t, err, fhirpath.ErrLimit)
	_, err = evaluate("%dose", someone)
	var failed *fhirpath.Error
	require.ErrorAs(t, err, &failed, "an evaluator forgets what it is given no more")
	require.ErrorIs(t, err, fhirpath.ErrEvaluation)
	require.Equal(t, "%dose\n^", failed.Excerpt())
}

func TestErrorThatACallerMade(t *testing.T) {
	made := &fhirpath.Error{Line: 1, Column: 2, Reason: "odd"}
	require.EqualError(t, made, "fhirpath: 1:2: odd")
	require.Empty(t, made.Excerpt())
	require.NoError(t, made.Unwrap())
}

func TestExpression(t *testing.T) {
	e, err := fhirpath.CompileWith("Patient . active=true", &fhirpath.Options{Context: "Patient", Ordered: true})
	require.NoError(t, err)
	require.Equal(t, "Patient.active = true", e.String())
	require.True(t, e.Boolean())
	require.True(t, e.Pure())
	require.True(t, e.AppliesTo("Patient"))
	names, open := e.Yields()
	require.Equal(t, []string{"System.Boolean"}, names)
	require.False(t, open)
	_, err = fhirpath.CompileWith("children().first()", &fhirpath.Options{Ordered: true})
	require.ErrorIs(t, err, fhirpath.ErrSemantic)
	_, err = fhirpath.Compile("Patient..active")
	require.ErrorIs(t, err, fhirpath.ErrSyntax)
	e, err = fhirpath.CompileWith("nmae", &fhirpath.Options{Context: "Patient", Untyped: true})
	require.NoError(t, err)
	c, err := e.Evaluate(t.Context(), []byte(someone))
	require.NoError(t, err)
	require.Nil(t, c)
}

func TestItems(t *testing.T) {
	for make, want := range map[*fhirpath.Item][3]string{
		item(t)(fhirpath.NewDecimal("1.50")):                                {"System.Decimal", "1.50", "1.50"},
		item(t)(fhirpath.NewDate("2015-02")):                                {"System.Date", "2015-02", `"2015-02"`},
		item(t)(fhirpath.NewDateTime("2015-02-03T04:05:06Z")):               {"System.DateTime", "2015-02-03T04:05:06Z", `"2015-02-03T04:05:06Z"`},
		item(t)(fhirpath.NewTime("14:34")):                                  {"System.Time", "14:34", `"14:34"`},
		item(t)(fhirpath.NewString("s"), nil):                               {"System.String", "s", `"s"`},
		item(t)(fhirpath.NewInteger(-7), nil):                               {"System.Integer", "-7", "-7"},
		item(t)(fhirpath.NewBoolean(true), nil):                             {"System.Boolean", "true", "true"},
		item(t)(fhirpath.NewResource([]byte(`{"resourceType":"Patient"}`))): {"Patient", `{"resourceType":"Patient"}`, `{"resourceType":"Patient"}`},
	} {
		require.Equal(t, want, [3]string{make.Type(), make.String(), string(make.JSON())})
	}
	value, ok := fhirpath.NewBoolean(true).Bool()
	require.True(t, value && ok)
	require.True(t, fhirpath.NewString("").HasValue())
	five, err := fhirpath.NewQuantity("5.0", "mg")
	require.NoError(t, err)
	digits, code, unit, ok := five.Quantity()
	require.Equal(t, []any{"5.0", "mg", "mg", true}, []any{digits, code, unit, ok})
	_, err = fhirpath.NewDate("2015-02-30")
	require.Error(t, err)
}

func item(t *testing.T) func(fhirpath.Item, error) *fhirpath.Item {
	return func(i fhirpath.Item, err error) *fhirpath.Item {
		require.NoError(t, err)
		return &i
	}
}
