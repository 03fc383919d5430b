package ingest_test

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// A restless folder is changed when one of its files is opened for the first time.
type restless struct {
	fs.FS
	at     string
	change func()
}

func (r *restless) Open(name string) (fs.File, error) {
	if name == r.at && r.change != nil {
		change := r.change
		r.change = nil
		defer change() // once the file is open
	}
	return r.FS.Open(name)
}

// TestFolderThatChanges changes a folder while it is read: what is there is imported, and
// what is not is named.
func TestFolderThatChanges(t *testing.T) {
	lines := func(first, n int) string {
		var text strings.Builder
		for i := range n {
			fmt.Fprintln(&text, patient(fmt.Sprintf("p%06d", first+i), longText[:300]))
		}
		return text.String()
	}
	const each = 5000 // a file is more than is read ahead
	size := len(lines(0, each))
	for _, c := range []struct {
		name     string
		change   func(t *testing.T, folder string)
		imported int64
		failed   int64
		says     string
	}{
		{"a file appears", func(t *testing.T, folder string) {
			require.NoError(t, os.WriteFile(filepath.Join(folder, "z.ndjson"), []byte(lines(9*each, 1)), 0o600))
		}, 2 * each, 0, ""},
		{"a file vanishes", func(t *testing.T, folder string) {
			require.NoError(t, os.Remove(filepath.Join(folder, "b.ndjson")))
		}, each, 1, "b.ndjson"},
		{"a file vanishes while it is read", func(t *testing.T, folder string) {
			require.NoError(t, os.Remove(filepath.Join(folder, "a.ndjson")))
		}, 2 * each, 0, ""},
		{"a file is cut between lines", func(t *testing.T, folder string) {
			require.NoError(t, os.Truncate(filepath.Join(folder, "a.ndjson"), int64(size/each*(each-10))))
		}, 2*each - 10, 1, "shorter"},
		{"a file is cut within a line", func(t *testing.T, folder string) {
			require.NoError(t, os.Truncate(filepath.Join(folder, "a.ndjson"), int64(size-20)))
		}, 2*each - 1, 1, "shorter"},
		{"a file grows", func(t *testing.T, folder string) {
			f, err := os.OpenFile(filepath.Join(folder, "a.ndjson"), os.O_APPEND|os.O_WRONLY, 0)
			require.NoError(t, err)
			_, err = io.WriteString(f, lines(8*each, 7)+"{half")
			require.NoError(t, err)
			require.NoError(t, f.Close())
		}, 2*each + 7, 1, ""},
		{"a file is replaced", func(t *testing.T, folder string) {
			other := filepath.Join(folder, "other")
			require.NoError(t, os.WriteFile(other, []byte(lines(7*each, 3)), 0o600))
			require.NoError(t, os.Rename(other, filepath.Join(folder, "a.ndjson")))
		}, 2 * each, 0, ""}, // the one that was opened is read
		{"a file becomes a folder", func(t *testing.T, folder string) {
			require.NoError(t, os.Remove(filepath.Join(folder, "b.ndjson")))
			require.NoError(t, os.Mkdir(filepath.Join(folder, "b.ndjson"), 0o700))
		}, each, 1, "b.ndjson"},
	} {
		t.Run(c.name, func(t *testing.T) {
			folder := t.TempDir()
			for i, name := range []string{"a.ndjson", "b.ndjson"} {
				require.NoError(t, os.WriteFile(filepath.Join(folder, name), []byte(lines(i*each, each)), 0o600))
			}
			store := open(t, nil)
			var report storetest.Sink
			from := &restless{FS: os.DirFS(folder), at: "a.ndjson", change: func() { c.change(t, folder) }}
			result, err := run(t, store, ingest.Options{From: from, Ahead: 1, Report: &report})
			if c.says != "" {
				require.ErrorIs(t, err, ingest.ErrUnreadable)
				require.ErrorContains(t, err, c.says)
			} else {
				require.NoError(t, err)
			}
			require.Equal(t, c.imported, result.Imported)
			require.Equal(t, c.failed, result.Failed())
			require.Equal(t, result.Scanned, result.Imported+result.Failed())
			require.Len(t, contents(t, store), int(c.imported))
			told := int64(0)
			for _, name := range report.Names() {
				if strings.HasPrefix(name, "FAILURE/") {
					told += int64(len(reportLines(t, report.File(name))) - 1)
				}
			}
			require.Equal(t, c.failed, told)
		})
	}
}

// room is a Sink with room for so many bytes. Where atClose is set, it says so when a file
// is closed.
type room struct {
	storetest.Sink
	left    int
	atClose bool
}

var errFull = errors.New("no room is left")

func (r *room) Create(name string) (io.WriteCloser, error) {
	w, err := r.Sink.Create(name)
	return &roomFile{WriteCloser: w, of: r}, err
}

type roomFile struct {
	io.WriteCloser
	of   *room
	size int
}

func (f *roomFile) Write(p []byte) (int, error) {
	if f.size += len(p); f.size > f.of.left && !f.of.atClose {
		return 0, errFull
	}
	return f.WriteCloser.Write(p)
}

func (f *roomFile) Close() error {
	if f.size > f.of.left {
		return errFull
	}
	return f.WriteCloser.Close()
}

// TestReportThatIsFull stops where the report takes no more, and goes on with a report
// that does: its lines and counts are those of a run that nothing stopped.
func TestReportThatIsFull(t *testing.T) {
	input := flawedInput(t)
	var want storetest.Sink
	wanted, err := run(t, open(t, nil), ingest.Options{From: input, Report: &want, Validation: datastore.Minimal})
	require.NoError(t, err)
	for _, atClose := range []bool{false, true} {
		store := open(t, nil)
		job, err := ingest.Start(ctx, store, ingest.Options{From: input, Validation: datastore.Minimal, Report: &room{left: 200_000, atClose: atClose}})
		require.NoError(t, err)
		result, err := job.Wait()
		require.ErrorIs(t, err, errFull)
		require.Equal(t, ingest.Failed, result.Status)
		require.Len(t, contents(t, store), int(result.Imported-result.Unchanged))
		var got storetest.Sink
		job, err = ingest.Resume(ctx, store, job.ID(), ingest.Options{From: input, Validation: datastore.Minimal, Report: &got})
		require.NoError(t, err)
		result, err = job.Wait()
		require.NoError(t, err)
		require.Equal(t, wanted.Counts, result.Counts)
		name := "SUCCESS/c.ndjson"
		require.Equal(t, reportLines(t, want.File(name)), reportLines(t, got.File(name)))
	}
}
