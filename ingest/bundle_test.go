package ingest_test

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// uuid returns a UUID of a number.
func uuid(n int) string { return fmt.Sprintf("00000000-0000-4000-8000-%012d", n) }

// bundleOf returns a Bundle of entries.
func bundleOf(typ string, entries ...string) string {
	return `{"resourceType":"Bundle","type":"` + typ + `","entry":[` + strings.Join(entries, ",\n") + `]}`
}

// entryOf returns an entry. Without a method it has no request.
func entryOf(fullURL, resource, method, url string) string {
	text := `{`
	if fullURL != "" {
		text += `"fullUrl":"` + fullURL + `",`
	}
	if resource != "" {
		text += `"resource":` + resource + `,`
	}
	if method != "" {
		text += `"request":{"method":"` + method + `","url":"` + url + `"},`
	}
	return strings.TrimSuffix(text, ",") + `}`
}

func observationOf(id, subject string) string {
	if id != "" {
		id = `"id":"` + id + `",`
	}
	return `{"resourceType":"Observation",` + id + `"status":"final","code":{"text":"x"},"subject":{"reference":"` + subject + `"}}`
}

// imported imports files and returns what the store holds then, with the failures.
func imported(t *testing.T, opts ingest.Options, files map[string]string) (ingest.Result, map[string]string, *storetest.Sink) {
	t.Helper()
	input := fstest.MapFS{}
	for name, text := range files {
		input[name] = &fstest.MapFile{Data: []byte(text)}
		if strings.HasSuffix(name, ".gz") {
			input[name].Data = compressed(text)
		}
	}
	report := new(storetest.Sink)
	opts.From, opts.Report = input, report
	store := open(t, nil)
	result, _ := run(t, store, opts)
	require.Equal(t, result.Scanned, result.Imported+result.Failed())
	require.Empty(t, store.StateNames("work/"))
	require.NoError(t, store.Verify(ctx))
	return result, contents(t, store), report
}

