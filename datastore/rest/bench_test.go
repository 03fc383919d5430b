package rest_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

// BenchmarkRequests measures the handler without a network, over ten patients.
func BenchmarkRequests(b *testing.B) {
	ctx := context.Background()
	store, err := datastore.Open(ctx, "mem:", nil)
	require.NoError(b, err)
	defer store.Close()
	job, err := ingest.Start(ctx, store, ingest.Options{Reader: ingest.Synthetic(1, 10)})
	require.NoError(b, err)
	_, err = job.Wait()
	require.NoError(b, err)
	page, err := store.Search(ctx, "Patient", "_count=1")
	require.NoError(b, err)
	patient := page.Matches[0]
	handler := rest.NewHandler(store, nil)
	for _, bench := range []struct{ name, method, path, body string }{
		{"read", "GET", "/fhir/" + patient.Ref.String(), ""},
		{"search", "GET", "/fhir/Observation?patient=" + patient.ID + "&_count=20", ""},
		{"history", "GET", "/fhir/Observation/_history?_count=20", ""},
		{"update", "PUT", "/fhir/" + patient.Ref.String(), string(patient.JSON)},
		{"metadata", "GET", "/fhir/metadata", ""},
	} {
		b.Run(bench.name, func(b *testing.B) {
			b.ReportAllocs()
			requests, bytes := 0, 0
			for b.Loop() {
				r := httptest.NewRequest(bench.method, bench.path, strings.NewReader(bench.body))
				w := httptest.NewRecorder()
				handler.ServeHTTP(w, r)
				if w.Code != http.StatusOK {
					b.Fatal(w.Code, w.Body)
				}
				requests++
				bytes += w.Body.Len()
			}
			b.ReportMetric(float64(requests)/b.Elapsed().Seconds(), "req/s")
			b.ReportMetric(float64(bytes)/1e6/b.Elapsed().Seconds(), "MB/s")
		})
	}
}
