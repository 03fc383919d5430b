package ingest_test

import (
	"bytes"
	"fmt"
	"io"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"
)

func TestSyntheaIsImportedWhole(t *testing.T) {
	result, err := run(t, open(t, nil), ingest.Options{Reader: bytes.NewReader(synthea(t))})
	require.NoError(t, err)
	require.EqualValues(t, 27861, result.Scanned)
	require.EqualValues(t, 27861, result.Imported)
	require.Equal(t, ingest.Completed, result.Status)
}

func TestSyntheticIsImportedWhole(t *testing.T) {
	text := synthetic(t, 20)
	store := open(t, nil)
	result, err := run(t, store, ingest.Options{Reader: ingest.Synthetic(1, 20)})
	require.NoError(t, err)
	require.EqualValues(t, bytes.Count(text, []byte{'\n'}), result.Imported)
	require.EqualValues(t, len(text), result.Bytes)
	require.EqualValues(t, len(text), result.BytesImported)
	require.Zero(t, result.Failed())
	expect(t, text).requirePrefix(t, store, int(result.Imported))

	page, err := store.Search(ctx, "Patient", "_summary=count")
	require.NoError(t, err)
	require.EqualValues(t, 20, page.Total)
}

func TestLaterLineIsTheNewerVersion(t *testing.T) {
	var text strings.Builder
	const rounds, patients = 40, 100
	for round := range rounds {
		for id := range patients {
			fmt.Fprintln(&text, patient(fmt.Sprint("p", id), fmt.Sprintf("f%d%s", round, strings.Repeat("x", 700))))
		}
		fmt.Fprintln(&text, patient("twice", fmt.Sprint("first", round)))
		fmt.Fprintln(&text, patient("twice", fmt.Sprint("second", round)))
	}
	store := open(t, nil)
	result, err := run(t, store, ingest.Options{Reader: strings.NewReader(text.String()), Workers: 7})
	require.NoError(t, err)
	require.EqualValues(t, rounds*(patients+2), result.Imported)

	for id := range patients {
		n := rounds
		for v, err := range store.History(ctx, datastore.Ref{Type: "Patient", ID: fmt.Sprint("p", id)}, nil) {
			require.NoError(t, err)
			require.Equal(t, fmt.Sprint(n), v.VersionID)
			require.Contains(t, string(v.JSON), fmt.Sprintf(`"f%dx`, n-1))
			n--
		}
		require.Zero(t, n)
	}
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "twice"})
	require.NoError(t, err)
	require.Equal(t, fmt.Sprint(2*rounds), v.VersionID)
	require.Contains(t, string(v.JSON), fmt.Sprint("second", rounds-1))
	v, err = store.ReadVersion(ctx, datastore.Ref{Type: "Patient", ID: "twice"}, "1")
	require.NoError(t, err)
	require.Contains(t, string(v.JSON), "first0")
	require.NoError(t, store.Verify(ctx))
}

// TestImportingAgain imports the same lines again: only what changed has a new version.
func TestImportingAgain(t *testing.T) {
	store := open(t, nil)
	for range 3 {
		result, err := run(t, store, ingest.Options{Reader: ingest.Synthetic(1, 1)})
		require.NoError(t, err)
		require.Equal(t, result.Scanned, result.Imported)
		for ref, text := range contents(t, store) {
			require.Contains(t, text, `"versionId":"1"`, ref)
		}
	}
	changed := strings.NewReader(patient("a", "x") + "\n" + patient("a", "x") + "\n" + patient("a", "y") + "\n")
	_, err := run(t, store, ingest.Options{Reader: changed})
	require.NoError(t, err)
	v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
	require.NoError(t, err)
	require.Equal(t, "2", v.VersionID)
}