// TestBundles imports what Bundles of each type hold.
func TestBundles(t *testing.T) {
	root := "http://example.org/fhir"
	ann := `{"resourceType":"Patient","id":"ann"}`
	for _, test := range []struct {
		name  string
		text  string
		holds map[string]string // parts of resources
	}{
		{"collection", bundleOf("collection", entryOf("", ann, "", ""), entryOf("", observationOf("o", "Patient/ann"), "", "")),
			map[string]string{"Patient/ann": ``, "Observation/o": `"Patient/ann"`}},
		{"a later entry by UUID", bundleOf("transaction", entryOf("urn:uuid:"+uuid(1), observationOf("", "urn:uuid:"+uuid(2)), "POST", "Observation"),
			entryOf("urn:uuid:"+uuid(2), `{"resourceType":"Patient"}`, "POST", "Patient")),
			map[string]string{"Observation/" + uuid(1): `"Patient/` + uuid(2) + `"`, "Patient/" + uuid(2): ``}},
		{"an id that the fullUrl does not say", bundleOf("batch", entryOf("urn:uuid:"+uuid(1), observationOf("o", "urn:uuid:"+uuid(2)), "PUT", "Observation/o"),
			entryOf("urn:uuid:"+uuid(2), ann, "PUT", "Patient/ann")),
			map[string]string{"Observation/o": `"Patient/ann"`, "Patient/ann": ``}},
		{"an id of the request", bundleOf("transaction", entryOf("", observationOf("", "Patient/ann"), "PUT", "Observation/o"), entryOf("", `{"resourceType":"Patient"}`, "PUT", "Patient/ann")),
			map[string]string{"Observation/o": `"Patient/ann"`, "Patient/ann": ``}},
		{"an OID", bundleOf("document", entryOf("urn:oid:1.2.3", `{"resourceType":"Patient"}`, "", ""), entryOf("", observationOf("o", "urn:oid:1.2.3"), "", "")),
			map[string]string{"Observation/o": `"Patient/1.2.3"`, "Patient/1.2.3": ``}},
		{"addresses", bundleOf("searchset", entryOf(root+"/Patient/ann", ann, "", ""), entryOf(root+"/Observation/o", observationOf("o", root+"/Patient/ann/_history/3"), "", ""),
			entryOf(root+"/Observation/p", observationOf("p", root+"/Patient/elsewhere"), "", ""), entryOf(root+"/Observation/q", observationOf("q", "http://other.org/Patient/ann"), "", ""),
			`{"search":{"mode":"outcome"},"resource":{"resourceType":"OperationOutcome","issue":[{"severity":"warning","code":"informational"}]}}`),
			map[string]string{"Patient/ann": ``, "Observation/o": `"Patient/ann/_history/3"`, "Observation/p": `"Patient/elsewhere"`, "Observation/q": `"http://other.org/Patient/ann"`}},
		{"a relative reference to another id", bundleOf("collection", entryOf(root+"/Patient/1", ann, "", ""), entryOf(root+"/Observation/o", observationOf("o", "Patient/1"), "", "")),
			map[string]string{"Patient/ann": ``, "Observation/o": `"Patient/ann"`}},
		{"a circle", bundleOf("collection", entryOf("urn:uuid:"+uuid(1), `{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:`+uuid(2)+`"},"type":"seealso"}]}`, "", ""),
			entryOf("urn:uuid:"+uuid(2), `{"resourceType":"Patient","link":[{"other":{"reference":"urn:uuid:`+uuid(1)+`"},"type":"seealso"}]}`, "", "")),
			map[string]string{"Patient/" + uuid(1): `"Patient/` + uuid(2) + `"`, "Patient/" + uuid(2): `"Patient/` + uuid(1) + `"`}},
		{"a Bundle in a Bundle", bundleOf("collection", entryOf("urn:uuid:"+uuid(1), `{"resourceType":"Bundle","id":"in","type":"collection","entry":[{"fullUrl":"urn:uuid:`+uuid(1)+`","resource":`+ann+`}]}`, "", "")),
			map[string]string{"Bundle/in": `"urn:uuid:` + uuid(1) + `"`}},
		{"members in another order", `{"entry":[` + entryOf("", ann, "", "") + `],"type":"collection","meta":{"tag":[{"code":"]}\""}]},"resource\u0054ype":"Bundle"}`, map[string]string{"Patient/ann": ``}},
		{"nothing", bundleOf("batch"), map[string]string{}},
		{"no entry", `{"resourceType":"Bundle","type":"batch"}`, map[string]string{}},
		{"another resource on many lines", "{\n \"resourceType\": \"Patient\",\n \"id\": \"ann\"\n}\n\n", map[string]string{"Patient/ann": ``}},
		{"a List, which has entries too", `{"resourceType":"List","id":"l","status":"current","mode":"working","entry":[{"item":{"reference":"Patient/ann"}}]}`, map[string]string{"List/l": `"Patient/ann"`}},
		{"a byte order mark", "\ufeff" + bundleOf("collection", entryOf("", ann, "", "")), map[string]string{"Patient/ann": ``}},
	} {
		t.Run(test.name, func(t *testing.T) {
			for _, name := range []string{"a.json", "sub/a.json.gz"} {
				result, holds, _ := imported(t, ingest.Options{}, map[string]string{name: test.text})
				require.Equal(t, ingest.Completed, result.Status)
				require.EqualValues(t, len(test.holds), result.Imported)
				require.EqualValues(t, len(test.text)-strings.Count(test.text, "\ufeff")*3, result.Bytes)
				require.Len(t, holds, len(test.holds))
				for ref, part := range test.holds {
					require.Contains(t, holds[ref], part)
				}
			}
			if strings.HasPrefix(test.text, `{"resourceType":"Bundle"`) {
				line := strings.ReplaceAll(test.text, "\n", " ")
				result, holds, _ := imported(t, ingest.Options{Bundles: ingest.UnpackBundles}, map[string]string{"a.ndjson": patient("first", "x") + "\n" + line + "\n" + patient("last", "x") + "\n"})
				require.Equal(t, ingest.Completed, result.Status)
				require.Len(t, holds, len(test.holds)+2)
				for ref, part := range test.holds {
					require.Contains(t, holds[ref], part)
				}
			}
		})
	}
}

