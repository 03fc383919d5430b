package rest_test

import (
	"context"
	"io"
	"log/slog"
	"net/http/httptest"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/stretchr/testify/require"
)

// BenchmarkObserved measures what those who are told of requests add to a read and to a
// page of 20, without a network.
func BenchmarkObserved(b *testing.B) {
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
	patient := page.Matches[0].Ref
	for _, path := range []string{"/fhir/" + patient.String(), "/fhir/Observation?patient=" + patient.ID + "&_count=20"} {
		for _, observed := range []struct {
			name    string
			options rest.Options
		}{
			{"by none", rest.Options{}},
			{"by a log", rest.Options{Observers: []rest.Observer{rest.AccessLog(slog.New(slog.NewJSONHandler(io.Discard, nil)))}}},
			{"by an audit", rest.Options{Audit: func(context.Context, *rest.Access) {}}},
			{"by AuditEvents", rest.Options{Audit: rest.AuditEvents(store, nil)}},
		} {
			handler := rest.NewHandler(store, &observed.options)
			kind := "read"
			if path[len("/fhir/")] == 'O' {
				kind = "page"
			}
			b.Run(kind+" "+observed.name, func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					w := httptest.NewRecorder()
					handler.ServeHTTP(w, httptest.NewRequest("GET", path, nil))
					if w.Code != 200 {
						b.Fatal(w.Code)
					}
				}
			})
		}
	}
}
