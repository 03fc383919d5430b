package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
)

// A place is a folder with a store, its key and whatever the program makes.
type place struct {
	t      *testing.T
	folder string
	store  string
	key    string
}

func newPlace(t *testing.T) *place {
	folder := t.TempDir()
	return &place{t, folder, filepath.Join(folder, "store"), filepath.Join(folder, "key")}
}

func (p *place) path(name string) string { return filepath.Join(p.folder, name) }

// admin runs the program and returns its status and what it printed.
func (p *place) admin(args ...string) (status int, stdout, stderr string) {
	var out, errs bytes.Buffer
	args = append([]string{"-store", p.store, "-key-file", p.key}, args...)
	status = run(p.t.Context(), args, &out, &errs)
	return status, out.String(), errs.String()
}

// ok runs the program, which has to end well, and returns what it printed.
func (p *place) ok(args ...string) string {
	p.t.Helper()
	status, out, errs := p.admin(args...)
	require.Zero(p.t, status, "%v: %s%s", args, out, errs)
	return out
}

// fails runs the program, which has to end with a status and a sentence.
func (p *place) fails(status int, sentence string, args ...string) string {
	p.t.Helper()
	got, out, errs := p.admin(args...)
	require.Equal(p.t, status, got, "%v: %s%s", args, out, errs)
	require.Contains(p.t, errs, sentence, "%v", args)
	return out
}

func (p *place) open() *datastore.Store {
	p.t.Helper()
	s, err := datastore.Open(p.t.Context(), p.store, &datastore.Options{Key: datastore.KeyFile(p.key)})
	require.NoError(p.t, err)
	return s
}

// put writes a patient in a commit of its own.
func put(t testing.TB, s *datastore.Store, i int) {
	_, err := s.Update(context.Background(),
		fmt.Appendf(nil, `{"resourceType":"Patient","id":"p%d","gender":"female","name":[{"family":"Family%d"}]}`, i, i))
	require.NoError(t, err)
}

// fill makes a store of some commits, the first with two versions of one patient.
func (p *place) fill(commits int) {
	s := p.open()
	for i := range commits {
		put(p.t, s, max(i, 1))
	}
	require.NoError(p.t, s.Close())
}

// objects reads one JSON object a line and returns their keys too.
func objects(t *testing.T, out string) (all []map[string]any, keys [][]string) {
	for line := range strings.Lines(out) {
		var o map[string]any
		require.NoError(t, json.Unmarshal([]byte(line), &o), line)
		all = append(all, o)
		keys = append(keys, slices.Sorted(maps.Keys(o)))
	}
	return all, keys
}

// files returns the names and contents below a folder.
func files(t *testing.T, folder string) map[string]string {
	all := map[string]string{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, e os.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		all[path] = string(b)
		return err
	}))
	return all
}

func TestLooking(t *testing.T) {
	p := newPlace(t)
	p.fill(10)
	before := files(t, p.folder)

	require.Regexp(t, `(?s)resources +versions +type\n +9 +10 +Patient\n +9 +10 +total\n.*last commit +10, 20.*on disk +\d.*index memory +\d`, p.ok("stats"))
	stats, keys := objects(t, p.ok("stats", "-json"))
	require.Subset(t, keys[0], []string{"type", "count"})
	require.Equal(t, "Patient", stats[0]["type"])
	require.EqualValues(t, 9, stats[0]["count"])

	out := p.ok("inspect")
	for _, text := range []string{"zone UTC", "last good commit: 10", "no faults found", "checkpoint", "counts", "1..10"} {
		require.Contains(t, out, text)
	}
	found, _ := objects(t, p.ok("inspect", "-json"))
	require.Len(t, found, 1)
	require.Equal(t, true, found[0]["ok"])
	require.Equal(t, "UTC", found[0]["zone"])
	require.Len(t, found[0]["keys"], 1)
	key, err := os.ReadFile(p.key)
	require.NoError(t, err)
	require.NotContains(t, out, strings.TrimSpace(string(key)))

	require.Len(t, strings.Split(strings.TrimSpace(p.ok("records")), "\n"), 11)
	records, keys := objects(t, p.ok("records", "-from", "4", "-n", "3", "-json"))
	require.Len(t, records, 3)
	for i, r := range records {
		require.ElementsMatch(t, []string{"sequence", "time", "commits", "items", "bytes"}, keys[i])
		require.EqualValues(t, 4+i, r["sequence"])
		require.EqualValues(t, 1, r["commits"])
	}
	require.Equal(t, before, files(t, p.folder), "looking changes nothing")
}

