package param_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

func typeOf(t *testing.T, name string) schema.TypeID {
	typ, ok := schema.TypeOf(name)
	require.True(t, ok, name)
	return typ
}

func TestPaths(t *testing.T) {
	for _, c := range []struct {
		typ, expression string
		want            []string
	}{
		{"Patient", "Patient.name.given", []string{".name.given"}},
		{"Patient", "name . `given` // comment", []string{".name.given"}},
		{"Patient", "Patient.name | Person.name | $this.contact.name", []string{".name", ".contact.name"}},
		{"Patient", "(Patient.name | Patient.contact).extension('x')", []string{".name.extension where url=x", ".contact.extension where url=x"}},
		{"Patient", "Resource.id", []string{".id"}},
		{"Person", "Patient.name", nil},
		{"Patient", "%resource.name", []string{".name"}},
		{"Patient", "Patient.telecom.where(system = 'em\\u0061il').value", []string{".telecom where system=email.value"}},
		{"Patient", "Patient.name[0].given", []string{".name first.given"}},
		{"Patient", "Patient.deceased.exists() and Patient.deceased!=false", []string{".deceasedBoolean exists", ".deceasedDateTime exists"}},
		{"Patient", "Patient.link.other.where(resolve() is Patient)", []string{".link.other to Patient"}},
		{"Patient", "Patient.name.where(hasExtension('x'))", []string{".name with x"}},
		{"Observation", "Observation.value as Quantity", []string{".valueQuantity"}},
		{"Observation", "(Observation.value).ofType(FHIR.Quantity).unit", []string{".valueQuantity.unit"}},
		{"Observation", "value.as(DateTime)", []string{".valueDateTime"}},
		{"Observation", "Observation.value.as(uri)", nil},
	} {
		got, ok := param.Paths(c.expression, typeOf(t, c.typ))
		require.True(t, ok, c.expression)
		assert.Equal(t, c.want, got, c.expression)
	}
}

// What paths cannot say, or would say otherwise than an evaluation, is evaluated.
func TestNoPaths(t *testing.T) {
	for _, c := range []struct{ typ, expression string }{
		{"Patient", "Patient.nmae"},
		{"Patient", "Patient.name.first()"},
		{"Patient", "Patient.name[1]"},
		{"Patient", "Patient.name.given[0]"}, // the first of all names
		{"Patient", "(Patient.name | Patient.contact)[0]"},
		{"Patient", "Patient.name.where(use = 'x')[0]"}, // the first of those
		{"Patient", "Patient.name.where(use = 'x').where(text = 'y')"},
		{"Patient", "Patient.name.where(use = 'x' or use = 'y')"},
		{"Patient", "Patient.name.where(given = 'x')"}, // given repeats
		{"Patient", "Patient.where(gender = 'x')"},
		{"Patient", "Patient.contact.where(period = 'x')"},
		{"Patient", "Patient.communication.where(preferred = 'true')"},
		{"Patient", "Patient.name.where(use != 'x')"},
		{"Patient", "Patient.name.exists()"},
		{"Patient", "Patient.name.exists() and Patient.name != false"}, // name repeats
		{"Patient", "Patient.active.exists() and Patient.deceased != false"},
		{"Patient", "Patient.active.exists() and Patient.active != true"},
		{"Patient", "Patient.active.exists(true) and Patient.active != false"},
		{"Patient", "Patient.active.exists() or Patient.active != false"},
		{"Patient", "Patient.link.other.where(resolve() is Resource)"},
		{"Patient", "Patient.link.other.where(resolve() is System.Patient)"},
		{"Patient", "Patient.name.where(resolve() is Patient)"},
		{"Patient", "Patient.link.other.resolve()"},
		{"Patient", "Patient.name.extension('a' & 'b')"},
		{"Patient", "Patient.name.text & 'x'"},
		{"Patient", "'x'"},
		{"Observation", "Observation.value as System.String"},
		{"Observation", "Observation.value as Element"},
		{"Bundle", "Bundle.entry.resource.id"},
		{"Bundle", "Bundle.entry.resource as Patient"},
	} {
		_, ok := param.Paths(c.expression, typeOf(t, c.typ))
		assert.False(t, ok, c.expression)
	}
}

func TestFits(t *testing.T) {
	patient := typeOf(t, "Patient")
	assert.True(t, param.Fits(patient, "telecom.where(system = 'a').value", "telecom.where(system = 'b').value", "telecom.value"))
	assert.False(t, param.Fits(patient, "telecom.where(system = 'a').value", "telecom.where(use = 'b').value"))
	assert.False(t, param.Fits(patient, "telecom.where(system = 'a').value | telecom.where(use = 'b').value"))
	assert.True(t, param.Fits(patient, "telecom.where(system = 'a').value", "name.where(use = 'b').text"))
	assert.False(t, param.Fits(patient, "name[0].text", "name.where(use = 'b').text"))
}
