package ingest_test

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"unicode/utf16"

	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// compressed returns a gzip file of one member for each text.
func compressed(texts ...string) []byte {
	var out bytes.Buffer
	for _, text := range texts {
		z := gzip.NewWriter(&out)
		io.WriteString(z, text)
		z.Close()
	}
	return out.Bytes()
}

func TestInputForms(t *testing.T) {
	a, b, c := patient("a", "x"), patient("b", "x"), patient("c", "x")
	for _, form := range []struct {
		name string
		text []byte
		want int64
	}{
		{"empty", nil, 0},
		{"one newline", []byte("\n"), 0},
		{"LF", []byte(a + "\n" + b + "\n" + c + "\n"), 3},
		{"no newline at the end", []byte(a + "\n" + b + "\n" + c), 3},
		{"CRLF", []byte(a + "\r\n" + b + "\r\n" + c + "\r\n"), 3},
		{"blank lines", []byte("\n\r\n" + a + "\n \t\n\n" + b + "\n\n\n" + c), 3},
		{"white space around", []byte("  " + a + "\t\n\t" + b + "\n" + c + "  "), 3},
		{"byte order mark", []byte("\ufeff" + a + "\n" + b + "\n" + c), 3},
		{"byte order mark alone", []byte("\ufeff"), 0},
		{"gzip", compressed(a + "\n" + b + "\n" + c), 3},
		{"gzip of several members", compressed(a+"\n"+b[:10], b[10:], "\n"+c+"\n"), 3},
		{"gzip of a byte order mark", compressed("\ufeff" + a + "\n" + b + "\n" + c), 3},
		{"gzip of nothing", compressed(""), 0},
	} {
		t.Run(form.name, func(t *testing.T) {
			for _, name := range []string{"in.ndjson", "in.ndjson.gz"} { // bytes count, not names
				result, err := run(t, open(t, nil), ingest.Options{From: fstest.MapFS{name: {Data: form.text}}})
				require.NoError(t, err)
				require.Equal(t, form.want, result.Scanned)
				require.Equal(t, form.want, result.Imported)
				require.Len(t, result.Files, 1)
				require.Equal(t, ingest.Completed, result.Status)
			}
		})
	}
}

func encodeUTF16(text string, bigEndian, mark bool) []byte {
	var out []byte
	units := utf16.Encode([]rune(text))
	if mark {
		units = append([]uint16{0xfeff}, units...)
	}
	for _, u := range units {
		if bigEndian {
			out = append(out, byte(u>>8), byte(u))
		} else {
			out = append(out, byte(u), byte(u>>8))
		}
	}
	return out
}

func TestUnreadableFiles(t *testing.T) {
	lines := strings.Repeat(patient("a", "x")+"\n", 1000)
	z := compressed(lines)
	damaged := bytes.Clone(z)
	damaged[len(damaged)-6] ^= 1 // in the checksum
	for _, file := range []struct {
		name     string
		text     []byte
		says     string
		imported bool // something of it
	}{
		{"UTF-16 little endian", encodeUTF16(lines, false, true), "UTF-16", false},
		{"UTF-16 big endian", encodeUTF16(lines, true, true), "UTF-16", false},
		{"UTF-16 without a mark", encodeUTF16(lines, false, false), "UTF-16", false},
		{"UTF-16 big endian without a mark", encodeUTF16(lines, true, false), "UTF-16", false},
		{"UTF-16 in gzip", compressed(string(encodeUTF16(lines, true, true))), "UTF-16", false},
		{"gzip header alone", z[:5], "gzip", false},
		{"gzip cut short", z[:len(z)-20], "gzip", true},
		{"gzip damaged", damaged, "gzip", true},
		{"gzip with rubbish behind", append(bytes.Clone(z), "rubbish"...), "gzip", true},
	} {
		t.Run(file.name, func(t *testing.T) {
			var report storetest.Sink
			store := open(t, nil)
			result, err := run(t, store, ingest.Options{
				From: fstest.MapFS{
					"1.ndjson": {Data: file.text}, "2.ndjson": {Data: []byte(patient("b", "x"))},
				},
				Report: &report,
			})
			require.ErrorIs(t, err, ingest.ErrUnreadable)
			require.ErrorContains(t, err, "1.ndjson")
			require.ErrorContains(t, err, file.says)
			require.Equal(t, ingest.CompletedWithErrors, result.Status)
			require.Error(t, result.Files[0].Err)
			require.Equal(t, file.imported, result.Files[0].Imported > 0)
			require.NoError(t, result.Files[1].Err)
			require.EqualValues(t, 1, result.Files[1].Imported, "the run goes on")
			failures := readFailures(t, report.File("FAILURE/1.ndjson"))
			require.Len(t, failures, 1)
			require.Equal(t, 400, failures[0].Response.Status)
			require.EqualValues(t, result.Files[0].Imported+1, failures[0].LineID)
			require.Contains(t, failures[0].Response.Outcome.Issue[0].Diagnostics, file.says)
		})
	}
}

