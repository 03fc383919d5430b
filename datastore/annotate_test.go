package datastore_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// annotator is an Annotator made of a function.
type annotator func(ctx context.Context, doc *nlp.Document) (*nlp.Annotation, error)

func (a annotator) Annotate(ctx context.Context, doc *nlp.Document) (*nlp.Annotation, error) {
	return a(ctx, doc)
}

// document is a DocumentReference about Patient/p with two attachments.
func document(note string) []byte {
	return []byte(`{"resourceType":"DocumentReference","id":"d","extension":[{"url":"http://example.org/kept","valueString":"kept"}],` +
		`"status":"current","subject":{"reference":"Patient/p"},"content":[{"attachment":{"contentType":"image/png","data":"AAAA"}},` +
		`{"attachment":{"contentType":"text/plain; charset=utf-8","data":"` + base64.StdEncoding.EncodeToString([]byte(note)) + `"}}]}`)
}

// counter counts a word in the notes, and derives a Condition for each time it stands there.
func counter(word string) annotator {
	return func(_ context.Context, doc *nlp.Document) (*nlp.Annotation, error) {
		n := 0
		for _, a := range doc.Attachments {
			n += strings.Count(string(a.Data), word)
		}
		found := &nlp.Annotation{Extensions: [][]byte{fmt.Appendf(nil, `{"url":"%s","extension":[{"url":"count","valueInteger":%d}]}`, nlp.RootURL, n)}}
		for i := range n {
			found.Derived = append(found.Derived, condition(doc, i, word))
		}
		return found, nil
	}
}

func condition(doc *nlp.Document, n int, text string) []byte {
	return fmt.Appendf(nil, `{"resourceType":"Condition","id":"%s","code":{"text":"%s"},"subject":{"reference":"%s"}}`, doc.DerivedID(n), text, doc.Subject)
}

// derived returns the ids of the Conditions of the store, and checks that it is sound.
func derived(t *testing.T, store *datastore.Store) []string {
	t.Helper()
	require.NoError(t, store.Verify(ctx))
	return matchIDs(t, store, "Condition", "_sort=_id&_count=1000")
}

func matchIDs(t *testing.T, store *datastore.Store, typ, query string) []string {
	t.Helper()
	page, err := store.Search(ctx, typ, query)
	require.NoError(t, err)
	var ids []string
	for _, m := range page.Matches {
		ids = append(ids, m.Ref.ID)
	}
	return ids
}

func TestAnnotatorOnEveryWayIn(t *testing.T) {
	store := open(t, &datastore.Options{Annotator: counter("fever")})
	want := `"extension":[{"url":"http://example.org/kept","valueString":"kept"},{"extension":[{"url":"count","valueInteger":2}],"url":"` + nlp.RootURL + `"}]`

	v, err := store.Create(ctx, document("fever, then no fever"))
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), want)
	require.Len(t, derived(t, store), 2)
	require.NoError(t, store.Delete(ctx, v.Ref))
	require.Empty(t, derived(t, store), "they go with the document")

	v, err = store.Update(ctx, document("fever, then no fever"))
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), want)

	again, err := store.Update(ctx, v.JSON)
	require.NoError(t, err)
	require.Contains(t, string(again.JSON), want, "annotating twice gives what annotating once gives")
	ids := derived(t, store)
	require.Len(t, ids, 2)
	first, err := store.Read(ctx, datastore.Ref{Type: "Condition", ID: ids[0]})
	require.NoError(t, err)
	require.Equal(t, "1", first.VersionID, "what is the same is not written again")

	same, err := store.Update(ctx, document("fever, then no fever"), datastore.IfChanged())
	require.NoError(t, err)
	require.True(t, same.Unchanged, "compared without the annotation")

	_, err = store.Write(ctx, func(tx *datastore.Transaction) error {
		_, err := tx.Update(ctx, document("fever fever fever"))
		return err
	})
	require.NoError(t, err)
	require.Len(t, derived(t, store), 3)

	_, err = store.Transact(ctx, []byte(`{"resourceType":"Bundle","type":"transaction","entry":[{"resource":`+
		string(document("no fever at all"))+`,"request":{"method":"PUT","url":"DocumentReference/d"}}]}`))
	require.NoError(t, err)
	require.Len(t, derived(t, store), 1)

	_, err = store.Patch(ctx, datastore.Ref{Type: "DocumentReference", ID: "d"}, []byte(`[{"op":"replace","path":"/content/1/attachment/data","value":"`+
		base64.StdEncoding.EncodeToString([]byte("fever fever"))+`"}]`))
	require.NoError(t, err)
	require.Len(t, derived(t, store), 2)
}

