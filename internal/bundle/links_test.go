package bundle_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const xhtml = `http://www.w3.org/1999/xhtml`

// narrative is the member text of a resource; inner is XHTML with JSON's escapes.
func narrative(inner string) string {
	return `,"text":{"status":"generated","div":"<div xmlns=\"` + xhtml + `\">` + inner + `</div>"}`
}

// FHIR R4 §3.1.0.11.2: a reference to the fullUrl of an entry becomes one to what the
// entry has become, wherever it stands; a relative one is completed by the root of its
// own entry's fullUrl.
func TestLinks(t *testing.T) {
	const root = "http://elsewhere.example.org/r4"
	tests := []struct {
		name     string
		fullURL  string // of the patient
		own      string // of the observation
		resource string
		want     []string // what the stored observation holds
		not      []string
	}{
		{"uuid", "urn:uuid:0a", "urn:uuid:0b", observation("urn:uuid:0a"), []string{`"reference":"Patient/id-1"`}, []string{"urn:uuid"}},
		{"absolute", root + "/Patient/p", "", observation(root + "/Patient/p"), []string{`"reference":"Patient/id-1"`}, nil},
		{"relative", root + "/Patient/p", root + "/Observation/o", observation("Patient/p"), []string{`"reference":"Patient/id-1"`}, nil},
		{"relative to another root", root + "/Patient/p", "http://other.example.org/Observation/o", observation("Patient/p"), []string{`"reference":"Patient/p"`}, nil},
		{"relative without a root", root + "/Patient/p", "urn:uuid:0b", observation("Patient/p"), []string{`"reference":"Patient/p"`}, nil},
		{"of a version", root + "/Patient/p", root + "/Observation/o", observation("Patient/p/_history/7"), []string{`"reference":"Patient/id-1/_history/1"`}, nil},
		{"with a fragment", root + "/Patient/p", root + "/Observation/o",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"extension":[{"url":"http://x","valueUri":"Patient/p#c"}]}`,
			[]string{`"valueUri":"Patient/id-1#c"`}, nil},
		{"in a contained resource", root + "/Patient/p", root + "/Observation/o",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"contained":[{"resourceType":"Group","id":"g","type":"person","actual":true,"member":[{"entity":{"reference":"Patient/p"}}]}],"subject":{"reference":"#g"}}`,
			[]string{`"entity":{"reference":"Patient/id-1"}`, `"reference":"#g"`}, nil},
		{"in extensions", root + "/Patient/p", root + "/Observation/o",
			`{"resourceType":"Observation","status":"final","_status":{"extension":[{"url":"http://x","valueReference":{"reference":"Patient/p"}}]},"code":{"text":"x"},
			 "modifierExtension":[{"url":"http://y","valueReference":{"reference":"` + root + `/Patient/p"}}]}`,
			[]string{`"valueReference":{"reference":"Patient/id-1"}`}, []string{"Patient/p\"", root}},
		{"in urls and uris", root + "/Patient/p", root + "/Observation/o",
			`{"resourceType":"Observation","status":"final","code":{"text":"x"},"extension":[{"url":"http://x","valueUri":"` + root + `/Patient/p"},
			 {"url":"http://x","valueUrl":"Patient/p"},{"url":"http://x","valueAttachment":{"url":"` + root + `/Patient/p"}}]}`,
			[]string{`"valueUri":"Patient/id-1"`, `"valueUrl":"Patient/id-1"`, `"url":"Patient/id-1"`}, nil},
		{"canonicals, strings and identifiers stay", "urn:uuid:0a", "urn:uuid:0b",
			`{"resourceType":"Observation","status":"final","code":{"text":"urn:uuid:0a"},"identifier":[{"system":"urn:ietf:rfc:3986","value":"urn:uuid:0a"}],
			 "extension":[{"url":"http://x","valueCanonical":"urn:uuid:0a"},{"url":"http://x","valueString":"urn:uuid:0a"}]}`,
			[]string{`"text":"urn:uuid:0a"`, `"value":"urn:uuid:0a"`, `"valueCanonical":"urn:uuid:0a"`, `"valueString":"urn:uuid:0a"`}, []string{"id-1"}},
		{"the name of an extension stays", root + "/Patient/p", "", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"extension":[{"url":"` + root + `/Patient/p","valueBoolean":true}]}`,
			[]string{`"url":"` + root + `/Patient/p"`}, nil},
		{"narrative", "urn:uuid:0a", "urn:uuid:0b", observation("Patient/x", narrative(
			`<a href=\"urn:uuid:0a\">1</a><a class='c' href = 'urn:uuid:0a'>2</a><a\n\thref=\"urn:uuid:0a\" >3</a><img src='urn:uuid:0a' alt=\"x\"/><a href=\"&#117;rn:uuid:0a\">4</a>`)),
			[]string{`<a href=\"Patient/id-1\">1`, `href = 'Patient/id-1'>2`, `\thref=\"Patient/id-1\" >3`, `<img src='Patient/id-1' alt`, `<a href=\"Patient/id-1\">4`}, []string{"urn:uuid:0a"}},
		{"relative narrative", root + "/Patient/p", root + "/Observation/o", observation("Patient/x", narrative(`<a href=\"Patient/p\">1</a>`)), []string{`href=\"Patient/id-1\"`}, nil},
		{"what looks like a link", "urn:uuid:0a", "urn:uuid:0b", observation("Patient/x", narrative(
			`href=\"urn:uuid:0a\" <!-- <a href=\"urn:uuid:0a\"> --><p title='href=\"urn:uuid:0a\"' id='q'>src='urn:uuid:0a'</p><a title=\"urn:uuid:0a\" name='urn:uuid:0a'>x</a><a href=\"urn:uuid:0abc\">y</a>`)),
			[]string{`href=\"urn:uuid:0a\" <!-- <a href=\"urn:uuid:0a\"> -->`, `title='href=\"urn:uuid:0a\"'`, `src='urn:uuid:0a'`, `title=\"urn:uuid:0a\" name='urn:uuid:0a'`, `urn:uuid:0abc`}, []string{"id-1"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			store := open(t)
			r := transact(t, store, bundleOf("transaction",
				entry("POST", "Patient", test.fullURL, person("", "1")), entry("POST", "Observation", test.own, test.resource)))
			got := read(t, store, strings.TrimSuffix(r.Entry[1].Response.Location, "/_history/1"))
			for _, want := range test.want {
				require.Contains(t, got, want)
			}
			for _, not := range test.not {
				require.NotContains(t, got, not)
			}
		})
	}
}

