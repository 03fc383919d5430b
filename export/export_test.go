package export_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

var ctx = context.Background()

// run exports and waits.
func run(tb testing.TB, from datastore.Reader, opts export.Options) (export.Result, error) {
	tb.Helper()
	job, err := export.Start(ctx, from, opts)
	require.NoError(tb, err)
	return job.Wait()
}

// update writes a resource.
func update(tb testing.TB, store *datastore.Store, resource string) datastore.Version {
	tb.Helper()
	v, err := store.Update(ctx, []byte(resource))
	require.NoError(tb, err)
	return v
}

// value reads a resource as a JSON value whose numbers keep their digits,
// without what the store adds to its meta.
func value(tb testing.TB, text []byte) map[string]any {
	tb.Helper()
	var v map[string]any
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	require.NoError(tb, d.Decode(&v))
	if meta, ok := v["meta"].(map[string]any); ok {
		delete(meta, "versionId")
		delete(meta, "lastUpdated")
		if len(meta) == 0 {
			delete(v, "meta")
		}
	}
	return v
}

// requireRoundTrip imports a text, exports it, and compares all lines as values.
func requireRoundTrip(t *testing.T, text []byte) {
	want := map[string]map[string]any{}
	counts := map[string]int64{}
	for line := range bytes.Lines(text) {
		v := value(t, line)
		want[fmt.Sprint(v["resourceType"], "/", v["id"])] = v
		counts[v["resourceType"].(string)]++
	}
	store := storetest.Open(t, nil)
	load(t, store, bytes.NewReader(text))
	var out storetest.Sink
	result, err := run(t, store, export.Options{To: &out})
	require.NoError(t, err)
	require.EqualValues(t, len(want), result.Resources)
	require.Len(t, result.Files, len(counts))
	seen := 0
	for _, f := range result.Files {
		require.Equal(t, f.Type+".ndjson", f.Name)
		require.Equal(t, counts[f.Type], f.Count)
		content := out.File(f.Name)
		require.EqualValues(t, len(content), f.Bytes)
		require.EqualValues(t, f.Count, bytes.Count(content, []byte{'\n'}))
		for line := range bytes.Lines(content) {
			v := value(t, line)
			ref := fmt.Sprint(v["resourceType"], "/", v["id"])
			require.Equal(t, f.Type, v["resourceType"])
			if !reflect.DeepEqual(want[ref], v) {
				require.Equal(t, want[ref], v, ref)
			}
			seen++
		}
	}
	require.Len(t, want, seen)
}

func TestSyntheaRoundTrip(t *testing.T) { requireRoundTrip(t, synthea(t)) }

func TestSyntheticRoundTrip(t *testing.T) {
	text, err := io.ReadAll(ingest.Synthetic(1, 10))
	require.NoError(t, err)
	requireRoundTrip(t, text)
}

func TestExportInTheOrderOfTheLog(t *testing.T) {
	store := storetest.Open(t, nil)
	var text strings.Builder
	const n = 1000
	for id := range n {
		fmt.Fprintf(&text, `{"resourceType":"Patient","id":"p%d"}`+"\n", id)
	}
	load(t, store, strings.NewReader(text.String()))
	require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: "p1"}))
	update(t, store, `{"resourceType":"Patient","id":"p0","active":true}`)
	update(t, store, `{"resourceType":"Basic","id":"b","code":{"text":"x"}}`)

	var first []byte
	for workers := range 5 {
		var out storetest.Sink
		result, err := run(t, store, export.Options{To: &out, Types: []string{"Patient", "Group"}, Workers: workers})
		require.NoError(t, err)
		require.Equal(t, []string{"Patient.ndjson", "manifest.json"}, out.Names(), "one type was asked for that has resources")
		require.EqualValues(t, n-1, result.Resources)
		content := out.File("Patient.ndjson")
		lines := strings.Split(strings.TrimSuffix(string(content), "\n"), "\n")
		require.Contains(t, lines[0], `"id":"p2"`, "p0 has a newer version and p1 is deleted")
		require.Contains(t, lines[n-2], `"id":"p0","meta":{"versionId":"2"`)
		if first == nil {
			first = content
		}
		require.Equal(t, string(first), string(content))
	}
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "p0"})
	require.NoError(t, err)
	require.True(t, bytes.HasSuffix(first, append(v.JSON, '\n')), "a line is what Read returns")
}