// TestAnnotatorWithinACommit writes a document several times in one commit.
func TestAnnotatorWithinACommit(t *testing.T) {
	store := open(t, &datastore.Options{Annotator: counter("fever")})
	_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		for _, text := range []string{"fever fever fever", "fever", "fever fever"} {
			if _, err := tx.Update(ctx, document(text)); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.Len(t, derived(t, store), 2)
	_, err = store.Write(ctx, func(tx *datastore.Transaction) error {
		if err := tx.Delete(datastore.Ref{Type: "DocumentReference", ID: "d"}); err != nil {
			return err
		}
		_, err := tx.Update(ctx, document("fever fever fever fever"))
		return err
	})
	require.NoError(t, err)
	require.Len(t, derived(t, store), 4)
}

// TestDerivedResourcesOfOthers leaves alone what somebody else wrote or deleted since.
func TestDerivedResourcesOfOthers(t *testing.T) {
	store := open(t, &datastore.Options{Annotator: counter("fever")})
	_, err := store.Update(ctx, document("fever fever fever"))
	require.NoError(t, err)
	ids := derived(t, store)
	_, err = store.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Condition","id":"%s","code":{"text":"mine"},"subject":{"reference":"Patient/p"}}`, ids[0]))
	require.NoError(t, err)
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Condition", ID: ids[1]}))
	_, err = store.Update(ctx, document("fever fever fever!"))
	require.NoError(t, err)
	require.Equal(t, []string{ids[0], ids[2]}, derived(t, store))
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "DocumentReference", ID: "d"}))
	require.Equal(t, []string{ids[0]}, derived(t, store))
	v, err := store.Read(ctx, datastore.Ref{Type: "Condition", ID: ids[0]})
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), "mine")
}

// TestDerivedResourcesThatWereImported expects imported derived resources to follow their
// document like derived resources that the annotator wrote.
func TestDerivedResourcesThatWereImported(t *testing.T) {
	from := open(t, &datastore.Options{Annotator: counter("fever")})
	_, err := from.Update(ctx, document("fever fever fever"))
	require.NoError(t, err)
	to := open(t, &datastore.Options{Annotator: counter("fever")})
	for _, id := range derived(t, from) {
		v, err := from.Read(ctx, datastore.Ref{Type: "Condition", ID: id})
		require.NoError(t, err)
		_, err = to.Update(ctx, v.JSON, datastore.Imported())
		require.NoError(t, err)
	}
	_, err = to.Update(ctx, document("fever"), datastore.Imported())
	require.NoError(t, err)
	require.Len(t, derived(t, to), 1)
	require.NoError(t, to.Delete(ctx, datastore.Ref{Type: "DocumentReference", ID: "d"}))
	require.Empty(t, derived(t, to))
}

