package annotator_test

import (
	"context"
	stdjson "encoding/json"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/annotator"
	"github.com/go-json-experiment/json"
	"github.com/stretchr/testify/require"
)

// fixed is a detector that finds the same whatever the text is.
type fixed struct{ found *nlp.Findings }

func (f fixed) Detect(context.Context, string) (*nlp.Findings, error) { return f.found, nil }

// rawResponses returns the raw-responses of a document's first list.
func rawResponses(t *testing.T, doc []byte) (all []string) {
	t.Helper()
	type x struct {
		URL         string
		ValueString string
		Extension   []x
	}
	var d x
	require.NoError(t, stdjson.Unmarshal(doc, &d))
	for _, root := range d.Extension {
		if root.URL != nlp.RootURL {
			continue
		}
		for _, list := range root.Extension {
			if list.URL != nlp.EntitiesURL {
				continue
			}
			for _, member := range list.Extension {
				if member.URL == nlp.EntitiesURL+nlp.RawResponse {
					all = append(all, member.ValueString)
				}
			}
		}
	}
	return all
}

// TestRawResponse compares the raw response with what the JSON library makes of the findings.
func TestRawResponse(t *testing.T) {
	const text = "a \"quoted\\\" é\u2028<&> 😀 word\r\n\t next"
	found := &nlp.Findings{Entities: []nlp.Entity{
		{ID: 0, Text: text, Category: nlp.Condition, Type: "DX_NAME", Score: 0.123456789, EndOffset: len([]rune(text)), ICD10CMConcepts: []nlp.Concept{{Code: "A\"1", Description: "é\\", Score: 1}, {Code: "B", Score: 0.00001}}},
		{ID: 7, Text: "\"quoted\\\" é\u2028<&> 😀", Category: nlp.Medication, Type: "BRAND_NAME", Score: 0.00004, BeginOffset: 2, EndOffset: 19,
			Traits:         []nlp.Trait{{Name: nlp.Negation, Score: 0.5}, {Name: nlp.Sign}},
			RxNormConcepts: []nlp.Concept{{Code: "1", Description: "one", Score: 0.99996}},
			Attributes:     []nlp.Attribute{{Type: "DOSAGE", Score: 1, RelationshipScore: 0.3, RelationshipType: "DOSAGE", ID: 8, BeginOffset: 20, EndOffset: 24, Text: "word", Category: nlp.Medication, Traits: []nlp.Trait{{Name: "X", Score: 0.1}}}}},
	}}
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{Annotator: annotator.New(fixed{found}, nil)})
	require.NoError(t, err)
	defer store.Close()
	v, err := store.Update(ctx, document("text/plain|"+text))
	require.NoError(t, err)
	want, err := json.Marshal(struct{ Entities []nlp.Entity }{found.Entities})
	require.NoError(t, err)
	raw := rawResponses(t, v.JSON)
	require.Len(t, raw, 1)
	require.JSONEq(t, string(want), raw[0])
	require.Equal(t, 1, strings.Count(string(v.JSON), `"valueString":"SUCCESS"`))
}

// TestRawResponsesOfManyEntities divides what one string cannot hold.
func TestRawResponsesOfManyEntities(t *testing.T) {
	text := strings.Repeat("otitis ", 9000)
	found := &nlp.Findings{}
	for i := range 9000 {
		found.Entities = append(found.Entities, nlp.Entity{ID: i, Text: "otitis", Category: nlp.Condition, Type: "DX_NAME", Score: 0.98, BeginOffset: 7 * i, EndOffset: 7*i + 6, Traits: []nlp.Trait{{Name: nlp.Diagnosis, Score: 0.95}}})
	}
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{Annotator: annotator.New(fixed{found}, nil)})
	require.NoError(t, err)
	defer store.Close()
	v, err := store.Update(ctx, document("text/plain|"+text))
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), `"valueString":"SUCCESS"`)
	raw := rawResponses(t, v.JSON)
	require.Len(t, raw, 2)
	next := 0
	for _, r := range raw {
		require.LessOrEqual(t, len(r), 1<<20)
		var answer struct{ Entities []nlp.Entity }
		require.NoError(t, stdjson.Unmarshal([]byte(r), &answer))
		for _, e := range answer.Entities {
			require.Equal(t, next, e.ID)
			next++
		}
	}
	require.Equal(t, 9000, next)
}

// TestTooLongEntity is the failure of its attachment alone.
func TestTooLongEntity(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{Annotator: annotator.New(whole{}, nil)})
	require.NoError(t, err)
	defer store.Close()
	v, err := store.Update(ctx, document("text/plain|short", "text/plain|"+long, "text/plain|also short"))
	require.NoError(t, err)
	require.Equal(t, 2, strings.Count(string(v.JSON), `"valueString":"SUCCESS"`))
	require.Contains(t, string(v.JSON), "content[1]: nlp: the detector returned an entity of more than 1 MiB")
}

// whole is a detector that takes each text for one entity.
type whole struct{}

func (whole) Detect(_ context.Context, text string) (*nlp.Findings, error) {
	return &nlp.Findings{Entities: []nlp.Entity{{Text: text, Category: nlp.Anatomy, Type: "SYSTEM_ORGAN_SITE", Score: 1, EndOffset: len([]rune(text))}}}, nil
}