// TestBundleEntriesThatFail has entries fail for themselves, with their numbers and
// places in the Bundle.
func TestBundleEntriesThatFail(t *testing.T) {
	for _, test := range []struct {
		name, entry, place string
		status             int
	}{
		{"a bad value", entryOf("", `{"resourceType":"Patient","id":"b","name":[{"family":7}]}`, "", ""), "Bundle.entry[1].resource.name[0].family", 400},
		{"no resource", `{"fullUrl":"urn:uuid:` + uuid(1) + `"}`, "Bundle.entry[1].resource", 400},
		{"a resource that is none", `{"resource":"x"}`, "Bundle.entry[1].resource", 400},
		{"null", `null`, "Bundle.entry[1]", 400},
		{"two resources", `{"resource":` + patient("b", "x") + `,"resource":` + patient("c", "x") + `}`, "Bundle.entry[1]", 400},
		{"no JSON around the resource", `{"resource":` + patient("b", "x") + `,"link":[tru]}`, "Bundle.entry[1]", 400},
		{"an unknown type", `{"resource":{"resourceType":"Quark","id":"b"}}`, "Bundle.entry[1].resource.resourceType", 400},
		{"GET", entryOf("", "", "GET", "Patient/a"), "Bundle.entry[1].request.method", 400},
		{"PATCH", entryOf("", `{"resourceType":"Parameters"}`, "PATCH", "Patient/a"), "Bundle.entry[1].request.method", 400},
		{"an operation", entryOf("", `{"resourceType":"Parameters"}`, "POST", "Patient/$match"), "Bundle.entry[1].request.url", 400},
		{"a conditional delete", entryOf("", "", "DELETE", "Patient?name=secret"), "Bundle.entry[1].request.url", 400},
		{"a conditional update without an id", entryOf("", `{"resourceType":"Patient"}`, "PUT", "Patient?name=secret"), "Bundle.entry[1].request.url", 400},
		{"a PUT of another", entryOf("", patient("b", "x"), "PUT", "Patient/c"), "Bundle.entry[1].request.url", 400},
		{"a UUID that nobody has", entryOf("", observationOf("o", "urn:uuid:"+uuid(9)), "", ""), "Bundle.entry[1].resource.subject.reference", 412},
		{"a fullUrl that two resources have", entryOf("", observationOf("o", "urn:uuid:"+uuid(7)), "", ""), "Bundle.entry[1].resource.subject.reference", 400},
		{"an id that is none", entryOf("", `{"resourceType":"Patient","id":"not one"}`, "", ""), "Bundle.entry[1].resource.id", 400},
		{"a deep one", `{"resource":{"resourceType":"Patient","id":"b","extension":` + strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000) + `}}`, "", 400},
	} {
		t.Run(test.name, func(t *testing.T) {
			text := bundleOf("collection", entryOf("urn:uuid:"+uuid(7), patient("a", "x"), "", ""), test.entry, entryOf("urn:uuid:"+uuid(7), patient("z", "x"), "", ""))
			for _, mode := range []ingest.BundleMode{ingest.UnpackFiles, ingest.UnpackBundles} {
				name, line := "a.json", int64(2)
				if mode == ingest.UnpackBundles {
					name, line, text = "a.ndjson", 2, "\n"+strings.ReplaceAll(text, "\n", " ")
				}
				result, holds, report := imported(t, ingest.Options{Bundles: mode}, map[string]string{name: text})
				require.Equal(t, ingest.CompletedWithErrors, result.Status)
				require.EqualValues(t, 2, result.Imported)
				require.EqualValues(t, 1, result.CustomerErrors)
				require.Len(t, holds, 2)
				failures := readFailures(t, report.File("FAILURE/"+name))
				require.Len(t, failures, 1)
				require.Equal(t, line, failures[0].LineID)
				require.Equal(t, test.status, failures[0].Response.Status)
				require.NotContains(t, string(report.File("FAILURE/"+name)), "secret")
				if test.place != "" {
					var told struct {
						UpdateResourceResponse struct {
							JSONBlob struct {
								Issue []struct{ Expression []string }
							}
						}
					}
					require.NoError(t, json.Unmarshal(report.File("FAILURE/"+name), &told))
					require.Equal(t, []string{test.place}, told.UpdateResourceResponse.JSONBlob.Issue[0].Expression)
				}
			}
		})
	}
}