func TestVerify(t *testing.T) {
	p := newPlace(t)
	p.fill(10)
	require.Equal(t, "ok\n", p.ok("verify"))
	checks, keys := objects(t, p.ok("verify", "-json"))
	for i, c := range checks {
		require.ElementsMatch(t, []string{"check", "ok", "place"}, keys[i])
		require.Equal(t, true, c["ok"])
	}
}

func TestTransfer(t *testing.T) {
	p := newPlace(t)
	in := p.path("in")
	require.NoError(t, os.Mkdir(in, 0o700))
	p.fails(1, "no such file", "import", p.path("none"))
	require.NoFileExists(t, p.key, "nothing is made")
	p.fails(1, "there is no store", "import", "-resume", in)
	require.NoFileExists(t, p.key)

	var lines strings.Builder
	for i := range 1500 {
		fmt.Fprintf(&lines, `{"resourceType":"Patient","id":"p%d","active":%t}`+"\n", i, i%3 == 0)
	}
	lines.WriteString(`{"resourceType":"Patient","id":"bad","nickname":"x"}` + "\n")
	require.NoError(t, os.WriteFile(filepath.Join(in, "Patient.ndjson"), []byte(lines.String()), 0o600))
	out := p.ok("import", in, "-report", p.path("report"))
	require.Contains(t, out, "imported 1500 of 1501 resources")
	require.Contains(t, out, "Patient.ndjson: 1 not imported")
	require.Contains(t, out, "COMPLETED_WITH_ERRORS")
	require.FileExists(t, p.path("report/FAILURE/Patient.ndjson"))

	require.Equal(t, "1500\n", p.ok("search", "Patient", "-count"))
	require.Equal(t, "500\n", p.ok("search", "-count", "Patient?active=true"))
	require.Equal(t, "500\n", p.ok("search", "Patient?_summary=count&active=true"))
	require.Equal(t, "500\n", p.ok("search", "Patient?active=true&_count=0"))
	found, _ := objects(t, p.ok("search", "Patient?"))
	require.Len(t, found, 1500, "all pages")
	found, _ = objects(t, p.ok("search", "Patient?active=true&_count=7"))
	require.Len(t, found, 500)
	p.fails(1, "unknown search parameter", "search", "Patient?nope=1")

	require.Contains(t, p.ok("export", p.path("out")), "exported 1500 resources of 1 types")
	require.FileExists(t, p.path("out/manifest.json"))
	exported, err := os.ReadFile(p.path("out/Patient.ndjson"))
	require.NoError(t, err)
	require.Equal(t, 1500, bytes.Count(exported, []byte("\n")))
	bucket := "file://" + filepath.ToSlash(p.path("bucket"))
	require.Contains(t, p.ok("export", bucket+"?prefix=a"), "exported 1500 resources of 1 types")
	require.FileExists(t, p.path("bucket/a/manifest.json"))
	require.Contains(t, p.ok("import", "-report", bucket+"?prefix=b", bucket+"?prefix=a"), "imported 1500 of 1500 resources")
	require.FileExists(t, p.path("bucket/b/manifest.json"))
	p.fails(1, "no driver", "export", "ftp://x/y")
	p.fails(2, "lies in the store's folder", "export", "file://"+filepath.ToSlash(p.store))
	for _, args := range [][]string{{"export", filepath.Join(p.store, "out")}, {"import", "-report", p.store, in}, {"import", p.store}} {
		p.fails(2, "lies in the store's folder", args...)
	}
	require.Equal(t, "ok\n", p.ok("verify"))
}

