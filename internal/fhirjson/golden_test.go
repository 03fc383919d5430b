package fhirjson_test

import (
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

var rewrite = flag.Bool("rewrite", false, "write the golden canonical forms anew")

// TestGolden holds what stores keep of resources and give back, byte for byte
// (docs/format/canonical.md): of each source the canonical form, the stored one, and that
// with a version.
func TestGolden(t *testing.T) {
	const file = "testdata/golden.txt"
	var out strings.Builder
	for _, src := range []string{
		sample,
		`{"meta":{"lastUpdated":"2020-01-01T00:00:00Z","tag":[{"code":"t"}],"versionId":"4"},"active":true,"resourceType":"Patient","id":"old"}`,
		`{"resourceType":"Observation","status":"final","valueQuantity":{"code":"cm","value":1.50e+2,"unit":"\u0063\u006d"},"code":{"text":"a\/b\u000a\ud83d\ude00\t\""},"_status":{"id":"s"}}`,
		`{ "resourceType":"Bundle", "type":"collection","entry":[ {"resource":{"id":"x","resourceType":"Basic","code":{"text":"c"}}, "fullUrl":"urn:x"} ] }`,
	} {
		doc := parse(t, src)
		stored := fhirjson.AppendStored(nil, doc, []byte("n"))
		out.Write(append(fhirjson.AppendCanonical(nil, doc, 0), '\n'))
		out.Write(append(stored, '\n'))
		out.Write(append(fhirjson.AppendVersioned(nil, stored, 7, 1767323045678901), '\n'))
	}
	if *rewrite {
		require.NoError(t, os.WriteFile(file, []byte(out.String()), 0o644))
	}
	want, err := os.ReadFile(file)
	require.NoError(t, err)
	require.Equal(t, string(want), out.String(), "the canonical form has changed: change docs/format/canonical.md, and write %s anew with -rewrite", file)
}
