package fhirjson_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

func benchmarkParse(b *testing.B, src [][]byte) {
	size := 0
	for _, s := range src {
		size += len(s)
	}
	var doc fhirjson.Document
	nodes := 0
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		nodes = 0
		for _, s := range src {
			if err := fhirjson.Parse(s, &doc, nil); err != nil {
				b.Fatal(err)
			}
			nodes += len(doc.Nodes)
		}
	}
	b.ReportMetric(float64(len(src))*float64(b.N)/b.Elapsed().Seconds(), "res/s")
	b.ReportMetric(float64(nodes*20)/float64(size), "tape/json")
}

func BenchmarkParseSynthea(b *testing.B) { benchmarkParse(b, lines(b, "synthea/*.gz")) }
func BenchmarkParseNotes(b *testing.B)   { benchmarkParse(b, lines(b, "synthea-notes/*.gz")) }

func BenchmarkWrite(b *testing.B) {
	src := lines(b, "synthea/*.gz")
	docs := make([]fhirjson.Document, len(src))
	size := 0
	for i, s := range src {
		if err := fhirjson.Parse(s, &docs[i], nil); err != nil {
			b.Fatal(err)
		}
		size += len(s)
	}
	var dst []byte
	b.ReportAllocs()
	b.SetBytes(int64(size))
	for b.Loop() {
		for i := range docs {
			dst = fhirjson.AppendCanonical(dst[:0], &docs[i], 0)
		}
	}
}