// The register has each import and export; an import that was stopped goes on where it was.
func TestJobs(t *testing.T) {
	p := newPlace(t)
	p.fill(1)
	require.Empty(t, p.ok("jobs"))
	require.Empty(t, p.ok("jobs", "-json"))
	in := p.path("in")
	p.fails(1, "no such file", "import", "-resume", in)
	require.NoError(t, os.Mkdir(in, 0o700))
	const inputs, lines = 10, 300
	for f := range inputs {
		var text strings.Builder
		for i := range lines {
			fmt.Fprintf(&text, `{"resourceType":"Patient","id":"p%d-%d"}`+"\n", f, i)
		}
		require.NoError(t, os.WriteFile(filepath.Join(in, fmt.Sprintf("%d.ndjson", f)), []byte(text.String()), 0o600))
	}
	p.fails(1, "nothing was imported from there", "import", "-resume", in)

	stopped, stop := context.WithCancel(t.Context())
	s := p.open()
	job, err := ingest.Start(stopped, s, ingest.Options{From: stoppingFS{os.DirFS(in), "5.ndjson", stop}, Name: in})
	require.NoError(t, err)
	result, err := job.Wait()
	require.NoError(t, s.Close())
	require.ErrorIs(t, err, context.Canceled)
	require.Less(t, result.Imported, int64(inputs*lines))
	require.Contains(t, p.ok("jobs"), fmt.Sprintf("CANCEL_COMPLETED  %d of %d lines", result.Imported, result.Scanned))

	t.Chdir(p.folder)
	require.Contains(t, p.ok("import", "-resume", "in"), "imported 3000 of 3000 resources")
	p.fails(1, "the last import from there is complete", "import", "-resume", in)
	require.Contains(t, p.ok("export", "out"), "exported 3001 resources of 1 types")
	listed, keys := objects(t, p.ok("jobs", "-json"))
	require.Len(t, listed, 2)
	for i, kind := range []string{"EXPORT", "IMPORT"} {
		require.Subset(t, keys[i], []string{"id", "kind", "status", "submitted", "began", "ended"})
		require.Equal(t, kind, listed[i]["kind"])
		require.Equal(t, "COMPLETED", listed[i]["status"])
		require.Equal(t, false, listed[i]["interrupted"])
	}
	require.Equal(t, p.path("out"), listed[0]["output"])
	require.Equal(t, in, listed[1]["input"])
	require.EqualValues(t, inputs*lines+1, listed[0]["written"].(map[string]any)["resources"])
	require.EqualValues(t, inputs*lines, listed[1]["report"].(map[string]any)["TotalNumberOfResourcesImported"])
	out := p.ok("jobs")
	require.Regexp(t, `EXPORT +[0-9a-f]{32} +COMPLETED +3001 of 3001 resources`, out)
	require.Regexp(t, `IMPORT +[0-9a-f]{32} +COMPLETED +3000 of 3000 lines`, out)
}

// A stoppingFS calls a function when a file is opened.
type stoppingFS struct {
	fs.FS
	name string
	stop func()
}

func (f stoppingFS) Open(name string) (fs.File, error) {
	if name == f.name {
		f.stop()
	}
	return f.FS.Open(name)
}

// A store that others may write to does not open, and can be looked into.
func TestExposedStore(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes do not tell on Windows")
	}
	p := newPlace(t)
	p.fill(5)
	for _, name := range []string{".", "head", "log"} {
		path := filepath.Join(p.store, name)
		info, err := os.Stat(path)
		require.NoError(t, err)
		require.NoError(t, os.Chmod(path, info.Mode().Perm()|0o022))
		p.fails(1, "others may write to the store", "stats")
		out := p.ok("inspect")
		require.Contains(t, out, "last good commit: 5")
		require.Contains(t, out, "others may write to the store: chmod go-w")
		found, _ := objects(t, p.ok("inspect", "-json"))
		require.Equal(t, false, found[0]["ok"])
		records, _ := objects(t, p.ok("records", "-json"))
		require.Len(t, records, 5)
		require.NoError(t, os.Chmod(path, info.Mode().Perm()))
	}
	require.Contains(t, p.ok("inspect"), "no faults found")
}

func TestSearchIncludes(t *testing.T) {
	p := newPlace(t)
	s := p.open()
	put(t, s, 1)
	for i := range 3 {
		_, err := s.Create(t.Context(), fmt.Appendf(nil,
			`{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"subject":{"reference":"Patient/p1"},"identifier":[{"value":"%d"}]}`, i))
		require.NoError(t, err)
	}
	require.NoError(t, s.Close())
	found, _ := objects(t, p.ok("search", "Encounter?_include=Encounter:patient&_count=1"))
	require.Len(t, found, 4, "three matches, and the patient once")
	require.Equal(t, "Patient", found[3]["resourceType"])
	require.Equal(t, "3\n", p.ok("search", "Encounter?_include=Encounter:patient", "-count"))
}

