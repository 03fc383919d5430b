package exec_test

import (
	"bytes"
	"regexp"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/index"
)

var minimal = &fhirjson.Options{Level: fhirjson.Minimal}

// TestMinimal checks that a resource that only the level minimal accepts is found by
// what is good in it.
func TestMinimal(t *testing.T) {
	const source = `{"resourceType":"Patient","id":"p","birthDate":"soon","foo":{"bar":1},"gender":"F","active":"yes",
		"identifier":[{"system":"urn:s","value":"1","x":2}],"name":[{"family":"Ann"},"Bob"],"telecom":{"value":"555"},
		"managingOrganization":{"reference":"no reference at all"},"address":[{"city":"Wien","line":["a",null]}]}`
	s := newStore(t)
	var doc fhirjson.Document
	require.NoError(t, fhirjson.Parse([]byte(source), &doc, minimal))
	require.NotEmpty(t, doc.Issues)
	s.builder.Reset()
	require.NoError(t, s.engine.Extract(&doc, &s.builder))
	block := bytes.Clone(s.builder.Payload())
	prepared := new(index.Prepared)
	require.NoError(t, s.index.Prepare(prepared, block))
	s.blocks, s.sources = append(s.blocks, block), append(s.sources, []byte(source))
	s.apply([]index.Item{{Type: index.TypeID(doc.Type()), ID: "p", Values: prepared}})
	for query, want := range map[string]bool{
		"identifier=urn:s|1": true, "address-city=wien": true, "gender=F": true,
		"birthdate=lt2100": false, "birthdate=gt1000": false, "active=true": false, "family=ann": false, "telecom=555": false,
	} {
		ids, _ := s.search("Patient", query)
		require.Equal(t, want, len(ids) == 1, query)
	}
}

// TestMinimalExtraction extracts from HL7's examples with every value of a kind
// made bad.
func TestMinimalExtraction(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	engine := newStore(t).engine
	var builder index.Builder
	var doc fhirjson.Document
	lines := shared(t, "fhir-r4/examples.ndjson.gz")
	for _, damage := range []struct{ name, pattern, with string }{
		{"dates", `"\d{4}-\d\d[^"]*"`, `"2020-99-99T"`},
		{"numbers", `:-?\d[0-9.eE+-]*`, `:1e999999999999999999`},
		{"units", `"(code|unit|system)":"[^"]*"`, `"$1":" "`},
		{"references", `"reference":"[^"]*"`, `"reference":"///_history/"`},
		{"kinds", `"(value|code|display|start|end)":"[^"]*"`, `"$1":{"x":[1]}`},
	} {
		t.Run(damage.name, func(t *testing.T) {
			pattern := regexp.MustCompile(damage.pattern)
			for _, line := range lines {
				bad := pattern.ReplaceAll(line, []byte(damage.with))
				if len(bad) > 64<<10 || fhirjson.Parse(bad, &doc, minimal) != nil {
					continue
				}
				builder.Reset()
				require.NoError(t, engine.Extract(&doc, &builder), "%.300s", bad)
				builder.Payload()
			}
		})
	}
}
