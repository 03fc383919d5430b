package fhirpath_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// data is where shared test data is, if it is anywhere.
const data = "../../../shared/data/"

// eachLine calls yield with each line of shared data.
func eachLine(tb testing.TB, name string, yield func(line []byte)) {
	tb.Helper()
	for _, line := range fhirjsontest.Lines(tb, name) {
		yield(line)
	}
}

func TestSearchParametersCompile(t *testing.T) {
	expressions, components := 0, 0
	eachLine(t, "fhir-r4/SearchParameter.ndjson.gz", func(line []byte) {
		var p struct {
			ID, Expression string
			Component      []struct{ Expression string }
		}
		require.NoError(t, json.Unmarshal(line, &p))
		if p.Expression != "" {
			expressions++
			_, err := fhirpath.Compile(p.Expression)
			assert.NoError(t, err, "%s: %s", p.ID, p.Expression)
		}
		for _, c := range p.Component {
			components++
			_, err := fhirpath.Compile(c.Expression)
			assert.NoError(t, err, "%s: %s", p.ID, c.Expression)
		}
	})
	assert.Equal(t, 1384, expressions)
	assert.Equal(t, 96, components)
}

func TestParamsOfTablesCompile(t *testing.T) {
	compiled := 0
	for id := range schema.Params {
		p := &schema.Params[id]
		for _, text := range []string{p.Expression, p.Source} {
			if text == "" {
				continue
			}
			e, err := fhirpath.Compile(text)
			if assert.NoError(t, err, "%s: %s", p.Name, text) {
				compiled++
				again, err := fhirpath.Compile(e.String())
				require.NoError(t, err, e.String())
				assert.Equal(t, e.String(), again.String())
			}
		}
	}
	assert.Greater(t, compiled, 3000)
}

// Every search parameter is evaluated on each resource of the Synthea data and on
// HL7's examples: none fails, and most parameters find something somewhere.
func TestParamsOverData(t *testing.T) {
	params := paramsOf(t)
	docs := syntheaDocuments(t)
	eachLine(t, "fhir-r4/examples.ndjson.gz", func(line []byte) {
		doc := new(fhirjson.Document)
		if fhirjson.Parse([]byte(string(line)), doc, nil) == nil {
			docs = append(docs, doc)
		}
	})
	var v fhirpath.Evaluator
	all, hits := map[*fhirpath.Expression]bool{}, map[*fhirpath.Expression]bool{}
	for _, doc := range docs {
		for _, e := range params[doc.Type()] {
			all[e] = true
			if e.Boolean() {
				_, _, err := v.Test(e, doc, 0)
				require.NoError(t, err, e.String())
				continue
			}
			nodes, err := v.Select(e, doc, 0, nil)
			require.NoError(t, err, e.String())
			if len(nodes) > 0 {
				hits[e] = true
			}
		}
	}
	t.Logf("%d resources; of %d parameters %d have values", len(docs), len(all), len(hits))
	assert.Greater(t, len(hits), len(all)/2)
}