// A store with damage in the middle does not open, is looked into, and opens again
// once it is cut.
func TestDamagedStore(t *testing.T) {
	p := newPlace(t)
	p.fill(40)
	segments, err := filepath.Glob(filepath.Join(p.store, "log", "*"))
	require.NoError(t, err)
	require.Len(t, segments, 1)
	segment, err := os.ReadFile(segments[0])
	require.NoError(t, err)
	segment[len(segment)/2] ^= 1
	require.NoError(t, os.WriteFile(segments[0], segment, 0o600))
	damaged := files(t, p.store)

	for _, command := range [][]string{{"stats"}, {"search", "Patient"}, {"export", p.path("out")}} {
		p.fails(1, "damaged", command...)
	}
	status, out, _ := p.admin("verify")
	require.Equal(t, 1, status)
	require.Regexp(t, `^log: log/\S+: .*\n$`, out)
	status, out, _ = p.admin("verify", "-json")
	require.Equal(t, 1, status)
	checks, keys := objects(t, out)
	require.Len(t, checks, 1)
	require.Subset(t, keys[0], []string{"check", "ok", "place"})
	require.Equal(t, false, checks[0]["ok"])

	found, _ := objects(t, p.ok("inspect", "-json"))
	require.Equal(t, false, found[0]["ok"])
	good := int(found[0]["lastGood"].(float64))
	require.Greater(t, good, 5)
	require.Less(t, good, 35)
	require.Contains(t, p.ok("inspect"), "fault: log/")
	records, _ := objects(t, p.fails(1, "damaged", "records", "-json"))
	require.Len(t, records, good)

	p.fails(2, "-yes", "cut", "-after", fmt.Sprint(good))
	p.fails(2, "-after is missing", "cut", "-yes")
	p.fails(1, fmt.Sprintf("the last good commit is %d", good), "cut", "-after", fmt.Sprint(good+1), "-yes")
	require.Equal(t, damaged, files(t, p.store), "nothing was changed so far")

	out = p.ok("cut", "-after", fmt.Sprint(good), "-yes")
	require.Contains(t, out, fmt.Sprintf("ends with commit %d\n", good))
	kept, err := filepath.Glob(p.path("cut-*.tar"))
	require.NoError(t, err)
	require.Len(t, kept, 1)
	require.Contains(t, out, kept[0])
	require.Equal(t, "ok\n", p.ok("verify"))
	require.Equal(t, fmt.Sprintln(good-1), p.ok("search", "Patient", "-count"))
	s := p.open()
	put(t, s, 1000)
	require.NoError(t, s.Close())
	require.Equal(t, "ok\n", p.ok("verify"))
}

// Each small file may be damaged or missing: inspect and records tell what there is,
// nothing is changed, and nothing is made.
func TestDamagedSmallFiles(t *testing.T) {
	for _, name := range []string{"header", "keyset", "manifest", "head"} {
		for _, how := range []string{"gone", "empty", "flipped"} {
			t.Run(name+" "+how, func(t *testing.T) {
				p := newPlace(t)
				p.fill(10)
				file := filepath.Join(p.store, name)
				b, err := os.ReadFile(file)
				require.NoError(t, err)
				switch how {
				case "gone":
					require.NoError(t, os.Remove(file))
				case "empty":
					require.NoError(t, os.WriteFile(file, nil, 0o600))
				case "flipped": // both slots of head, else the other one counts
					for i := range b {
						b[i] ^= 0x40
					}
					require.NoError(t, os.WriteFile(file, b, 0o600))
				}
				damaged := files(t, p.folder)
				out := p.ok("inspect")
				require.Contains(t, out, "fault: ")
				require.Contains(t, out, name)
				_, out, _ = p.admin("records", "-json")
				records, _ := objects(t, out)
				require.Len(t, records, 10, "the records are whole")
				status, out, errs := p.admin("verify")
				require.Equal(t, 1, status, "%s%s", out, errs)
				require.NotEmpty(t, out+errs)
				for _, command := range []string{"stats", "export"} {
					args := []string{command, p.path("out")}[:1+len(command)/6]
					status, _, errs := p.admin(args...)
					require.Equal(t, 1, status)
					require.NotEmpty(t, errs)
				}
				require.Equal(t, damaged, files(t, p.folder))
			})
		}
	}
}

