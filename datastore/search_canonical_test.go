package datastore_test

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// FHIR R4 §2.24.0.1, canonical: chains and includes go by url and version.
func TestRulesOfCanonicals(t *testing.T) {
	store := filled(t, nil,
		`{"resourceType":"Questionnaire","id":"old","url":"http://x.org/q","version":"1","title":"Old","status":"retired"}`,
		`{"resourceType":"Questionnaire","id":"new","url":"http://x.org/q","version":"2","title":"New","status":"active"}`,
		`{"resourceType":"QuestionnaireResponse","id":"any","status":"completed","questionnaire":"http://x.org/q"}`,
		`{"resourceType":"QuestionnaireResponse","id":"one","status":"completed","questionnaire":"http://x.org/q|1"}`,
		`{"resourceType":"QuestionnaireResponse","id":"two","status":"amended","questionnaire":"http://x.org/q|2"}`,
		`{"resourceType":"ValueSet","id":"vs","url":"http://x.org/vs","status":"active","compose":{"include":[{"system":"urn:a"}]}}`,
		`{"resourceType":"ConceptMap","id":"map","status":"active","sourceCanonical":"http://x.org/vs","targetUri":"http://x.org/vs"}`,
		`{"resourceType":"CarePlan","id":"plan","status":"active","intent":"plan","subject":{"reference":"Patient/1"},"instantiatesCanonical":["http://x.org/q|1","http://x.org/other"]}`,
	)
	ordered(t, store, "QuestionnaireResponse", []rule{
		{"questionnaire.title=new", "two any"}, {"questionnaire.status=retired", "one any"}, {"questionnaire.version=1,2", "two one any"}, {"questionnaire.title=new&status=completed", "any"}, {"questionnaire.nonsense=1", refused},
	})
	ordered(t, store, "Questionnaire", []rule{
		{"_has:QuestionnaireResponse:questionnaire:status=amended", "new"}, {"_has:QuestionnaireResponse:questionnaire:status=completed", "new old"}, {"_has:CarePlan:instantiates-canonical:status=active", "old"},
	})
	ordered(t, store, "ConceptMap", []rule{{"source.url=http://x.org/vs", "map"}, {"target-uri.status=active", "map"}, {"source.status=draft", ""}})
	ordered(t, store, "CarePlan", []rule{{"instantiates-canonical:Questionnaire.title=old", "plan"}, {"instantiates-canonical:Questionnaire.title=new", ""}})
	for query, included := range map[string]string{
		"_id=one&_include=QuestionnaireResponse:questionnaire": "old", "_id=any&_include=QuestionnaireResponse:questionnaire": "old new", "_id=any,one&_include=*": "old new",
	} {
		page, err := store.Search(ctx, "QuestionnaireResponse", query)
		require.NoError(t, err)
		assert.Equal(t, included, idsOf(page.Included), query)
	}
	page, err := store.Search(ctx, "Questionnaire", "_id=old&_revinclude=QuestionnaireResponse:questionnaire&_revinclude=CarePlan:instantiates-canonical")
	require.NoError(t, err)
	assert.Equal(t, "any one plan", idsOf(page.Included))
}
