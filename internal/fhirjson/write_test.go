package fhirjson_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

func TestAppendCanonical(t *testing.T) {
	doc := parse(t, sample)
	requireTree(t, doc)
	require.Equal(t, canonicalSample, string(fhirjson.AppendCanonical(nil, doc, 0)))
	requireFixedPoint(t, []byte(sample))

	again := parse(t, canonicalSample)
	require.Equal(t, canonicalSample, string(fhirjson.AppendCanonical(nil, again, 0)))
	for n := range again.Nodes { // each node alone has the same text in both
		require.Equal(t, string(fhirjson.AppendCanonical(nil, doc, fhirjson.Index(n))),
			string(fhirjson.AppendCanonical(nil, again, fhirjson.Index(n))))
	}
}

func TestStoredForm(t *testing.T) {
	const at = 1767323045678901 // 2026-01-02T03:04:05.678901Z
	const version = `"versionId":"7","lastUpdated":"2026-01-02T03:04:05.678901Z"`
	for _, test := range []struct{ name, src, stored, versioned string }{
		{
			"bare", `{"resourceType":"Patient"}`,
			`{"resourceType":"Patient","id":"n"}`,
			`{"resourceType":"Patient","id":"n","meta":{` + version + `}}`,
		}, {
			"other id", `{"resourceType":"Patient","id":"old","active":true}`,
			`{"resourceType":"Patient","id":"n","active":true}`,
			`{"resourceType":"Patient","id":"n","meta":{` + version + `},"active":true}`,
		}, {
			"no id", `{"resourceType":"Patient","active":true}`,
			`{"resourceType":"Patient","id":"n","active":true}`,
			`{"resourceType":"Patient","id":"n","meta":{` + version + `},"active":true}`,
		}, {
			"meta of the store alone", `{"resourceType":"Patient","meta":{"versionId":"1","lastUpdated":"2020-01-01T00:00:00Z"},"active":true}`,
			`{"resourceType":"Patient","id":"n","active":true}`,
			`{"resourceType":"Patient","id":"n","meta":{` + version + `},"active":true}`,
		}, {
			"meta at the end", `{"active":true,"resourceType":"Patient","meta":{"profile":["urn:p"],"versionId":"1","_versionId":{"id":"x"}}}`,
			`{"resourceType":"Patient","id":"n","meta":{"profile":["urn:p"]},"active":true}`,
			`{"resourceType":"Patient","id":"n","meta":{` + version + `,"profile":["urn:p"]},"active":true}`,
		}, {
			"meta with extension", `{"resourceType":"Patient","id":"n","meta":{"extension":[{"url":"urn:}]\"","valueString":"]}\\"}],"lastUpdated":"2020-01-01T00:00:00Z"}}`,
			`{"resourceType":"Patient","id":"n","meta":{"extension":[{"url":"urn:}]\"","valueString":"]}\\"}]}}`,
			`{"resourceType":"Patient","id":"n","meta":{"extension":[{"url":"urn:}]\"","valueString":"]}\\"}],` + version + `}}`,
		}, {
			"meta with id, extension and source", `{"resourceType":"Patient","meta":{"id":"m","extension":[{"url":"urn:x","valueInteger":1}],"source":"urn:s"}}`,
			`{"resourceType":"Patient","id":"n","meta":{"id":"m","extension":[{"url":"urn:x","valueInteger":1}],"source":"urn:s"}}`,
			`{"resourceType":"Patient","id":"n","meta":{"id":"m","extension":[{"url":"urn:x","valueInteger":1}],` + version + `,"source":"urn:s"}}`,
		}, {
			"meta with id", `{"resourceType":"Patient","meta":{"id":"m"}}`,
			`{"resourceType":"Patient","id":"n","meta":{"id":"m"}}`,
			`{"resourceType":"Patient","id":"n","meta":{"id":"m",` + version + `}}`,
		}, {
			"white space", `{"resourceType":"Patient", "meta":{"versionId":"1"}, "id":"x"}`,
			`{"resourceType":"Patient","id":"n"}`,
			`{"resourceType":"Patient","id":"n","meta":{` + version + `}}`,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			stored := fhirjson.AppendStored([]byte("x"), parse(t, test.src), []byte("n"))
			require.Equal(t, "x"+test.stored, string(stored))
			requireFixedPoint(t, stored[1:])
			versioned := fhirjson.AppendVersioned([]byte("x"), stored[1:], 7, at)
			require.Equal(t, "x"+test.versioned, string(versioned))
			doc := parse(t, test.versioned)
			require.Equal(t, test.versioned, string(fhirjson.AppendCanonical(nil, doc, 0)))
			require.Equal(t, test.stored, string(fhirjson.AppendStored(nil, doc, []byte("n"))))
		})
	}
}

func TestStoredFormOfCorpora(t *testing.T) {
	for _, pattern := range []string{"synthea/*.gz", "synthea-notes/*.gz"} {
		var doc, again fhirjson.Document
		var stored, versioned, canonical []byte
		for _, line := range lines(t, pattern) {
			require.NoError(t, fhirjson.Parse(line, &doc, nil))
			stored = fhirjson.AppendStored(stored[:0], &doc, doc.ID())
			versioned = fhirjson.AppendVersioned(versioned[:0], stored, 1, 1)
			require.NoError(t, fhirjson.Parse(versioned, &again, nil))
			canonical = fhirjson.AppendCanonical(canonical[:0], &again, 0)
			require.Equal(t, string(versioned), string(canonical))
			require.True(t, again.Nodes[0].Canonical)
		}
	}
}
