package fhirjson_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/issue"
)

var minimal = &fhirjson.Options{Level: fhirjson.Minimal}

// requireMinimalFixedPoint checks that src, accepted at Minimal, is written with
// equal values, and that what is written is its own canonical form and has as many
// issues.
func requireMinimalFixedPoint(tb testing.TB, src []byte) string {
	tb.Helper()
	var doc, again fhirjson.Document
	require.NoError(tb, fhirjson.Parse(src, &doc, minimal))
	requireTree(tb, &doc)
	once := fhirjson.AppendCanonical(nil, &doc, 0)
	require.Equal(tb, sortedText(tb, src), sortedText(tb, once))
	require.NoError(tb, fhirjson.Parse(once, &again, minimal))
	require.Equal(tb, string(once), string(fhirjson.AppendCanonical(nil, &again, 0)))
	require.Len(tb, again.Issues, len(doc.Issues))
	return string(once)
}

// TestMinimal has sources that only Minimal accepts, their canonical form and the
// pointers of their issues.
func TestMinimal(t *testing.T) {
	for _, test := range []struct {
		name, src, canonical string
		pointers             string
	}{
		{"unknown element", `{"foo": {"b":[1, null,"\u0041\/"]},"active":true}`, `"active":true,"foo":{"b":[1,null,"A/"]}`, "/foo"},
		{"in the order of the source", `{"b":1,"a":2,"active":true,"0":{}}`, `"active":true,"b":1,"a":2,"0":{}`, "/b /a /0"},
		{"unknown element below", `{"name":[{"x":1,"text":"a"}],"active":true}`, `"active":true,"name":[{"text":"a","x":1}]`, "/name/0/x"},
		{"nothing known", `{"maritalStatus":{"x":1}}`, `"maritalStatus":{"x":1}`, "/maritalStatus/x"},
		{"wrong kind", `{"birthDate":5,"active":"true","gender":"male"}`, `"gender":"male","birthDate":5,"active":"true"`, "/birthDate /active"},
		{"single for array", `{"name":{"text":"a"},"active":true}`, `"active":true,"name":{"text":"a"}`, "/name"},
		{"one item of a wrong kind", `{"name":[{"text":"a","x":1},"b"],"active":true}`, `"active":true,"name":[{"text":"a","x":1},"b"]`, "/name/0/x /name/1"},
		{"null", `{"birthDate":null,"active":true}`, `"active":true,"birthDate":null`, "/birthDate"},
		{"empty object", `{"maritalStatus":{},"active":true}`, `"active":true,"maritalStatus":{}`, "/maritalStatus"},
		{"empty array", `{"name":[],"active":true}`, `"active":true,"name":[]`, "/name"},
		{"nothing but null", `{"name":[{"given":[null],"_given":[{"id":"a"}],"text":"a"}]}`, `"name":[{"text":"a","_given":[{"id":"a"}],"given":[null]}]`, "/name/0/given"},
		{"null without counterpart", `{"name":[{"given":["a",null],"text":"a"}]}`, `"name":[{"text":"a","given":["a",null]}]`, "/name/0/given"},
		{"null in both", `{"name":[{"given":["a",null],"_given":[{"id":"a"},null]}]}`, `"name":[{"given":["a",null],"_given":[{"id":"a"},null]}]`, "/name/0/_given"},
		{"twin is shorter", `{"name":[{"_given":[{"id":"a"}],"given":["a","b"],"text":"a"}]}`, `"name":[{"text":"a","given":["a","b"],"_given":[{"id":"a"}]}]`, "/name/0/_given"},
		{"twin is longer", `{"name":[{"_given":[{"id":"a"},{"id":"b"}],"given":["a"]}]}`, `"name":[{"given":["a"],"_given":[{"id":"a"},{"id":"b"}]}]`, "/name/0/_given"},
		{"value of a wrong kind, good twin", `{"birthDate":5,"_birthDate":{"id":"a"}}`, `"_birthDate":{"id":"a"},"birthDate":5`, "/birthDate"},
		{"twin of a wrong kind", `{"_birthDate":5,"birthDate":"2020"}`, `"birthDate":"2020","_birthDate":5`, "/_birthDate"},
		{"unknown element in a twin", `{"_birthDate":{"value":"a","id":"b"},"birthDate":"2020"}`, `"birthDate":"2020","_birthDate":{"value":"a","id":"b"}`, "/_birthDate/value"},
		{"two of a choice", `{"deceasedDateTime":"2020","deceasedBoolean":true}`, `"deceasedBoolean":true,"deceasedDateTime":"2020"`, "/deceasedDateTime"},
		{"bad values", `{"birthDate":"x","gender":"Male","multipleBirthInteger":1.5,"language":""}`, `"language":"","gender":"Male","birthDate":"x","multipleBirthInteger":1.5`, "/birthDate /gender /multipleBirthInteger /language"},
		{"bad id", `{"id":"a_b"}`, `"id":"a_b"`, "/id"},
		{"missing", `{"link":[{"type":"refer"}]}`, `"link":[{"type":"refer"}]`, "/link/0"},
		{"contained of no type", `{"contained":[{"id":"a"}],"active":true}`, `"active":true,"contained":[{"id":"a"}]`, "/contained/0"},
		{"contained of an unknown type", `{"contained":[{"resourceType":"Foo"}],"active":true}`, `"active":true,"contained":[{"resourceType":"Foo"}]`, "/contained/0/resourceType"},
		{"unsafe narrative", `{"text":{"status":"generated","div":"<div><script/></div>"}}`, `"text":{"status":"generated","div":"<div><script/></div>"}`, "/text/div"},
		{"tag of meta", `{"meta":{"tag":[{"x":1}]},"active":true}`, `"meta":{"tag":[{"x":1}]},"active":true`, "/meta/tag/0/x"},
		{"extension with loose value", `{"extension":[{"url":"urn:a","valueString":1}]}`, `"extension":[{"url":"urn:a","valueString":1}]`, "/extension/0/valueString"},
	} {
		t.Run(test.name, func(t *testing.T) {
			src := `{"resourceType":"Patient",` + test.src[1:]
			canonical := `{"resourceType":"Patient",` + test.canonical + `}`
			require.Equal(t, canonical, requireMinimalFixedPoint(t, []byte(src)))
			var doc fhirjson.Document
			require.NoError(t, fhirjson.Parse([]byte(src), &doc, minimal))
			var got []string
			for _, i := range doc.Issues {
				got = append(got, i.Pointer)
				require.Equal(t, issue.Error, i.Severity)
			}
			require.Equal(t, test.pointers, strings.Join(got, " "))

			var e *fhirjson.Error // the stricter level says the same
			require.ErrorAs(t, fhirjson.Parse([]byte(src), new(fhirjson.Document), nil), &e)
			require.Equal(t, doc.Issues, e.Issues)

			stored := fhirjson.AppendStored(nil, &doc, []byte("n"))
			requireMinimalFixedPoint(t, stored)
			requireMinimalFixedPoint(t, fhirjson.AppendVersioned(nil, stored, 7, 0))
		})
	}
}

