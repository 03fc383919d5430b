package clinical_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/internal/cputime"
	"github.com/fhirlake/fhirlake/nlp/clinical"
	"github.com/stretchr/testify/require"
)

// ownNotes returns the sentences of testdata as notes of ten sentences each.
func ownNotes(tb testing.TB) []string {
	var notes []string
	for group := range slices.Chunk(readSamples(tb), 10) {
		var b strings.Builder
		for _, s := range group {
			b.WriteString(s.text + "\n")
		}
		notes = append(notes, b.String())
	}
	return notes
}

func benchmark(b *testing.B, d *clinical.Detector, notes []string) {
	size := 0
	for _, n := range notes {
		size += len(n)
	}
	b.SetBytes(int64(size))
	b.ReportAllocs()
	var cpu cputime.Watch
	cpu.Start()
	for b.Loop() {
		for _, n := range notes {
			if _, err := d.Detect(context.Background(), n); err != nil {
				b.Fatal(err)
			}
		}
	}
	cpu.Stop()
	b.ReportMetric(cpu.Rate(size*b.N)/1e6, "MB/cpu-s")
}

// BenchmarkDetect reads the sentences of testdata, which are dense, and notes of Synthea.
func BenchmarkDetect(b *testing.B) {
	d, err := clinical.New(nil)
	require.NoError(b, err)
	b.Run("sentences", func(b *testing.B) { benchmark(b, d, ownNotes(b)) })
	b.Run("synthea", func(b *testing.B) { benchmark(b, d, syntheaTexts(b)) })
	if reports, err := os.ReadFile("../../../shared/data/negation/negex-odd-reports.tsv"); err == nil {
		b.Run("reports", func(b *testing.B) { benchmark(b, d, strings.SplitAfter(string(reports), "\n")) })
	}
	b.Run("prose", func(b *testing.B) {
		licence, err := os.ReadFile("../../LICENSE")
		require.NoError(b, err)
		benchmark(b, d, []string{string(licence)})
	})
	b.Run("plain", func(b *testing.B) { benchmark(b, d, []string{plainText(200_000)}) })
}

// syntheaTexts returns the notes of Synthea.
func syntheaTexts(b *testing.B) []string {
	var notes []string
	for _, texts := range readNotes(b) {
		notes = append(notes, texts...)
	}
	return notes
}

// plainText is text without terms, in words of usual lengths.
func plainText(size int) string {
	r := rand.New(rand.NewPCG(1, 2))
	var b strings.Builder
	for b.Len() < size {
		for range 12 {
			for range 2 + r.IntN(8) {
				b.WriteByte(byte('a' + r.IntN(26)))
			}
			b.WriteByte(' ')
		}
		b.WriteString("was seen in the clinic today.\n")
	}
	return b.String()
}

// manyTerms returns CSV of made-up terms.
func manyTerms(terms int) string {
	r := rand.New(rand.NewPCG(3, 4))
	words := make([]string, 30_000)
	for i := range words {
		for range 2 + r.IntN(3) {
			words[i] += string("bcdfglmnprst"[r.IntN(12)]) + string("aeiou"[r.IntN(5)])
		}
	}
	var b strings.Builder
	b.WriteString("term,code\n")
	for i := range terms {
		for k := range 2 + r.IntN(4) {
			if k > 0 {
				b.WriteByte(' ')
			}
			b.WriteString(words[r.IntN(len(words))])
		}
		fmt.Fprintf(&b, ",A%02d.%d\n", i%100, i/100%1000)
	}
	return b.String()
}

func BenchmarkDetectManyTerms(b *testing.B) {
	d, err := clinical.New(&clinical.Options{Vocabularies: []clinical.Vocabulary{clinical.CSV("made-up.csv", strings.NewReader(manyTerms(150_000)))}})
	require.NoError(b, err)
	b.Run("sentences", func(b *testing.B) { benchmark(b, d, ownNotes(b)) })
	b.Run("synthea", func(b *testing.B) { benchmark(b, d, syntheaTexts(b)) })
}

func BenchmarkNew(b *testing.B) {
	b.ReportAllocs()
	var cpu cputime.Watch
	cpu.Start()
	defer func() {
		cpu.Stop()
		b.ReportMetric(1e3/cpu.Rate(b.N), "cpu-ms")
	}()
	for b.Loop() {
		if _, err := clinical.New(nil); err != nil {
			b.Fatal(err)
		}
	}
}