func TestSnapshotStaysAsItWas(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 2))
	snapshot := store.Snapshot()
	defer snapshot.Close()
	var before, after storetest.Sink
	_, err := run(t, snapshot, export.Options{To: &before})
	require.NoError(t, err)
	load(t, store, ingest.Synthetic(1, 3))
	result, err := run(t, snapshot, export.Options{To: &after})
	require.NoError(t, err)
	require.Equal(t, snapshot.Time(), result.TransactionTime)
	require.Equal(t, before.Names(), after.Names())
	for _, name := range before.Names() {
		require.True(t, bytes.Equal(before.File(name), after.File(name)), name)
	}
}

// TestWritesMeanwhileAreNotSeen writes into every file's time.
func TestWritesMeanwhileAreNotSeen(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 2))
	var want, got storetest.Sink
	_, err := run(t, store, export.Options{To: &want})
	require.NoError(t, err)
	_, err = run(t, store, export.Options{To: sinkFunc(func(name string) (io.WriteCloser, error) {
		load(t, store, ingest.Synthetic(1, 2))
		return got.Create(name)
	})})
	require.NoError(t, err)
	for _, name := range want.Names() {
		require.True(t, bytes.Equal(want.File(name), got.File(name)), name)
	}
}

type sinkFunc func(name string) (io.WriteCloser, error)

func (f sinkFunc) Create(name string) (io.WriteCloser, error) { return f(name) }