func TestBadLines(t *testing.T) {
	deep := strings.Repeat(`{"extension":[`, 10_000) + strings.Repeat(`]}`, 10_000)
	bad := []struct {
		name, line, code string
	}{
		{"cut short", `{"resourceType":"Patient","id":"secret`, "structure"},
		{"no JSON", `secret`, "structure"},
		{"two values", patient("a", "b") + patient("a", "b"), "structure"},
		{"array", `[` + patient("a", "b") + `]`, "structure"},
		{"invalid UTF-8", patient("a", "secret\xff"), ""},
		{"no id", `{"resourceType":"Patient","active":true}`, "required"},
		{"id that is none", patient("not an id", "secret"), ""},
		{"no resourceType", `{"id":"a","active":true}`, ""},
		{"unknown type", `{"resourceType":"Patiens","id":"a","active":true}`, ""},
		{"unknown element", `{"resourceType":"Patient","id":"a","colour":1}`, ""},
		{"element twice", `{"resourceType":"Patient","id":"a","active":true,"active":true}`, ""},
		{"wrong kind", `{"resourceType":"Patient","id":"a","active":"secret"}`, ""},
		{"deep", `{"resourceType":"Patient","id":"a","extension":[` + deep + `]}`, ""},
		{"a type of DSTU2", `{"resourceType":"MedicationOrder","id":"a","status":"active"}`, ""},
		{"an element of STU3", `{"resourceType":"Patient","id":"a","animal":{"species":{"text":"secret"}}}`, ""},
		{"an element of R5", `{"resourceType":"Encounter","id":"a","status":"planned","class":[{"text":"secret"}]}`, ""},
		{"NUL", "\x00\x00\x00", "structure"},
		{"byte order mark in the middle", "\ufeff" + patient("a", "b"), ""},
	}
	var text strings.Builder
	for i, b := range bad {
		fmt.Fprintln(&text, patient(fmt.Sprint("good-", i), "x"))
		fmt.Fprintln(&text, b.line)
	}
	fmt.Fprint(&text, patient("good-last", "x"))

	store := open(t, nil)
	var report storetest.Sink
	result, err := run(t, store, ingest.Options{Reader: strings.NewReader(text.String()), Name: "in.ndjson", Report: &report})
	require.NoError(t, err, "a bad line never stops the run")
	require.Equal(t, ingest.CompletedWithErrors, result.Status)
	require.EqualValues(t, len(bad)+1, result.Imported)
	require.EqualValues(t, len(bad), result.CustomerErrors)
	require.Zero(t, result.ServerErrors)
	require.Len(t, contents(t, store), len(bad)+1)

	failures := readFailures(t, report.File("FAILURE/in.ndjson"))
	require.Len(t, failures, len(bad))
	for i, b := range bad {
		require.EqualValues(t, 2*i+2, failures[i].LineID, b.name)
		require.Equal(t, 400, failures[i].Response.Status, b.name)
		if b.code != "" {
			require.Equal(t, b.code, failures[i].Response.Outcome.Issue[0].Code, b.name)
		}
	}
	require.NotContains(t, strings.ToLower(string(report.File("FAILURE/in.ndjson"))), "secret", "no failure quotes the data")
}

func TestLineTooLong(t *testing.T) {
	long := func() io.Reader {
		return io.MultiReader(
			strings.NewReader(patient("before", "x")+"\n"+`{"resourceType":"Patient","id":"long","name":[{"family":"`),
			repeat(longText, 70<<20), strings.NewReader(`"}]}`+"\n"+patient("after", "x")))
	}
	t.Run("in the middle", func(t *testing.T) {
		store := open(t, nil)
		var report storetest.Sink
		result, err := run(t, store, ingest.Options{Reader: long(), Report: &report})
		require.NoError(t, err)
		require.EqualValues(t, 2, result.Imported)
		require.EqualValues(t, 1, result.CustomerErrors)
		require.Greater(t, result.Bytes, int64(70<<20))
		failures := readFailures(t, report.File("FAILURE/stdin"))
		require.Len(t, failures, 1)
		require.EqualValues(t, 2, failures[0].LineID)
		require.Equal(t, "too-long", failures[0].Response.Outcome.Issue[0].Code)
	})
	t.Run("at the end", func(t *testing.T) {
		result, err := run(t, open(t, nil), ingest.Options{Reader: repeat(longText, 65<<20)})
		require.NoError(t, err)
		require.EqualValues(t, 1, result.CustomerErrors)
	})
	t.Run("is not held", func(t *testing.T) {
		store := open(t, &datastore.Options{MaxResourceSize: 1 << 20})
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		result, err := run(t, store, ingest.Options{Reader: long()})
		runtime.ReadMemStats(&after)
		require.NoError(t, err)
		require.EqualValues(t, 2, result.Imported)
		require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(16<<20))
	})
	t.Run("just not", func(t *testing.T) {
		const limit = 3 << 20
		store := open(t, &datastore.Options{MaxResourceSize: limit})
		padded := func(size int) string {
			start, end, _ := strings.Cut(patient("a", "x"), ",")
			return start + "," + strings.Repeat(" ", size-len(start)-len(",")-len(end)) + end
		}
		text := padded(limit) + "\r\n" + padded(limit+1) + "\r\n" + padded(limit)
		var report storetest.Sink
		result, err := run(t, store, ingest.Options{Reader: strings.NewReader(text), Report: &report})
		require.NoError(t, err)
		require.EqualValues(t, 2, result.Imported)
		failures := readFailures(t, report.File("FAILURE/stdin"))
		require.Len(t, failures, 1)
		require.EqualValues(t, 2, failures[0].LineID)
	})
}