// A reference that is completed never leads to somebody else who has that id.
func TestLinksLeadToTheEntry(t *testing.T) {
	store := open(t)
	_, err := store.Update(ctx, []byte(person("p", "somebody else")))
	require.NoError(t, err)
	transact(t, store, bundleOf("transaction",
		entry("POST", "Patient", "http://x.org/Patient/p", person("", "1")), entry("PUT", "Observation/o", "http://x.org/Observation/o", strings.Replace(observation("Patient/p"), `{`, `{"id":"o",`, 1))))
	require.Contains(t, read(t, store, "Observation/o"), `"reference":"Patient/id-1"`)
}

// An element whose type has no relative form cannot be rewritten, and must not lead
// nowhere silently.
func TestLinksThatCannotBeRewritten(t *testing.T) {
	for element, fullURL := range map[string]string{"valueUuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520", "valueOid": "urn:oid:1.2.3"} {
		t.Run(element, func(t *testing.T) {
			err := refused(t, open(t), bundleOf("transaction", entry("POST", "Patient", fullURL, person("", "1")),
				entry("POST", "Observation", "", `{"resourceType":"Observation","status":"final","code":{"text":"x"},"extension":[{"url":"http://x","`+element+`":"`+fullURL+`"}]}`)), 400)
			require.ErrorContains(t, err, "/entry/1/resource/extension/0/"+element)
			require.ErrorContains(t, err, "fullUrl")
		})
	}
}

// What the entries of a Bundle that is stored say among themselves is theirs, and so
// are the canonical urls of definitions.
func TestLinksLeaveAlone(t *testing.T) {
	store := open(t)
	inner := `{"resourceType":"Bundle","type":"collection","entry":[{"fullUrl":"urn:uuid:0a","resource":{"resourceType":"Patient"}},{"fullUrl":"urn:uuid:0c","resource":` + observation("urn:uuid:0a") + `}]}`
	definition := `{"resourceType":"CodeSystem","id":"c","url":"http://x.org/CodeSystem/c","status":"active","content":"not-present"}`
	r := transact(t, store, bundleOf("transaction", entry("POST", "Patient", "urn:uuid:0a", person("", "1")), entry("POST", "Bundle", "", inner),
		entry("PUT", "CodeSystem/c", "http://x.org/CodeSystem/c", definition)))
	require.Equal(t, []string{"201", "201", "201"}, r.statuses())
	require.Contains(t, read(t, store, "Bundle/id-2"), `"subject":{"reference":"urn:uuid:0a"}`)
	require.Contains(t, read(t, store, "CodeSystem/c"), `"url":"http://x.org/CodeSystem/c"`)
}