// TestBundlesThatAreCut imports of a Bundle what comes before its end, and says where
// that is.
func TestBundlesThatAreCut(t *testing.T) {
	whole := bundleOf("collection", entryOf("urn:uuid:"+uuid(1), observationOf("o", "urn:uuid:"+uuid(2)), "", ""), entryOf("urn:uuid:"+uuid(2), patient("a", `\"}]`), "", ""))
	for at := range len(whole) {
		result, holds, report := imported(t, ingest.Options{}, map[string]string{"a.json": whole[:at]})
		require.LessOrEqual(t, len(holds), 2)
		require.EqualValues(t, len(holds), result.Imported, at)
		if at < strings.Index(whole, `"entry"`) {
			require.Empty(t, holds)
		}
		failures := readFailures(t, report.File("FAILURE/a.json"))
		require.NotEmpty(t, failures)
		require.EqualValues(t, len(failures), result.Failed())
	}
	for name, text := range map[string]string{
		"two Bundles": whole + whole, "something behind": whole + "x", "a bracket too much": whole + "}", "an element twice": strings.Replace(whole, `"entry"`, `"entry":[],"entry"`, 1),
		"a history": bundleOf("history", entryOf("", patient("a", "x"), "PUT", "Patient/a")), "no type": `{"resourceType":"Bundle","entry":[]}`, "an unknown type": bundleOf("quark"),
		"an answer": bundleOf("batch-response"), "nothing": "", "blank": " \n", "an array": "[" + whole + "]", "lines": patient("a", "x") + "\n" + patient("b", "x"),
	} {
		t.Run(name, func(t *testing.T) {
			result, _, report := imported(t, ingest.Options{}, map[string]string{"a.json": text})
			require.Equal(t, ingest.CompletedWithErrors, result.Status)
			require.EqualValues(t, 1, result.Failed())
			require.Len(t, readFailures(t, report.File("FAILURE/a.json")), 1)
		})
	}
}

