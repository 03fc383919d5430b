package ingest_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/fhirlake/fhirlake/jobs"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
)

// flawedInput has three files with bad lines here and there, and lines that only level
// Minimal takes.
func flawedInput(t *testing.T) fstest.MapFS {
	var folder = fstest.MapFS{}
	for n, name := range []string{"a.ndjson", "b.ndjson.gz", "c.ndjson"} {
		var text strings.Builder
		line := 0
		for l := range bytes.Lines(synthetic(t, 20)) {
			switch line++; {
			case line%97 == 5:
				text.WriteString("{broken\n")
			case line%89 == 7:
				fmt.Fprintf(&text, `{"resourceType":"Patient","id":"flawed-%d-%d","gender":"none"}`+"\n", n, line)
			}
			text.Write(l)
		}
		data := []byte(text.String())
		if strings.HasSuffix(name, ".gz") {
			data = compressed(text.String())
		}
		folder[name] = &fstest.MapFile{Data: data}
	}
	return folder
}

// TestResume stops an import again and again, by cancelling it or by closing its store,
// and goes on: counts, report and store are those of an import that nobody stopped.
func TestResume(t *testing.T) {
	input := flawedInput(t)
	whole := open(t, nil)
	var report storetest.Sink
	want, err := run(t, whole, ingest.Options{From: input, Validation: datastore.Minimal, Report: &report})
	require.NoError(t, err)
	require.Positive(t, want.CustomerErrors)
	require.Positive(t, want.WithIssues)
	size := 0
	for _, f := range input {
		size += len(f.Data)
	}
	for _, stop := range []string{"cancel", "close"} {
		t.Run(stop, func(t *testing.T) {
			reopen := storeIn(t, t.TempDir())
			store := reopen()
			var again storetest.Sink
			id := ""
			result, rounds := interrupted(t, &store, func(round int, cancel func()) ingest.Options {
				n, cut := size/5, cancel
				if stop == "close" {
					cut = func() { go store.Close() }
				}
				options := ingest.Options{From: cutFS{input, &n, cut}, Validation: datastore.Minimal, Report: &again}
				if round > 12 {
					options.From = input
				}
				return options
			}, func(job string, _ ingest.Result, _ error) {
				require.NoError(t, store.Close())
				store = reopen()
				if id = job; id != "" {
					record, err := jobs.Get(ctx, store, id)
					require.NoError(t, err)
					require.False(t, jobs.Runs(store, id))
					require.Contains(t, []jobs.Status{jobs.InProgress, jobs.Cancelled, jobs.Failed}, record.Status)
				}
			})
			require.Greater(t, rounds, 2)
			require.Equal(t, want.Counts, result.Counts)
			require.Equal(t, want.Status, result.Status)
			for _, name := range []string{"a.ndjson", "b.ndjson.gz", "c.ndjson"} {
				for _, folder := range []string{"SUCCESS/", "FAILURE/", "SUCCESS_WITH_SEARCH_VALIDATION_FAILURES/"} {
					require.Equal(t, reportLines(t, report.File(folder+name)), reportLines(t, again.File(folder+name)), folder+name)
				}
			}
			manifest := string(again.File("manifest.json"))
			require.Contains(t, manifest, `"numberOfFilesImported": 3`)
			require.Contains(t, manifest, fmt.Sprintf(`"numberOfResourcesImportedSuccessfully": %d`, want.Imported))

			all, err := whole.Search(ctx, "", "_count=0")
			require.NoError(t, err)
			got, err := store.Search(ctx, "", "_count=0")
			require.NoError(t, err)
			require.Equal(t, all.Total, got.Total)
			stats, err := store.Stats()
			require.NoError(t, err)
			wanted, err := whole.Stats()
			require.NoError(t, err)
			require.Equal(t, wanted.Versions, stats.Versions, "no line was imported twice")

			_, err = ingest.Resume(ctx, store, id, ingest.Options{From: input})
			require.ErrorIs(t, err, jobs.ErrEnded)
			require.NoError(t, store.Close())
		})
	}
}

// reportLines returns the lines of a file of a report.
func reportLines(t *testing.T, text []byte) []string {
	t.Helper()
	if bytes.HasPrefix(text, []byte{0x1f, 0x8b}) {
		z, err := gzip.NewReader(bytes.NewReader(text))
		require.NoError(t, err)
		text, err = io.ReadAll(z)
		require.NoError(t, err)
	}
	return strings.Split(string(text), "\n")
}

