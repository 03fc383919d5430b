//go:build unix

package exec_test

import (
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// cpu returns the time of all processors that the process has used.
func cpu(t require.TestingT) time.Duration {
	var use syscall.Rusage
	require.NoError(t, syscall.Getrusage(syscall.RUSAGE_SELF, &use))
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}

// BenchmarkLoad applies Synthea's resources to a new index, ten times over under other
// ids, as opening a store does: by a loader, and by Apply alone. It reports the time of
// all processors for a resource beside the rate.
func BenchmarkLoad(b *testing.B) {
	s := newStore(b)
	var records [][]index.Item
	for lines := range slices.Chunk(shared(b, "synthea/*.gz"), 500) {
		var items []index.Item
		for _, line := range lines {
			items = append(items, s.item(line))
		}
		records = append(records, items)
	}
	for _, times := range []int{1, 10} {
		for name, workers := range map[string]int{"apply": 0, "loader=1": 1, "loader=2": 2} {
			b.Run(name+map[int]string{1: "/once", 10: "/ten-times"}[times], func(b *testing.B) {
				n, before := 0, cpu(b)
				b.ReportAllocs()
				for b.Loop() {
					x := index.New([16]byte{1}, nil)
					if workers > 0 {
						loader := x.Loader(workers)
						n += applyTimes(b, x, records, times)
						loader.Finish()
						continue
					}
					n += applyTimes(b, x, records, times)
				}
				b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "res/s")
				b.ReportMetric(float64(cpu(b)-before)/1e3/float64(n), "cpu-µs/res")
			})
		}
	}
}

// applyTimes applies records, and those after the first time with ids of their own.
func applyTimes(b *testing.B, x *index.Index, records [][]index.Item, times int) (n int) {
	for time := range times {
		for _, items := range records {
			if time > 0 {
				items = slices.Clone(items)
				for i := range items {
					items[i].ID = string(rune('f'+time)) + items[i].ID[1:]
				}
			}
			v := x.View()
			if err := x.Apply(v.Sequence()+1, 0, v.Last()+1, items); err != nil {
				b.Fatal(err)
			}
			n += len(items)
		}
	}
	return n
}