// TestReferencesBetweenBundles has files refer to entries of others, in each order.
func TestReferencesBetweenBundles(t *testing.T) {
	files := map[string]string{
		"a.json": bundleOf("transaction",
			entryOf("urn:uuid:"+uuid(1), `{"resourceType":"Encounter","status":"finished","class":{"code":"AMB"},"serviceProvider":{"reference":"urn:uuid:`+uuid(2)+`"},"participant":[{"individual":{"reference":"Practitioner?identifier=77"}},{"individual":{"reference":"urn:uuid:`+uuid(3)+`"}}]}`, "POST", "Encounter"),
			entryOf("", observationOf("o", "urn:uuid:"+uuid(4)), "", ""),
			entryOf("http://a.org/Observation/p", observationOf("p", "http://b.org/Patient/pat"), "", ""),
			entryOf("http://a.org/Observation/q", observationOf("q", "http://b.org/Patient/unknown"), "", ""),
			entryOf("http://a.org/Observation/r", observationOf("r", "http://c.org/some/name"), "", ""),
			entryOf("", observationOf("lost", "urn:uuid:"+uuid(99)), "", "")),
		"b.json": bundleOf("collection",
			entryOf("urn:uuid:"+uuid(2), `{"resourceType":"Organization","name":"x"}`, "", ""),
			entryOf("urn:uuid:"+uuid(3), `{"resourceType":"Practitioner","id":"dr","identifier":[{"value":"77"}]}`, "", "")),
		"c.json": bundleOf("collection",
			entryOf("urn:uuid:"+uuid(4), patient("pat", "x"), "", ""), entryOf("http://b.org/Patient/pat", patient("pat", "x"), "", ""), entryOf("http://c.org/some/name", patient("named", "x"), "", "")),
	}
	for _, order := range [][]string{{"a.json", "b.json", "c.json"}, {"c.json", "b.json", "a.json"}, {"b.json", "a.json", "c.json"}} {
		for _, level := range levels {
			result, holds, report := imported(t, ingest.Options{Files: order, Validation: level}, files)
			require.EqualValues(t, 10, result.Imported)
			require.EqualValues(t, 1, result.CustomerErrors)
			require.Contains(t, holds["Encounter/"+uuid(1)], `"Organization/`+uuid(2)+`"`)
			require.Equal(t, 2, strings.Count(holds["Encounter/"+uuid(1)], `"Practitioner/dr"`))
			require.Contains(t, holds["Observation/o"], `"Patient/pat"`)
			require.Contains(t, holds["Observation/p"], `"Patient/pat"`)
			require.Contains(t, holds["Observation/q"], `"http://b.org/Patient/unknown"`)
			require.Contains(t, holds["Observation/r"], `"Patient/named"`)
			failures := readFailures(t, report.File("FAILURE/a.json"))
			require.Len(t, failures, 1)
			require.EqualValues(t, 6, failures[0].LineID)
			require.Equal(t, 412, failures[0].Response.Status)
		}
	}
}

// TestBundlesAgain imports the same Bundles twice: no resource is made twice, and what
// has no name of its own is made by each job.
func TestBundlesAgain(t *testing.T) {
	text := bundleOf("transaction",
		entryOf("urn:uuid:"+uuid(1), `{"resourceType":"Patient"}`, "POST", "Patient"), entryOf("", observationOf("", "urn:uuid:"+uuid(1)), "POST", "Observation"), entryOf("http://x.org/odd", `{ }`, "POST", "Basic"))
	text = strings.Replace(text, `{ }`, `{"resourceType":"Basic","code":{"text":"x"}}`, 1)
	store := open(t, nil)
	for n := 1; n <= 2; n++ {
		result, err := run(t, store, ingest.Options{From: fstest.MapFS{"a.json": {Data: []byte(text)}}, ClientToken: "same"})
		require.NoError(t, err)
		require.EqualValues(t, 3, result.Imported)
		require.Len(t, contents(t, store), 3)
	}
	_, err := run(t, store, ingest.Options{From: fstest.MapFS{"a.json": {Data: []byte(text)}}})
	require.NoError(t, err)
	require.Len(t, contents(t, store), 4)
}

