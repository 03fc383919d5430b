package ingest_test

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"encoding/json"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/jobs"
	"github.com/stretchr/testify/require"
)

const packageJSON = `{"name":"my.guide","version":"1.2.0","title":"Mine","canonical":"http://example.org/guide",
	"fhirVersions":["4.0.1"],"dependencies":{"hl7.fhir.r4.core":"4.0.1"}}`

// A member is a file of an archive.
type member struct{ name, text string }

// tgz packs files.
func tgz(tb testing.TB, members ...member) []byte {
	tb.Helper()
	var out bytes.Buffer
	z := gzip.NewWriter(&out)
	archive := tar.NewWriter(z)
	for _, m := range members {
		require.NoError(tb, archive.WriteHeader(&tar.Header{Name: m.name, Mode: 0o644, Size: int64(len(m.text)), Typeflag: tar.TypeReg}))
		_, err := io.WriteString(archive, m.text)
		require.NoError(tb, err)
	}
	require.NoError(tb, archive.Close())
	require.NoError(tb, z.Close())
	return out.Bytes()
}

// guide returns a small package.
func guide(tb testing.TB, more ...member) []byte {
	return tgz(tb, append([]member{
		{"package/package.json", packageJSON},
		{"package/.index.json", `{"files":[]}`},
		{"package/Basic-a.json", "\ufeff{\n  \"resourceType\": \"Basic\",\n  \"id\": \"a\",\n  \"code\": {\"text\": \"x\"}\n}\n"},
		{"package/ValueSet-v.json", `{"resourceType":"ValueSet","id":"v","url":"http://example.org/v","status":"active"}`},
		{"package/CodeSystem-c.json", `{"resourceType":"CodeSystem","url":"http://example.org/c","status":"active","content":"complete"}`},
		{"package/xml/x.json", `{}`},
		{"package/other/y.json", `{}`},
		{"package/notes.txt", `text`},
		{"package/example/Patient-e.json", patient("e", "x")},
		{"package/examples/Patient-f.json", patient("f", "x")},
	}, more...)...)
}

func TestPackage(t *testing.T) {
	p, err := ingest.Package(bytes.NewReader(guide(t)), nil)
	require.NoError(t, err)
	require.Equal(t, "my.guide", p.Name)
	require.Equal(t, "1.2.0", p.Version)
	require.Equal(t, "Mine", p.Title)
	require.Equal(t, "http://example.org/guide", p.Canonical)
	require.Equal(t, []string{"4.0.1"}, p.FHIRVersions)
	require.Equal(t, map[string]string{"hl7.fhir.r4.core": "4.0.1"}, p.Dependencies)
	require.Equal(t, []string{"package/CodeSystem-c.json", "package/ValueSet-v.json", "package/Basic-a.json"}, p.Files())

	store := open(t, nil)
	for range 2 {
		result, err := run(t, store, ingest.Options{From: p})
		require.NoError(t, err)
		require.Equal(t, ingest.Completed, result.Status)
		require.EqualValues(t, 3, result.Imported)
	}
	require.Len(t, contents(t, store), 3, "the resource without an id is found again")

	p, err = ingest.Package(bytes.NewReader(guide(t)), &ingest.PackageOptions{Examples: true})
	require.NoError(t, err)
	result, err := run(t, store, ingest.Options{From: p, Files: []string{"package/example*/*.json"}})
	require.NoError(t, err)
	require.EqualValues(t, 2, result.Imported)
	_, err = ingest.Start(ctx, store, ingest.Options{From: p, Files: []string{"nothing"}})
	require.ErrorIs(t, err, ingest.ErrNoInput)
}

// A resource without an id is the one that the store has under its url.
func TestPackageUpdatesByURL(t *testing.T) {
	store := open(t, nil)
	_, err := store.Update(ctx, []byte(`{"resourceType":"CodeSystem","id":"mine","url":"http://example.org/c","status":"draft","content":"complete"}`))
	require.NoError(t, err)
	p, err := ingest.Package(bytes.NewReader(guide(t)), nil)
	require.NoError(t, err)
	_, err = run(t, store, ingest.Options{From: p})
	require.NoError(t, err)
	v, err := store.Read(ctx, datastore.Ref{Type: "CodeSystem", ID: "mine"})
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), `"active"`)
	page, err := store.Search(ctx, "CodeSystem", "_summary=count")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)

	_, err = store.Update(ctx, []byte(`{"resourceType":"CodeSystem","id":"other","url":"http://example.org/c","status":"draft","content":"complete"}`))
	require.NoError(t, err)
	result, err := run(t, store, ingest.Options{From: p})
	require.ErrorIs(t, err, ingest.ErrUnreadable)
	require.ErrorContains(t, err, "CodeSystem-c.json")
	require.EqualValues(t, 2, result.Imported)
}

