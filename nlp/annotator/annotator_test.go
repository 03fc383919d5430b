package annotator_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/annotator"
	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

// words is a detector of the words of a table.
type words map[string]nlp.Entity

func (w words) Detect(_ context.Context, text string) (*nlp.Findings, error) {
	if strings.Contains(text, "broken") {
		return nil, errors.New("the model is broken")
	}
	found := &nlp.Findings{ModelVersion: "words/1"}
	for word, e := range w {
		at := strings.Index(text, word)
		if at < 0 {
			continue
		}
		e.Text, e.BeginOffset = word, utf8.RuneCountInString(text[:at])
		e.EndOffset = e.BeginOffset + utf8.RuneCountInString(word)
		e.ID = e.BeginOffset
		e.Attributes = slices.Clone(e.Attributes)
		for i := range e.Attributes {
			a := &e.Attributes[i]
			a.BeginOffset = utf8.RuneCountInString(text[:strings.Index(text, a.Text)])
			a.EndOffset = a.BeginOffset + utf8.RuneCountInString(a.Text)
		}
		found.Entities = append(found.Entities, e)
		if e.ICD10CMConcepts != nil {
			found.ICD10CM = append(found.ICD10CM, e)
		} else {
			found.RxNorm = append(found.RxNorm, e)
		}
	}
	byPlace := func(a, b nlp.Entity) int { return a.BeginOffset - b.BeginOffset }
	slices.SortFunc(found.Entities, byPlace)
	slices.SortFunc(found.ICD10CM, byPlace)
	return found, nil
}

func condition(code string, traits ...string) nlp.Entity {
	e := nlp.Entity{Category: nlp.Condition, Type: "DX_NAME", Score: 0.9, ICD10CMConcepts: []nlp.Concept{{Code: code, Description: "D " + code, Score: 0.8}}}
	for _, t := range traits {
		e.Traits = append(e.Traits, nlp.Trait{Name: t, Score: 1})
	}
	return e
}

var detector = words{
	"otitis": condition("H66.90", nlp.Diagnosis), "Übelkeit": condition("R11.0", nlp.Symptom), "fever": condition("R50.9", nlp.Symptom, nlp.Negation),
	"asthma": condition("J45.909", nlp.Diagnosis, nlp.PertainsToFamily), "stroke": condition("I63.9", nlp.Diagnosis, nlp.LowConfidence), "gout": condition("M10.9", nlp.Diagnosis, nlp.PastHistory),
	"amoxicillin": {Category: nlp.Medication, Type: "GENERIC_NAME", Score: 0.95, RxNormConcepts: []nlp.Concept{{Code: "723", Description: "amoxicillin", Score: 0.9}},
		Attributes: []nlp.Attribute{{Type: "FREQUENCY", Text: "bid", Category: nlp.Medication}, {Type: "STRENGTH", Text: "500 mg", Category: nlp.Medication}}},
}

func document(texts ...string) []byte {
	var content []string
	for _, text := range texts {
		contentType, text, _ := strings.Cut(text, "|")
		content = append(content, fmt.Sprintf(`{"attachment":{"contentType":"%s","data":"%s"}}`, contentType, base64.StdEncoding.EncodeToString([]byte(text))))
	}
	return []byte(`{"resourceType":"DocumentReference","id":"d","extension":[{"url":"http://example.org/kept","valueString":"kept"}],"status":"current","subject":{"reference":"Patient/p"},"content":[` + strings.Join(content, ",") + `]}`)
}

func open(t *testing.T, options *annotator.Options) *datastore.Store {
	t.Helper()
	return storetest.Open(t, &datastore.Options{Annotator: annotator.New(detector, options)})
}

func all(t *testing.T, store *datastore.Store, typ string) []string {
	t.Helper()
	page, err := store.Search(ctx, typ, "_sort=_id&_count=100")
	require.NoError(t, err)
	var found []string
	for _, m := range page.Matches {
		found = append(found, string(m.JSON))
	}
	return found
}

func TestDerivedResources(t *testing.T) {
	store := open(t, nil)
	v, err := store.Update(ctx, document("text/plain|otitis, Übelkeit, no fever, mother with asthma, possible stroke, past gout. amoxicillin 500 mg bid.", "image/png|x"))
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), `"valueString":"SUCCESS"`)
	require.Equal(t, 1, strings.Count(string(v.JSON), nlp.StatusURL), "a picture has none")

	conditions := strings.Join(all(t, store, "Condition"), "\n")
	require.Contains(t, conditions, `"code":{"coding":[{"system":"http://healthlake.amazonaws.com/aws-cm/infer-icd10/","code":"H66.90","display":"D H66.90"},{"system":"http://hl7.org/fhir/sid/icd-10-cm","code":"H66.90"`)
	require.Contains(t, conditions, "provisional")
	require.Contains(t, conditions, "PAST_HISTORY")
	require.NotContains(t, conditions, "R50.9", "negated")
	require.NotContains(t, conditions, "J45", "of the family")
	require.Len(t, all(t, store, "Condition"), 3)
	observations := all(t, store, "Observation")
	require.Len(t, observations, 1)
	require.Contains(t, observations[0], "R11.0")
	require.Contains(t, observations[0], `"status":"unknown"`)
	statements := all(t, store, "MedicationStatement")
	require.Len(t, statements, 1)
	require.Contains(t, statements[0], `"dosage":[{"text":"500 mg bid"}]`)
	linkages := all(t, store, "Linkage")
	require.Len(t, linkages, 1)
	require.Equal(t, 5, strings.Count(linkages[0], `"alternate"`))
	require.Contains(t, linkages[0], `{"type":"source","resource":{"reference":"DocumentReference/d"}}`)
	for _, query := range []string{"infer-icd10cm-entity-text-concept-code=otitis|H66.90", "infer-icd10cm-entity-concept-code=R50.9", "infer-rxnorm-entity-concept-code=723", "detectEntities-entity-category=MEDICATION"} {
		page, err := store.Search(ctx, "DocumentReference", query)
		require.NoError(t, err)
		require.Len(t, page.Matches, 1, query)
	}
	page, err := store.Search(ctx, "Condition", "code=http://hl7.org/fhir/sid/icd-10-cm|H66.90&subject=Patient/p")
	require.NoError(t, err)
	require.Len(t, page.Matches, 1)

	_, err = store.Update(ctx, document("text/plain|otitis"))
	require.NoError(t, err)
	require.Len(t, all(t, store, "Condition"), 1)
	require.Empty(t, all(t, store, "MedicationStatement"))
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "DocumentReference", ID: "d"}))
	require.Empty(t, all(t, store, "Linkage"))
	require.Empty(t, all(t, store, "Condition"))
}