// TestBundleDeletes deletes by entries, and stores lines that are Bundles, of deletions
// as well, unless their file is called deleted.
func TestBundleDeletes(t *testing.T) {
	deletion := `{"resourceType":"Bundle","id":"gone","type":"transaction","entry":[{"request":{"method":"DELETE","url":"Patient/a"}}]}`
	result, holds, _ := imported(t, ingest.Options{Files: []string{"a.ndjson", "b.json"}}, map[string]string{
		"a.ndjson": patient("a", "x") + "\n" + patient("b", "x"),
		"b.json":   bundleOf("transaction", entryOf("", "", "DELETE", "Patient/a"), entryOf("", "", "DELETE", "Patient/never"), entryOf("", patient("c", "x"), "PUT", "Patient/c")),
	})
	require.EqualValues(t, 5, result.Imported)
	require.Len(t, holds, 2)
	for name, deletes := range map[string]bool{
		"a.ndjson": false, "Bundle.ndjson": false, "undeleted.ndjson": false, "deleted.ndjson": true, "deleted/Bundle.ndjson": true, "x/deleted/Bundle-1.ndjson.gz": true, "deleted.ndjson.gz": true,
	} {
		_, holds, _ := imported(t, ingest.Options{Files: []string{"0.ndjson", name}}, map[string]string{"0.ndjson": patient("a", "x"), name: deletion})
		if deletes {
			require.Empty(t, holds, name)
			continue
		}
		require.Len(t, holds, 2, name)
		require.Contains(t, holds["Bundle/gone"], "DELETE")
	}
	for mode, want := range map[ingest.BundleMode]int{ingest.UnpackFiles: 1, ingest.UnpackBundles: 0, ingest.KeepBundles: 2} {
		_, holds, _ := imported(t, ingest.Options{Bundles: mode, Files: []string{"0.ndjson", "1.ndjson", "2.json"}}, map[string]string{
			"0.ndjson": patient("a", "x"), "1.ndjson": strings.Replace(deletion, "Patient/a", "Patient/none", 1), "2.json": strings.Replace(deletion, `"gone"`, `"too"`, 1),
		})
		require.Len(t, holds, map[int]int{1: 1, 0: 0, 2: 3}[want], mode)
	}
}

// TestLargeBundles reads Bundles that are not held in memory, twice, and refuses what is
// larger than a resource may be.
func TestLargeBundles(t *testing.T) {
	if testing.Short() {
		t.Skip("slow: 100,000 entries")
	}
	const entries = 100_000
	var text strings.Builder
	text.WriteString(`{"resourceType":"Bundle","type":"transaction","entry":[`)
	for n := range entries {
		if n > 0 {
			text.WriteByte(',')
		}
		text.WriteString(entryOf("urn:uuid:"+uuid(n), strings.NewReplacer(`"subject":{`, `"hasMember":[{`, `"}}`, `"}]}`).Replace(observationOf("", "urn:uuid:"+uuid((n+entries-1)%entries))), "POST", "Observation"))
	}
	text.WriteString(`]}`)
	require.Greater(t, text.Len(), 8<<20)
	result, holds, _ := imported(t, ingest.Options{}, map[string]string{"a.json.gz": text.String()})
	require.Equal(t, ingest.Completed, result.Status)
	require.EqualValues(t, entries, result.Imported)
	require.EqualValues(t, text.Len(), result.Bytes)
	require.Contains(t, holds["Observation/"+uuid(0)], `"Observation/`+uuid(entries-1)+`"`)

	store := open(t, &datastore.Options{MaxResourceSize: 1 << 20})
	long := bundleOf("collection", entryOf("", patient("a", "x"), "", ""), entryOf("", patient("long", strings.Repeat("x", 2<<20)), "", ""), entryOf("", patient("b", "x"), "", ""))
	result, err := run(t, store, ingest.Options{From: fstest.MapFS{"a.json": {Data: []byte(long)}}})
	require.NoError(t, err)
	require.EqualValues(t, 2, result.Imported)
	require.EqualValues(t, 1, result.CustomerErrors)
	require.EqualValues(t, len(long), result.Bytes)
	for _, reader := range []io.Reader{strings.NewReader(long), io.LimitReader(strings.NewReader(long), 1<<30)} {
		_, seeks := reader.(io.Seeker)
		result, err = run(t, store, ingest.Options{Reader: reader, Name: "a.json"})
		require.NoError(t, err)
		require.EqualValues(t, 1, result.CustomerErrors)
		require.Equal(t, seeks, result.Imported == 2)
	}
}
