package bucket_test

import (
	"bytes"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

var _ ingest.Walker = walkerOf(nil)

func walkerOf(from fs.FS) ingest.Walker { w, _ := from.(ingest.Walker); return w }

// split cuts lines into objects by type.
func split(t *testing.T, patients int) (objects map[string]string, lines int) {
	text, err := io.ReadAll(ingest.Synthetic(1, patients))
	require.NoError(t, err)
	objects = map[string]string{}
	for line := range bytes.Lines(text) {
		name, _, _ := strings.Cut(strings.TrimPrefix(string(line), `{"resourceType":"`), `"`)
		objects["in/"+name+".ndjson"] += string(line)
		lines++
	}
	return objects, lines
}

// A bucket that fails now and then, in every way, gives and takes all the same.
func TestImportAndExportThroughFailures(t *testing.T) {
	s := newService(t)
	objects, lines := split(t, 20)
	s.put(t, objects)
	// The first try of each request is refused, the second one broken: how often one fails
	// does not depend on how many are under way.
	n := atomic.Int64{}
	var tries sync.Map
	s.failing(func(w http.ResponseWriter, r *http.Request) bool {
		n.Add(1)
		counted, _ := tries.LoadOrStore(r.Method+" "+r.URL.String(), new(atomic.Int64))
		switch counted.(*atomic.Int64).Add(1) % 4 {
		case 1:
			io.Copy(io.Discard, r.Body)
			refuse(w, 503, "SlowDown")
		case 2:
			panic(http.ErrAbortHandler)
		default:
			return false
		}
		return true
	})
	b := s.open(t, small)
	store := storetest.Open(t, nil)
	require.NotNil(t, walkerOf(b.FS(background, "in")))
	job, err := ingest.Start(background, store, ingest.Options{From: b.FS(background, "in"), Report: b.Sink(background, "report")})
	require.NoError(t, err)
	result, err := job.Wait()
	require.NoError(t, err)
	require.EqualValues(t, lines, result.Imported)
	manifest, ok := s.get(t, "report/manifest.json")
	require.True(t, ok)
	require.Contains(t, manifest, "COMPLETED")

	out, err := export.Start(background, store, export.Options{To: b.Sink(background, "out")})
	require.NoError(t, err)
	exported, err := out.Wait()
	require.NoError(t, err)
	require.EqualValues(t, lines, exported.Resources)

	again := storetest.Open(t, nil)
	job, err = ingest.Start(background, again, ingest.Options{From: b.FS(background, "out")})
	require.NoError(t, err)
	result, err = job.Wait()
	require.NoError(t, err)
	require.EqualValues(t, lines, result.Imported)
	require.Greater(t, n.Load(), int64(100))
}

// An object that is denied, or gone, is named; the others are imported.
func TestImportOfWhatCannotBeRead(t *testing.T) {
	s := newService(t)
	patient := func(id string) string { return `{"resourceType":"Patient","id":"` + id + "\"}\n" }
	s.put(t, map[string]string{"in/a.ndjson": patient("a"), "in/denied.ndjson": patient("b"), "in/gone.ndjson": patient("c"), "in/z.jsonl": patient("z"), "in/x.txt": "x"})
	s.failing(func(w http.ResponseWriter, r *http.Request) bool {
		switch {
		case strings.HasSuffix(r.URL.Path, "/denied.ndjson"):
			refuse(w, 403, "AccessDenied")
		case strings.HasSuffix(r.URL.Path, "/gone.ndjson"):
			refuse(w, 404, "NoSuchKey")
		default:
			return false
		}
		return true
	})
	store := storetest.Open(t, nil)
	job, err := ingest.Start(background, store, ingest.Options{From: s.open(t, quick).FS(background, "in")})
	require.NoError(t, err)
	result, err := job.Wait()
	require.ErrorIs(t, err, ingest.ErrUnreadable)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.EqualValues(t, 2, result.Imported)
	require.Len(t, result.Files, 4)
	require.Equal(t, ingest.CompletedWithErrors, result.Status)

	_, err = ingest.Start(background, store, ingest.Options{From: s.open(t, quick).FS(background, "nothing")})
	require.ErrorIs(t, err, ingest.ErrNoInput)
}

// An export whose bucket takes no more says so, and leaves no manifest.
func TestExportToABucketThatFails(t *testing.T) {
	s := newService(t)
	store := storetest.Open(t, nil)
	job, err := ingest.Start(background, store, ingest.Options{Reader: ingest.Synthetic(1, 2)})
	require.NoError(t, err)
	_, err = job.Wait()
	require.NoError(t, err)
	s.failing(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != "PUT" || !strings.Contains(r.URL.Path, "Observation") {
			return false
		}
		io.Copy(io.Discard, r.Body)
		refuse(w, 507, "InsufficientStorage")
		return true
	})
	out, err := export.Start(background, store, export.Options{To: s.open(t, quick).Sink(background, "")})
	require.NoError(t, err)
	_, err = out.Wait()
	require.ErrorContains(t, err, "Observation.ndjson")
	_, ok := s.get(t, "manifest.json")
	require.False(t, ok)
}