// In a batch nobody can refer to what another entry creates.
func TestLinksInBatches(t *testing.T) {
	store := open(t)
	r := transact(t, store, bundleOf("batch", entry("POST", "Patient", "urn:uuid:0a", person("", "1")), entry("POST", "Observation", "urn:uuid:0b", observation("urn:uuid:0a")),
		entry("POST", "Observation", "urn:uuid:0c", observation("Patient/x", `,"focus":[{"reference":"urn:uuid:0c"}]`))))
	require.Equal(t, []string{"201", "400", "201"}, r.statuses())
	require.Contains(t, string(r.Entry[1].Response.Outcome), "entry[1].resource.subject.reference")
	require.Contains(t, read(t, store, strings.TrimSuffix(r.Entry[2].Response.Location, "/_history/1")), `"focus":[{"reference":"Observation/`)
}

// FuzzNarrative has narratives of any bytes rewritten without a panic: what is no XHTML
// is refused, and of what is nothing but the link changes.
func FuzzNarrative(f *testing.F) {
	f.Add(`<a href="urn:uuid:0a">x</a>`)
	f.Add(`<img src = 'urn:uuid:0a'/><!-- <a href="urn:uuid:0a"> -->`)
	store := open(f)
	f.Fuzz(func(t *testing.T, inner string) {
		text := fmt.Sprintf("%q", inner)
		text = narrative(text[1 : len(text)-1])
		_, _ = store.Transact(ctx, bundleOf("transaction", entry("POST", "Patient", "urn:uuid:0a", `{"resourceType":"Patient"}`), entry("POST", "Basic", "", `{"resourceType":"Basic","code":{"text":"x"}`+text+`}`)))
	})
}

// BenchmarkNarrativeLinks loads Bundles of entries whose narratives link to one another:
// the rate must not fall as they grow.
func BenchmarkNarrativeLinks(b *testing.B) {
	for _, n := range []int{200, 2000, 20000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			var entries []string
			for i := range n {
				entries = append(entries, entry("POST", "Basic", fmt.Sprintf("urn:uuid:%d", i), `{"resourceType":"Basic","code":{"text":"x"}`+narrative(fmt.Sprintf(`<a href=\"urn:uuid:%d\">x</a>`, (i+1)%n))+`}`))
			}
			bundle := bundleOf("transaction", entries...)
			store := open(b)
			b.ReportAllocs()
			b.ResetTimer()
			for b.Loop() {
				if _, err := store.Transact(ctx, bundle); err != nil {
					b.Fatal(err)
				}
			}
			b.StopTimer()
			b.ReportMetric(float64(n*b.N)/b.Elapsed().Seconds(), "entries/s")
		})
	}
}

// A uri that names a namespace stays, as a canonical does.
func TestNamespacesStay(t *testing.T) {
	const system = "http://x.org/CodeSystem/c"
	store := open(t)
	r := transact(t, store, bundleOf("transaction",
		entry("PUT", "CodeSystem/c", system, `{"resourceType":"CodeSystem","id":"c","url":"`+system+`","status":"active","content":"not-present"}`),
		entry("POST", "ValueSet", "", `{"resourceType":"ValueSet","status":"active","compose":{"include":[{"system":"`+system+`"}]}}`),
		entry("POST", "ConceptMap", "", `{"resourceType":"ConceptMap","status":"active","group":[{"source":"`+system+`","target":"`+system+`","element":[{"code":"a"}]}]}`),
		entry("POST", "Observation", "", `{"resourceType":"Observation","status":"final","identifier":[{"system":"`+system+`","value":"1"}],"code":{"coding":[{"system":"`+system+`","code":"a"}]},"valueQuantity":{"value":1,"system":"`+system+`","code":"b"}}`),
		entry("POST", "Basic", "", `{"resourceType":"Basic","code":{"text":"x"},"extension":[{"url":"http://x","valueUri":"`+system+`"}]}`)))
	for i, times := range []int{1, 1, 2, 3, 0} {
		text := read(t, store, strings.TrimSuffix(r.Entry[i].Response.Location, "/_history/1"))
		require.Equal(t, times, strings.Count(text, system), text)
	}
}
