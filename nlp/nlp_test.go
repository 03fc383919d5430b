package nlp_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/stretchr/testify/require"
)

func TestDecode(t *testing.T) {
	for data, want := range map[string]string{"": "", "aGVsbG8=": "hello", "aGVs\n bG8=\t\r\n": "hello"} {
		got, err := nlp.Decode([]byte(data))
		require.NoError(t, err)
		require.Equal(t, want, string(got))
	}
	_, err := nlp.Decode([]byte("secret!"))
	require.Error(t, err)
	require.NotContains(t, err.Error(), "secret")
}

func TestFailureIsAnExtension(t *testing.T) {
	for _, text := range []string{"plain", `quoted "text"`, "not UTF-8 \xff", "\x00\x1f control", strings.Repeat("long ", 10000)} {
		src := append([]byte(`{"resourceType":"Basic","extension":[`), nlp.Failure(errors.New(text))...)
		src = append(src, `],"code":{"text":"x"}}`...)
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse(src, &doc, nil))
	}
}

func TestSearchParametersAreResources(t *testing.T) {
	codes := map[string]bool{}
	for _, source := range nlp.SearchParameters() {
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse(source, &doc, nil), string(source))
		var p struct{ Code string }
		require.NoError(t, json.Unmarshal(source, &p))
		codes[p.Code] = true
	}
	for _, code := range []string{"cm-decoration-status", "detectEntities-entity-text-category", "infer-icd10cm-entity-concept-description-concept-score", "infer-rxnorm-entity-text-concept-code"} {
		require.True(t, codes[code], code)
	}
}

func TestDerivedIDs(t *testing.T) {
	a, b := &nlp.Document{ID: "a"}, &nlp.Document{ID: strings.Repeat("b", 64)}
	require.NotEqual(t, a.DerivedID(1), a.DerivedID(2))
	require.NotEqual(t, a.DerivedID(1), b.DerivedID(1))
	require.LessOrEqual(t, len(b.DerivedID(nlp.MaxDerived)), 64)
}

// allergies is an annotator: it marks documents that speak of an allergy.
type allergies struct{}

func (allergies) Annotate(_ context.Context, doc *nlp.Document) (*nlp.Annotation, error) {
	for _, a := range doc.Attachments {
		if strings.Contains(string(a.Data), "allergic to") {
			return &nlp.Annotation{Extensions: [][]byte{nlp.Status("SUCCESS", "It speaks of an allergy.")}}, nil
		}
	}
	return nil, nil
}

func ExampleAnnotator() {
	ctx := context.Background()
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{Annotator: allergies{}})
	if err != nil {
		panic(err)
	}
	defer store.Close()
	v, err := store.Create(ctx, []byte(`{"resourceType":"DocumentReference","status":"current",
		"content":[{"attachment":{"contentType":"text/plain","data":"YWxsZXJnaWMgdG8gcGVhbnV0cw=="}}]}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.Contains(string(v.JSON), "It speaks of an allergy."))
	// Output: true
}