// Beside a program that writes, what is durable can be looked at.
func TestBesideWriter(t *testing.T) {
	p := newPlace(t)
	p.fill(10)
	s := p.open()
	var writing sync.WaitGroup
	stop := make(chan struct{})
	writing.Go(func() {
		for i := 10; ; i++ {
			select {
			case <-stop:
				return
			default:
				put(t, s, i)
			}
		}
	})
	last := float64(0)
	for range 20 {
		stats, _ := objects(t, p.ok("stats", "-json"))
		count := stats[0]["count"].(float64)
		require.GreaterOrEqual(t, count, last)
		found, _ := objects(t, p.ok("inspect", "-json"))
		require.Equal(t, true, found[0]["ok"], "%v", found)
		require.GreaterOrEqual(t, found[0]["lastGood"], count)
		records, _ := objects(t, p.ok("records", "-json"))
		last = records[len(records)-1]["sequence"].(float64) - 1
		require.GreaterOrEqual(t, last, count)
	}
	for _, args := range [][]string{{"verify"}, {"cut", "-after", "5", "-yes"}, {"search", "Patient"}, {"jobs"}, {"export", p.path("out")}, {"import", p.folder}} {
		p.fails(1, "in use", args...)
	}
	require.NoDirExists(t, p.path("out"))
	close(stop)
	writing.Wait()
	require.NoError(t, s.Close())
	require.Equal(t, "ok\n", p.ok("verify"))
}

var everyCommand = [][]string{
	{"stats"}, {"verify"}, {"inspect"}, {"records"}, {"cut", "-after", "1", "-yes"}, {"search", "Patient"}, {"export", "out"}, {"jobs"},
	{"rotate"}, {"rewrap", "-to-key-file", "new"},
}

func TestNoStore(t *testing.T) {
	for what, prepare := range map[string]func(p *place) (sentence string){
		"missing": func(p *place) string { return "there is no store in " + p.store },
		"empty": func(p *place) string {
			require.NoError(t, os.Mkdir(p.store, 0o700))
			return "there is no store in " + p.store
		},
		"foreign": func(p *place) string {
			require.NoError(t, os.Mkdir(p.store, 0o700))
			require.NoError(t, os.WriteFile(filepath.Join(p.store, "letter.txt"), []byte("x"), 0o600))
			return "not a store's folder"
		},
		"file": func(p *place) string {
			require.NoError(t, os.WriteFile(p.store, nil, 0o600))
			return "not a directory"
		},
	} {
		t.Run(what, func(t *testing.T) {
			p := newPlace(t)
			sentence := prepare(p)
			t.Chdir(p.folder)
			before := files(t, p.folder)
			for _, args := range everyCommand {
				p.fails(1, sentence, args...)
			}
			require.Equal(t, before, files(t, p.folder), "nothing is made")
			require.NoDirExists(t, p.path("out"))
		})
	}
}

func TestWrongKey(t *testing.T) {
	p := newPlace(t)
	p.fill(3)
	before := files(t, p.store)
	p.key = p.path("other")
	for _, args := range everyCommand {
		p.fails(1, "no such file", args...)
	}
	require.NoFileExists(t, p.key)
	other := &place{t, p.folder, p.path("second"), p.key}
	other.fill(1)
	for _, args := range everyCommand {
		out := p.fails(1, "wrong key", args...)
		require.NotContains(t, out, "no faults found")
	}
	require.Equal(t, before, files(t, p.store))
}

func TestPassphrase(t *testing.T) {
	folder := t.TempDir()
	store, secret := filepath.Join(folder, "store"), filepath.Join(folder, "secret")
	s, err := datastore.Open(t.Context(), store, &datastore.Options{Key: datastore.Passphrase("open sesame")})
	require.NoError(t, err)
	require.NoError(t, s.Close())
	for _, text := range []string{"open sesame", "open sesame\n", "open sesame\r\n"} {
		require.NoError(t, os.WriteFile(secret, []byte(text), 0o600))
		var out, errs bytes.Buffer
		require.Zero(t, run(t.Context(), []string{"verify", "-passphrase-file", secret, "-store", store}, &out, &errs), errs.String())
		require.Equal(t, "ok\n", out.String())
	}
	require.NoError(t, os.WriteFile(secret, []byte("open sesame\n\n"), 0o600))
	var out, errs bytes.Buffer
	require.Equal(t, 1, run(t.Context(), []string{"-store", store, "-passphrase-file", secret, "verify"}, &out, &errs))
	require.Contains(t, errs.String(), "wrong key")
}

