package fhirjson_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

func parse(tb testing.TB, src string) *fhirjson.Document {
	tb.Helper()
	doc := new(fhirjson.Document)
	require.NoError(tb, fhirjson.Parse([]byte(src), doc, nil))
	return doc
}

// outline writes the tape as indented lines of pointer, type, kind and text.
func outline(doc *fhirjson.Document) string {
	var b strings.Builder
	for i, n := range doc.Nodes {
		text := ""
		if doc.HasValue(fhirjson.Index(i)) {
			text = " " + string(doc.Text(fhirjson.Index(i), nil))
		}
		fmt.Fprintf(&b, "%s %v %d%s\n", doc.Pointer(fhirjson.Index(i)), n.Type, n.Kind, text)
	}
	return b.String()
}

func TestTape(t *testing.T) {
	doc := parse(t, `{"birthDate":"2020","name":[{"given":["a",null,"b"],"_given":[null,{"id":"x"},{"id":"y"}]},`+
		`{"_text":{"id":"z"}}],"resourceType":"Patient","_birthDate":{"id":"w"},"active":false,"id":"p",`+
		`"contained":[{"resourceType":"Basic","id":"c","subject":{"reference":"#"},"code":{"text":"c"}}]}`)
	require.Equal(t, ` Patient 1
/id id 2 p
/contained/0 Basic 1
/contained/0/id id 2 c
/contained/0/code CodeableConcept 1
/contained/0/code/text string 2 c
/contained/0/subject Reference 1
/contained/0/subject/reference string 2 #
/active boolean 5 false
/name/0 HumanName 1
/name/0/given/0 string 2 a
/name/0/_given/1 string 0
/name/0/_given/1/id string 2 x
/name/0/given/2 string 2 b
/name/0/_given/2/id string 2 y
/name/1 HumanName 1
/name/1/_text string 0
/name/1/_text/id string 2 z
/birthDate date 2 2020
/_birthDate/id string 2 w
`, outline(doc))
	require.Equal(t, "p", string(doc.ID()))
	require.Nil(t, parse(t, `{"resourceType":"Patient","active":true}`).ID())
	requireTree(t, doc)
}

// requireTree checks the invariants of the tape.
func requireTree(tb testing.TB, doc *fhirjson.Document) {
	tb.Helper()
	require.Equal(tb, len(doc.Nodes), int(doc.Nodes[0].Next))
	for i := range doc.Nodes {
		n := &doc.Nodes[i]
		end, last := uint32(i)+1, schema.FieldID(0)
		for c := range doc.Children(fhirjson.Index(i)) {
			child := &doc.Nodes[c]
			require.Equal(tb, n.Type, child.Field.Field().Owner)
			require.LessOrEqual(tb, last, child.Field)
			require.True(tb, last != child.Field || child.Field.Field().Array())
			end, last = child.Next, child.Field
		}
		require.Equal(tb, n.Next, end)
		require.LessOrEqual(tb, n.Start, n.End)
	}
}

func TestResourceTypeAnywhere(t *testing.T) {
	for _, src := range []string{
		`{"resourceType":"Patient","id":"a","active":true}`,
		`{ "resourceType" : "Patient" , "id" : "a" , "active" : true }`,
		`{"active":true,"resourceType":"Patient","id":"a"}`,
		`{"id":"a","active":true,"resourceType":"Patient"}`,
	} {
		require.Equal(t, `{"resourceType":"Patient","id":"a","active":true}`,
			string(fhirjson.AppendCanonical(nil, parse(t, src), 0)), src)
	}
	require.Equal(t, `{"resourceType":"Patient"}`, string(fhirjson.AppendCanonical(nil, parse(t, ` { "resourceType":"Patient" } `), 0)))
	// An element may have that name: ExampleScenario.instance.resourceType.
	requireFixedPoint(t, []byte(`{"resourceType":"ExampleScenario","status":"draft","instance":[{"resourceId":"a","resourceType":"Patient"}]}`))
}

func TestSteadyStateAllocatesNothing(t *testing.T) {
	src := []byte(sample)
	var doc fhirjson.Document
	var out, stored []byte
	run := func() {
		if err := fhirjson.Parse(src, &doc, nil); err != nil {
			t.Fatal(err)
		}
		out = fhirjson.AppendCanonical(out[:0], &doc, 0)
		stored = fhirjson.AppendStored(stored[:0], &doc, []byte("a"))
		out = fhirjson.AppendVersioned(out[:0], stored, 7, 0)
	}
	run()
	require.Less(t, testing.AllocsPerRun(100, run), 1.0)
}
