package fhirpath_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

func TestYields(t *testing.T) {
	for _, c := range []struct {
		expression, context string
		names               []string
		any                 bool
	}{
		{"Patient.name.family", "Patient", []string{"string"}, false},
		{"Patient.deceased", "Patient", []string{"boolean", "dateTime"}, false},
		{"Patient.extension.where(url = 'u').value.ofType(string)", "Patient", []string{"string"}, false},
		{"Patient.name.given.count()", "Patient", []string{"System.Integer"}, false},
		{"Patient.name | Patient.active.not()", "Patient", []string{"HumanName", "System.Boolean"}, false},
		{"contained", "DomainResource", []string{"Resource"}, false},
		{"%other", "", []string{"System.Boolean", "System.Integer", "System.Decimal", "System.String", "System.Date",
			"System.DateTime", "System.Time", "System.Quantity", "System.TypeInfo"}, true},
	} {
		e, err := fhirpath.CompileWith(c.expression, &fhirpath.Options{Context: c.context})
		require.NoError(t, err, c.expression)
		names, any := e.Yields()
		require.ElementsMatch(t, c.names, names, c.expression)
		require.Equal(t, c.any, any, c.expression)
	}
}

func TestPure(t *testing.T) {
	for expression, want := range map[string]bool{
		"Patient.name.family": true,
		"defineVariable('x', 1).name.where(given.count() > %x)": true,
		"Patient.managingOrganization.resolve().name":           true,
		"Patient.birthDate < today()":                           false,
		"Patient.name.where(period.start < now()).family":       false,
		"Patient.birthDate < %limit":                            false,
		"Patient.gender.memberOf('http://example.org/v')":       false,
		"Patient.maritalStatus.subsumes(%other)":                false,
		"iif(active, name.family, timeOfDay().toString())":      false,
	} {
		e, err := fhirpath.Compile(expression)
		require.NoError(t, err, expression)
		require.Equal(t, want, e.Pure(), expression)
	}
}

func TestAppliesTo(t *testing.T) {
	for _, c := range []struct {
		expression, typ string
		want            bool
	}{
		{"Patient.name", "Patient", true},
		{"Patient.name", "Observation", false},
		{"Patient.name", "DomainResource", true},
		{"Resource.id", "Patient", true},
		{"id", "Patient", true},
		{"Patient.name | (Observation.value as string)", "Observation", true},
		{"Patient.name[0] | Observation.value.as(string)", "Device", false},
		{"iif(Patient.active, 1, 2)", "Device", true},
		{"Patient.name", "Nothing", false},
	} {
		e, err := fhirpath.Compile(c.expression)
		require.NoError(t, err)
		require.Equal(t, c.want, e.AppliesTo(c.typ), c)
	}
}