// A bucket that is gone half way leaves what was read, and names each file that was not.
func TestImportOfABucketThatVanishes(t *testing.T) {
	s := newService(t)
	const files = 40
	objects := map[string]string{}
	for i := range files {
		objects[fmt.Sprintf("in/%02d.ndjson", i)] = fmt.Sprintf(`{"resourceType":"Patient","id":"p%d"}`+"\n", i)
	}
	s.put(t, objects)
	gets := atomic.Int64{}
	s.failing(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != "GET" || !strings.HasSuffix(r.URL.Path, ".ndjson") || gets.Add(1) <= files/2 {
			return false
		}
		refuse(w, 404, "NoSuchBucket")
		return true
	})
	store := storetest.Open(t, nil)
	job, err := ingest.Start(background, store, ingest.Options{From: s.open(t, quick).FS(background, "in"), Report: s.open(t, quick).Sink(background, "report"), Ahead: 4})
	require.NoError(t, err)
	result, err := job.Wait()
	require.ErrorIs(t, err, ingest.ErrUnreadable)
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.Equal(t, ingest.CompletedWithErrors, result.Status)
	require.EqualValues(t, files/2, result.Imported)
	require.EqualValues(t, files/2, result.Failed())
	named := 0
	for _, f := range result.Files {
		if f.Err == nil {
			continue
		}
		named++
		text, ok := s.get(t, "report/FAILURE/"+f.Name)
		require.True(t, ok)
		require.Contains(t, text, `{"lineId":1,`)
	}
	require.Equal(t, files/2, named)
}

// A bucket that answers late is read from in many places at a time.
func TestImportOfASlowBucket(t *testing.T) {
	s := newService(t)
	objects := map[string]string{}
	for i := range 20 {
		objects[fmt.Sprintf("in/%02d.ndjson", i)] = fmt.Sprintf(`{"resourceType":"Patient","id":"p%d"}`+"\n", i)
	}
	s.put(t, objects)
	waiting, enough := atomic.Int64{}, make(chan struct{})
	s.failing(func(_ http.ResponseWriter, r *http.Request) bool {
		if r.Method == "GET" && strings.HasSuffix(r.URL.Path, ".ndjson") {
			if waiting.Add(1) == 8 {
				close(enough)
			}
			select {
			case <-enough:
			case <-s.closes:
			}
		}
		return false
	})
	job, err := ingest.Start(background, storetest.Open(t, nil), ingest.Options{From: s.open(t, quick).FS(background, "in"), Ahead: 8})
	require.NoError(t, err)
	result, err := job.Wait()
	require.NoError(t, err)
	require.EqualValues(t, 20, result.Imported)
}
