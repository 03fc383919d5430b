package datastore_test

import (
	"fmt"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// BenchmarkCustomFill indexes a custom parameter over all resources that are there,
// and drops it. res/s counts the resources of its types.
func BenchmarkCustomFill(b *testing.B) {
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(b, err)
	defer store.Close()
	require.NoError(b, importLines(store, synthetic(100)))
	for _, c := range []struct{ typ, kind, expression string }{
		{"Observation", "token", "Observation.code"},
		{"Observation", "number", "Observation.value.ofType(Quantity).value"},
		{"Observation", "token", "Observation.component.where(value.ofType(Quantity).value > 100).code"},
		{"Resource", "date", "Resource.meta.lastUpdated | Resource.descendants().ofType(dateTime)"},
	} {
		b.Run(c.expression, func(b *testing.B) {
			b.ReportAllocs()
			n := 0
			for b.Loop() {
				define(b, store, custom("bench", c.typ, c.kind, c.expression))
				n += store.SearchParameters()[0].Total
				b.StopTimer()
				require.NoError(b, store.Delete(ctx, datastore.Ref{Type: "SearchParameter", ID: "sp-bench"}))
				b.StartTimer()
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "versions/s")
		})
	}
}

// BenchmarkCustomWrite writes Observations without and with custom parameters.
func BenchmarkCustomWrite(b *testing.B) {
	for _, n := range []int{0, 1, 10} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			store, err := datastore.Open(ctx, "mem:", nil)
			require.NoError(b, err)
			defer store.Close()
			for i := range n {
				define(b, store, custom(fmt.Sprint("bench", i), "Observation", "number", fmt.Sprintf("Observation.value.ofType(Quantity).value + %d", i)))
			}
			lines := synthetic(10)
			b.ReportAllocs()
			for b.Loop() {
				require.NoError(b, importLines(store, lines))
			}
			b.ReportMetric(float64(b.N*len(lines))/b.Elapsed().Seconds(), "res/s")
		})
	}
}
