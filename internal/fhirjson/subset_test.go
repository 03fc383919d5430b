package fhirjson_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// The elements of these names are kept inside or whole, others left out.
func TestAppendSubset(t *testing.T) {
	const tag = `{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}`
	parts := map[string]fhirjson.Part{
		"active": fhirjson.Whole, "name": fhirjson.Inside, "family": fhirjson.Whole,
		"birthDate": fhirjson.Inside, "communication": fhirjson.Inside, "link": fhirjson.Whole,
	}
	for _, c := range []struct{ name, source, want string }{
		{"bare", `{"resourceType":"Patient","gender":"male"}`, `{"resourceType":"Patient","meta":{"tag":[` + tag + `]}}`},
		{"meta", `{"resourceType":"Patient","meta":{"versionId":"1"},"id":"a","active":true}`, `{"resourceType":"Patient","id":"a","meta":{"versionId":"1","tag":[` + tag + `]},"active":true}`},
		{
			"tags", `{"resourceType":"Patient","id":"a","meta":{"tag":[{"code":"SUBSETTED"}]}}`,
			`{"resourceType":"Patient","id":"a","meta":{"tag":[{"code":"SUBSETTED"},` + tag + `]}}`,
		},
		{"tagged", `{"resourceType":"Patient","id":"a","meta":{"tag":[` + tag + `]}}`, `{"resourceType":"Patient","id":"a","meta":{"tag":[` + tag + `]}}`},
		{
			"inside", `{"resourceType":"Patient","name":[{"given":["A"]},{"family":"B","given":["C"]}],"birthDate":"1980","_birthDate":{"id":"x"}}`,
			`{"resourceType":"Patient","meta":{"tag":[` + tag + `]},"name":[{"family":"B"}],"birthDate":"1980","_birthDate":{"id":"x"}}`,
		},
		{"empty", `{"resourceType":"Patient","name":[{"given":["A"]}],"gender":"male"}`, `{"resourceType":"Patient","meta":{"tag":[` + tag + `]}}`},
		{"loose", `{"resourceType":"Patient","odd":1,"name":[{"odd":2,"family":"B"}]}`, `{"resourceType":"Patient","meta":{"tag":[` + tag + `]},"name":[{"family":"B"}]}`},
	} {
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse([]byte(c.source), &doc, &fhirjson.Options{Level: fhirjson.Minimal}), c.name)
		got := fhirjson.AppendSubset(nil, &doc, func(n fhirjson.Index) fhirjson.Part {
			return parts[doc.Nodes[n].Field.Field().Name]
		})
		assert.Equal(t, c.want, string(got), c.name)
	}
}
