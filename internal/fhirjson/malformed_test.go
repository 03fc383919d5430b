package fhirjson_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/issue"
)

// malformed has one source for each class of fault. A ^ marks the offset that is
// expected, and is taken out before the parse.
var malformed = []struct {
	name    string
	src     string
	pointer string
	code    issue.Code
	reason  string // part of the diagnostics
}{
	// Broken JSON.
	{"empty", `^`, "", issue.Structure, "unexpected end"},
	{"only space", "  \n^", "", issue.Structure, "unexpected end"},
	{"byte order mark", "^\ufeff{}", "", issue.Structure, "byte order mark"},
	{"array", `^[]`, "", issue.Structure, "must be a JSON object"},
	{"null", `^null`, "", issue.Structure, "must be a JSON object"},
	{"text after", `{"resourceType":"Patient"} ^{}`, "", issue.Structure, "text after"},
	{"NUL after", "{\"resourceType\":\"Patient\"}^\x00", "", issue.Structure, "text after"},
	{"NUL between", "{\"resourceType\":\"Patient\"^\x00}", "/resourceType", issue.Structure, "expected , or }"},
	{"comma at the end", `{"resourceType":"Patient",^}`, "", issue.Structure, "expected a name"},
	{"comma at the end of an array", `{"resourceType":"Patient","name":[{"text":"a"},^]}`, "/name/1", issue.Structure, "expected a value"},
	{"two commas", `{"resourceType":"Patient",^,"id":"a"}`, "", issue.Structure, "expected a name"},
	{"no colon", `{"resourceType":"Patient","id" ^"a"}`, "/id", issue.Structure, "expected :"},
	{"no comma", `{"resourceType":"Patient","id":"a"^"language":"de"}`, "/id", issue.Structure, "expected , or }"},
	{"no comma in an array", `{"resourceType":"Patient","name":[{"text":"a"}^{"text":"b"}]}`, "/name/0", issue.Structure, "expected , or ]"},
	{"unquoted name", `{"resourceType":"Patient",^id:"a"}`, "", issue.Structure, "expected a name"},
	{"single quotes", `{"resourceType":"Patient","id":^'a'}`, "/id", issue.Structure, "expected a value"},
	{"comment", `{"resourceType":"Patient",^/* */"id":"a"}`, "", issue.Structure, "expected a name"},
	{"NaN", `{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":^NaN}]}`, "/parameter/0/valueDecimal", issue.Structure, "expected a value"},
	{"leading zero", `{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":0^1}]}`, "/parameter/0/valueDecimal", issue.Structure, "leading zero"},
	{"leading plus", `{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":^+1}]}`, "/parameter/0/valueDecimal", issue.Structure, "expected a value"},
	{"no digit after the point", `{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":1.^}]}`, "/parameter/0/valueDecimal", issue.Structure, "expected a digit"},
	{"no digit before the point", `{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":-^.1}]}`, "/parameter/0/valueDecimal", issue.Structure, "expected a digit"},
	{"no digit in the exponent", `{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":1e+^}]}`, "/parameter/0/valueDecimal", issue.Structure, "expected a digit"},
	{"broken literal", `{"resourceType":"Patient","active":tru^x}`, "/active", issue.Structure, "expected true"},
	{"raw control character", "{\"resourceType\":\"Patient\",\"language\":\"d^\te\"}", "/language", issue.Structure, "control character"},
	{"invalid UTF-8", "{\"resourceType\":\"Patient\",\"language\":\"de^\xff\"}", "/language", issue.Structure, "not valid UTF-8"},
	{"overlong UTF-8", "{\"resourceType\":\"Patient\",\"language\":\"^\xc0\xaf\"}", "/language", issue.Structure, "not valid UTF-8"},
	{"surrogate in UTF-8", "{\"resourceType\":\"Patient\",\"language\":\"^\xed\xa0\x80\"}", "/language", issue.Structure, "not valid UTF-8"},
	{"invalid UTF-8 in an unknown element", "{\"resourceType\":\"Patient\",\"x\":[\"^\xff\"]}", "/x/0", issue.Structure, "not valid UTF-8"},
	{"lone high surrogate", `{"resourceType":"Patient","language":"^\ud800x"}`, "/language", issue.Structure, "lone surrogate"},
	{"high surrogate twice", `{"resourceType":"Patient","language":"^\ud800\ud800"}`, "/language", issue.Structure, "lone surrogate"},
	{"lone low surrogate", `{"resourceType":"Patient","language":"^\udc00"}`, "/language", issue.Structure, "lone surrogate"},
	{"unknown escape", `{"resourceType":"Patient","language":"\^x"}`, "/language", issue.Structure, "unknown escape"},
	{"short escape", `{"resourceType":"Patient","language":"\u^12g4"}`, "/language", issue.Structure, "hexadecimal"},
	{"broken in a skipped value", `{"resourceType":"Patient","id":{"a":[1,2^}}`, "/id/a/1", issue.Structure, "expected , or the end"},
	{"broken after another fault", `{"resourceType":"Patient","id":"!","active":^}`, "/active", issue.Structure, "expected a value"},

	// resourceType.
	{"no resourceType", `^{"id":"a"}`, "", issue.Required, "resourceType is missing"},
	{"empty resource", `^{}`, "", issue.Required, "resourceType is missing"},
	{"unknown resourceType", `{"resourceType":^"Person1"}`, "/resourceType", issue.Structure, "no resource type"},
	{"abstract resourceType", `{"resourceType":^"DomainResource"}`, "/resourceType", issue.Structure, "no resource type"},
	{"data type as resourceType", `{"resourceType":^"HumanName"}`, "/resourceType", issue.Structure, "no resource type"},
	{"resourceType is a number", `{"id":"a","resourceType":^1}`, "/resourceType", issue.Structure, "no resource type"},
	{"resourceType twice", `{"resourceType":"Patient",^"resourceType":"Patient"}`, "/resourceType", issue.Structure, "twice"},
	{"resourceType in a data type", `{"resourceType":"Patient","name":[{^"resourceType":"HumanName","text":"a"}]}`, "/name/0/resourceType", issue.Structure, "no element of HumanName"},
	{"contained without type", `{"resourceType":"Patient","contained":[^{"id":"a"}]}`, "/contained/0", issue.Required, "resourceType is missing"},
	{"contained with unknown type", `{"resourceType":"Patient","contained":[{"id":"a","resourceType":^"Foo"}]}`, "/contained/0/resourceType", issue.Structure, "no resource type"},
	{"unknown element in an entry", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":{"resourceType":"Patient",^"foo":1}}]}`, "/entry/0/resource/foo", issue.Structure, "foo is no element of Patient"},
	{"resource is a string", `{"resourceType":"Bundle","type":"collection","entry":[{"resource":^"a"}]}`, "/entry/0/resource", issue.Structure, "expected a resource"},

	// Names.
	{"unknown element", `{"resourceType":"Patient",^"foo":{"a":[1,null,true]},"id":"a"}`, "/foo", issue.Structure, "foo is no element of Patient"},
	{"unknown name that may be data", `{"resourceType":"Patient","name":[{^"Ann Smith":1}]}`, "/name/0", issue.Structure, "unknown element in HumanName"},
	{"unknown element, escaped", `{"resourceType":"Patient",^"f\u006fo":1}`, "/foo", issue.Structure, "foo is no element of Patient"},
	{"below an escaped name", `{"resourceType":"Patient","n\u0061me":[{"f\u0061mily":^1}]}`, "/name/0/family", issue.Structure, "expected a string"},
	{"twice, both escaped", `{"resourceType":"Patient","\u0061ctive":true,^"a\u0063tive":true}`, "/active", issue.Structure, "twice"},
	{"twin twice, once escaped", `{"resourceType":"Patient","_active":{"id":"a"},^"\u005factive":{"id":"b"}}`, "/_active", issue.Structure, "twice"},
	{"resourceType twice, once escaped", `{"resourceType":"Patient",^"resource\u0054ype":"Patient"}`, "/resourceType", issue.Structure, "twice"},
	{"two of a choice, escaped", `{"resourceType":"Patient","deceased\u0042oolean":true,^"deceased\u0044ateTime":"2020"}`, "/deceasedDateTime", issue.Structure, "two alternatives of deceased[x]"},
	{"escape broken in a name", `{"resourceType":"Patient","a\^x":1}`, "", issue.Structure, "unknown escape"},
	{"empty name", `{"resourceType":"Patient",^"":1}`, "", issue.Structure, "unknown element"},
	{"case matters", `{"resourceType":"Patient",^"Active":true}`, "/Active", issue.Structure, "no element"},
	{"fhir_comments", `{"resourceType":"Patient",^"fhir_comments":["a"]}`, "/fhir_comments", issue.Structure, "fhir_comments"},
	{"name twice", `{"resourceType":"Patient","active":true,^"active":true}`, "/active", issue.Structure, "twice"},
	{"name twice, apart", `{"resourceType":"Patient","active":true,"id":"a",^"active":true}`, "/active", issue.Structure, "twice"},
	{"name twice, once escaped", `{"resourceType":"Patient","active":true,^"\u0061ctive":true}`, "/active", issue.Structure, "twice"},
	{"twin twice", `{"resourceType":"Patient","_active":{"id":"a"},^"_active":{"id":"a"}}`, "/_active", issue.Structure, "twice"},
	{"choice without type", `{"resourceType":"Patient",^"deceased":true}`, "/deceased", issue.Structure, "no element"},
	{"choice of a wrong type", `{"resourceType":"Patient",^"deceasedString":"a"}`, "/deceasedString", issue.Structure, "no element"},
	{"two of a choice", `{"resourceType":"Patient","deceasedBoolean":true,^"deceasedDateTime":"2020"}`, "/deceasedDateTime", issue.Structure, "two alternatives of deceased[x]"},
	{"two of a choice, one a twin", `{"resourceType":"Patient","deceasedBoolean":true,^"_deceasedDateTime":{"id":"a"}}`, "/_deceasedDateTime", issue.Structure, "two alternatives"},

	// Kinds.
	{"single for array", `{"resourceType":"Patient","name":^{"text":"a"}}`, "/name", issue.Structure, "expected an array, found an object"},
	{"array for single", `{"resourceType":"Patient","active":^[true]}`, "/active", issue.Structure, "expected true or false, found an array"},
	{"array in array", `{"resourceType":"Patient","name":[^[{"text":"a"}]]}`, "/name/0", issue.Structure, "expected an object, found an array"},
	{"string for boolean", `{"resourceType":"Patient","active":^"true"}`, "/active", issue.Structure, "expected true or false, found a string"},
	{"boolean for string", `{"resourceType":"Patient","language":^true}`, "/language", issue.Structure, "expected a string, found true or false"},
	{"number for string", `{"resourceType":"Patient","id":^1}`, "/id", issue.Structure, "expected a string, found a number"},
	{"string for number", `{"resourceType":"Parameters","parameter":[{"name":"a","valueDecimal":^"1"}]}`, "/parameter/0/valueDecimal", issue.Structure, "expected a number, found a string"},
	{"scalar for object", `{"resourceType":"Patient","maritalStatus":^"M"}`, "/maritalStatus", issue.Structure, "expected an object, found a string"},
	{"object for scalar", `{"resourceType":"Patient","birthDate":^{"value":"2020"}}`, "/birthDate", issue.Structure, "expected a string, found an object"},
	{"null for single", `{"resourceType":"Patient","birthDate":^null}`, "/birthDate", issue.Structure, "found null"},
	{"null for object", `{"resourceType":"Patient","name":[^null]}`, "/name/0", issue.Structure, "found null"},
	{"empty object", `{"resourceType":"Patient","maritalStatus":^{}}`, "/maritalStatus", issue.Structure, "object is empty"},
	{"empty array", `{"resourceType":"Patient","name":^[ ]}`, "/name", issue.Structure, "array is empty"},

	// Underscore twins.
	{"twin of an object", `{"resourceType":"Patient",^"_maritalStatus":{"id":"a"}}`, "/_maritalStatus", issue.Structure, "no element"},
	{"twin of the id", `{"resourceType":"Patient","id":"a",^"_id":{"id":"a"}}`, "/_id", issue.Structure, "no element"},
	{"twin of nothing", `{"resourceType":"Patient",^"_":{"id":"a"}}`, "/_", issue.Structure, "no element"},
	{"empty twin", `{"resourceType":"Patient","_birthDate":^{}}`, "/_birthDate", issue.Structure, "object is empty"},
	{"twin is null", `{"resourceType":"Patient","_birthDate":^null}`, "/_birthDate", issue.Structure, "expected an object, found null"},
	{"twin is no array", `{"resourceType":"Patient","name":[{"given":["a"],"_given":^{"id":"a"}}]}`, "/name/0/_given", issue.Structure, "expected an array"},
	{"twin is an array", `{"resourceType":"Patient","_birthDate":^[{"id":"a"}]}`, "/_birthDate", issue.Structure, "expected an object"},
	{"twin with a value", `{"resourceType":"Patient","_birthDate":{^"value":"2020"}}`, "/_birthDate/value", issue.Structure, "no element of date"},
	{"null without twin", `{"resourceType":"Patient","name":[{^"given":["a",null]}]}`, "/name/0/given", issue.Structure, "null without a counterpart"},
	{"null in both", `{"resourceType":"Patient","name":[{"given":["a",null],^"_given":[{"id":"a"},null]}]}`, "/name/0/_given", issue.Structure, "null without a counterpart"},
	{"null in a twin alone", `{"resourceType":"Patient","name":[{^"_given":[{"id":"a"},null]}]}`, "/name/0/_given", issue.Structure, "null without a counterpart"},
	{"nothing but null", `{"resourceType":"Patient","name":[{"given":^[null],"_given":[{"id":"a"}]}]}`, "/name/0/given", issue.Structure, "nothing but null"},
	{"twin is shorter", `{"resourceType":"Patient","name":[{"given":["a","b"],^"_given":[{"id":"a"}]}]}`, "/name/0/_given", issue.Structure, "not as long"},
	{"twin is longer", `{"resourceType":"Patient","name":[{^"_given":[{"id":"a"},{"id":"b"}],"given":["a"]}]}`, "/name/0/_given", issue.Structure, "not as long"},

	// Cardinality, values, bindings.
	{"required is missing", `^{"resourceType":"Observation","status":"final"}`, "", issue.Required, "required element code is missing in Observation"},
	{"required is missing below", `{"resourceType":"Patient","link":[^{"type":"refer"}]}`, "/link/0", issue.Required, "required element other is missing in Patient.link"},
	{"required choice is missing", `^{"resourceType":"MedicationRequest","status":"active","intent":"order","subject":{"reference":"Patient/a"}}`, "", issue.Required, "required element medication is missing in MedicationRequest"},
	{"empty string", `{"resourceType":"Patient","name":[{"text":^""}]}`, "/name/0/text", issue.Value, "string is empty"},
	{"escaped control character", `{"resourceType":"Patient","name":[{"text":^"a\u0000"}]}`, "/name/0/text", issue.Value, "control character"},
	{"escaped backspace", `{"resourceType":"Patient","name":[{"text":^"a\b"}]}`, "/name/0/text", issue.Value, "control character"},
	{"string is too long", `{"resourceType":"Patient","name":[{"text":^"` + strings.Repeat("a", 1<<20+1) + `"}]}`, "/name/0/text", issue.Value, "not a valid string: longer than 1,048,576 characters"},
	{"bad date", `{"resourceType":"Patient","birthDate":^"2021-02-29"}`, "/birthDate", issue.Value, "not a valid date"},
	{"id is too long", `{"resourceType":"Patient","id":^"` + strings.Repeat("a", 65) + `"}`, "/id", issue.Value, "not a valid id: longer than 64 characters"},
	{"markdown is too long", `{"resourceType":"Parameters","parameter":[{"name":"a","valueMarkdown":^"` + strings.Repeat("é", 1<<20+1) + `"}]}`, "/parameter/0/valueMarkdown", issue.Value, "not a valid markdown: longer than"},
	{"id of an element, space", `{"resourceType":"Patient","name":[{"id":^"a b","text":"a"}]}`, "/name/0/id", issue.Value, "white space"},
	{"id of an element, tab", `{"resourceType":"Patient","name":[{"id":^"a\tb","text":"a"}]}`, "/name/0/id", issue.Value, "white space"},
	{"id of an element, wide space", `{"resourceType":"Patient","name":[{"id":^"a\u00a0b","text":"a"}]}`, "/name/0/id", issue.Value, "white space"},
	{"id of a primitive, line end", `{"resourceType":"Patient","_active":{"id":^"a\n"}}`, "/_active/id", issue.Value, "white space"},
	{"id of an extension", `{"resourceType":"Patient","extension":[{"id":^" ","url":"urn:a","valueString":"a"}]}`, "/extension/0/id", issue.Value, "white space"},
	{"bad id, escaped", `{"resourceType":"Patient","id":^"a\u0020"}`, "/id", issue.Value, "not a valid id"},
	{"bad value in an array", `{"resourceType":"Patient","meta":{"profile":["a",^"b c"]}}`, "/meta/profile/1", issue.Value, "not a valid canonical"},
	{"code outside its value set", `{"resourceType":"Patient","gender":^"Male"}`, "/gender", issue.CodeInvalid, "required value set"},
}

func TestMalformed(t *testing.T) {
	for _, test := range malformed {
		t.Run(test.name, func(t *testing.T) {
			offset := strings.IndexByte(test.src, '^')
			src := test.src[:offset] + test.src[offset+1:]
			var doc fhirjson.Document
			err := fhirjson.Parse([]byte(src), &doc, nil)
			var e *fhirjson.Error
			require.ErrorAs(t, err, &e)
			require.Len(t, e.Issues, 1, "%v", e.Issues)
			got := e.Issues[0]
			require.Equal(t, test.pointer, got.Pointer)
			require.Equal(t, int64(offset), got.Offset)
			require.Equal(t, test.code, got.Code)
			require.Contains(t, got.Diagnostics, test.reason)
			require.Empty(t, doc.Nodes)
		})
	}
}

func TestSeveralIssues(t *testing.T) {
	src := `{"resourceType":"Observation","id":"!","foo":1,"issued":"2020","code":{"coding":{}},"valueString":"a","valueInteger":1}`
	var doc fhirjson.Document
	var e *fhirjson.Error
	require.ErrorAs(t, fhirjson.Parse([]byte(src), &doc, nil), &e)
	var got []string
	for _, i := range e.Issues {
		got = append(got, i.Pointer)
	}
	require.Equal(t, []string{"", "/id", "/foo", "/issued", "/code/coding", "/valueInteger"}, got)
	require.ErrorContains(t, e, "fhirjson: required element status is missing in Observation (offset 0); and 5 more")

	many := `{"resourceType":"Patient","name":[` + strings.Repeat(`{},`, 100) + `{}]}`
	require.ErrorAs(t, fhirjson.Parse([]byte(many), &doc, nil), &e)
	require.Len(t, e.Issues, 20)
}

func TestLimits(t *testing.T) {
	var doc fhirjson.Document
	var e *fhirjson.Error
	src := []byte(`{"resourceType":"Patient","id":"a"}`)
	require.NoError(t, fhirjson.Parse(src, &doc, &fhirjson.Options{MaxBytes: len(src)}))
	require.ErrorAs(t, fhirjson.Parse(src, &doc, &fhirjson.Options{MaxBytes: len(src) - 1}), &e)
	require.Equal(t, issue.TooLong, e.Issues[0].Code)

	nested := func(n int, open, bottom, end string) []byte {
		return []byte(`{"resourceType":"Questionnaire","status":"draft",` + strings.Repeat(open, n) + bottom + strings.Repeat(end, n) + `}`)
	}
	const open, end = `"item":[{"linkId":"a","type":"group",`, `}]`
	for _, test := range []struct {
		name string
		src  []byte
		ok   bool
	}{
		{"just deep enough", nested((fhirjson.MaxDepth-1)/2, open, `"text":"a"`, end), true},
		{"one too deep", nested((fhirjson.MaxDepth-1)/2+1, open, `"text":"a"`, end), false},
		{"10,000 items", nested(10_000, open, `"text":"a"`, end), false},
		{"10,000 unknown objects", nested(10_000, `"a":{`, `"a":1`, `}`), false},
		{"10,000 unknown arrays", []byte(`{"resourceType":"Patient","a":` + strings.Repeat("[", 10_000)), false},
		{"10,000 before the type", []byte(`{"a":` + strings.Repeat("[", 10_000)), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			err := fhirjson.Parse(test.src, &doc, nil)
			if test.ok {
				require.NoError(t, err)
				return
			}
			require.ErrorAs(t, err, &e)
			require.Len(t, e.Issues, 1)
			require.Equal(t, issue.TooCostly, e.Issues[0].Code)
		})
	}
}

func TestTruncated(t *testing.T) {
	var doc fhirjson.Document
	for n := range len(sample) {
		var e *fhirjson.Error
		require.ErrorAs(t, fhirjson.Parse([]byte(sample[:n]), &doc, nil), &e)
		require.Len(t, e.Issues, 1)
		require.Equal(t, issue.Fatal, e.Issues[0].Severity)
		require.LessOrEqual(t, e.Issues[0].Offset, int64(n))
	}
	require.NoError(t, fhirjson.Parse([]byte(sample), &doc, nil))
}
