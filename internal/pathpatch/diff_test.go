package pathpatch_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/pathpatch"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// goesThrough has the difference of two resources make the one of the other.
func goesThrough(t *testing.T, from, to string) {
	var a, b fhirjson.Document
	require.NoError(t, fhirjson.Parse([]byte(from), &a, &fhirjson.Options{Level: fhirjson.Minimal, AnyNarrative: true}))
	require.NoError(t, fhirjson.Parse([]byte(to), &b, &fhirjson.Options{Level: fhirjson.Minimal, AnyNarrative: true}))
	patch := pathpatch.Diff(&a, &b)
	got, err := pathpatch.Apply(context.Background(), []byte(from), patch)
	require.NoError(t, err, "%s", patch)
	require.Equal(t, to, canonical(t, got), "%s", patch)
	if from == to {
		require.Equal(t, `{"resourceType":"Parameters"}`, string(patch))
	}
}

func TestDiff(t *testing.T) {
	for name, c := range map[string][2]string{
		"nothing":              {`{"resourceType":"Patient"}`, `{"resourceType":"Patient","active":true}`},
		"choice":               {`{"resourceType":"Patient","deceasedBoolean":true}`, `{"resourceType":"Patient","deceasedDateTime":"2020"}`},
		"list":                 {`{"resourceType":"Patient","name":[{"given":["A","B","C"]}]}`, `{"resourceType":"Patient","name":[{"given":["A","X","Y","C"]},{"family":"D"}]}`},
		"list that shrinks":    {`{"resourceType":"Patient","name":[{"family":"A"},{"family":"B"},{"family":"C"}]}`, `{"resourceType":"Patient","name":[{"family":"C"}]}`},
		"backbone":             {`{"resourceType":"Patient"}`, `{"resourceType":"Patient","contact":[{"extension":[{"url":"http://x","valueCode":"y"}],"name":{"family":"A"},"telecom":[{"value":"1"},{"value":"2"}]}]}`},
		"extension":            {`{"resourceType":"Patient","birthDate":"2000"}`, `{"resourceType":"Patient","birthDate":"2000","_birthDate":{"id":"a","extension":[{"url":"http://x","extension":[{"url":"a","valueInteger":1}]}]}}`},
		"narrative":            {`{"resourceType":"Patient","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">a</div>"}}`, `{"resourceType":"Patient","text":{"status":"additional","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">b</div>"}}`},
		"narrative that comes": {`{"resourceType":"Patient"}`, `{"resourceType":"Patient","text":{"status":"additional","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">b</div>"}}`},
		"contained":            {`{"resourceType":"Patient","contained":[{"resourceType":"Organization","id":"o"}]}`, `{"resourceType":"Patient","contained":[{"resourceType":"Practitioner","id":"o"},{"resourceType":"Organization","id":"p"}]}`},
	} {
		t.Run(name, func(t *testing.T) {
			c[0], c[1] = canonical(t, []byte(c[0])), canonical(t, []byte(c[1]))
			goesThrough(t, c[0], c[1])
			goesThrough(t, c[1], c[0])
			goesThrough(t, c[1], c[1])
		})
	}
}

// The difference between any two examples of one type, and between one and what is left
// of it, makes the one of the other.
func TestDiffOfExamples(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	last := map[schema.TypeID]string{}
	for _, line := range fhirjsontest.Lines(t, "fhir-r4/examples.ndjson.gz") {
		if len(line) > 30_000 {
			continue // large ones take long
		}
		var doc fhirjson.Document
		require.NoError(t, fhirjson.Parse(line, &doc, &fhirjson.Options{Level: fhirjson.Minimal}))
		one := string(fhirjson.AppendCanonical(nil, &doc, 0))
		if before := last[doc.Type()]; before != "" {
			goesThrough(t, before, one)
		}
		last[doc.Type()] = one
		part := fhirjson.AppendSubset(nil, &doc, func(n fhirjson.Index) fhirjson.Part {
			if random.IntN(4) == 0 {
				return fhirjson.Omit
			}
			return fhirjson.Inside
		})
		goesThrough(t, one, canonical(t, part))
		goesThrough(t, canonical(t, part), one)
	}
}
