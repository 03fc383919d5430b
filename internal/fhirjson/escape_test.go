package fhirjson_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// TestEscapedNames checks that a source with all its letters as escapes is the same
// resource: its canonical, stored and subset forms, its id, and its faults.
func TestEscapedNames(t *testing.T) {
	g := newGenerator()
	var sources [][]byte
	for i := range schema.Types {
		if row := &schema.Types[i]; row.Kind == schema.KindResource && !row.Abstract {
			sources = append(sources, g.resource(schema.TypeID(i)).append(nil))
		}
	}
	sources = append(sources, []byte(sample))
	var plain, other fhirjson.Document
	for _, src := range sources {
		for _, level := range []fhirjson.Level{fhirjson.Strict, fhirjson.StructureOnly, fhirjson.Minimal} {
			opts := &fhirjson.Options{Level: level}
			require.NoError(t, fhirjson.Parse(src, &plain, opts))
			require.NoError(t, fhirjson.Parse(fhirjsontest.Escaped(src), &other, opts), "%s", fhirjsontest.Escaped(src))
			require.Equal(t, len(plain.Nodes), len(other.Nodes))
			require.Equal(t, len(plain.Issues), len(other.Issues))
			require.Equal(t, string(fhirjson.AppendCanonical(nil, &plain, 0)), string(fhirjson.AppendCanonical(nil, &other, 0)))
			require.Equal(t, string(fhirjson.AppendStored(nil, &plain, []byte("x"))), string(fhirjson.AppendStored(nil, &other, []byte("x"))))
			whole := func(fhirjson.Index) fhirjson.Part { return fhirjson.Whole }
			require.Equal(t, string(fhirjson.AppendSubset(nil, &plain, whole)), string(fhirjson.AppendSubset(nil, &other, whole)))
			require.Equal(t, string(plain.ID()), string(other.ID()))
		}
	}
	for _, test := range slices.Concat(malformed, unsound) {
		src := []byte(strings.Replace(test.src, "^", "", 1))
		if !jsontext.Value(src).IsValid() {
			continue
		}
		var e, f *fhirjson.Error
		require.ErrorAs(t, fhirjson.Parse(src, &plain, nil), &e, test.name)
		require.ErrorAs(t, fhirjson.Parse(fhirjsontest.Escaped(src), &other, nil), &f, test.name)
		require.Equal(t, test.pointer, f.Issues[0].Pointer, test.name)
		require.Equal(t, e.Issues[0].Diagnostics, f.Issues[0].Diagnostics, test.name)
	}
}
