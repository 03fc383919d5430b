package fhirjson_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// FuzzParse checks, for the strictest and the most lenient level, that no input
// makes Parse panic, that each error is an *Error with a place in the input, and
// that what is accepted is JSON by jsontext's word, is a tree, and has a canonical
// form with the same value that is a fixed point.
// A parser remembers names, so coverage differs between runs of one input: fuzz
// with -fuzzminimizetime=10x, or minimizing takes all the time.
func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte(canonicalSample))
	for _, test := range malformed {
		if len(test.src) < 1000 {
			f.Add([]byte(strings.Replace(test.src, "^", "", 1)))
		}
	}
	for _, test := range unsound {
		f.Add([]byte(strings.Replace(test.src, "^", "", 1)))
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		var doc fhirjson.Document
		if fhirjson.Parse(src, &doc, minimal) == nil {
			requireMinimalFixedPoint(t, src)
			stored := fhirjson.AppendStored(nil, &doc, []byte("a"))
			requireMinimalFixedPoint(t, stored)
			requireMinimalFixedPoint(t, fhirjson.AppendVersioned(nil, stored, 1, 0))
		}
		if err := fhirjson.Parse(src, &doc, nil); err != nil {
			var e *fhirjson.Error
			require.True(t, errors.As(err, &e))
			for _, i := range e.Issues {
				require.True(t, i.Offset >= 0 && i.Offset <= int64(len(src)))
			}
			return
		}
		require.True(t, jsontext.Value(src).IsValid())
		requireTree(t, &doc)
		requireFixedPoint(t, src)
		stored := fhirjson.AppendStored(nil, &doc, []byte("a"))
		requireFixedPoint(t, stored)
		requireFixedPoint(t, fhirjson.AppendVersioned(nil, stored, 1, 0))
	})
}
