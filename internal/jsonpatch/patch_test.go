package jsonpatch_test

import (
	"bytes"
	"os"
	"runtime"
	"strings"
	"testing"

	"github.com/go-json-experiment/json"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/jsonpatch"
	"github.com/fhirlake/fhirlake/issue"
)

func compact(tb testing.TB, text []byte) string {
	tb.Helper()
	v := jsontext.Value(bytes.Clone(text))
	require.NoError(tb, v.Compact())
	return string(v)
}

// TestSuite runs HL7's tests of JSON Patch.
func TestSuite(t *testing.T) {
	src, err := os.ReadFile("../../../shared/data/patch/json-patch-tests.json")
	if os.IsNotExist(err) {
		t.Skip("no test data at ../../../shared/data/patch")
	}
	require.NoError(t, err)
	var tests []struct {
		Comment    string
		Doc, Patch jsontext.Value
		Expected   jsontext.Value
		Error      string
	}
	require.NoError(t, json.Unmarshal(src, &tests, json.MatchCaseInsensitiveNames(true)))
	require.Len(t, tests, 16)
	for _, test := range tests {
		t.Run(test.Comment, func(t *testing.T) {
			got, err := jsonpatch.Apply(nil, test.Doc, test.Patch)
			if test.Expected == nil {
				require.NotEmpty(t, test.Error)
				var e *jsonpatch.Error
				require.ErrorAs(t, err, &e)
				return
			}
			require.NoError(t, err)
			want := test.Expected.Clone()
			require.NoError(t, want.Canonicalize())
			have := jsontext.Value(got)
			require.NoError(t, have.Canonicalize())
			require.Equal(t, string(want), string(have))
		})
	}
}

func TestApply(t *testing.T) {
	for _, test := range []struct{ name, doc, patch, want string }{
		{"nothing", `{"a": 1}`, `[]`, `{"a":1}`},
		{"digits and order stay", `{"b":1.500e3,"a":[1,-0,"\u0041"]}`, `[{"op":"add","path":"/c","value":0.10}]`, `{"b":1.500e3,"a":[1,-0,"\u0041"],"c":0.10}`},
		{"add replaces in place", `{"a":1,"b":2}`, `[{"op":"add","path":"/a","value":null}]`, `{"a":null,"b":2}`},
		{"add the whole", `{"a":1}`, `[{"op":"add","path":"","value":[1]}]`, `[1]`},
		{"add at the end", `{"a":[1]}`, `[{"op":"add","path":"/a/1","value":2},{"op":"add","path":"/a/-","value":3},{"op":"add","path":"/a/0","value":0}]`, `{"a":[0,1,2,3]}`},
		{"escaped name", `{"a":1}`, `[{"op":"add","path":"/~1~0~01\"\u00e9","value":1}]`, `{"a":1,"/~~1\"é":1}`},
		{"name that is a number", `{"0":1}`, `[{"op":"replace","path":"/0","value":2}]`, `{"0":2}`},
		{"empty name", `{"":1}`, `[{"op":"replace","path":"/","value":2}]`, `{"":2}`},
		{"replace the whole", `{"a":1}`, `[{"op":"replace","path":"","value":{"b":1}},{"op":"add","path":"/c","value":2}]`, `{"b":1,"c":2}`},
		{"remove", `{"a":[1,2,3],"b":1}`, `[{"op":"remove","path":"/a/1"},{"op":"remove","path":"/b"}]`, `{"a":[1,3]}`},
		{"move", `{"a":{"b":1},"c":[]}`, `[{"op":"move","from":"/a/b","path":"/c/0"}]`, `{"a":{},"c":[1]}`},
		{"move to where it is", `{"a":1}`, `[{"op":"move","from":"/a","path":"/a"}]`, `{"a":1}`},
		{"move up", `{"a":{"b":1}}`, `[{"op":"move","from":"/a/b","path":"/a"}]`, `{"a":1}`},
		{"copy is no alias", `{"a":{"b":1}}`, `[{"op":"copy","from":"/a","path":"/c"},{"op":"add","path":"/c/b","value":2}]`, `{"a":{"b":1},"c":{"b":2}}`},
		{"copy into itself", `{"a":{"b":1}}`, `[{"op":"copy","from":"/a","path":"/a/c"}]`, `{"a":{"b":1,"c":{"b":1}}}`},
		{"a value is added twice", `{}`, `[{"op":"add","path":"/a","value":{}},{"op":"copy","from":"/a","path":"/b"},{"op":"add","path":"/a/x","value":1}]`, `{"a":{"x":1},"b":{}}`},
		{"test", `{"a":[1.50,"\u0041",{"x":1,"y":null}],"n":1e400}`,
			`[{"op":"test","path":"/a/0","value":15e-1},{"op":"test","path":"/a/1","value":"A"},{"op":"test","path":"/a/2","value":{"y":null,"x":1.0}},{"op":"test","path":"/n","value":10e399}]`,
			`{"a":[1.50,"\u0041",{"x":1,"y":null}],"n":1e400}`},
		{"zeros", `{"a":-0.00}`, `[{"op":"test","path":"/a","value":0e5}]`, `{"a":-0.00}`},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := jsonpatch.Apply([]byte("x"), []byte(test.doc), []byte(test.patch))
			require.NoError(t, err)
			require.Equal(t, "x"+test.want, string(got))
		})
	}
}

