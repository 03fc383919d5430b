package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

func TestReport(t *testing.T) {
	bad := `{"resourceType":"Patient"}` + "\n"
	in := fstest.MapFS{
		"a.ndjson":        {Data: []byte(bad + patient("a", "x") + "\n" + bad)},
		"b.ndjson":        {Data: []byte(patient("b", "x"))},
		"sub/c.ndjson.gz": {Data: compressed("\n" + bad)},
	}
	folder := filepath.Join(t.TempDir(), "report")
	result, err := run(t, open(t, nil), ingest.Options{
		From: in, Name: "in", JobName: "nightly", Report: ingest.DirSink(folder),
	})
	require.NoError(t, err)

	require.NoFileExists(t, filepath.Join(folder, "FAILURE", "b.ndjson"), "a file without failures has none")
	text, err := os.ReadFile(filepath.Join(folder, "FAILURE", "a.ndjson"))
	require.NoError(t, err)
	failures := readFailures(t, text)
	require.Len(t, failures, 2)
	require.EqualValues(t, 1, failures[0].LineID)
	require.EqualValues(t, 3, failures[1].LineID)
	require.True(t, bytes.HasPrefix(text, []byte(
		`{"lineId":1,"UpdateResourceResponse":{"jsonBlob":{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"`)))
	require.Contains(t, string(text), `},"statusCode":400}}`+"\n")

	text, err = os.ReadFile(filepath.Join(folder, "FAILURE", "sub", "c.ndjson.gz"))
	require.NoError(t, err)
	z, err := gzip.NewReader(bytes.NewReader(text))
	require.NoError(t, err)
	text, err = io.ReadAll(z)
	require.NoError(t, err)
	failures = readFailures(t, text)
	require.Len(t, failures, 1)
	require.EqualValues(t, 2, failures[0].LineID)

	text, err = os.ReadFile(filepath.Join(folder, "manifest.json"))
	require.NoError(t, err)
	require.JSONEq(t, `{
		"jobName": "nightly", "jobStatus": "COMPLETED_WITH_ERRORS",
		"inputDataConfig": {"s3Uri": "in"},
		"outputDataConfig": {"s3Uri": "./", "encryptionKeyID": ""},
		"successOutput": {"successOutputS3Uri": "SUCCESS/"},
		"failureOutput": {"failureOutputS3Uri": "FAILURE/"},
		"numberOfScannedFiles": 3, "numberOfFilesImported": 3,
		"sizeOfScannedFilesInMB": 0.000201, "sizeOfDataImportedSuccessfullyInMB": 0.000119,
		"numberOfResourcesScanned": 5, "numberOfResourcesImportedSuccessfully": 2, "numberOfResourcesUnchanged": 0,
		"numberOfResourcesWithCustomerError": 3, "numberOfResourcesWithServerError": 0
	}`, string(text))
	require.EqualValues(t, 201, result.Bytes)
}

func TestReportThatCannotBeWrittenStopsTheRun(t *testing.T) {
	full := errors.New("the report's disk is full")
	for _, text := range []string{patient("a", "x") + "\nbad\n" + patient("b", "x"), patient("a", "x")} {
		result, err := run(t, open(t, nil), ingest.Options{Reader: strings.NewReader(text), Report: fails{full}})
		require.ErrorIs(t, err, full)
		require.Equal(t, ingest.Failed, result.Status)
		require.NotZero(t, result.Imported, "the count is of what the store holds")
	}
}

func TestClosedStoreStopsTheRun(t *testing.T) {
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	var report storetest.Sink
	result, err := run(t, store, ingest.Options{Reader: strings.NewReader(patient("a", "x")), Report: &report})
	require.ErrorIs(t, err, datastore.ErrClosed)
	require.Equal(t, ingest.Failed, result.Status)
	require.Zero(t, result.Imported)
	require.Contains(t, string(report.File("manifest.json")), `"FAILED"`)
}

// cancels reads on and calls a function once n bytes were read.
type cancels struct {
	io.Reader
	n      int
	cancel func()
}

