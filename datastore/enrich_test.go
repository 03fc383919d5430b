package datastore_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/stretchr/testify/require"
)

type nlpEnricher = nlp.Enricher

// enricher is an Enricher made of a function.
type enricher func(ctx context.Context, note nlp.Note) ([][]byte, error)

func (e enricher) Enrich(ctx context.Context, note nlp.Note) ([][]byte, error) { return e(ctx, note) }

func document(note string) []byte {
	return []byte(`{"resourceType":"DocumentReference","id":"d","extension":[{"url":"http://example.org/kept","valueString":"kept"}],` +
		`"status":"current","content":[{"attachment":{"contentType":"image/png","data":"AAAA"}},` +
		`{"attachment":{"contentType":"text/plain; charset=utf-8","data":"` + base64.StdEncoding.EncodeToString([]byte(note)) + `"}}]}`)
}

// counter finds how often a word stands in the notes.
func counter(word string) enricher {
	return func(_ context.Context, note nlp.Note) ([][]byte, error) {
		var found [][]byte
		for _, text := range note.Texts {
			found = append(found, fmt.Appendf(nil, `{"url":"http://example.org/count","valueInteger":%d}`, strings.Count(text.Text, word)))
		}
		return found, nil
	}
}

func TestEnricherAddsOnEveryWayIn(t *testing.T) {
	store := open(t, &datastore.Options{Enrichers: []nlp.Enricher{counter("fever")}})
	want := `"extension":[{"url":"http://example.org/kept","valueString":"kept"},{"url":"http://example.org/count","valueInteger":2}]`

	v, err := store.Create(ctx, document("fever, then no fever"))
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), want)

	v, err = store.Update(ctx, document("fever, then no fever"))
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), want)

	again, err := store.Update(ctx, v.JSON)
	require.NoError(t, err)
	require.Contains(t, string(again.JSON), want, "enriching twice gives what enriching once gives")

	_, err = store.Write(ctx, func(tx *datastore.Tx) error {
		_, err := tx.Update(ctx, document("fever fever"))
		return err
	})
	require.NoError(t, err)
	v, err = store.Read(ctx, datastore.Ref{Type: "DocumentReference", ID: "d"})
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), want)

	_, err = store.Transact(ctx, []byte(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":`+
		string(document("no fever at all"))+`,"request":{"method":"PUT","url":"DocumentReference/d"}}]}`))
	require.NoError(t, err)
	v, err = store.Read(ctx, datastore.Ref{Type: "DocumentReference", ID: "d"})
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), `"valueInteger":1`)
}

func TestEnricherFailureIsRecorded(t *testing.T) {
	for name, test := range map[string]struct {
		enrich enricher
		note   []byte
		want   string
	}{
		"error": {func(context.Context, nlp.Note) ([][]byte, error) { return nil, errors.New("model is gone") },
			document("x"), "model is gone"},
		"panic":    {func(context.Context, nlp.Note) ([][]byte, error) { panic("oh") }, document("x"), "panicked"},
		"not JSON": {func(context.Context, nlp.Note) ([][]byte, error) { return [][]byte{[]byte("{")}, nil }, document("x"), "no JSON object"},
		"no url":   {func(context.Context, nlp.Note) ([][]byte, error) { return [][]byte{[]byte("{}")}, nil }, document("x"), "without a url"},
		"no extension": {func(context.Context, nlp.Note) ([][]byte, error) {
			return [][]byte{[]byte(`{"url":"u","value":1}`)}, nil
		}, document("x"), "VALIDATION_ERROR"},
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t, &datastore.Options{Enrichers: []nlp.Enricher{test.enrich}})
			v, err := store.Update(ctx, test.note)
			require.NoError(t, err, "the write succeeds all the same")
			require.Contains(t, string(v.JSON), `"url":"`+nlp.StatusURL+`","valueString":"VALIDATION_ERROR"`)
			require.Contains(t, string(v.JSON), test.want)
			require.Contains(t, string(v.JSON), "http://example.org/kept")
			v, err = store.Update(ctx, v.JSON)
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(v.JSON), nlp.StatusURL), "recorded once")
		})
	}
}

func TestEnricherSeesOtherEnrichersFail(t *testing.T) {
	bad := enricher(func(context.Context, nlp.Note) ([][]byte, error) { return nil, errors.New("bad") })
	store := open(t, &datastore.Options{Enrichers: []nlp.Enricher{bad, counter("a")}})
	v, err := store.Update(ctx, document("a b a"))
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), `"valueInteger":2`)
	require.Contains(t, string(v.JSON), nlp.StatusURL)
}

func TestEnricherIsForDocumentReferencesAlone(t *testing.T) {
	called := false
	store := open(t, &datastore.Options{Enrichers: []nlp.Enricher{enricher(func(context.Context, nlp.Note) ([][]byte, error) {
		called = true
		return nil, nil
	})}})
	_, err := store.Update(ctx, patient("a", "A"))
	require.NoError(t, err)
	require.False(t, called)
	_, err = store.Update(ctx, []byte(`{"resourceType":"DocumentReference","id":"n","status":"current","content":[{"attachment":{"url":"http://x"}}]}`))
	require.NoError(t, err)
	require.True(t, called)
}

func TestEnrichmentStopsWithTheContext(t *testing.T) {
	canceled, cancel := context.WithCancel(ctx)
	store := open(t, &datastore.Options{Enrichers: []nlp.Enricher{enricher(func(context.Context, nlp.Note) ([][]byte, error) {
		cancel()
		return nil, canceled.Err()
	})}})
	_, err := store.Update(canceled, document("x"))
	require.ErrorIs(t, err, context.Canceled)
}
