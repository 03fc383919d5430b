package param_test

import (
	"fmt"
	"hash/fnv"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/extract"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

func TestNumbers(t *testing.T) { param.RequireNumbers(t, examplesByType(t)) }

// examplesByType returns hashes of the values of HL7's examples, by the names of their
// types; none without the examples. What is contained counts for its own type.
func examplesByType(t *testing.T) map[string]string {
	const pattern = "fhir-r4/*.gz"
	if !fhirjsontest.Has(pattern) {
		return nil
	}
	r := param.R4()
	x := extract.NewExtractor(r)
	values := map[schema.TypeID][]string{}
	for _, line := range fhirjsontest.Lines(t, pattern) {
		var doc fhirjson.Document
		if err := fhirjson.Parse(line, &doc, &fhirjson.Options{Level: fhirjson.Minimal}); err != nil {
			continue
		}
		var b index.Builder
		x.Extract(r.Types[doc.Type()], &doc, &b)
		entries, err := index.Decode(nil, b.Payload())
		require.NoError(t, err)
		at, group := doc.Type(), uint32(0)
		for _, e := range entries {
			if e.Kind == index.KindNote {
				continue
			}
			if inside, ok := r.Headed(&e); ok {
				at, group = inside, 0
				continue
			}
			if e.Group != 0 { // groups go on through contained resources
				if group == 0 {
					group = e.Group - 1
				}
				e.Group -= group
			}
			e.Param %= param.FirstInside
			values[at] = append(values[at], fmt.Sprint(e))
		}
	}
	hashes := map[string]string{}
	for typ, list := range values {
		slices.Sort(list) // whatever order the files are in
		digest := fnv.New64a()
		for _, value := range list {
			fmt.Fprintln(digest, value)
		}
		hashes[typ.String()] = fmt.Sprintf("%016x", digest.Sum64())
	}
	return hashes
}

// What was extracted under other versions is stale, its contained resources included.
func TestStale(t *testing.T) {
	var doc fhirjson.Document
	require.NoError(t, fhirjson.Parse([]byte(`{"resourceType":"Patient","id":"a","contained":[{"resourceType":"Practitioner","id":"b"},{"resourceType":"Practitioner","id":"c"},{"resourceType":"Organization","id":"d","name":"x"}],"generalPractitioner":[{"reference":"#b"},{"reference":"#c"},{"reference":"#d"}]}`), &doc, nil))
	var b index.Builder
	r := param.R4()
	x := extract.NewExtractor(r)
	x.Extract(r.Types[doc.Type()], &doc, &b)
	patient := doc.Type()
	require.False(t, param.Stale(patient, param.Version(patient), b.Payload()))
	require.True(t, param.Stale(patient, param.Version(patient)+1, b.Payload()))
	before := slices.Clone(b.Payload())
	versions := r.Versions
	defer func(version uint32) { versions[r.Names["Organization"]] = version }(versions[r.Names["Organization"]])
	versions[r.Names["Organization"]]++
	require.True(t, param.Stale(patient, param.Version(patient), before))
	b.Reset()
	x.Extract(r.Types[doc.Type()], &doc, &b)
	require.False(t, param.Stale(patient, param.Version(patient), b.Payload()))
	require.True(t, param.Stale(patient, param.Version(patient), []byte("\x0d\x00\x01\xff")))
	require.False(t, param.Stale(patient, param.Version(patient), nil))
}
