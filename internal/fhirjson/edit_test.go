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
