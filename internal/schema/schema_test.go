package schema_test

import (
	"slices"
	"testing"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/stretchr/testify/require"
)

func TestFieldsOfATypeAreAdjacent(t *testing.T) {
	next := schema.FieldID(1)
	for id := schema.TypeID(1); int(id) < len(schema.Types); id++ {
		row := id.Type()
		require.Equal(t, next, row.First, row.Name)
		for f := row.First; f < row.End; f++ {
			require.Equal(t, id, f.Field().Owner, "%s.%s", row.Name, f.Field().Name)
			require.NotZero(t, f.Field().Type, "%s.%s", row.Name, f.Field().Name)
		}
		next = row.End
	}
	require.Equal(t, len(schema.Fields), int(next))
}

func TestLookupFindsEveryField(t *testing.T) {
	for f := schema.FieldID(1); int(f) < len(schema.Fields); f++ {
		row := f.Field()
		require.Equal(t, f, schema.Lookup(row.Owner, row.Name))
		require.Equal(t, f, schema.Lookup(row.Owner, []byte(row.Name)))
		require.Zero(t, schema.Lookup(row.Owner, row.Name+"_"))
	}
	require.Zero(t, schema.Lookup(schema.TypePatient, "resourceType"))
	require.Zero(t, schema.Lookup(schema.TypePatient, ""))
}

func TestTypes(t *testing.T) {
	resources := 0
	for id := schema.TypeID(1); int(id) < len(schema.Types); id++ {
		got, ok := schema.TypeOf(id.String())
		require.True(t, ok)
		require.Equal(t, id, got)
		if _, ok := schema.ResourceType(id.String()); ok {
			resources++
			require.True(t, id.Is(schema.TypeResource), id.String())
		}
	}
	require.Equal(t, 146, resources)
	_, ok := schema.ResourceType("DomainResource")
	require.False(t, ok, "abstract")
	_, ok = schema.TypeOf("patient")
	require.False(t, ok, "names differ by case")
	require.True(t, schema.TypeAge.Is(schema.TypeQuantity))
	require.False(t, schema.TypeQuantity.Is(schema.TypeAge))
}

func TestChoicesAreAdjacent(t *testing.T) {
	first, end := schema.Element(schema.TypeObservation, "value")
	var names []string
	for f := first; f < end; f++ {
		require.True(t, f.Field().Choice())
		names = append(names, f.Field().Name)
	}
	require.Equal(t, []string{
		"valueQuantity", "valueCodeableConcept", "valueString", "valueBoolean", "valueInteger", "valueRange",
		"valueRatio", "valueSampledData", "valueTime", "valueDateTime", "valuePeriod",
	}, names)
	first, end = schema.Element(schema.TypeObservation, "nothing")
	require.Equal(t, first, end)
}

func TestFieldProperties(t *testing.T) {
	status := schema.Lookup(schema.TypeObservation, "status").Field()
	require.EqualValues(t, 1, status.Min)
	require.False(t, status.Array())
	require.NotZero(t, status.Flags&schema.FlagModifier)
	require.NotZero(t, status.Flags&schema.FlagSummary)
	require.Equal(t, schema.StrengthRequired, status.Binding.Binding().Strength)
	require.NotNil(t, status.Binding.Binding().Find("final"))
	require.Nil(t, status.Binding.Binding().Find("Final"))
	require.NotZero(t, status.Binding.Binding().Find("final").Enum)

	subject := schema.Lookup(schema.TypeObservation, "subject").Field()
	require.Equal(t, schema.TypeReference, subject.Type)
	require.ElementsMatch(t, []schema.TypeID{
		schema.TypePatient, schema.TypeGroup, schema.TypeDevice, schema.TypeLocation,
	}, subject.Targets)

	item, _ := schema.TypeOf("Questionnaire.item")
	require.Equal(t, item, schema.Lookup(item, "item").Field().Type, "a content reference leads back")
	require.True(t, schema.Lookup(schema.TypePatient, "contained").Field().Type == schema.TypeResource)
}

func TestRequiredBindingsAreEnumerated(t *testing.T) {
	required, open := 0, []string{}
	for i := 1; i < len(schema.Bindings); i++ {
		b := &schema.Bindings[i]
		if b.Strength != schema.StrengthRequired {
			require.Nil(t, b.Codes)
			continue
		}
		required++
		if b.Codes == nil {
			open = append(open, b.ValueSet)
		}
		require.True(t, slices.IsSortedFunc(b.Codes, func(x, y schema.Code) int {
			if x.Code != y.Code {
				if x.Code < y.Code {
					return -1
				}
				return 1
			}
			return 0
		}), b.ValueSet)
	}
	require.Len(t, open, 4, "%v", open)
	t.Logf("%d required bindings, %d open", required, len(open))
}

func TestParams(t *testing.T) {
	p, ok := schema.FindParam(schema.TypePatient, "birthdate")
	require.True(t, ok)
	require.Equal(t, schema.ParamDate, p.Param().Type)
	require.Equal(t, "Patient.birthDate", p.Param().Expression)

	p, ok = schema.FindParam(schema.TypeObservation, "patient")
	require.True(t, ok)
	require.Equal(t, "Observation.subject.where(resolve() is Patient)", p.Param().Expression)

	p, ok = schema.FindParam(schema.TypeObservation, "_tag")
	require.True(t, ok)
	require.Equal(t, schema.TypeResource, p.Param().Base)

	p, ok = schema.FindParam(schema.TypeObservation, "code-value-quantity")
	require.True(t, ok)
	require.Len(t, p.Param().Components, 2)
	require.Equal(t, schema.ParamQuantity, p.Param().Components[1].Param().Type)
	require.Equal(t, p, p.Param().Components[1].Param().ComponentOf)

	p, _ = schema.FindParam(schema.TypeDocumentReference, "relationship")
	require.Equal(t, "target", p.Param().Components[0].Param().Expression, "R4 has the two swapped")

	_, ok = schema.FindParam(schema.TypePatient, "nothing")
	require.False(t, ok)
	pairs := 0
	for id := schema.TypeID(1); int(id) < len(schema.Types); id++ {
		pairs += len(schema.ParamsOf(id))
	}
	t.Logf("%d parameters on their bases", pairs)
}

func TestCompartments(t *testing.T) {
	require.Len(t, schema.Compartments, 5)
	for _, c := range schema.Compartments {
		for _, m := range c.Members {
			require.True(t, m.Self || len(m.Params) > 0)
			for _, p := range m.Params {
				require.Equal(t, schema.ParamReference, p.Param().Type, "%s %s", c.Type, p.Param().Name)
			}
		}
	}
}
