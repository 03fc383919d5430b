package datastore_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// Choices of docs/conformance.md that need a store of their own.
func TestRulesOfChoices(t *testing.T) {
	const ucum = `,"system":"http://unitsofmeasure.org","code":`
	observation := func(id, value, unit string) string {
		return `{"resourceType":"Observation","id":"` + id + `","status":"final","code":{"coding":[{"system":"urn:s","code":"` + id + `"}],"text":"R - D"},"valueQuantity":{"value":` + value + ucum + `"` + unit + `"}}`
	}
	t.Run("folding leaves nothing", func(t *testing.T) {
		holds(t, "Patient", []string{`{"resourceType":"Patient","id":"dash","name":[{"text":"R-D"}]}`, `{"resourceType":"Patient","id":"plain","name":[{"text":"RD"}]}`}, []rule{
			{"name:contains=-", "dash"}, {"name=-", "dash"}, {"name=rd", "dash plain"},
		})
		holds(t, "Observation", []string{observation("o", "1", "g")}, []rule{{"code:text=r", "o"}, {"code:text=-", refused}})
	})
	t.Run("an expression's as keeps the type alone", func(t *testing.T) {
		concept := func(id, source string) string {
			return `{"resourceType":"ConceptMap","id":"` + id + `","status":"draft",` + source + `}`
		}
		holds(t, "ConceptMap", []string{concept("uri", `"sourceUri":"http://x.org/a"`), concept("canonical", `"sourceCanonical":"http://x.org/a|1"`)}, []rule{
			{"source-uri=http://x.org/a", "uri"}, {"source=http://x.org/a", "canonical"}, {"source-uri=http://x.org/a|1", ""}, {"source=http://x.org/a|1", "canonical"},
		})
	})
	t.Run("keys of sorts", func(t *testing.T) {
		const third = "0.3333333333333333333333333333333"
		store := filled(t, nil, observation("more", third+"4", "g"), observation("less", third+"3", "g"), observation("nine", "9", "kg"), observation("ten", "10", "mg"))
		ordered(t, store, "Observation", []rule{{"_sort=value-quantity", "less more nine ten"}, {"_sort=-value-quantity,_id", "ten nine less more"}})
		store = filled(t, nil, observation("less", third+"3", "g"), observation("more", third+"4", "g"))
		ordered(t, store, "Observation", []rule{{"_sort=value-quantity", "more less"}})
	})
	t.Run("entries flagged as deleted", func(t *testing.T) {
		store := people(t)
		_, err := store.Update(ctx, []byte(`{"resourceType":"List","id":"l","status":"current","mode":"changes","entry":[{"deleted":true,"item":{"reference":"Patient/p"}},{"item":{"reference":"Patient/q"}}]}`))
		require.NoError(t, err)
		ordered(t, store, "Patient", []rule{{"_list=l", "q p"}})
	})
	t.Run("a ValueSet of several", func(t *testing.T) {
		set := func(id, code string) string {
			return `{"resourceType":"ValueSet","id":"` + id + `","url":"http://x.org/v","status":"active","compose":{"include":[{"system":"urn:s","concept":[{"code":"` + code + `"}]}]}}`
		}
		store := filled(t, nil, observation("a", "1", "g"), observation("b", "1", "g"), set("z", "a"), set("y", "b"))
		ordered(t, store, "Observation", []rule{{"code:in=http://x.org/v", "b"}})
		_, err := store.Update(ctx, []byte(set("z", "a")+" "))
		require.NoError(t, err)
		ordered(t, store, "Observation", []rule{{"code:in=http://x.org/v", "a"}})
	})
	t.Run("a canonical below the store's own address", func(t *testing.T) {
		store := filled(t, &datastore.Options{BaseURL: "http://own.org/fhir"},
			`{"resourceType":"Questionnaire","id":"here","url":"http://x.org/q","title":"Here","status":"active"}`,
			`{"resourceType":"QuestionnaireResponse","id":"r","status":"completed","questionnaire":"http://own.org/fhir/Questionnaire/here"}`)
		ordered(t, store, "QuestionnaireResponse", []rule{{"questionnaire.title=here", "r"}})
		page, err := store.Search(ctx, "QuestionnaireResponse", "_include=QuestionnaireResponse:questionnaire")
		require.NoError(t, err)
		assert.Equal(t, "here", idsOf(page.Included))
	})
}