func TestResumeOfAnotherInput(t *testing.T) {
	store := open(t, nil)
	input := flawedInput(t)
	running, cancel := context.WithCancel(ctx)
	n := len(input["a.ndjson"].Data) / 2
	job, err := ingest.Start(running, store, ingest.Options{From: cutFS{input, &n, cancel}})
	require.NoError(t, err)
	_, err = job.Wait()
	require.ErrorIs(t, err, context.Canceled)
	for name, other := range map[string]fstest.MapFS{
		"renamed": {"x.ndjson": input["a.ndjson"]},
		"before":  {"0.ndjson": input["a.ndjson"], "a.ndjson": input["a.ndjson"]},
	} {
		_, err = ingest.Resume(ctx, store, job.ID(), ingest.Options{From: other})
		require.ErrorIs(t, err, ingest.ErrChanged, name)
	}
	_, err = ingest.Resume(ctx, store, "nobody", ingest.Options{From: input})
	require.ErrorIs(t, err, jobs.ErrNotFound)
}

func TestClientToken(t *testing.T) {
	store := open(t, nil)
	start := func(options ingest.Options) (ingest.Result, string, error) {
		job, err := ingest.Start(ctx, store, options)
		if err != nil {
			return ingest.Result{}, "", err
		}
		result, err := job.Wait()
		return result, job.ID(), err
	}
	options := ingest.Options{Reader: strings.NewReader(patient("a", "x")), ClientToken: "one", JobName: "nightly"}
	first, id, err := start(options)
	require.NoError(t, err)
	require.EqualValues(t, 1, first.Imported)
	options.Reader = strings.NewReader(patient("a", "y"))
	second, again, err := start(options)
	require.NoError(t, err)
	require.Equal(t, id, again)
	require.Equal(t, first.Counts, second.Counts)
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
	require.NoError(t, err)
	require.Equal(t, "1", v.VersionID, "the same token is the same job")

	options.Validation = datastore.Minimal
	_, _, err = start(options)
	require.ErrorIs(t, err, jobs.ErrToken)
	options.ClientToken = "two"
	_, other, err := start(options)
	require.NoError(t, err)
	require.NotEqual(t, id, other)
}

func TestRegister(t *testing.T) {
	store := open(t, nil)
	var ids []string
	for i := range 5 {
		job, err := ingest.Start(ctx, store, ingest.Options{Reader: strings.NewReader(patient("a", "x") + "\nbad\n"), Name: "in.ndjson", JobName: fmt.Sprint("job ", i%2)})
		require.NoError(t, err)
		_, err = job.Wait()
		require.NoError(t, err)
		ids = append([]string{job.ID()}, ids...)
	}
	var listed []string
	for f := (jobs.Filter{Max: 2}); ; {
		page, err := jobs.List(ctx, store, f)
		require.NoError(t, err)
		for _, r := range page.Jobs {
			listed = append(listed, r.ID)
			require.Equal(t, jobs.CompletedWithErrors, r.Status)
			require.Equal(t, "in.ndjson", r.Input)
			require.Positive(t, r.Report.Throughput)
			r.Report.Throughput = 0
			text, err := json.Marshal(r.Report)
			require.NoError(t, err)
			unchanged := 1
			if r.ID == ids[len(ids)-1] {
				unchanged = 0
			}
			require.JSONEq(t, fmt.Sprintf(`{
				"TotalNumberOfScannedFiles":1, "TotalSizeOfScannedFilesInMB":0.000064, "TotalNumberOfImportedFiles":1,
				"TotalNumberOfResourcesScanned":2, "TotalNumberOfResourcesImported":1, "TotalNumberOfResourcesWithCustomerError":1,
				"TotalNumberOfFilesReadWithCustomerError":0, "Throughput":0,
				"TotalNumberOfResourcesUnchanged":%d, "TotalNumberOfResourcesWithServerError":0}`, unchanged), string(text))
			require.False(t, r.Began.Before(r.Submitted))
			require.False(t, r.Ended.Before(r.Began))
		}
		if f.After = page.Next; f.After == "" {
			break
		}
	}
	require.ElementsMatch(t, ids, listed)
	page, err := jobs.List(ctx, store, jobs.Filter{Name: "job 1"})
	require.NoError(t, err)
	require.Len(t, page.Jobs, 2)
	page, err = jobs.List(ctx, store, jobs.Filter{Status: jobs.InProgress})
	require.NoError(t, err)
	require.Empty(t, page.Jobs)
	_, err = jobs.List(ctx, store, jobs.Filter{After: "nobody"})
	require.ErrorIs(t, err, jobs.ErrPage)

	require.ErrorIs(t, jobs.Cancel(ctx, store, ids[0]), jobs.ErrEnded)
	require.NoError(t, jobs.Forget(ctx, store, ids[0]))
	require.ErrorIs(t, jobs.Forget(ctx, store, ids[0]), jobs.ErrNotFound)
}