// TestOrderOfFailures has bad lines in many chunks.
func TestOrderOfFailures(t *testing.T) {
	const lines = 20_000
	var text strings.Builder
	var want []int64
	for n := int64(1); n <= lines; n++ {
		if n%7 == 0 {
			fmt.Fprintln(&text, `{"resourceType":"Patient"}`)
			want = append(want, n)
			continue
		}
		fmt.Fprintln(&text, patient(fmt.Sprint("p", n), strings.Repeat("x", 300)))
	}
	var report storetest.Sink
	result, err := run(t, open(t, nil), ingest.Options{
		Reader: iotest.HalfReader(strings.NewReader(text.String())), Workers: 5, Report: &report,
	})
	require.NoError(t, err)
	require.EqualValues(t, lines, result.Scanned)
	var got []int64
	for _, f := range readFailures(t, report.File("FAILURE/stdin")) {
		got = append(got, f.LineID)
	}
	require.Equal(t, want, got)
}

// TestAnyInputAgainstAModel imports random lines, good and bad, in random files,
// and compares with a map.
func TestAnyInputAgainstAModel(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		files := fstest.MapFS{}
		model := map[string]string{} // id to family
		scanned, failed := int64(0), int64(0)
		names := []string{"a.ndjson", "b.jsonl.gz", "c.ldjson"}
		for _, name := range names[:rapid.IntRange(1, 3).Draw(r, "files")] {
			var text strings.Builder
			for range rapid.IntRange(0, 30).Draw(r, "lines") {
				kind := rapid.IntRange(0, 5).Draw(r, "kind")
				id := fmt.Sprint("p", rapid.IntRange(0, 9).Draw(r, "id"))
				family := rapid.StringMatching(`[a-z]{1,8}`).Draw(r, "family")
				switch kind {
				case 0:
					text.WriteString(" \t")
				case 1:
					text.WriteString(patient(id, family)[:20])
					scanned++
					failed++
				default:
					text.WriteString(patient(id, family))
					model["Patient/"+id] = family
					scanned++
				}
				text.WriteString(rapid.SampledFrom([]string{"\n", "\r\n"}).Draw(r, "end"))
			}
			files[name] = &fstest.MapFile{Data: []byte(text.String())}
			if rapid.Bool().Draw(r, "gzip") {
				files[name].Data = compressed(text.String())
			}
		}
		store := storetest.Open(r, nil)
		result, err := run(t, store, ingest.Options{From: files, Workers: rapid.IntRange(1, 4).Draw(r, "workers")})
		require.NoError(r, err)
		require.Equal(r, scanned, result.Scanned)
		require.Equal(r, failed, result.CustomerErrors)
		require.Len(r, result.Files, len(files))
		got := contents(t, store)
		require.Len(r, got, len(model))
		for ref, family := range model {
			require.Contains(r, got[ref], `"family":"`+family+`"`)
		}
	})
}