func TestAnnotatorsFailureIsRecorded(t *testing.T) {
	hang := make(chan struct{})
	defer close(hang)
	one := func(extension string) annotator {
		return func(context.Context, *nlp.Document) (*nlp.Annotation, error) {
			return &nlp.Annotation{Extensions: [][]byte{[]byte(extension)}}, nil
		}
	}
	deriving := func(resource func(doc *nlp.Document) string) annotator {
		return func(_ context.Context, doc *nlp.Document) (*nlp.Annotation, error) {
			return &nlp.Annotation{Derived: [][]byte{condition(doc, 0, "fine"), []byte(resource(doc))}}, nil
		}
	}
	for name, test := range map[string]struct {
		annotate annotator
		want     string
	}{
		"error":  {func(context.Context, *nlp.Document) (*nlp.Annotation, error) { return nil, errors.New("model is gone") }, "model is gone"},
		"panic":  {func(context.Context, *nlp.Document) (*nlp.Annotation, error) { panic("oh") }, "panicked"},
		"goexit": {func(context.Context, *nlp.Document) (*nlp.Annotation, error) { runtime.Goexit(); return nil, nil }, "ended its goroutine"},
		"hang": {func(ctx context.Context, _ *nlp.Document) (*nlp.Annotation, error) {
			<-ctx.Done()
			<-hang
			return nil, nil
		}, "took longer"},
		"not JSON":              {one("{"), "not valid"},
		"no url":                {one("{}"), "VALIDATION_ERROR"},
		"another url":           {one(`{"url":"http://example.org/kept","valueString":"x"}`), "not its own"},
		"no extension":          {one(`{"url":"` + nlp.RootURL + `","value":1}`), "not valid"},
		"two in one":            {one(`{"url":"` + nlp.RootURL + `","valueString":"x"},{"url":"x","valueString":"x"}`), "not its own"},
		"two of its own in one": {one(`{"url":"` + nlp.RootURL + `","valueString":"x"},{"url":"` + nlp.RootURL + `","valueString":"x"}`), "not its own"},
		"out of the array":      {one(`{"url":"` + nlp.RootURL + `","valueString":"x"}],"description":"x","_description":{"extension":[{"url":"x","valueString":"x"}]},"modifierExtension":[{"url":"x","valueString":"x"}`), "no JSON object"},
		"another array":         {one(`{"url":"` + nlp.RootURL + `","valueString":"x"}],"extension":[{"url":"x","valueString":"x"}`), "VALIDATION_ERROR"},
		"another type":          {deriving(func(doc *nlp.Document) string { return `{"resourceType":"Patient","id":"` + doc.DerivedID(0) + `"}` }), "a Patient is not derived"},
		"another patient": {deriving(func(doc *nlp.Document) string {
			return `{"resourceType":"Condition","id":"` + doc.DerivedID(1) + `","subject":{"reference":"Patient/q"}}`
		}), "not about the document's subject"},
		"another id": {deriving(func(*nlp.Document) string {
			return `{"resourceType":"Condition","id":"x","subject":{"reference":"Patient/p"}}`
		}), "next id"},
		"a gap": {deriving(func(doc *nlp.Document) string { return string(condition(doc, 2, "x")) }), "next id"},
		"invalid": {deriving(func(doc *nlp.Document) string {
			return `{"resourceType":"Condition","id":"` + doc.DerivedID(1) + `","subject":{"reference":"Patient/p"},"nonsense":1}`
		}), "not taken"},
		"no resource": {deriving(func(*nlp.Document) string { return `[` }), "not taken"},
	} {
		t.Run(name, func(t *testing.T) {
			store := open(t, &datastore.Options{Annotator: test.annotate, AnnotateTimeout: 200 * time.Millisecond})
			v, err := store.Update(ctx, document("x"))
			require.NoError(t, err, "the write succeeds all the same")
			require.Contains(t, string(v.JSON), `"url":"`+nlp.StatusURL+`","valueString":"VALIDATION_ERROR"`)
			require.Contains(t, string(v.JSON), test.want)
			require.Contains(t, string(v.JSON), "http://example.org/kept")
			v, err = store.Update(ctx, v.JSON)
			require.NoError(t, err)
			require.Equal(t, 1, strings.Count(string(v.JSON), nlp.StatusURL), "recorded once")
			require.Empty(t, derived(t, store), "all or nothing")
			require.Equal(t, []string{"d"}, matchIDs(t, store, "DocumentReference", "cm-decoration-status=VALIDATION_ERROR"))
		})
	}
}

// TestAnnotatorsThatHang are not called for ever.
func TestAnnotatorsThatHang(t *testing.T) {
	var calls atomic.Int32
	release := make(chan struct{})
	defer close(release)
	store := open(t, &datastore.Options{AnnotateTimeout: time.Millisecond, Annotator: annotator(func(context.Context, *nlp.Document) (*nlp.Annotation, error) {
		calls.Add(1)
		<-release
		return nil, nil
	})})
	for i := range 40 {
		v, err := store.Update(ctx, document(fmt.Sprint(i)))
		require.NoError(t, err)
		require.Contains(t, string(v.JSON), "VALIDATION_ERROR")
	}
	require.Less(t, calls.Load(), int32(10))
}