func TestManifest(t *testing.T) {
	store := storetest.Open(t, &datastore.Options{
		Now: func() time.Time { return time.Date(2026, 1, 2, 3, 4, 5, 60_000, time.UTC) },
	})
	update(t, store, `{"resourceType":"Patient","id":"a"}`)
	update(t, store, `{"resourceType":"Patient","id":"b"}`)
	update(t, store, `{"resourceType":"Basic","id":"b","code":{"text":"x"}}`)
	folder := filepath.Join(t.TempDir(), "out")
	_, err := run(t, store, export.Options{To: export.DirSink(folder), Request: "http://example.org/fhir/$export"})
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(folder, "manifest.json"))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"transactionTime": "2026-01-02T03:04:05.000060Z",
		"request": "http://example.org/fhir/$export",
		"requiresAccessToken": false,
		"output": [
			{"type": "Basic", "url": "Basic.ndjson", "count": 1},
			{"type": "Patient", "url": "Patient.ndjson", "count": 2}
		],
		"deleted": [],
		"error": []
	}`, string(text))
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, 3)
	for _, e := range entries {
		info, err := e.Info()
		require.NoError(t, err)
		require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	}
}

func TestEmptyStore(t *testing.T) {
	var out storetest.Sink
	result, err := run(t, storetest.Open(t, nil), export.Options{To: &out})
	require.NoError(t, err)
	require.Zero(t, result.Resources)
	require.Equal(t, []string{"manifest.json"}, out.Names())
	require.Contains(t, string(out.File("manifest.json")), `"output": []`)
}

// writer fails or calls a function once n bytes were written.
type writer struct {
	n    int
	then func() error
}

func (w *writer) Write(p []byte) (int, error) {
	if w.n -= len(p); w.n < 0 {
		if err := w.then(); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

func (w *writer) Close() error { return nil }

func TestCancelLeavesNoHalfFile(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 10))
	folder := t.TempDir()
	running, cancel := context.WithCancel(ctx)
	defer cancel()
	files := export.DirSink(folder)
	job, err := export.Start(running, store, export.Options{To: sinkFunc(func(name string) (io.WriteCloser, error) {
		if name == "Observation.ndjson" {
			cancel()
		}
		return files.Create(name)
	})})
	require.NoError(t, err)
	result, err := job.Wait()
	require.ErrorIs(t, err, context.Canceled)
	require.NotEmpty(t, result.Files)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Len(t, entries, len(result.Files), "the files that are complete, and no others")
	for _, f := range result.Files {
		require.FileExists(t, filepath.Join(folder, f.Name))
		require.NotEqual(t, "Observation.ndjson", f.Name)
	}
}

func TestCancelOfAJob(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 10))
	started := make(chan *export.Job, 1)
	cancel := sync.OnceFunc(func() { (<-started).Cancel() })
	job, err := export.Start(ctx, store, export.Options{To: sinkFunc(func(string) (io.WriteCloser, error) {
		return &writer{n: 10_000, then: func() error { cancel(); return nil }}, nil
	}), Types: []string{"Observation"}})
	require.NoError(t, err)
	started <- job
	_, err = job.Wait()
	require.ErrorIs(t, err, context.Canceled)
}

func TestSinkFails(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 5))
	full := errors.New("the disk is full")
	for name, to := range map[string]export.Sink{
		"at once":  sinkFunc(func(string) (io.WriteCloser, error) { return nil, full }),
		"later on": sinkFunc(func(string) (io.WriteCloser, error) { return &writer{100_000, func() error { return full }}, nil }),
		"manifest": sinkFunc(func(name string) (io.WriteCloser, error) {
			if name == "manifest.json" {
				return nil, full
			}
			return &writer{n: 1 << 40}, nil
		}),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := run(t, store, export.Options{To: to})
			require.ErrorIs(t, err, full)
		})
	}
}

func TestProgress(t *testing.T) {
	store := storetest.Open(t, nil)
	load(t, store, ingest.Synthetic(1, 5))
	var seen []export.Progress // without a lock: calls come from one goroutine
	job, err := export.Start(ctx, store, export.Options{To: discard{}, Progress: func(p export.Progress) { seen = append(seen, p) }})
	require.NoError(t, err)
	result, err := job.Wait()
	require.NoError(t, err)
	last := seen[len(seen)-1]
	require.Equal(t, result.Resources, last.Resources)
	require.Equal(t, result.Bytes, last.Bytes)
	require.Empty(t, last.Type)
	require.Equal(t, last.Bytes, job.Progress().Bytes)
}

// TestLargeResources has resources that fill pages of their own, and checks that
// memory stays within a few of them.
func TestLargeResources(t *testing.T) {
	store := storetest.Open(t, nil)
	const size, n = 3 << 20, 40
	padding := strings.Repeat("A", size)
	for id := range n {
		update(t, store, fmt.Sprintf(`{"resourceType":"Binary","id":"b%d","contentType":"text/plain","data":%q}`, id, padding))
	}
	largest := uint64(0)
	result, err := run(t, store, export.Options{To: sinkFunc(func(string) (io.WriteCloser, error) {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		before := m.HeapAlloc
		return &writer{n: -1, then: func() error {
			runtime.GC()
			runtime.ReadMemStats(&m)
			if m.HeapAlloc > before {
				largest = max(largest, m.HeapAlloc-before)
			}
			return nil
		}}, nil
	}), Workers: 2})
	require.NoError(t, err)
	require.EqualValues(t, n, result.Resources)
	require.Greater(t, result.Bytes, int64(n*size))
	require.Less(t, largest, uint64(n*size/2))
}

func TestStartReportsWhatIsWrong(t *testing.T) {
	_, err := export.Start(ctx, storetest.Open(t, nil), export.Options{Types: []string{"Patient", "Patiens", ""}, Workers: -1})
	for _, says := range []string{"To", `"Patiens"`, `""`, "Workers"} {
		require.ErrorContains(t, err, says)
	}
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	_, err = export.Start(ctx, store, export.Options{To: discard{}})
	require.ErrorIs(t, err, datastore.ErrClosed)
}

func TestStoreClosedMeanwhile(t *testing.T) {
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(t, err)
	load(t, store, ingest.Synthetic(1, 10))
	_, err = run(t, store, export.Options{To: sinkFunc(func(string) (io.WriteCloser, error) {
		return &writer{n: 0, then: store.Close}, nil
	})})
	require.ErrorIs(t, err, datastore.ErrClosed)
}
