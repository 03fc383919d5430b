package ingest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

func TestMain(m *testing.M) {
	if folder := os.Getenv(childFolder); folder != "" {
		child(folder)
		return
	}
	storetest.Main(m)
}

var ctx = context.Background()

// now stands still, so that two imports of the same lines store the same bytes.
func now() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC) }

// open opens a store in memory whose clock stands still.
func open(tb testing.TB, opts *datastore.Options) *datastore.Store {
	tb.Helper()
	if opts == nil {
		opts = &datastore.Options{}
	}
	opts.Now = now
	return storetest.Open(tb, opts)
}

// run imports and waits.
func run(tb testing.TB, store *datastore.Store, opts ingest.Options) (ingest.Result, error) {
	tb.Helper()
	job, err := ingest.Start(ctx, store, opts)
	require.NoError(tb, err)
	return job.Wait()
}

// patient returns a line.
func patient(id, family string) string {
	return `{"resourceType":"Patient","id":"` + id + `","name":[{"family":"` + family + `"}]}`
}

// failure is a line of a failures file.
type failure struct {
	LineID   int64 `json:"lineId"`
	Response struct {
		Outcome struct {
			ResourceType string `json:"resourceType"`
			Issue        []struct{ Severity, Code, Diagnostics string }
		} `json:"jsonBlob"`
		Status int `json:"statusCode"`
	} `json:"UpdateResourceResponse"`
}

// readFailures reads a failures file, whose every line must be FHIR.
func readFailures(tb testing.TB, text []byte) []failure {
	tb.Helper()
	validator := open(tb, nil)
	var all []failure
	for line := range bytes.Lines(text) {
		var f failure
		d := json.NewDecoder(bytes.NewReader(line))
		d.DisallowUnknownFields()
		var raw struct {
			UpdateResourceResponse struct {
				JSONBlob json.RawMessage `json:"jsonBlob"`
			}
		}
		require.NoError(tb, json.Unmarshal(line, &raw))
		_, invalid := validator.Validate(ctx, raw.UpdateResourceResponse.JSONBlob)
		require.NoError(tb, invalid)
		require.NoError(tb, json.Unmarshal(line, &f))
		require.Equal(tb, "OperationOutcome", f.Response.Outcome.ResourceType)
		require.NotEmpty(tb, f.Response.Outcome.Issue)
		all = append(all, f)
	}
	return all
}

// contents returns the current version of every resource.
func contents(tb testing.TB, store *datastore.Store) map[string]string {
	tb.Helper()
	snapshot := store.Snapshot()
	defer snapshot.Close()
	all := map[string]string{}
	for _, name := range snapshot.Types() {
		versions, err := snapshot.Current(name)
		require.NoError(tb, err)
		for o := range versions {
			text, err := snapshot.AppendJSON(nil, o)
			require.NoError(tb, err)
			all[refOf(tb, text)] = string(text)
		}
	}
	return all
}

// refOf returns "Type/id" of a resource that begins as synthetic and canonical
// ones do.
func refOf(tb testing.TB, resource []byte) string {
	tb.Helper()
	rest, ok := bytes.CutPrefix(resource, []byte(`{"resourceType":"`))
	require.True(tb, ok)
	name, rest, ok := bytes.Cut(rest, []byte(`","id":"`))
	require.True(tb, ok)
	id, _, ok := bytes.Cut(rest, []byte{'"'})
	require.True(tb, ok)
	return string(name) + "/" + string(id)
}

// expected is a text whose lines have an id each, and what a store holds that
// imported it.
type expected struct {
	text     []byte
	contents map[string]string
}

func expect(tb testing.TB, text []byte) expected {
	tb.Helper()
	store := open(tb, nil)
	_, err := run(tb, store, ingest.Options{Reader: bytes.NewReader(text)})
	require.NoError(tb, err)
	return expected{text, contents(tb, store)}
}

// requirePrefix checks that a store holds the first lines of the text, at least n
// of them, each as it should be, and nothing else.
func (e expected) requirePrefix(tb testing.TB, store *datastore.Store, n int) {
	tb.Helper()
	got := contents(tb, store)
	require.GreaterOrEqual(tb, len(got), n, "what was acknowledged is there")
	i := 0
	for line := range bytes.Lines(e.text) {
		ref := refOf(tb, line)
		text, ok := got[ref]
		if ok != (i < len(got)) || ok && text != e.contents[ref] {
			require.Equal(tb, e.contents[ref], text, "line %d of %d", i+1, len(got))
		}
		i++
	}
	requireIndexed(tb, store, got)
}

// requireIndexed checks that searches find what the store holds.
func requireIndexed(tb testing.TB, store *datastore.Store, holds map[string]string) {
	tb.Helper()
	want := map[string]int{}
	for ref := range holds {
		name, _, _ := strings.Cut(ref, "/")
		want[name]++
	}
	for name, n := range want {
		page, err := store.Search(ctx, name, "_summary=count")
		require.NoError(tb, err)
		require.EqualValues(tb, n, page.Total, name)
	}
}

// fails is a Sink that takes nothing.
type fails struct{ err error }

func (f fails) Create(string) (io.WriteCloser, error) { return nil, f.err }

// repeat reads one text over and over.
func repeat(text string, size int64) io.Reader {
	return io.LimitReader(&repeated{text: text, rest: text}, size)
}

type repeated struct{ text, rest string }

func (r *repeated) Read(p []byte) (int, error) {
	if r.rest == "" {
		r.rest = r.text
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}

var longText = strings.Repeat("x", 1<<16)