// TestNothingIsDerived of circumstances of life, and for nobody.
func TestNothingIsDerived(t *testing.T) {
	about := func(subject string) int {
		doc := &nlp.Document{ID: "d", Subject: subject}
		return len(annotator.Derived(doc, &nlp.Findings{ICD10CM: []nlp.Entity{condition("H66.90", nlp.Diagnosis), condition("Z56.0"), condition("R50.9", nlp.Symptom, nlp.Future)}}))
	}
	for subject, want := range map[string]int{"Patient/p": 2, "Patient/p/_history/1": 2, "http://example.org/fhir/Group/g": 2, "Practitioner/p": 0, "Patient": 0, "": 0, "#p": 0} {
		require.Equal(t, want, about(subject), subject)
	}
}

// TestTooManyEntities are an error of their attachment alone.
func TestTooManyEntities(t *testing.T) {
	store := open(t, &annotator.Options{MaxEntities: 1})
	v, err := store.Update(ctx, document("text/plain|otitis, gout", "text/plain|stroke"))
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), "content[0]: nlp: the text has more than 1 entities")
	require.Contains(t, string(v.JSON), "SUCCESS")
	require.Len(t, all(t, store, "Condition"), 1)
}

func TestSeveralAttachments(t *testing.T) {
	store := open(t, &annotator.Options{MaxCharacters: 20})
	v, err := store.Update(ctx, document("text/html|<p>otitis</p>", "text/plain|broken", "text/plain|"+strings.Repeat("long ", 5), "text/plain; charset=iso-8859-1|a gout", "application/rtf|{\\rtf1 stroke}"))
	require.NoError(t, err)
	require.Equal(t, 3, strings.Count(string(v.JSON), `"valueString":"SUCCESS"`))
	require.Equal(t, 2, strings.Count(string(v.JSON), `"valueString":"VALIDATION_ERROR"`))
	require.Contains(t, string(v.JSON), "content[1]: the model is broken")
	require.Contains(t, string(v.JSON), "content[2]: nlp: the text has more than 20 characters")
	require.Len(t, all(t, store, "Condition"), 3)
}

// TestExtensionIsWrittenOut checks the frame and the names of the extension.
func TestExtensionIsWrittenOut(t *testing.T) {
	store := open(t, &annotator.Options{WithoutDerived: true})
	v, err := store.Update(ctx, document("text/plain|Übelkeit"))
	require.NoError(t, err)
	type x struct {
		URL          string
		ValueString  string
		ValueInteger *int
		ValueDecimal *float64
		Extension    []x
	}
	var doc struct{ Extension []x }
	require.NoError(t, json.Unmarshal(v.JSON, &doc))
	require.Len(t, doc.Extension, 2)
	root := doc.Extension[1]
	inner := func(of x, url string) x {
		for _, i := range of.Extension {
			if i.URL == url {
				return i
			}
		}
		t.Fatalf("no %s", url)
		return x{}
	}
	const icd = "http://healthlake.amazonaws.com/aws-cm/infer-icd10/"
	list := inner(root, icd)
	require.Equal(t, "words/1", inner(list, icd+"model-version").ValueString)
	require.JSONEq(t, `"R11.0"`, func() string {
		var raw struct {
			Entities []struct{ ICD10CMConcepts []struct{ Code string } }
		}
		require.NoError(t, json.Unmarshal([]byte(inner(list, icd+"raw-response").ValueString), &raw))
		return `"` + raw.Entities[0].ICD10CMConcepts[0].Code + `"`
	}())
	entity := inner(list, icd+"aws-cm-icd10-entity")
	require.Equal(t, 0, *inner(entity, icd+"aws-cm-icd10-entity-begin-offset").ValueInteger)
	require.Equal(t, 8, *inner(entity, icd+"aws-cm-icd10-entity-end-offset").ValueInteger)
	require.Equal(t, 0.9, *inner(entity, icd+"aws-cm-icd10-entity-score").ValueDecimal)
	concept := inner(inner(entity, icd+"aws-cm-icd10-entity-ConceptList"), icd+"aws-cm-icd10-entity-Concept")
	require.Equal(t, "R11.0", inner(concept, icd+"aws-cm-icd10-entity-Concept-Code").ValueString)
	require.Equal(t, "SUCCESS", inner(root, nlp.StatusURL).ValueString)
	require.Empty(t, all(t, store, "Observation"))
}