// TestCancelByID cancels a job that runs through the register.
func TestCancelByID(t *testing.T) {
	store := open(t, nil)
	began := make(chan struct{})
	reader, writer := io.Pipe()
	job, err := ingest.Start(ctx, store, ingest.Options{Reader: readerFunc(func(p []byte) (int, error) {
		select {
		case <-began:
		default:
			close(began)
		}
		return reader.Read(p)
	})})
	require.NoError(t, err)
	<-began
	require.True(t, jobs.Runs(store, job.ID()))
	require.ErrorIs(t, jobs.Forget(ctx, store, job.ID()), jobs.ErrRunning)
	_, err = ingest.Resume(ctx, store, job.ID(), ingest.Options{Reader: strings.NewReader("")})
	require.ErrorIs(t, err, jobs.ErrRunning)
	require.NoError(t, jobs.Cancel(ctx, store, job.ID()))
	writer.Close()
	_, err = job.Wait()
	require.ErrorIs(t, err, context.Canceled)
	record, err := jobs.Get(ctx, store, job.ID())
	require.NoError(t, err)
	require.Equal(t, jobs.Cancelled, record.Status)
	require.False(t, jobs.Runs(store, job.ID()))
}

// TestClientTokenAtOnce starts one job from many goroutines.
func TestClientTokenAtOnce(t *testing.T) {
	store := open(t, nil)
	var group sync.WaitGroup
	ids := make([]string, 12)
	for i := range ids {
		group.Go(func() {
			job, err := ingest.Start(ctx, store, ingest.Options{From: fstest.MapFS{"a.ndjson": {Data: []byte(patient("a", "x"))}}, ClientToken: "once"})
			if !assert.NoError(t, err) {
				return
			}
			result, err := job.Wait()
			assert.NoError(t, err)
			assert.EqualValues(t, 1, result.Imported)
			ids[i] = job.ID()
		})
	}
	group.Wait()
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	page, err := jobs.List(ctx, store, jobs.Filter{})
	require.NoError(t, err)
	require.Len(t, page.Jobs, 1)
}

// TestStoppedCommit stops an import just before a batch is written: neither the register
// nor the result counts that batch, nothing that was noted of the one before is lost, and
// the job that goes on writes it, in the second pass over lines that wait as well.
func TestStoppedCommit(t *testing.T) {
	t.Run("one pass", func(t *testing.T) { testStoppedCommit(t, false) })
	t.Run("two passes", func(t *testing.T) { testStoppedCommit(t, true) })
}

func testStoppedCommit(t *testing.T, wait bool) {
	const files, lines = 60, 20
	input := fstest.MapFS{}
	for f := range files {
		var text strings.Builder
		for i := range lines {
			line := patient(fmt.Sprintf("p%d-%d", f, i), longText[:8000])
			if wait {
				line = strings.TrimSuffix(line, "}") + `,"generalPractitioner":[{"reference":"Practitioner?identifier=urn:x|1"}]}`
			}
			text.WriteString(line + "\n")
		}
		input[fmt.Sprintf("%02d.ndjson", f)] = &fstest.MapFile{Data: []byte(text.String())}
	}
	if wait {
		input["zz.ndjson"] = &fstest.MapFile{Data: []byte(`{"resourceType":"Practitioner","id":"d","identifier":[{"system":"urn:x","value":"1"}]}`)}
	}
	report := new(storetest.Sink)
	var stop func()
	calls := 0
	store, err := datastore.Open(t.Context(), "mem:", &datastore.Options{Now: func() time.Time { // each commit asks for the time
		if calls--; calls == 0 {
			stop()
		}
		return now()
	}})
	require.NoError(t, err)
	defer store.Close()
	stop = func() {}
	check := func(id string, result ingest.Result) {
		total := 0
		for _, typ := range []string{"Patient", "Practitioner"} {
			page, err := store.Search(ctx, typ, "_count=0")
			require.NoError(t, err)
			total += page.Total
		}
		require.EqualValues(t, total, result.Imported)
		record, err := jobs.Get(ctx, store, id)
		require.NoError(t, err)
		require.EqualValues(t, total, record.Report.Imported)
		require.Equal(t, result.Scanned, record.Report.Scanned)
	}
	id := ""
	result, rounds := interrupted(t, &store, func(_ int, cancel func()) ingest.Options {
		stop, calls = cancel, 5
		return ingest.Options{From: input, Report: report}
	}, func(job string, result ingest.Result, err error) {
		require.ErrorIs(t, err, context.Canceled)
		id = job
		check(id, result)
	})
	check(id, result)
	require.Greater(t, rounds, 1)
	page, err := store.Search(t.Context(), "Patient", "_count=0")
	require.NoError(t, err)
	require.Equal(t, files*lines, page.Total)
	for name := range input {
		told := reportLines(t, report.File("SUCCESS/"+name))
		told = slices.DeleteFunc(told, func(line string) bool { return line == "" })
		require.Len(t, told, strings.Count(string(input[name].Data), "resourceType"))
		for _, line := range told {
			require.Contains(t, line, `"statusCode":201`)
		}
	}
}
