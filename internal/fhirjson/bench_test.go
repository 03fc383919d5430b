package fhirjson_test

import (
	"testing"
	"unsafe"

	"github.com/go-json-experiment/json/jsontext"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// corpora are what the benchmarks run on; the sample is there in a clone alone.
var corpora = []struct {
	name string
	load func(testing.TB) [][]byte
}{
	{"sample", func(testing.TB) [][]byte { return [][]byte{[]byte(sample)} }},
	{"synthea", func(tb testing.TB) [][]byte { return lines(tb, "synthea/*.gz") }},
	{"synthea-notes", func(tb testing.TB) [][]byte { return lines(tb, "synthea-notes/*.gz") }},
}

// perCorpus runs work once for each line of each corpus in each round, and
// reports MB/s of source and resources a second.
func perCorpus(b *testing.B, work func(i int, src []byte), prepare func(b *testing.B, src [][]byte)) {
	for _, corpus := range corpora {
		b.Run(corpus.name, func(b *testing.B) {
			src := corpus.load(b)
			size := 0
			for _, s := range src {
				size += len(s)
			}
			if prepare != nil {
				prepare(b, src)
			}
			b.ReportAllocs()
			b.SetBytes(int64(size))
			for b.Loop() {
				for i, s := range src {
					work(i, s)
				}
			}
			b.ReportMetric(float64(len(src))*float64(b.N)/b.Elapsed().Seconds(), "res/s")
		})
	}
}

func BenchmarkParse(b *testing.B) {
	var doc fhirjson.Document
	nodes, size := 0, 0
	perCorpus(b, func(_ int, src []byte) {
		if err := fhirjson.Parse(src, &doc, nil); err != nil {
			b.Fatal(err)
		}
		nodes += len(doc.Nodes)
		size += len(src)
	}, func(b *testing.B, _ [][]byte) {
		nodes, size = 0, 0
		b.Cleanup(func() {
			b.ReportMetric(float64(nodes)*float64(unsafe.Sizeof(fhirjson.Node{}))/float64(size), "tape/json")
		})
	})
}

// BenchmarkParseStructureOnly leaves out the walk that only the other levels need.
func BenchmarkParseStructureOnly(b *testing.B) {
	var doc fhirjson.Document
	opts := &fhirjson.Options{Level: fhirjson.StructureOnly}
	perCorpus(b, func(_ int, src []byte) {
		if err := fhirjson.Parse(src, &doc, opts); err != nil {
			b.Fatal(err)
		}
	}, nil)
}

// BenchmarkReference is jsontext's check of the grammar alone.
func BenchmarkReference(b *testing.B) {
	perCorpus(b, func(_ int, src []byte) {
		if !jsontext.Value(src).IsValid() {
			b.Fatal("not valid")
		}
	}, nil)
}

// benchmarkDocuments runs work on parsed documents.
func benchmarkDocuments(b *testing.B, work func(doc *fhirjson.Document)) {
	var docs []fhirjson.Document
	perCorpus(b, func(i int, _ []byte) { work(&docs[i]) }, func(b *testing.B, src [][]byte) {
		docs = make([]fhirjson.Document, len(src))
		for i, s := range src {
			require.NoError(b, fhirjson.Parse(s, &docs[i], nil))
		}
	})
}

func BenchmarkAppendCanonical(b *testing.B) {
	var dst []byte
	benchmarkDocuments(b, func(doc *fhirjson.Document) { dst = fhirjson.AppendCanonical(dst[:0], doc, 0) })
}

func BenchmarkAppendStored(b *testing.B) {
	var dst []byte
	id := []byte("018f428e-34f6-4707-8009-5ad742f901e7")
	benchmarkDocuments(b, func(doc *fhirjson.Document) { dst = fhirjson.AppendStored(dst[:0], doc, id) })
}

func BenchmarkAppendVersioned(b *testing.B) {
	var dst []byte
	stored := fhirjson.AppendStored(nil, parse(b, canonicalSample), []byte("a"))
	b.ReportAllocs()
	b.SetBytes(int64(len(stored)))
	for b.Loop() {
		dst = fhirjson.AppendVersioned(dst[:0], stored, 7, 1767323045678901)
	}
}