func TestErrors(t *testing.T) {
	const doc = `{"a":{"b":[1,{"c":"x"}]},"n":10,"big":1e99999999999999999999}`
	for _, test := range []struct {
		name, patch, pointer string
		code                 issue.Code
	}{
		{"no JSON", `[`, "", issue.Structure},
		{"text after", `[] []`, "", issue.Structure},
		{"name twice", `[{"op":"remove","path":"/a","path":"/n"}]`, "", issue.Structure},
		{"no array", `{"op":"remove","path":"/a"}`, "", issue.Structure},
		{"no object", `[1]`, "/0", issue.Structure},
		{"no op", `[{"path":"/a"}]`, "/0", issue.Required},
		{"op is no string", `[{"op":1,"path":"/a"}]`, "/0/op", issue.Structure},
		{"unknown op", `[{"op":"spam","path":"/a"}]`, "/0/op", issue.Value},
		{"op in capitals", `[{"op":"Remove","path":"/a"}]`, "/0/op", issue.Value},
		{"no path", `[{"op":"remove"}]`, "/0", issue.Required},
		{"no pointer", `[{"op":"remove","path":"a"}]`, "/0/path", issue.Value},
		{"bad escape", `[{"op":"remove","path":"/a~2"}]`, "/0/path", issue.Value},
		{"tilde at the end", `[{"op":"remove","path":"/a~"}]`, "/0/path", issue.Value},
		{"no value", `[{"op":"test","path":"/n","value":10},{"op":"add","path":"/x"}]`, "/1", issue.Required},
		{"no from", `[{"op":"move","path":"/x"}]`, "/0", issue.Required},
		{"nothing there", `[{"op":"remove","path":"/x"}]`, "/0/path", issue.NotFound},
		{"nothing to replace", `[{"op":"replace","path":"/x","value":1}]`, "/0/path", issue.NotFound},
		{"nothing to copy", `[{"op":"copy","from":"/x","path":"/y"}]`, "/0/from", issue.NotFound},
		{"nothing to move", `[{"op":"move","from":"/x","path":"/x"}]`, "/0/from", issue.NotFound},
		{"nothing to move into", `[{"op":"move","from":"/n","path":"/x/y"}]`, "/0/path", issue.NotFound},
		{"under a scalar", `[{"op":"add","path":"/n/x","value":1}]`, "/0/path", issue.NotFound},
		{"through a scalar", `[{"op":"add","path":"/n/x/y","value":1}]`, "/0/path", issue.NotFound},
		{"beyond the end", `[{"op":"add","path":"/a/b/3","value":1}]`, "/0/path", issue.NotFound},
		{"index of the end", `[{"op":"remove","path":"/a/b/2"}]`, "/0/path", issue.NotFound},
		{"dash to remove", `[{"op":"remove","path":"/a/b/-"}]`, "/0/path", issue.NotFound},
		{"leading zero", `[{"op":"remove","path":"/a/b/01"}]`, "/0/path", issue.NotFound},
		{"negative index", `[{"op":"remove","path":"/a/b/-1"}]`, "/0/path", issue.NotFound},
		{"huge index", `[{"op":"remove","path":"/a/b/99999999999999999999"}]`, "/0/path", issue.NotFound},
		{"no index", `[{"op":"remove","path":"/a/b/"}]`, "/0/path", issue.NotFound},
		{"into itself", `[{"op":"move","from":"/a","path":"/a/x"}]`, "/0/path", issue.Value},
		{"the whole", `[{"op":"remove","path":""}]`, "/0/path", issue.Value},
		{"test of a number", `[{"op":"test","path":"/n","value":"10"}]`, "/0/value", issue.Conflict},
		{"test of another number", `[{"op":"test","path":"/n","value":-10}]`, "/0/value", issue.Conflict},
		{"test of an object", `[{"op":"test","path":"/a/b/1","value":{"d":"x"}}]`, "/0/value", issue.Conflict},
		{"test of an array", `[{"op":"test","path":"/a/b","value":[1]}]`, "/0/value", issue.Conflict},
		{"test of an exponent beyond measure", `[{"op":"test","path":"/big","value":10e99999999999999999998}]`, "/0/value", issue.Conflict},
		{"deep path", `[{"op":"add","path":"` + strings.Repeat("/a", 2000) + `","value":1}]`, "/0", issue.TooCostly},
		{"deep value", `[{"op":"add","path":"/x","value":` + strings.Repeat("[", 2000) + strings.Repeat("]", 2000) + `}]`, "/0", issue.TooCostly},
		{"doubled until it is too deep", `[` + strings.Repeat(`{"op":"copy","from":"","path":"/a/x"},{"op":"move","from":"/a","path":"/b"},{"op":"move","from":"/b","path":"/a"},`, 40) +
			strings.Repeat(`{"op":"copy","from":"/a","path":"/a/b/-"},`, 60) + `{"op":"remove","path":"/n"}]`, "", issue.TooCostly},
	} {
		t.Run(test.name, func(t *testing.T) {
			got, err := jsonpatch.Apply(nil, []byte(doc), []byte(test.patch))
			require.Nil(t, got)
			var e *jsonpatch.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, test.code, e.Code, "%v", e)
			if test.code != issue.TooCostly {
				require.Equal(t, test.pointer, e.Pointer)
			}
			require.True(t, strings.HasPrefix(e.Error(), "jsonpatch: "))
		})
	}
	_, err := jsonpatch.Apply(nil, []byte(`{`), []byte(`[]`))
	require.ErrorContains(t, err, "document")
	var e *jsonpatch.Error
	_, err = jsonpatch.Apply(nil, []byte(`{}`), []byte(`[{"op":"remove",}]`))
	require.ErrorAs(t, err, &e)
	require.EqualValues(t, 15, e.Offset)
}

