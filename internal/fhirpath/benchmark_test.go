package fhirpath_test

import (
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirpath"
	"github.com/fhirlake/fhirlake/internal/schema"
)

func BenchmarkCompile(b *testing.B) {
	for _, expr := range []string{
		"Patient.name.where(use = 'official').given.first()",
		"name.where(use = 'official').given.first()",
		schema.Params[schema.ParamID(medianParam())].Expression,
	} {
		b.Run(expr, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if _, err := fhirpath.Compile(expr); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// medianParam returns the search parameter whose expression has the median length.
func medianParam() int {
	var ids []int
	for id := range schema.Params {
		if schema.Params[id].Expression != "" {
			ids = append(ids, id)
		}
	}
	slices.SortFunc(ids, func(a, b int) int { return len(schema.Params[a].Expression) - len(schema.Params[b].Expression) })
	return ids[len(ids)/2]
}

func BenchmarkTest(b *testing.B) {
	const weight = `{"resourceType":"Observation","status":"final","code":{"text":"Weight"},"valueQuantity":{"value":185,"unit":"lbs",
		"system":"http://unitsofmeasure.org","code":"[lb_av]"}}`
	for _, expr := range []string{
		"Observation.value.ofType(Quantity).value > 100",
		"Observation.value > 80 'kg'",
		"Observation.code.text.lower().startsWith('we')",
		"Observation.value.ofType(Quantity).value * 2 + 1 > 100",
	} {
		b.Run(expr, func(b *testing.B) {
			doc := parsed(b, weight)
			e := compiled(b, expr)
			var v fhirpath.Evaluator
			b.ReportAllocs()
			for b.Loop() {
				if is, ok, err := v.Test(e, doc, 0); !is || !ok || err != nil {
					b.Fatal(is, ok, err)
				}
			}
		})
	}
}

func BenchmarkSelect(b *testing.B) {
	for _, expr := range []string{
		"Patient.name.where(use = 'official').given.first()",
		"Patient.birthDate",
		"Patient.deceased as dateTime",
		"Patient.generalPractitioner.where(resolve() is Practitioner)",
	} {
		b.Run(expr, func(b *testing.B) {
			doc := parsed(b, patient)
			e := compiled(b, expr)
			var v fhirpath.Evaluator
			var dst []fhirjson.Index
			b.ReportAllocs()
			for b.Loop() {
				nodes, err := v.Select(e, doc, 0, dst[:0])
				if err != nil {
					b.Fatal(err)
				}
				dst = nodes
			}
		})
	}
}

// paramsOf returns the compiled expressions of the parameters of each resource
// type, those of its abstract bases with them.
func paramsOf(tb testing.TB) [][]*fhirpath.Expression {
	byType := make([][]*fhirpath.Expression, len(schema.Types))
	for t := range byType {
		for base := schema.TypeID(t); base != 0; base = base.Type().Base {
			for _, p := range schema.ParamsOf(base) {
				if text := p.Param().Expression; text != "" {
					byType[t] = append(byType[t], compiled(tb, text))
				}
			}
		}
	}
	return byType
}

// selectAll evaluates every parameter of the document's type.
func selectAll(tb testing.TB, v *fhirpath.Evaluator, params [][]*fhirpath.Expression, doc *fhirjson.Document, dst []fhirjson.Index) []fhirjson.Index {
	for _, e := range params[doc.Type()] {
		var err error
		if e.Boolean() {
			_, _, err = v.Test(e, doc, 0)
		} else {
			dst, err = v.Select(e, doc, 0, dst[:0])
		}
		if err != nil {
			tb.Fatal(err)
		}
	}
	return dst
}

func BenchmarkObservationParams(b *testing.B) {
	params := paramsOf(b)
	doc := parsed(b, observation)
	var v fhirpath.Evaluator
	var dst []fhirjson.Index
	b.ReportAllocs()
	for b.Loop() {
		dst = selectAll(b, &v, params, doc, dst)
	}
	b.ReportMetric(float64(len(params[schema.TypeObservation])), "expr/res")
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "res/s")
}

// BenchmarkSyntheaParams evaluates every search parameter of every resource of
// the shared Synthea data. Parsing is not part of the time.
func BenchmarkSyntheaParams(b *testing.B) {
	params := paramsOf(b)
	docs := syntheaDocuments(b)
	var v fhirpath.Evaluator
	var dst []fhirjson.Index
	b.ReportAllocs()
	for b.Loop() {
		for _, doc := range docs {
			dst = selectAll(b, &v, params, doc, dst)
		}
	}
	b.ReportMetric(float64(b.N*len(docs))/b.Elapsed().Seconds(), "res/s")
}

// syntheaDocuments returns the shared Synthea data as documents.
func syntheaDocuments(tb testing.TB) []*fhirjson.Document {
	files, err := filepath.Glob(data + "synthea/*.ndjson.gz")
	require.NoError(tb, err)
	if len(files) == 0 {
		tb.Skip("no shared data here: synthea")
	}
	var docs []*fhirjson.Document
	for _, file := range files {
		eachLine(tb, "synthea/"+filepath.Base(file), func(line []byte) {
			docs = append(docs, parsed(tb, string(line)))
		})
	}
	return docs
}