// TestAnnotatorsThatAreBusy are called for each of many documents at once: a call under way
// is none that hangs.
func TestAnnotatorsThatAreBusy(t *testing.T) {
	const writers = 40
	var under sync.WaitGroup
	under.Add(writers)
	store := open(t, &datastore.Options{Annotator: annotator(func(ctx context.Context, doc *nlp.Document) (*nlp.Annotation, error) {
		under.Done()
		under.Wait() // for the others
		return counter("fever")(ctx, doc)
	})})
	var group errgroup.Group
	for i := range writers {
		group.Go(func() error {
			v, err := store.Create(ctx, document(fmt.Sprint("fever ", i)))
			if err == nil && !strings.Contains(string(v.JSON), `"valueInteger":1`) {
				err = errors.New("it was not annotated")
			}
			return err
		})
	}
	require.NoError(t, group.Wait())
}

func TestAnnotatorIsForDocumentReferencesAlone(t *testing.T) {
	var seen []string
	store := open(t, &datastore.Options{Annotator: annotator(func(_ context.Context, doc *nlp.Document) (*nlp.Annotation, error) {
		for _, a := range doc.Attachments {
			seen = append(seen, fmt.Sprint(a.ContentType, "|", string(a.Data), "|", a.Err))
		}
		return nil, nil
	})})
	_, err := store.Update(ctx, patient("a", "A"))
	require.NoError(t, err)
	require.Empty(t, seen)
	_, err = store.Update(ctx, []byte(`{"resourceType":"Binary","id":"b","contentType":"text/html","data":"PGI+aGk8L2I+"}`))
	require.NoError(t, err)
	_, err = store.Update(ctx, []byte(`{"resourceType":"DocumentReference","id":"n","status":"current","content":[{"attachment":{"url":"http://x"}},`+
		`{"attachment":{"url":"Binary/b"}},{"attachment":{"url":"Binary/none"}},{"attachment":{"contentType":"text/plain","data":"aGV5"}},{"attachment":{"title":"none"}}]}`))
	require.NoError(t, err)
	require.Equal(t, []string{"|" + "|" + nlp.ErrElsewhere.Error(), "text/html|<b>hi</b>|<nil>", "||nlp: the Binary of the attachment's url is not in the store",
		"text/plain|hey|<nil>", "||" + nlp.ErrElsewhere.Error()}, seen)
}

// TestBinaryOfTheSameTransaction reads an attachment whose Binary comes with it.
func TestBinaryOfTheSameTransaction(t *testing.T) {
	store := open(t, &datastore.Options{Annotator: counter("fever")})
	_, err := store.Transact(ctx, []byte(`{"resourceType":"Bundle","type":"transaction","entry":[`+
		`{"resource":{"resourceType":"DocumentReference","status":"current","subject":{"reference":"Patient/p"},"content":[{"attachment":{"url":"urn:uuid:5c7d7f6a-52a3-4f0b-9d0d-3f6f7c1f9a01"}}]},"request":{"method":"POST","url":"DocumentReference"}},`+
		`{"fullUrl":"urn:uuid:5c7d7f6a-52a3-4f0b-9d0d-3f6f7c1f9a01","resource":{"resourceType":"Binary","contentType":"text/plain","data":"ZmV2ZXIgZmV2ZXI="},"request":{"method":"POST","url":"Binary"}}]}`))
	require.NoError(t, err)
	require.Len(t, derived(t, store), 2)
}

func TestAnnotationStopsWithTheContext(t *testing.T) {
	canceled, cancel := context.WithCancel(ctx)
	store := open(t, &datastore.Options{Annotator: annotator(func(context.Context, *nlp.Document) (*nlp.Annotation, error) {
		cancel()
		return nil, canceled.Err()
	})})
	_, err := store.Update(canceled, document("x"))
	require.ErrorIs(t, err, context.Canceled)
}

