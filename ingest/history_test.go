package ingest_test

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/export"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

// lively returns a store with many versions of a few resources, some of which were deleted
// and came back, and a Bundle that is a deletion among the resources.
func lively(t *testing.T) *datastore.Store {
	store := open(t, nil)
	write := func(text string) {
		_, err := store.Update(ctx, []byte(text))
		require.NoError(t, err)
	}
	for n := range 30 {
		id := fmt.Sprint("p", n%3)
		write(patient(id, fmt.Sprint("n", n)))
		write(observationOf(fmt.Sprint("o", n), "Patient/"+id))
		if n%4 == 0 {
			require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: id}))
		}
	}
	write(`{"resourceType":"Bundle","id":"kept","type":"history","entry":[{"request":{"method":"DELETE","url":"Patient/p1"},"response":{"status":"204","etag":"W/\"99\""}}]}`)
	return store
}

// TestHistoryComesBack exports a history in each form and imports it: each version and each
// deletion is there again.
func TestHistoryComesBack(t *testing.T) {
	from := lively(t)
	for _, opts := range []export.Options{
		{}, {FileSize: 300}, {FileSize: 300, Compression: export.Gzip}, {FileSize: 300, Compression: export.Zstd, Layout: export.HealthLake, DatastoreID: "store"},
	} {
		t.Run(fmt.Sprint(opts.Layout, opts.Compression, opts.FileSize), func(t *testing.T) {
			folder := t.TempDir()
			opts.To, opts.History = export.DirSink(folder), true
			job, err := export.Start(ctx, from, opts)
			require.NoError(t, err)
			result, err := job.Wait()
			require.NoError(t, err)
			require.Len(t, result.Deleted, 1)
			requireSame(t, from, ingest.Options{From: os.DirFS(folder)})
		})
	}
	t.Run("a stream", func(t *testing.T) {
		var text bytes.Buffer
		_, err := export.Write(ctx, from, &text, export.Options{History: true})
		require.NoError(t, err)
		requireSame(t, from, ingest.Options{Reader: bytes.NewReader(text.Bytes())})
	})
}

// requireSame imports an export twice and compares the histories of all resources.
func requireSame(t *testing.T, from *datastore.Store, opts ingest.Options) {
	t.Helper()
	to := open(t, nil)
	opts.KeepVersions = true
	for again := range 2 {
		if seeker, ok := opts.Reader.(io.Seeker); ok {
			_, err := seeker.Seek(0, io.SeekStart)
			require.NoError(t, err)
		}
		result, err := run(t, to, opts)
		require.NoError(t, err)
		require.Zero(t, result.Failed())
		require.Equal(t, int64(again)*(result.Scanned-8), result.Unchanged, "all but the deletions")
		for _, id := range []string{"Patient/p0", "Patient/p1", "Patient/p2", "Observation/o0", "Observation/o29", "Bundle/kept"} {
			typ, id, _ := strings.Cut(id, "/")
			ref := datastore.Ref{Type: typ, ID: id}
			require.Equal(t, historyOf(t, from, ref), historyOf(t, to, ref))
		}
		require.Equal(t, contents(t, from), contents(t, to))
	}
	require.NoError(t, to.Verify(ctx))
}

// TestOrganizedByPatients imports files that are organized by patients.
func TestOrganizedByPatients(t *testing.T) {
	from := open(t, nil)
	_, err := run(t, from, ingest.Options{Reader: ingest.Synthetic(1, 3)})
	require.NoError(t, err)
	folder := t.TempDir()
	job, err := export.Start(ctx, from, export.Options{To: export.DirSink(folder), OrganizeBy: "Patient"})
	require.NoError(t, err)
	_, err = job.Wait()
	require.NoError(t, err)
	to := open(t, nil)
	result, err := run(t, to, ingest.Options{From: os.DirFS(folder), Validation: datastore.Strict})
	require.NoError(t, err)
	require.Equal(t, ingest.Completed, result.Status)
	require.Equal(t, contents(t, from), contents(t, to))
}