// TestWork checks that a test of large values over and over ends.
func TestWork(t *testing.T) {
	doc := `{"a":[` + strings.Repeat("1,", 100_000) + `1]}`
	patch := `[` + strings.Repeat(`{"op":"add","path":"/a/0","value":1},{"op":"remove","path":"/a/0"},`, 5000) + `{"op":"remove","path":"/a"}]`
	_, err := jsonpatch.Apply(nil, []byte(doc), []byte(patch))
	var e *jsonpatch.Error
	require.ErrorAs(t, err, &e)
	require.Equal(t, issue.TooCostly, e.Code)
}

// TestRefusedBeforeItCosts checks that a patch that copies a document into itself over
// and over is refused without the memory that it asks for.
func TestRefusedBeforeItCosts(t *testing.T) {
	doc := []byte(`{"a":[` + strings.Repeat(`{"b":[1,2,3,{"c":"x"}]},`, 20_000) + `1],"d":{}}`)
	for name, operation := range map[string]string{
		"to the end of an array":  `{"op":"copy","from":"","path":"/a/-"}`,
		"to the start":            `{"op":"copy","from":"/a","path":"/a/0"}`,
		"into an object":          `{"op":"copy","from":"","path":"/d/x"},{"op":"move","from":"/d","path":"/a/0"},{"op":"add","path":"/d","value":{}}`,
		"of what was looked into": `{"op":"test","path":"/a/1/b/3/c","value":"x"},{"op":"copy","from":"/a","path":"/a/-"}`,
	} {
		t.Run(name, func(t *testing.T) {
			patch := []byte(`[` + strings.Repeat(operation+",", 50) + operation + `]`)
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			_, err := jsonpatch.Apply(nil, doc, patch)
			runtime.ReadMemStats(&after)
			var e *jsonpatch.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, issue.TooCostly, e.Code)
			require.Less(t, after.TotalAlloc-before.TotalAlloc, uint64(128<<20))
		})
	}
}

// TestTellsTheOperation checks that an error says which operation it is about.
func TestTellsTheOperation(t *testing.T) {
	_, err := jsonpatch.Apply(nil, []byte(`{"a":1}`), []byte(`[{"op":"add","path":"/b","value":1},{"op":"remove","path":"/x"},{"op":"remove","path":"/a"}]`))
	require.EqualError(t, err, "jsonpatch: /1/path: operation 2 of 3: path leads to nothing in the document")
}

// FuzzApply checks that no patch makes Apply panic and that what it makes is JSON.
func FuzzApply(f *testing.F) {
	f.Add([]byte(`{"a":[1,{"b":"c"}]}`), []byte(`[{"op":"add","path":"/a/-","value":1},{"op":"move","from":"/a/0","path":"/c"},{"op":"copy","from":"/a","path":"/d"}]`))
	f.Add([]byte(`{"a":1.0}`), []byte(`[{"op":"test","path":"/a","value":1},{"op":"replace","path":"/a","value":{}},{"op":"remove","path":"/a"}]`))
	f.Fuzz(func(t *testing.T, doc, patch []byte) {
		got, err := jsonpatch.Apply(nil, doc, patch)
		if err != nil {
			require.Nil(t, got)
			return
		}
		require.True(t, jsontext.Value(got).IsValid())
		again, err := jsonpatch.Apply(nil, got, []byte(`[]`))
		require.NoError(t, err)
		require.Equal(t, string(got), string(again))
		if bytes.Equal(bytes.TrimSpace(patch), []byte(`[]`)) {
			require.Equal(t, compact(t, doc), string(got))
		}
	})
}