// TestAnnotateLater annotates in the background: what was there before, what is written,
// and again what is written again; its own versions are passed over, also after opening
// again.
func TestAnnotateLater(t *testing.T) {
	dir, key := t.TempDir(), datastore.KeyFile(t.TempDir()+"/key")
	numbered := func(i int) []byte {
		return []byte(strings.Replace(string(document("x "+strings.Repeat("fever ", i%3))), `"id":"d"`, fmt.Sprintf(`"id":"d%d"`, i), 1))
	}
	const n = 100
	plain, err := datastore.Open(ctx, dir, &datastore.Options{Key: key})
	require.NoError(t, err)
	for i := range n {
		_, err := plain.Update(ctx, numbered(i))
		require.NoError(t, err)
	}
	require.NoError(t, plain.Close())

	var asked atomic.Int32
	count := annotator(func(ctx context.Context, doc *nlp.Document) (*nlp.Annotation, error) {
		asked.Add(1)
		return counter("fever")(ctx, doc)
	})
	later := func() *datastore.Store {
		store, err := datastore.Open(ctx, dir, &datastore.Options{Key: key, Annotator: count, AnnotateLater: true})
		require.NoError(t, err)
		return store
	}
	store := later()
	require.NoError(t, store.WaitAnnotated(ctx))
	stats, err := store.Stats()
	require.NoError(t, err)
	require.Zero(t, stats.Unannotated)
	require.EqualValues(t, n, asked.Load())
	require.Len(t, matchIDs(t, store, "Condition", "_count=1000"), n/3+2*(n/3))
	v, err := store.Read(ctx, datastore.Ref{Type: "DocumentReference", ID: "d5"})
	require.NoError(t, err)
	require.Equal(t, "2", v.VersionID, "the annotation is another version")

	again, err := store.Update(ctx, v.JSON)
	require.NoError(t, err)
	require.NotContains(t, string(again.JSON), nlp.RootURL, "it is not annotated yet")
	same, err := store.Update(ctx, numbered(7), datastore.IfChanged())
	require.NoError(t, err)
	require.True(t, same.Unchanged, "compared without the annotation")
	require.NoError(t, store.WaitAnnotated(ctx))
	require.EqualValues(t, n+1, asked.Load())
	require.NoError(t, store.Close())

	store = later()
	require.NoError(t, store.WaitAnnotated(ctx))
	require.EqualValues(t, n+1, asked.Load(), "nothing is asked twice")
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())
}

// batches takes documents in batches, and answers for some with an error.
type batches struct {
	annotator
	sizes chan int
}

func (b batches) AnnotateBatch(ctx context.Context, docs []*nlp.Document) ([]*nlp.Annotation, []error) {
	b.sizes <- len(docs)
	annotations, errs := make([]*nlp.Annotation, len(docs)), make([]error, len(docs))
	for i, doc := range docs {
		if i%2 == 1 {
			errs[i] = errors.New("odd")
			continue
		}
		annotations[i], errs[i] = b.Annotate(ctx, doc)
	}
	return annotations, errs
}

func TestAnnotatorInBatches(t *testing.T) {
	b := batches{counter("fever"), make(chan int, 100)}
	store := open(t, &datastore.Options{Annotator: b, AnnotateLater: true})
	_, err := store.Write(ctx, func(tx *datastore.Transaction) error {
		for range 50 {
			if _, err := tx.Create(ctx, document("fever")); err != nil {
				return err
			}
		}
		return nil
	})
	require.NoError(t, err)
	require.NoError(t, store.WaitAnnotated(ctx))
	close(b.sizes)
	var sizes []int
	for n := range b.sizes {
		sizes = append(sizes, n)
	}
	require.Equal(t, 50, sizes[0]+sizes[1], sizes)
	require.Len(t, derived(t, store), 25, "one of two")
	require.Len(t, matchIDs(t, store, "DocumentReference", "cm-decoration-status=VALIDATION_ERROR&_count=1000"), 25)
}

// TestAnnotateLaterBesideWriters writes documents while they are annotated, and expects
// each newest version to be annotated in the end.
func TestAnnotateLaterBesideWriters(t *testing.T) {
	store := open(t, &datastore.Options{Annotator: counter("fever"), AnnotateLater: true})
	for i := range 300 {
		doc := strings.Replace(string(document("x "+strings.Repeat("fever ", i%4))), `"id":"d"`, fmt.Sprintf(`"id":"d%d"`, i%7), 1)
		_, err := store.Update(ctx, []byte(doc))
		require.NoError(t, err)
		if i%50 == 49 {
			require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "DocumentReference", ID: "d3"}))
		}
	}
	require.NoError(t, store.WaitAnnotated(ctx))
	want := 0
	for _, id := range matchIDs(t, store, "DocumentReference", "") {
		v, err := store.Read(ctx, datastore.Ref{Type: "DocumentReference", ID: id})
		require.NoError(t, err)
		require.Contains(t, string(v.JSON), nlp.RootURL)
		for n := range 4 {
			if strings.Contains(string(v.JSON), fmt.Sprintf(`"valueInteger":%d`, n)) {
				want += n
			}
		}
	}
	require.Len(t, derived(t, store), want)
}

