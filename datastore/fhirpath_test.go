package datastore_test

import (
	"slices"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/fhirpath"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/stretchr/testify/require"

	cpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/condition_go_proto"
	epb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/encounter_go_proto"
	opb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/observation_go_proto"
	ppb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/resources/patient_go_proto"
)

// onProto are the expressions to compare by type; those of "" are for all types.
var onProto = map[string][]string{
	"": {
		"id", "meta.profile", "descendants().count()", "children().type().name", "extension.url", "text.`div`",
		"descendants().ofType(Coding).code", "descendants().ofType(Reference).reference", "descendants().ofType(Quantity).value",
		"descendants().ofType(dateTime)", "descendants().ofType(date)", "descendants().ofType(instant).where($this != %resource.meta.lastUpdated)", "descendants().ofType(decimal).select($this * 2)",
		"descendants().where($this is string).select(length())", "repeat(extension).value",
	},
	"Patient": {
		"Patient.name.where(use = 'official').given.first()", "name.given.join(' ') & name.family", "birthDate <= @2000", "birthDate.lowBoundary()",
		"telecom.where(system = 'phone').value", "address.line | address.city", "deceased is dateTime", "identifier.where(type.coding.code = 'MR').value",
		"multipleBirth.ofType(boolean)", "communication.language.text", "name.select(given.count() + iif(family.exists(), 1, 0))",
	},
	"Observation": {
		"Observation.value.ofType(Quantity).value > 100", "value.ofType(Quantity)", "value.ofType(CodeableConcept).coding.display", "code.coding.where(system = 'http://loinc.org').code",
		"component.value.ofType(Quantity).value.aggregate($this + $total, 0)", "effective.ofType(dateTime).toString()", "status = 'final'", "component.aggregate($total + 1, 0)", "category.coding.code contains 'vital-signs'",
	},
	"Encounter": {"period.start < period.end", "class.code", "participant.individual.reference.substring(0, 4)", "type.coding.display.upper()"},
	"Condition": {"onset.ofType(dateTime)", "code.text.lower()", "clinicalStatus.coding.code in ('active' | 'resolved')", "abatement.exists()"},
}

// A copier reads a resource as a proto from one store and writes the proto to
// another.
type copier func(from, to *datastore.Store, id string) error

func copyAs[R datastore.Resource](from, to *datastore.Store, id string) error {
	r, err := datastore.Read[R](ctx, from, id)
	if err == nil {
		_, err = datastore.Update(ctx, to, r)
	}
	return err
}

var copiers = map[string]copier{
	"Patient":     copyAs[*ppb.Patient],
	"Observation": copyAs[*opb.Observation],
	"Encounter":   copyAs[*epb.Encounter],
	"Condition":   copyAs[*cpb.Condition],
}

// Evaluation on JSON equals evaluation on the proto that it was read into.
func TestFHIRPathOnProto(t *testing.T) {
	t.Run("synthetic", func(t *testing.T) { testFHIRPathOnProto(t, synthetic(20)) })
	t.Run("Synthea", func(t *testing.T) { testFHIRPathOnProto(t, synthea(t)) })
}

func testFHIRPathOnProto(t *testing.T, lines [][]byte) {
	const perType = 100
	expressions := compileAll(t)
	from, to := open(t, nil), open(t, nil) // with the same clock
	var evaluator fhirpath.Evaluator
	seen, yielded := map[string]int{}, map[string]int{}
	for _, line := range lines {
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse(line, &doc, nil))
		typ := doc.Type().String()
		through := copiers[typ]
		if through == nil || seen[typ] == perType {
			continue
		}
		seen[typ]++
		v, err := from.Update(ctx, line)
		require.NoError(t, err)
		require.NoError(t, through(from, to, v.Ref.ID), v.Ref)
		w, err := to.Read(ctx, v.Ref)
		require.NoError(t, err)
		for _, e := range slices.Concat(expressions[""], expressions[typ]) {
			onJSON := yields(t, &evaluator, e, v.JSON)
			require.Equal(t, onJSON, yields(t, &evaluator, e, w.JSON), "%s on %s", e, v.Ref)
			yielded[typ] += len(onJSON)
		}
	}
	for typ := range copiers {
		require.Positive(t, yielded[typ], "nothing compared of %s", typ)
	}
}

func compileAll(t *testing.T) map[string][]*fhirpath.Expression {
	all := map[string][]*fhirpath.Expression{}
	for typ, list := range onProto {
		for _, text := range list {
			e, err := fhirpath.Compile(text)
			require.NoError(t, err, text)
			all[typ] = append(all[typ], e)
		}
	}
	return all
}

// yields returns what an expression yields, or why it fails, each item with its
// type.
func yields(t *testing.T, v *fhirpath.Evaluator, e *fhirpath.Expression, json []byte) (list []string) {
	items, err := v.Evaluate(ctx, e, json)
	if err != nil {
		require.ErrorIs(t, err, fhirpath.ErrEvaluation)
		return []string{err.Error()}
	}
	for _, item := range items {
		list = append(list, item.Type()+" "+string(item.JSON()))
	}
	return list
}