// What the store does not take is named by its file.
func TestPackageReportsBadFiles(t *testing.T) {
	p, err := ingest.Package(bytes.NewReader(guide(t,
		member{"package/bad.json", "{\n  \"resourceType\": \"Basic\",\n"},
		member{"package/none.json", `{"x":1}`},
		member{"package/list.json", `[]`},
		member{"package/empty.json", ``},
		member{"package/newline.json", "{\"resourceType\":\"Basic\",\"id\":\"b\",\"code\":{\"text\":\"x\ny\"}}"},
		member{"package/noid.json", `{"resourceType":"Patient"}`},
		member{"package/two.json", patient("p", "x") + "\n" + patient("q", "x")},
	)), nil)
	require.NoError(t, err)
	var report jobs.Memory
	result, err := run(t, open(t, nil), ingest.Options{From: p, Report: &report})
	require.NoError(t, err)
	require.Equal(t, ingest.CompletedWithErrors, result.Status)
	require.EqualValues(t, 3, result.Imported)
	for _, name := range []string{"bad", "none", "list", "empty", "newline", "noid", "two"} {
		require.Len(t, readFailures(t, report.File("FAILURE/package/"+name+".json")), 1, name)
	}
	require.EqualValues(t, 7, result.CustomerErrors)
}

func TestPackageThatIsNone(t *testing.T) {
	good := guide(t)
	link := func(typ byte, name, target string) []byte {
		var out bytes.Buffer
		z := gzip.NewWriter(&out)
		archive := tar.NewWriter(z)
		require.NoError(t, archive.WriteHeader(&tar.Header{Name: name, Linkname: target, Typeflag: typ}))
		require.NoError(t, archive.Close())
		require.NoError(t, z.Close())
		return out.Bytes()
	}
	for name, text := range map[string][]byte{
		"nothing":        nil,
		"no gzip":        []byte("PK\x03\x04"),
		"no tar":         compressed("text that is no archive"),
		"cut short":      good[:len(good)/2],
		"cut at the end": good[:len(good)-4],
		"damaged":        append(good[:len(good)-8:len(good)-8], 0, 0, 0, 0, 0, 0, 0, 0),
		"no manifest":    tgz(t, member{"package/a.json", "{}"}),
		"bad manifest":   tgz(t, member{"package/package.json", "{"}),
		"no name":        tgz(t, member{"package/package.json", "{}"}),
		"dot dot":        guide(t, member{"package/../../etc/a.json", "{}"}),
		"dot dot inside": guide(t, member{"package/x/../a.json", "{}"}),
		"absolute":       guide(t, member{"/etc/a.json", "{}"}),
		"backslash":      guide(t, member{`package\..\a.json`, "{}"}),
		"symbolic link":  link(tar.TypeSymlink, "package/a.json", "../../etc/passwd"),
		"hard link":      link(tar.TypeLink, "package/a.json", "/etc/passwd"),
		"device":         link(tar.TypeChar, "package/a.json", ""),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := ingest.Package(bytes.NewReader(text), nil)
			require.ErrorIs(t, err, ingest.ErrPackage)
		})
	}
	failed := errors.New("failed")
	_, err := ingest.Package(io.MultiReader(bytes.NewReader(good[:100]), iotest.ErrReader(failed)), nil)
	require.ErrorIs(t, err, failed)
	require.NotErrorIs(t, err, ingest.ErrPackage)
}

// Few bytes that unpack to many are refused at the limit, whatever they are called.
func TestPackageOptions(t *testing.T) {
	for name, o := range map[string]ingest.PackageOptions{"MaxSize": {MaxSize: -1}, "MaxFiles": {MaxFiles: -1}} {
		_, err := ingest.Package(strings.NewReader(""), &o)
		require.ErrorContains(t, err, name)
		require.NotErrorIs(t, err, ingest.ErrPackage)
	}
}