func TestSearchParametersOfAnnotators(t *testing.T) {
	entity := func(list, entity string, members ...string) string {
		var inner []string
		for i := 0; i < len(members); i += 2 {
			inner = append(inner, `{"url":"`+entity+members[i]+`",`+members[i+1]+`}`)
		}
		return `{"url":"` + list + `","extension":[{"url":"` + entity + `","extension":[` + strings.Join(inner, ",") + `]}]}`
	}
	store := open(t, &datastore.Options{Annotator: annotator(func(_ context.Context, doc *nlp.Document) (*nlp.Annotation, error) {
		return &nlp.Annotation{Extensions: [][]byte{[]byte(`{"url":"` + nlp.RootURL + `","extension":[` +
			entity(nlp.EntitiesURL, nlp.EntityURL, "-text", `"valueString":"Otitis media"`, "-category", `"valueString":"MEDICAL_CONDITION"`, "-type", `"valueString":"DX_NAME"`, "-score", `"valueDecimal":0.98`) + "," +
			entity(nlp.RxNormURL, nlp.RxNormEntityURL, "-text", `"valueString":"Amoxicillin"`, "-score", `"valueDecimal":0.9`,
				"-ConceptList", `"extension":[{"url":"`+nlp.RxNormConceptURL+`","extension":[{"url":"`+nlp.RxNormConceptURL+`-Code","valueString":"723"},{"url":"`+nlp.RxNormConceptURL+`-Description","valueString":"amoxicillin"},{"url":"`+nlp.RxNormConceptURL+`-Score","valueDecimal":0.8}]}]`) + "," +
			`{"url":"` + nlp.StatusURL + `","valueString":"SUCCESS"}]}`)}}, nil
	})})
	_, err := store.Update(ctx, document("x"))
	require.NoError(t, err)
	for query, found := range map[string]bool{
		"cm-decoration-status=SUCCESS":                                            true,
		"detectEntities-entity-text=otitis":                                       true,
		"detectEntities-entity-category=MEDICAL_CONDITION":                        true,
		"detectEntities-entity-score=gt0.97":                                      true,
		"detectEntities-entity-score=gt0.99":                                      false,
		"detectEntities-entity-text-category=Otitis media|MEDICAL_CONDITION":      true,
		"detectEntities-entity-text-category=Otitis media$MEDICAL_CONDITION":      true,
		"detectEntities-entity-text-category=Otitis media|ANATOMY":                false,
		"detectEntities-entity-type-score=DX_NAME|0.98":                           true,
		"detectEntities-entity-type-score=DX_NAME|gt0.9":                          true,
		"infer-rxnorm-entity-text=amox":                                           true,
		"infer-rxnorm-entity-concept-code=723":                                    true,
		"infer-rxnorm-entity-concept-code=724":                                    false,
		"infer-rxnorm-entity-text-concept-score=Amoxicillin|0.8":                  true,
		"infer-rxnorm-entity-text-concept-code=Amoxicillin$723":                   true,
		"infer-rxnorm-entity-concept-description-concept-score=amoxicillin|0.8":   true,
		"infer-rxnorm-entity-concept-description-concept-score=amoxicillin|lt0.5": false,
		"infer-icd10cm-entity-text=x":                                             false,
		"infer-rxnorm-entity-text-concept-code=Amoxicillin$724,Amoxicillin|723":   true,
	} {
		require.Equal(t, found, len(matchIDs(t, store, "DocumentReference", strings.ReplaceAll(query, " ", "%20"))) == 1, query)
	}
	var codes []string
	for _, p := range store.Parameters("DocumentReference") {
		codes = append(codes, p.Code)
	}
	require.True(t, slices.Contains(codes, "detectEntities-entity-category-score"))
}