// TestMinimalRefuses has what no level accepts besides broken JSON.
func TestMinimalRefuses(t *testing.T) {
	for _, test := range []struct{ name, src, pointer, reason string }{
		{"no resourceType", `{"id":"a"}`, "", "resourceType is missing"},
		{"unknown resourceType", `{"resourceType":"Foo"}`, "/resourceType", "no resource type"},
		{"resourceType twice", `{"resourceType":"Patient","resourceType":"Patient"}`, "/resourceType", "twice"},
		{"name twice", `{"resourceType":"Patient","active":true,"active":true}`, "/active", "twice"},
		{"twin twice", `{"resourceType":"Patient","_active":{"id":"a"},"_active":{"id":"a"}}`, "/_active", "twice"},
		{"id of a wrong kind", `{"resourceType":"Patient","id":5}`, "/id", "expected a string"},
		{"meta of a wrong kind", `{"resourceType":"Patient","meta":[]}`, "/meta", "expected an object"},
		{"empty meta", `{"resourceType":"Patient","meta":{}}`, "/meta", "empty"},
		{"unknown element in meta", `{"resourceType":"Patient","meta":{"x":1}}`, "/meta/x", "no element"},
		{"version of a wrong kind", `{"resourceType":"Patient","meta":{"versionId":1}}`, "/meta/versionId", "expected a string"},
	} {
		t.Run(test.name, func(t *testing.T) {
			var doc fhirjson.Document
			var e *fhirjson.Error
			require.ErrorAs(t, fhirjson.Parse([]byte(test.src), &doc, minimal), &e)
			require.Len(t, e.Issues, 1)
			require.Equal(t, test.pointer, e.Issues[0].Pointer)
			require.Contains(t, e.Issues[0].Diagnostics, test.reason)
			require.Empty(t, doc.Nodes)
		})
	}
	for _, src := range []string{ // names that only a look inside loose properties finds
		`{"resourceType":"Patient","x":1,"x":2}`,
		`{"resourceType":"Patient","x":1,"\u0078":2}`,
		`{"resourceType":"Patient","x":{"a":1,"a":2}}`,
		`{"resourceType":"Patient","active":5,"active":true}`,
	} {
		var e *fhirjson.Error
		require.ErrorAs(t, fhirjson.Parse([]byte(src), new(fhirjson.Document), minimal), &e)
		require.Contains(t, e.Issues[len(e.Issues)-1].Diagnostics, "name stands twice", src)
	}
	many := `{"resourceType":"Patient",` + strings.Repeat(`"active":5,`, 30) + `"id":5}`
	require.Error(t, fhirjson.Parse([]byte(many), new(fhirjson.Document), minimal))
}

// TestStructureOnly checks what that level leaves aside, and what it does not.
func TestStructureOnly(t *testing.T) {
	opts := &fhirjson.Options{Level: fhirjson.StructureOnly}
	var doc fhirjson.Document
	require.NoError(t, fhirjson.Parse([]byte(`{"resourceType":"Patient","gender":"Male"}`), &doc, opts))
	require.Empty(t, doc.Issues)
	for _, test := range malformed {
		if test.code != issue.CodeInvalid {
			src := strings.Replace(test.src, "^", "", 1)
			require.Error(t, fhirjson.Parse([]byte(src), &doc, opts), test.name)
		}
	}
}

// TestMinimalAccepts goes through every source of TestMalformed: JSON with a type
// is kept, or refused with one of the few reasons.
func TestMinimalAccepts(t *testing.T) {
	kept := 0
	for _, test := range malformed {
		src := []byte(strings.Replace(test.src, "^", "", 1))
		if fhirjson.Parse(src, new(fhirjson.Document), minimal) == nil {
			requireMinimalFixedPoint(t, src)
			kept++
		}
	}
	require.Equal(t, 61, kept)
	for _, line := range lines(t, "fhir-r4/examples.ndjson.gz") {
		requireMinimalFixedPoint(t, line)
	}
}