func (c *cancels) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	if c.n -= n; c.n <= 0 {
		c.cancel()
	}
	return n, err
}

func TestCancel(t *testing.T) {
	text := synthetic(t, 40)
	want := expect(t, text)
	for _, part := range []int{0, 2, 4, 10} {
		store := open(t, nil)
		running, cancel := context.WithCancel(ctx)
		defer cancel()
		var report storetest.Sink
		job, err := ingest.Start(running, store, ingest.Options{
			Reader: &cancels{bytes.NewReader(text), len(text) * part / 11, cancel}, Report: &report,
		})
		require.NoError(t, err)
		result, err := job.Wait()
		require.ErrorIs(t, err, context.Canceled)
		require.Equal(t, ingest.Cancelled, result.Status)
		require.Less(t, result.Bytes, int64(len(text)))
		require.Contains(t, string(report.File("manifest.json")), `"CANCEL_COMPLETED"`)
		require.Contains(t, string(report.File("manifest.json")), `"numberOfFilesImported": 0`)
		require.Nil(t, report.File("FAILURE/stdin"), "that the run was cancelled is no fault of a line")
		want.requirePrefix(t, store, int(result.Imported))
	}
}

func TestCancelOfAJob(t *testing.T) {
	blocked, cancelled := make(chan struct{}), make(chan struct{})
	job, err := ingest.Start(ctx, open(t, nil), ingest.Options{Reader: readerFunc(func(p []byte) (int, error) {
		close(blocked)
		<-cancelled
		return copy(p, "\n"), nil
	})})
	require.NoError(t, err)
	<-blocked
	job.Cancel()
	close(cancelled)
	_, err = job.Wait()
	require.ErrorIs(t, err, context.Canceled)
	_, err = job.Wait()
	require.ErrorIs(t, err, context.Canceled, "waiting again says the same")
}

type readerFunc func(p []byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func TestProgress(t *testing.T) {
	folder := fstest.MapFS{
		"a.ndjson":    {Data: synthetic(t, 15)},
		"b.ndjson.gz": {Data: compressed(string(synthetic(t, 3)))},
	}
	size := int64(len(folder["a.ndjson"].Data) + len(folder["b.ndjson.gz"].Data))
	var seen []ingest.Progress // without a lock: calls come from one goroutine
	job, err := ingest.Start(ctx, open(t, nil), ingest.Options{
		From: folder, Progress: func(p ingest.Progress) { seen = append(seen, p) },
	})
	require.NoError(t, err)
	result, err := job.Wait()
	require.NoError(t, err)

	require.NotEmpty(t, seen)
	require.LessOrEqual(t, len(seen), 2+int(result.Elapsed/(90*time.Millisecond)))
	previous := ingest.Progress{}
	for _, p := range seen {
		require.GreaterOrEqual(t, p.Imported, previous.Imported)
		require.GreaterOrEqual(t, p.Read, previous.Read)
		require.GreaterOrEqual(t, p.FilesDone, previous.FilesDone)
		require.Equal(t, size, p.Size)
		require.Equal(t, 2, p.Files)
		previous = p
	}
	require.Equal(t, result.Counts, previous.Counts)
	require.Equal(t, 2, previous.FilesDone)
	require.Equal(t, size, previous.Read)
	require.Empty(t, previous.File)
	require.Equal(t, previous.Counts, job.Progress().Counts)
}

func TestReadersSeeWhatIsImported(t *testing.T) {
	store := open(t, nil)
	proceed := make(chan struct{})
	text := io.MultiReader(
		ingest.Synthetic(1, 10),
		readerFunc(func([]byte) (int, error) { <-proceed; return 0, io.EOF }),
	)
	job, err := ingest.Start(ctx, store, ingest.Options{Reader: text})
	require.NoError(t, err)
	require.Eventually(t, func() bool { return job.Progress().Imported > 500 }, 30*time.Second, time.Millisecond)
	page, err := store.Search(ctx, "Patient", "_count=1")
	require.NoError(t, err)
	require.Len(t, page.Matches, 1)
	close(proceed)
	_, err = job.Wait()
	require.NoError(t, err)
}