func TestArguments(t *testing.T) {
	p := newPlace(t)
	for _, args := range [][]string{
		{}, {"-store", "x"}, {"-store", "x", "stats"}, {"-key-file", "x", "stats"}, {"stats"},
		{"-store", "x", "-key-file", "x", "-passphrase-file", "x", "stats"},
		{"-store", "mem:", "-key-file", "x", "stats"}, {"-nope", "stats"},
	} {
		var out, errs bytes.Buffer
		require.Equal(t, 2, run(t.Context(), args, &out, &errs), "%v", args)
		require.Empty(t, out.String())
		require.Contains(t, errs.String(), "usage: admin", "%v", args)
	}
	for _, args := range [][]string{
		{"rotate", "more"}, {"shrink"}, {"rewrap"}, {"rewrap", "-to-key-file", "a", "-to-passphrase-file", "b"}, {"stats", "more"}, {"stats", "-nope"}, {"records", "-from", "x"}, {"records", "-n", "-1"},
		{"cut", "-after", "x", "-yes"}, {"search"}, {"import"}, {"import", "a", "b"}, {"export"}, {"import", "-validation", "none", "a"},
	} {
		p.fails(2, "usage: ", args...)
	}
	p.fails(2, `unknown command "revert"`, "revert")
	p.fails(2, "lies in the store's folder", "rewrap", "-to-key-file", filepath.Join(p.store, "x"))
	require.Empty(t, files(t, p.folder))
	require.Contains(t, p.ok("-help"), "verify")
}

// A closed pipe ends the program at once and quietly.
func TestClosedPipe(t *testing.T) {
	p := newPlace(t)
	p.fill(3)
	for _, args := range [][]string{{"stats"}, {"records"}, {"inspect", "-json"}, {"search", "Patient"}, {"verify"}} {
		var errs bytes.Buffer
		args = append([]string{"-store", p.store, "-key-file", p.key}, args...)
		require.Equal(t, 1, run(t.Context(), args, closedPipe{}, &errs))
		require.Empty(t, errs.String())
	}
	require.Equal(t, "ok\n", p.ok("verify"))
}

type closedPipe struct{}

func (closedPipe) Write([]byte) (int, error) { return 0, syscall.EPIPE }

func TestSize(t *testing.T) {
	for n, want := range map[int64]string{0: "0 B", 1023: "1023 B", 1024: "1.0 KiB", 1536: "1.5 KiB", 1<<20 - 1: "1.0 MiB", 5 << 30: "5.0 GiB"} {
		require.Equal(t, want, size(n))
	}
}

func TestPlacesAreNamedWithoutSecrets(t *testing.T) {
	for place, want := range map[string]string{
		"s3://bucket?endpoint=http://user:secret@host&prefix=a/&token=secret": "s3://bucket?prefix=a%2F",
		"azblob://user:secret@container":                                      "azblob://container",
		"mem://":                                                              "mem:",
	} {
		got, err := where(place)
		require.NoError(t, err)
		require.NotContains(t, got, "secret")
		require.Equal(t, want, strings.TrimSuffix(got, "//"), place)
	}
}

// TestRemoving drops versions, a history and a patient.
func TestRemoving(t *testing.T) {
	p := newPlace(t)
	p.fill(3)
	s := p.open()
	for range 3 {
		put(t, s, 7)
	}
	require.NoError(t, s.Delete(t.Context(), datastore.Ref{Type: "Patient", ID: "p2"}))
	_, err := s.Update(t.Context(), []byte(`{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p7"}},{"entity":{"reference":"Patient/p1"}}]}`))
	require.NoError(t, err)
	require.NoError(t, s.Close())
	versions := func() int {
		s := p.open()
		stats, err := s.Stats()
		require.NoError(t, err)
		require.NoError(t, s.Close())
		return stats.Versions
	}
	all := versions()
	require.Regexp(t, `^[0-9.]+ .?i?B, before [0-9.]+ .?i?B\n$`, p.ok("compact"))
	require.Equal(t, all, versions())
	p.ok("compact", "-days", "3")
	require.Equal(t, all, versions())
	p.ok("purge", "Patient/p2")
	require.Equal(t, all-2, versions())
	p.fails(1, "not found", "purge", "Patient/p2")
	p.fails(2, "TYPE/ID", "purge", "Patient")
	p.ok("compact", "-versions", "2")
	require.Equal(t, all-3, versions())
	p.fails(2, "-versions", "compact", "-versions", "-1")
	require.Equal(t, "stays: Group/g\n", p.ok("erase", "p7"))
	p.fails(1, "erased", "erase", "Patient/p7")
	p.fails(1, "not found", "erase", "nobody")
	require.Equal(t, "ok\n", p.ok("verify"))
}