func TestReadingFails(t *testing.T) {
	gone := errors.New("the disk is gone")
	for _, text := range [][]byte{nil, []byte(patient("a", "x") + "\n" + patient("b", "x")), compressed(patient("a", "x"))[:9]} {
		var report storetest.Sink
		result, err := run(t, open(t, nil), ingest.Options{
			Reader: io.MultiReader(bytes.NewReader(text), iotest.ErrReader(gone)), Report: &report,
		})
		require.ErrorIs(t, err, ingest.ErrUnreadable)
		require.ErrorIs(t, err, gone)
		require.EqualValues(t, 1, result.ServerErrors)
		failures := readFailures(t, report.File("FAILURE/stdin"))
		require.Len(t, failures, 1)
		require.Equal(t, 500, failures[0].Response.Status)
		require.Contains(t, failures[0].Response.Outcome.Issue[0].Diagnostics, "could not be read")
		require.NotContains(t, failures[0].Response.Outcome.Issue[0].Diagnostics, gone.Error())
	}
}

func TestFileThatDoesNotOpen(t *testing.T) {
	var report storetest.Sink
	result, err := run(t, open(t, nil), ingest.Options{From: locked{fstest.MapFS{
		"1.ndjson": {Data: []byte(patient("a", "x"))}, "2.ndjson": {Data: []byte(patient("b", "x"))},
	}}, Report: &report})
	require.ErrorIs(t, err, ingest.ErrUnreadable)
	require.ErrorIs(t, err, fs.ErrPermission)
	require.Contains(t, readFailures(t, report.File("FAILURE/1.ndjson"))[0].Response.Outcome.Issue[0].Diagnostics, "access is denied")
	require.EqualValues(t, 1, result.Imported)
}

// locked opens all but 1.ndjson.
type locked struct{ fstest.MapFS }

func (l locked) Open(name string) (fs.File, error) {
	if name == "1.ndjson" {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrPermission}
	}
	return l.MapFS.Open(name)
}

func TestFilesOfAFolder(t *testing.T) {
	folder := t.TempDir()
	for _, name := range []string{
		"b.ndjson", "a.jsonl", "c.ldjson.gz", "sub/d.ndjson.gz", "sub/e.jsonl.gz", "f.ldjson", "notes.txt", "g.json", "h.gz", "ndjson", "manifest.json", "manifest.json.gz",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte(patient("p", "x")), 0o600))
	}
	for _, c := range []struct {
		files, want []string
	}{
		{nil, []string{"a.jsonl", "b.ndjson", "c.ldjson.gz", "f.ldjson", "g.json", "sub/d.ndjson.gz", "sub/e.jsonl.gz"}},
		{[]string{"notes.txt"}, []string{"notes.txt"}},
		{[]string{"sub/*", "b.ndjson", "?.ndjson", "a*"}, []string{"sub/d.ndjson.gz", "sub/e.jsonl.gz", "b.ndjson", "a.jsonl"}},
	} {
		result, err := run(t, open(t, nil), ingest.Options{From: os.DirFS(folder), Files: c.files})
		require.NoError(t, err)
		var names []string
		for _, f := range result.Files {
			names = append(names, f.Name)
			require.EqualValues(t, 1, f.Imported)
		}
		require.Equal(t, c.want, names)
	}
}

func TestStartReportsWhatIsWrong(t *testing.T) {
	store := open(t, nil)
	some := fstest.MapFS{"a.ndjson": {}, "a.txt": {}}
	for _, c := range []struct {
		name string
		opts ingest.Options
		is   error
		says string
	}{
		{"nothing", ingest.Options{}, ingest.ErrNoInput, ""},
		{"both", ingest.Options{From: some, Reader: strings.NewReader("")}, nil, "From and Reader"},
		{"files of a reader", ingest.Options{Reader: strings.NewReader(""), Files: []string{"a"}}, nil, "Files"},
		{"empty folder", ingest.Options{From: fstest.MapFS{"a.txt": {}}}, ingest.ErrNoInput, ""},
		{"no folder", ingest.Options{From: os.DirFS(filepath.Join(t.TempDir(), "none"))}, fs.ErrNotExist, ""},
		{"no such file", ingest.Options{From: some, Files: []string{"a.ndjson", "b.ndjson"}}, ingest.ErrNoInput, "b.ndjson"},
		{"bad pattern", ingest.Options{From: some, Files: []string{"["}}, nil, "pattern"},
		{"bad name", ingest.Options{Reader: strings.NewReader(""), Name: "../x"}, nil, "Name"},
		{"workers", ingest.Options{From: some, Workers: -1}, nil, "Workers"},
		{"level", ingest.Options{From: some, Validation: 9}, nil, "Validation"},
		{"two things", ingest.Options{Workers: -1}, ingest.ErrNoInput, "Workers"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := ingest.Start(ctx, store, c.opts)
			require.Error(t, err)
			if c.is != nil {
				require.ErrorIs(t, err, c.is)
			}
			require.ErrorContains(t, err, c.says)
		})
	}
}