// TestBinaryOfAVersion reads the version that an attachment's url names, and the current
// one where it names none.
func TestBinaryOfAVersion(t *testing.T) {
	store := open(t, &datastore.Options{Annotator: counter("fever"), BaseURL: "http://example.org/fhir"})
	for _, text := range []string{"fever", "fever fever", ""} {
		_, err := store.Update(ctx, []byte(`{"resourceType":"Binary","id":"b","contentType":"text/plain","data":"`+base64.StdEncoding.EncodeToString([]byte(text+" "))+`"}`))
		require.NoError(t, err)
	}
	for url, want := range map[string]int{
		"Binary/b": 0, "Binary/b/_history/1": 1, "http://example.org/fhir/Binary/b/_history/2": 2, "Binary/b/_history/3": 0,
		"Binary/b/_history/4": 0, "Binary/b/_history/x": 0, "http://elsewhere.org/fhir/Binary/b/_history/2": 0,
	} {
		_, err := store.Update(ctx, []byte(`{"resourceType":"DocumentReference","id":"d","status":"current","subject":{"reference":"Patient/p"},"content":[{"attachment":{"url":"`+url+`"}}]}`))
		require.NoError(t, err)
		require.Len(t, derived(t, store), want, url)
	}
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Binary", ID: "b"}))
	_, err := store.Update(ctx, []byte(`{"resourceType":"DocumentReference","id":"d","status":"current","subject":{"reference":"Patient/p"},"content":[{"attachment":{"url":"Binary/b/_history/2"}}]}`))
	require.NoError(t, err)
	require.Len(t, derived(t, store), 2, "a version outlives its resource")
}

// TestAnnotatedDocumentWithoutOtherExtensions is written as it was read: the annotator's
// extensions are all that it has.
func TestAnnotatedDocumentWithoutOtherExtensions(t *testing.T) {
	for name, options := range map[string]*datastore.Options{"in the write": {}, "later": {AnnotateLater: true}} {
		t.Run(name, func(t *testing.T) {
			options.Annotator = counter("fever")
			store := open(t, options)
			bare := []byte(strings.Replace(string(document("fever")), `"extension":[{"url":"http://example.org/kept","valueString":"kept"}],`, "", 1))
			v, err := store.Update(ctx, bare)
			for range 3 {
				require.NoError(t, err)
				require.NoError(t, store.WaitAnnotated(ctx))
				v, err = store.Read(ctx, v.Ref)
				require.NoError(t, err)
				require.Equal(t, 1, strings.Count(string(v.JSON), nlp.RootURL))
				v, err = store.Update(ctx, v.JSON)
			}
			require.NoError(t, err)
			require.NoError(t, store.WaitAnnotated(ctx))
			same, err := store.Update(ctx, bare, datastore.IfChanged())
			require.NoError(t, err)
			require.True(t, same.Unchanged, "compared without the annotation")
			require.Len(t, derived(t, store), 1)
		})
	}
}

// TestAnnotateLaterWhatIsNotTakenAnyMore goes on behind a document that is larger than the
// store takes by now.
func TestAnnotateLaterWhatIsNotTakenAnyMore(t *testing.T) {
	dir, key := t.TempDir(), datastore.KeyFile(t.TempDir()+"/key")
	numbered := func(i, size int) []byte {
		return []byte(strings.Replace(string(document("fever "+strings.Repeat("x ", size))), `"id":"d"`, fmt.Sprintf(`"id":"d%d"`, i), 1))
	}
	plain, err := datastore.Open(ctx, dir, &datastore.Options{Key: key})
	require.NoError(t, err)
	for i, size := range []int{1, 20_000, 2} {
		_, err := plain.Update(ctx, numbered(i, size))
		require.NoError(t, err)
	}
	require.NoError(t, plain.Close())
	store, err := datastore.Open(ctx, dir, &datastore.Options{Key: key, Annotator: counter("fever"), AnnotateLater: true, MaxResourceSize: 10_000})
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, store.WaitAnnotated(ctx))
	require.Len(t, derived(t, store), 2)
	_, err = store.Update(ctx, numbered(3, 3))
	require.NoError(t, err)
	require.NoError(t, store.WaitAnnotated(ctx))
	require.Len(t, derived(t, store), 3)
}
