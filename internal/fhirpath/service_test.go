package fhirpath_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirpath"
)

// services is a small world around a resource.
type services struct{}

var errDown = errors.New("the service is down")

func (services) Resolve(_ context.Context, reference string) ([]byte, error) {
	switch reference {
	case "Organization/o/_history/2":
		return []byte(`{"resourceType":"Organization","id":"o","name":"Org","contact":[{"name":{"family":"Chief"}}],"partOf":{"reference":"#p"},
			"contained":[{"resourceType":"Organization","id":"p","name":"Parent"}]}`), nil
	case "urn:uuid:2":
		return nil, errDown
	default:
		return nil, nil
	}
}

func (services) MemberOf(_ context.Context, valueSet string, codings []fhirpath.Coding) (member, known bool, err error) {
	return codings[0].Code == "8302-2", valueSet == "urn:heights", nil
}

func (services) Subsumes(_ context.Context, a, b fhirpath.Coding) (subsumes, known bool, err error) {
	return a.Code == "general" && b.Code == "8302-2", a.System == "http://loinc.org" || a.System == "", nil
}

func (services) Conforms(_ context.Context, element fhirpath.Item, profile string) (conforms, known bool, err error) {
	return element.Type() == "Patient", profile == "urn:profile", nil
}

func (services) InSlice(_ context.Context, element fhirpath.Item, structure, name string) (in, known bool, err error) {
	return element.String() == "Ann", structure == "urn:profile" && name == "anns", nil
}

func (services) ElementDefinition(_ context.Context, element fhirpath.Item) (fhirpath.Collection, error) {
	return fhirpath.Collection{fhirpath.NewString("definition of " + element.Type())}, nil
}

func TestServices(t *testing.T) {
	five, err := fhirpath.NewQuantity("5", "mg")
	require.NoError(t, err)
	other, err := fhirpath.NewResource([]byte(`{"resourceType":"Patient","id":"other","name":[{"given":["Ann"]}]}`))
	require.NoError(t, err)
	var traced []string
	v := fhirpath.Evaluator{
		Services: fhirpath.Services{
			Resolve:  services{}.Resolve,
			MemberOf: services{}.MemberOf, Subsumes: services{}.Subsumes,
			Conforms: services{}.Conforms, InSlice: services{}.InSlice, ElementDefinition: services{}.ElementDefinition,
		},
		Variables: map[string]fhirpath.Collection{"vars": {five, fhirpath.NewInteger(7), fhirpath.NewBoolean(true)}, "other": {other}},
		Trace: func(name string, items fhirpath.Collection) {
			for _, i := range items {
				traced = append(traced, name+" "+i.String())
			}
		},
		Now: time.Date(2020, 2, 3, 4, 5, 6, 7_000_000, time.FixedZone("", 3600)),
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
	for _, c := range [][3]string{
		{patient, "generalPractitioner[1].resolve().name", "Org"},
		{patient, "generalPractitioner[1].resolve().contact.name.family", "Chief"},
		{patient, "generalPractitioner[1].resolve().partOf.resolve().name", "Parent"},
		{patient, "generalPractitioner[0].resolve().name.family", "Doc"},
		{patient, "generalPractitioner[2].resolve()", ""},
		{patient, "generalPractitioner[1].resolve() = generalPractitioner[1].resolve()", "true"},
		{bundle, "entry.resource.ofType(Observation).subject.resolve().type", "person"},
		{observation, "code.memberOf('urn:heights')", "true"},
		{observation, "code.memberOf('urn:other')", ""},
		{observation, "status.memberOf('http://hl7.org/fhir/ValueSet/observation-status')", "true"},
		{observation, "status.memberOf(%`vs-administrative-gender`)", "false"},
		{observation, "'general'.subsumes('8302-2')", "true"},
		{observation, "code.coding.subsumes(code.coding)", "true"},
		{observation, "code.coding.subsumes(code)", "true"},
		{observation, "'8302-2'.subsumedBy('general')", "true"},
		{observation, "'8302-2'.subsumes('general')", "false"},
		{patient, "conformsTo('urn:profile')", "true"},
		{patient, "contained.conformsTo('urn:profile')", "false"},
		{patient, "contained.conformsTo('http://hl7.org/fhir/StructureDefinition/DomainResource')", "true"},
		{patient, "conformsTo('urn:unknown')", "error"},
		{patient, "name.given.slice('urn:profile', 'anns').count()", "2"},
		{patient, "name[0].elementDefinition()", "definition of HumanName"},
		{patient, "%vars[0] + 1 'g'", "1005 'mg'"},
		{patient, "%vars.count()", "3"},
		{patient, "%other.name.given in name.given", "true"},
		{patient, "%other.id", "other"},
		{patient, "%unknown", "error"},
		{patient, "name[0].given.twice('x').count()", "6"},
		{patient, "name.given.trace('g').count()", "4"},
		{patient, "now()", "2020-02-03T04:05:06.007+01:00"},
		{patient, "today() + 1 month", "2020-03-03"},
		{patient, "timeOfDay()", "04:05:06.007"},
		{patient, "name.checkModifiers('urn:m').count()", "2"},
		{`{"resourceType":"Patient","modifierExtension":[{"url":"urn:m","valueBoolean":true}]}`, "checkModifiers('urn:m').exists()", "true"},
		{`{"resourceType":"Patient","modifierExtension":[{"url":"urn:m","valueBoolean":true}]}`, "checkModifiers('urn:n')", "error"},
		{`{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">x</div>"}}`, "text.`div`.htmlChecks()", "true"},
	} {
		e, err := fhirpath.CompileWith(c[1], opts)
		require.NoError(t, err, c[1])
		result, err := v.Evaluate(context.Background(), e, []byte(c[0]))
		check(t, c[1], c[2], result, err)
	}
	assert.Equal(t, []string{"g Ann", "g Eve", "g Ann", "g "}, traced)

	for _, expr := range []string{"fails()", "generalPractitioner.resolve()"} {
		e, err := fhirpath.CompileWith(expr, opts)
		require.NoError(t, err)
		_, err = v.Evaluate(context.Background(), e, []byte(patient))
		assert.ErrorIs(t, err, errDown, "the error of a service is returned as it is")
	}
}

func TestNewItems(t *testing.T) {
	for _, bad := range []func() (fhirpath.Item, error){
		func() (fhirpath.Item, error) { return fhirpath.NewDecimal("1.") },
		func() (fhirpath.Item, error) { return fhirpath.NewDate("2015-02-30") },
		func() (fhirpath.Item, error) { return fhirpath.NewDateTime("2015-02-03T25") },
		func() (fhirpath.Item, error) { return fhirpath.NewTime("1") },
		func() (fhirpath.Item, error) { return fhirpath.NewQuantity("x", "mg") },
		func() (fhirpath.Item, error) { return fhirpath.NewResource([]byte("{}")) },
	} {
		_, err := bad()
		assert.Error(t, err)
	}
	quantity, err := fhirpath.NewQuantity("5.0", "mg")
	require.NoError(t, err)
	assert.JSONEq(t, `{"value":5.0,"unit":"mg","system":"http://unitsofmeasure.org","code":"mg"}`, string(quantity.JSON()))
	assert.Equal(t, "System.Quantity", quantity.Type())
}
