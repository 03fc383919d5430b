package ingest_test

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/stretchr/testify/require"
)

// wordsAnnotator derives an Observation of each word of a note, an AllergyIntolerance of
// each "a", and a Linkage of nothing but the note's length.
type wordsAnnotator struct{}

func (wordsAnnotator) Annotate(_ context.Context, doc *nlp.Document) (*nlp.Annotation, error) {
	text := string(doc.Attachments[0].Data)
	a := &nlp.Annotation{Extensions: [][]byte{nlp.Status("SUCCESS", "")}}
	for i, word := range strings.Fields(text) {
		a.Derived = append(a.Derived, fmt.Appendf(nil, `{"resourceType":"Observation","id":"%s","status":"unknown","code":{"text":"%s"},"subject":{"reference":"%s"}}`, doc.DerivedID(i), word, doc.Subject))
	}
	for i := range strings.Count(text, "a") {
		a.Derived = append(a.Derived, fmt.Appendf(nil, `{"resourceType":"AllergyIntolerance","id":"%s","code":{"text":"a of %d"},"patient":{"reference":"%s"}}`, doc.DerivedID(i), len(text), doc.Subject))
	}
	a.Derived = append(a.Derived, fmt.Appendf(nil, `{"resourceType":"Linkage","id":"%s","item":[{"type":"source","resource":{"reference":"DocumentReference/%s","display":"%d"}}]}`, doc.DerivedID(0), doc.ID, len(text)))
	return a, nil
}

func noteOf(id, text string) []byte {
	return fmt.Appendf(nil, `{"resourceType":"DocumentReference","id":"%s","status":"current","subject":{"reference":"Patient/p"},"content":[{"attachment":{"contentType":"text/plain","data":"%s"}}]}`,
		id, base64.StdEncoding.EncodeToString([]byte(text)))
}

// currentOf returns what a store has now, by reference, with or without version and time.
func currentOf(t *testing.T, store *datastore.Store, versions bool) map[string]string {
	all := map[string]string{}
	for v, err := range store.History(ctx, datastore.Ref{}, nil) {
		require.NoError(t, err)
		name := v.Ref.Type + "/" + v.Ref.ID
		if _, ok := all[name]; ok {
			continue
		}
		all[name] = ""
		if !v.Deleted {
			text := string(v.JSON)
			if !versions {
				text = strings.Replace(text, `"versionId":"`+v.VersionID+`","lastUpdated":"`+v.LastUpdated.UTC().Format("2006-01-02T15:04:05.000000Z")+`"`, "", 1)
			}
			all[name] = text
		}
	}
	for name, text := range all {
		if text == "" {
			delete(all, name)
		}
	}
	return all
}

// TestAnnotatedExport exports a store with annotated documents and imports that, in files
// of any order, into stores that annotate, and ones that do not: no line fails, and what
// is there is the same.
func TestAnnotatedExport(t *testing.T) {
	at := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	from, err := datastore.Open(ctx, "mem:", &datastore.Options{Annotator: wordsAnnotator{}, Now: func() time.Time { at = at.Add(1234567 * time.Microsecond); return at }})
	require.NoError(t, err)
	defer from.Close()
	for i, text := range []string{"a b c", "a", "d a a a", "b c d e", "a a", "", "a b c", "x"} {
		for id := range 4 {
			if (i+id)%5 == 4 {
				require.NoError(t, from.Delete(ctx, datastore.Ref{Type: "DocumentReference", ID: fmt.Sprint("n", id)}))
				continue
			}
			if text == "" {
				text = " "
			}
			_, err := from.Update(ctx, noteOf(fmt.Sprint("n", id), text))
			require.NoError(t, err)
		}
	}
	for _, history := range []bool{false, true} {
		var out storetest.Sink
		job, err := export.Start(ctx, from, export.Options{To: &out, History: history})
		require.NoError(t, err)
		_, err = job.Wait()
		require.NoError(t, err)
		for order, prefix := range map[string]func(name string) string{
			"documents first": func(name string) string {
				if strings.HasPrefix(name, "DocumentReference") {
					return "0" + name
				}
				return name
			},
			"documents last": func(name string) string {
				if strings.HasPrefix(name, "DocumentReference") {
					return "Z" + name
				}
				return name
			},
			"by name": func(name string) string { return name },
		} {
			input := fstest.MapFS{}
			for _, name := range out.Names() {
				input[prefix(name)] = &fstest.MapFile{Data: out.File(name)}
			}
			for _, keep := range []bool{false, true} {
				for kind, options := range map[string]*datastore.Options{"plain": {}, "annotated": {Annotator: wordsAnnotator{}}, "later": {Annotator: wordsAnnotator{}, AnnotateLater: true}} {
					t.Run(fmt.Sprint("history ", history, ", ", order, ", keep ", keep, ", ", kind), func(t *testing.T) {
						store := open(t, options)
						for pass := range 2 {
							var report storetest.Sink
							result, err := run(t, store, ingest.Options{From: input, KeepVersions: keep, Report: &report})
							require.NoError(t, err)
							for _, name := range report.Names() {
								if strings.HasPrefix(name, "FAILURE/") {
									t.Log(pass, name, string(report.File(name)))
								}
							}
							require.Zero(t, result.Failed())
							require.NoError(t, store.WaitAnnotated(ctx))
							require.NoError(t, store.Verify(ctx))
							require.Equal(t, currentOf(t, from, keep && kind == "plain"), currentOf(t, store, keep && kind == "plain"))
						}
					})
				}
			}
		}
	}
}
