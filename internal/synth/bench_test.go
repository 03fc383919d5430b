package synth_test

import (
	"testing"

	"github.com/fhirlake/fhirlake/internal/synth"
)

func BenchmarkAppendPatient(b *testing.B) {
	const patients = 1000
	g := synth.New(1, patients)
	var buffer []byte
	size, lines := 0, 0
	b.ReportAllocs()
	i := 0
	for b.Loop() {
		buffer = g.AppendPatient(buffer[:0], i%patients)
		size += len(buffer)
		for _, c := range buffer {
			if c == '\n' {
				lines++
			}
		}
		i++
	}
	b.ReportMetric(float64(size)/1e6/b.Elapsed().Seconds(), "MB/s")
	b.ReportMetric(float64(lines)/b.Elapsed().Seconds(), "res/s")
}
