package fhirpath_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/fhirpath"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
)

func BenchmarkCompile(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := fhirpath.Compile("Patient.name.where(use = 'official').given.first()"); err != nil {
			b.Fatal(err)
		}
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
