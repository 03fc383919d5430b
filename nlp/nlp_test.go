package nlp_test

import (
	"context"
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

func TestIsText(t *testing.T) {
	for contentType, want := range map[string]bool{
		"": true, "text/plain": true, "text/html; charset=utf-8": true, "application/pdf": false, "image/png": false,
	} {
		require.Equal(t, want, nlp.IsText(contentType), contentType)
	}
}

func TestFailureIsAnExtension(t *testing.T) {
	for _, text := range []string{"plain", `quoted "text"`, "not UTF-8 \xff", strings.Repeat("long ", 1000)} {
		src := append([]byte(`{"resourceType":"Basic","extension":[`), nlp.Failure(errors.New(text))...)
		src = append(src, `],"code":{"text":"x"}}`...)
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse(src, &doc, nil))
	}
}

// allergies is an enricher: it marks notes that speak of an allergy.
type allergies struct{}

func (allergies) Enrich(_ context.Context, note nlp.Note) ([][]byte, error) {
	for _, text := range note.Texts {
		if strings.Contains(text.Text, "allergic to") {
			return [][]byte{[]byte(`{"url":"http://example.org/allergy","valueBoolean":true}`)}, nil
		}
	}
	return nil, nil
}

func ExampleEnricher() {
	ctx := context.Background()
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{Enrichers: []nlp.Enricher{allergies{}}})
	if err != nil {
		panic(err)
	}
	defer store.Close()
	v, err := store.Create(ctx, []byte(`{"resourceType":"DocumentReference","status":"current","content":[{"attachment":{
		"contentType":"text/plain","data":"QWxsZXJnaWMgdG8gbnV0cywgYWxsZXJnaWMgdG8gY2F0cw=="}}]}`))
	if err != nil {
		panic(err)
	}
	fmt.Println(strings.Contains(string(v.JSON), `"extension":[{"url":"http://example.org/allergy","valueBoolean":true}]`))
	// Output: true
}
