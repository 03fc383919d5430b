package fhirjson_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

func TestEdits(t *testing.T) {
	const src = `{"resourceType":"Patient","name":[{"text":"a"} , {"text":"b"}],"managingOrganization":{"reference":"Organization?identifier=1"}, "active":true}`
	patient, ok := schema.ResourceType("Patient")
	require.True(t, ok)
	field := func(name string) schema.FieldID {
		f := schema.Lookup(patient, name)
		require.NotZero(t, f)
		return f
	}
	doc := parse(t, src)
	edits := fhirjson.NewEdits(doc)
	require.Equal(t, src, string(edits.Apply(nil)))

	organization, ok := doc.Child(0, field("managingOrganization"))
	require.True(t, ok)
	reference, ok := doc.First(organization)
	require.True(t, ok)
	edits.SetItems(0, field("extension"), []byte(`{"url":"urn:1","valueInteger":1}`), []byte(`{"url":"urn:2","valueInteger":2}`))
	edits.SetItems(0, field("name"), []byte(`{"text":"c"}`))
	edits.SetItems(0, field("link"), []byte(`{"other":{"reference":"Patient/2"},"type":"seealso"}`))
	edits.Replace(reference, []byte(`"Organization/1"`))

	changed := parse(t, string(edits.Apply(nil)))
	require.Equal(t, `{"resourceType":"Patient","extension":[{"url":"urn:1","valueInteger":1},{"url":"urn:2","valueInteger":2}],`+
		`"active":true,"name":[{"text":"c"}],`+
		`"managingOrganization":{"reference":"Organization/1"},"link":[{"other":{"reference":"Patient/2"},"type":"seealso"}]}`,
		string(fhirjson.AppendCanonical(nil, changed, 0)))
	require.Equal(t, src, string(doc.Source))
}

// TestEditsWithoutItems removes properties from wherever they stand, however they are written.
func TestEditsWithoutItems(t *testing.T) {
	extension := schema.Lookup(schema.TypePatient, "extension")
	for source, want := range map[string]string{
		`{"resourceType":"Patient","extension":[{"url":"a","valueString":"x"}],"active":true}`:                                      `{"resourceType":"Patient","active":true}`,
		`{"extension":[{"url":"a","valueString":"x"},{"url":"b","valueString":"x"}],"resourceType":"Patient"}`:                      `{"resourceType":"Patient"}`,
		`{"resourceType":"Patient","extension":[{"url":"a","valueString":"x"}]}`:                                                    `{"resourceType":"Patient"}`,
		"{ \"resourceType\" : \"Patient\" ,\n\t\"\\u0065xtension\" :\r\n [ { \"url\":\"a\",\"valueString\":\"]\" } ] \n}":           "{ \"resourceType\" : \"Patient\"  \n}",
		"{\n \"extension\" : [ {\"url\":\"a\",\"valueString\":\"x\"} , {\"url\":\"b\"} ] , \"resourceType\" : \"Patient\" }":        "{\n  \"resourceType\" : \"Patient\" }",
		`{"resourceType":"Patient","active":true,"extension":[{"url":"a","valueString":"x"}],"_active":{"id":"x"},"gender":"male"}`: `{"resourceType":"Patient","active":true,"_active":{"id":"x"},"gender":"male"}`,
		`{"resourceType":"Patient"}`: `{"resourceType":"Patient"}`,
	} {
		doc := new(fhirjson.Document)
		require.NoError(t, fhirjson.Parse([]byte(source), doc, &fhirjson.Options{Level: fhirjson.Minimal}))
		edits := fhirjson.NewEdits(doc)
		edits.SetItems(0, extension)
		require.Equal(t, want, string(edits.Apply(nil)))
	}
}
