package custom_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/search/exec"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// FuzzDefinition reads SearchParameters of any sort. What can be used is extracted
// from resources, which never fails.
func FuzzDefinition(f *testing.F) {
	f.Add("x", "Patient", "string", "Patient.name.family", "")
	f.Add("x", "DomainResource", "token", "descendants()", "")
	f.Add("x", "Patient", "composite", "Patient.name", "given")
	f.Add("x", "Patient", "quantity", "1 'mg' | Patient.multipleBirth", "")
	f.Add("x", "Resource", "reference", "contained | Patient.managingOrganization | 'a/b'", "")
	f.Add("_x", "Patient", "special", "today()", "%x")
	var docs []fhirjson.Document
	for _, line := range []string{
		`{"resourceType":"Patient","id":"a","name":[{"family":"Ann","given":["A","B"]},{"text":"x"}],"birthDate":"1970","multipleBirthInteger":2,"managingOrganization":{"reference":"Organization/o"}}`,
		`{"resourceType":"Patient","id":"b","_gender":{"id":"x"},"contained":[{"resourceType":"Organization","id":"o","name":"O"}],"managingOrganization":{"reference":"#o"}}`,
		`{"resourceType":"Observation","status":"final","code":{"text":"x"},"valueQuantity":{"value":1,"code":"g"}}`,
	} {
		var doc fhirjson.Document
		require.NoError(f, fhirjson.Parse([]byte(line), &doc, nil))
		docs = append(docs, doc)
	}
	f.Fuzz(func(t *testing.T, code, base, typ, expression, component string) {
		p := map[string]any{
			"resourceType": "SearchParameter", "url": "urn:x", "status": "active", "code": code, "base": []string{base}, "type": typ, "expression": expression,
		}
		if component != "" {
			p["component"] = []any{map[string]any{"definition": "http://hl7.org/fhir/SearchParameter/individual-given", "expression": component}}
		}
		source, err := json.Marshal(p)
		require.NoError(t, err)
		var doc fhirjson.Document
		if fhirjson.Parse(source, &doc, &fhirjson.Options{Level: fhirjson.Minimal}) != nil {
			return
		}
		d, issues := param.ReadDefinition(&doc)
		if d == nil {
			return
		}
		require.Empty(t, issues)
		own := exec.New(nil, exec.Options{}).Custom()
		if own.Define([]*param.Definition{d})[0] != nil {
			return
		}
		fill := own.Begin(nil)
		require.NotZero(t, fill.Types())
		fill.Use()
		for i := range docs {
			require.Equal(t, fill.Payload(&docs[i]), own.Payload(&docs[i]))
		}
	})
}