func TestPackageBomb(t *testing.T) {
	zeros := strings.Repeat("\x00", 1<<20)
	for _, name := range []string{"package/a.json", "package/other/a.json", "a"} {
		bomb := guide(t, member{name, zeros})
		_, err := ingest.Package(bytes.NewReader(bomb), &ingest.PackageOptions{MaxSize: 1 << 20})
		require.ErrorIs(t, err, ingest.ErrPackage, name)
		require.ErrorContains(t, err, "MaxSize")
	}
	_, err := ingest.Package(bytes.NewReader(guide(t)), &ingest.PackageOptions{MaxFiles: 5})
	require.ErrorContains(t, err, "MaxFiles")
	trailing := append(guide(t), compressed(strings.Repeat(zeros, 8))...)
	_, err = ingest.Package(bytes.NewReader(trailing), &ingest.PackageOptions{MaxSize: 1 << 20})
	require.ErrorContains(t, err, "MaxSize")
}

func FuzzPackage(f *testing.F) {
	f.Add(guide(f))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, data []byte) {
		p, err := ingest.Package(bytes.NewReader(data), &ingest.PackageOptions{MaxSize: 1 << 20, MaxFiles: 100})
		if err != nil {
			require.ErrorIs(t, err, ingest.ErrPackage)
			return
		}
		for _, name := range p.Files() {
			require.True(t, strings.HasPrefix(name, "package/") && !strings.Contains(name, ".."), name)
		}
	})
}

// usCore is US Core as its publisher packs it: one indented file a resource.
func usCore(tb testing.TB) []byte {
	tb.Helper()
	file, err := os.Open("../../shared/data/us-core-3.1.0.ndjson.gz")
	if err != nil {
		tb.Skip("US Core is not here: ../../shared/data/us-core-3.1.0.ndjson.gz")
	}
	defer file.Close()
	z, err := gzip.NewReader(file)
	require.NoError(tb, err)
	lines, err := io.ReadAll(z)
	require.NoError(tb, err)
	members := []member{{"package/package.json", `{"name":"hl7.fhir.us.core","version":"3.1.0","fhirVersions":["4.0.1"],"dependencies":{"hl7.fhir.r4.core":"4.0.1"}}`}}
	for line := range bytes.Lines(lines) {
		var head struct{ ResourceType, ID string }
		require.NoError(tb, json.Unmarshal(line, &head))
		var text bytes.Buffer
		require.NoError(tb, json.Indent(&text, line, "", "  "))
		name := "package/" + head.ResourceType + "-" + head.ID + ".json"
		if slices.ContainsFunc(members, func(m member) bool { return m.name == name }) {
			name = "package/ig-r4.json" // the guide itself is there twice
		}
		members = append(members, member{name, text.String()})
	}
	return tgz(tb, members...)
}

func TestPackageUSCore(t *testing.T) {
	p, err := ingest.Package(bytes.NewReader(usCore(t)), nil)
	require.NoError(t, err)
	require.Len(t, p.Files(), 145)
	store := open(t, nil)
	var report jobs.Memory
	result, err := run(t, store, ingest.Options{From: p, Report: &report})
	require.NoError(t, err)
	require.Len(t, report.Names(), 146, "a file for each, and the manifest")
	require.False(t, slices.ContainsFunc(report.Names(), func(name string) bool { return strings.HasPrefix(name, "FAILURE/") }), "nothing failed")
	require.EqualValues(t, 145, result.Imported)
	page, err := store.Search(ctx, "StructureDefinition", "url=http://hl7.org/fhir/us/core/StructureDefinition/us-core-patient")
	require.NoError(t, err)
	require.Equal(t, 1, page.Total)
	require.NoError(t, store.WaitIndexed(ctx))
	var codes []string
	for _, status := range store.SearchParameters() {
		codes = append(codes, status.Code)
	}
	require.ElementsMatch(t, []string{"ethnicity", "race"}, codes, "the others are R4's own")
	require.NoError(t, store.Verify(ctx))
}
