package datastore_test

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// properties returns the sorted names of what a resource has but for
// resourceType, id and meta, which every subset has, and whether it is tagged.
func properties(t *testing.T, v datastore.Version) (names string, subsetted bool) {
	t.Helper()
	var resource map[string]any
	require.NoError(t, json.Unmarshal(v.JSON, &resource))
	for _, always := range []string{"resourceType", "id", "meta"} {
		assert.Contains(t, resource, always)
		if always != "meta" {
			delete(resource, always)
		}
	}
	for _, tag := range list(resource["meta"], "tag") {
		subsetted = subsetted || text(tag, "code") == "SUBSETTED"
	}
	assert.NotEmpty(t, text(resource["meta"], "lastUpdated"))
	delete(resource, "meta")
	return strings.Join(slices.Sorted(maps.Keys(resource)), " "), subsetted
}

// FHIR R4 §3.1.1.5.8, §3.1.1.5.9.
func TestRulesOfShape(t *testing.T) {
	store := filled(t, nil,
		`{"resourceType":"Patient","id":"p","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">P</div>"},"extension":[{"url":"http://x.org/e","valueString":"x"}],
			"name":[{"family":"A","_family":{"id":"f"},"extension":[{"url":"http://x.org/e","valueString":"x"}]}],"maritalStatus":{"text":"M"},"gender":"male",
			"deceasedBoolean":false,"communication":[{"language":{"text":"de"}}]}`,
		`{"resourceType":"Observation","id":"o","meta":{"tag":[{"code":"mine"}]},"text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">O</div>"},"status":"final","code":{"text":"x","extension":[{"url":"http://x.org/e","valueString":"x"}]},
			"subject":{"reference":"Patient/p"},"valueQuantity":{"value":5.40},"note":[{"text":"n"}],"component":[{"code":{"text":"y"},"dataAbsentReason":{"text":"z"}}]}`,
		`{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p"}}]}`,
	)
	for _, c := range []struct{ typ, query, match, included string }{
		{"Patient", "_summary=false", "communication deceasedBoolean extension gender maritalStatus name text", ""},
		{"Patient", "_summary=true", "deceasedBoolean gender name", ""},
		{"Patient", "_summary=text", "text", ""},
		{"Patient", "_summary=data", "communication deceasedBoolean extension gender maritalStatus name", ""},
		{"Patient", "_elements=name", "name", ""},
		{"Patient", "_elements=id,deceased", "deceasedBoolean", ""},
		{"Patient", "_elements=birthDate", "", ""},
		{"Patient", "_elements=name,maritalStatus&_summary=true", "name", ""},
		{"Observation", "_summary=true", "code component status subject valueQuantity", ""},
		{"Observation", "_summary=text", "code status text", ""},
		{"Observation", "_elements=value", "code status valueQuantity", ""},
		{"Observation", "_elements=note", "code note status", ""},
		{"Observation", "_elements=note&_include=Observation:subject", "code note status", "communication deceasedBoolean extension gender maritalStatus name text"},
		{"Observation", "_summary=true&_include=Observation:subject", "code component status subject valueQuantity", "deceasedBoolean gender name"},
		{"Group", "_summary=true", "actual type", ""},
	} {
		page, err := store.Search(ctx, c.typ, c.query)
		require.NoError(t, err, c.query)
		require.Len(t, page.Matches, 1)
		names, subsetted := properties(t, page.Matches[0])
		assert.Equal(t, c.match, names, "%s?%s", c.typ, c.query)
		assert.Equal(t, c.query != "_summary=false", subsetted, c.query)
		for _, v := range page.Included {
			names, subsetted = properties(t, v)
			assert.Equal(t, c.included, names, "%s?%s", c.typ, c.query)
			assert.Equal(t, strings.Contains(c.query, "_summary"), subsetted)
		}
		_, invalid := store.Validate(ctx, page.Matches[0].JSON)
		assert.NoError(t, invalid, "what is mandatory is there")
	}
	page, err := store.Search(ctx, "Observation", "_summary=true")
	require.NoError(t, err)
	body := string(page.Matches[0].JSON)
	assert.Contains(t, body, `"tag":[{"code":"mine"},{"system":"http://terminology.hl7.org/CodeSystem/v3-ObservationValue","code":"SUBSETTED"}]`)
	assert.Contains(t, body, `"code":{"text":"x"},`, "a summary has no extensions of elements")
	assert.Contains(t, body, `"valueQuantity":{"value":5.40},"component":[{"code":{"text":"y"}}]`)
	page, err = store.Search(ctx, "Patient", "_summary=true")
	require.NoError(t, err)
	assert.Contains(t, string(page.Matches[0].JSON), `"name":[{"family":"A","_family":{"id":"f"}}]`)
}
