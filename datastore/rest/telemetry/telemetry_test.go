package telemetry_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/datastore/rest/telemetry"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/sdk/metric"
	"go.opentelemetry.io/otel/sdk/metric/metricdata"
	"go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/sdk/trace/tracetest"
	oteltrace "go.opentelemetry.io/otel/trace"
)

func TestMain(m *testing.M) { storetest.Main(m) }

func TestTelemetry(t *testing.T) {
	// The observer comes before the providers, as in programs that set them late.
	observer, operations := telemetry.Requests(), telemetry.Operations()
	spans := tracetest.NewInMemoryExporter()
	reader := metric.NewManualReader()
	otel.SetTracerProvider(trace.NewTracerProvider(trace.WithSyncer(spans)))
	otel.SetMeterProvider(metric.NewMeterProvider(metric.WithReader(reader)))
	otel.SetTextMapPropagator(propagation.TraceContext{})

	store := storetest.Open(t, &datastore.Options{Metrics: operations})
	var inner oteltrace.SpanContext
	h := rest.NewHandler(store, &rest.Options{
		Observers: []rest.Observer{observer},
		Audit:     func(ctx context.Context, _ *rest.Access) { inner = oteltrace.SpanContextFromContext(ctx) },
	})
	do := func(method, path, body string) int {
		r := httptest.NewRequest(method, path, strings.NewReader(body))
		r.Header.Set("Traceparent", "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01")
		w := httptest.NewRecorder()
		h.ServeHTTP(w, r)
		return w.Code
	}
	require.Equal(t, http.StatusCreated, do("PUT", "/fhir/Patient/secret", `{"resourceType":"Patient","id":"secret"}`))
	require.Equal(t, http.StatusOK, do("GET", "/fhir/Patient/secret", ""))
	require.Equal(t, http.StatusOK, do("GET", "/fhir/Patient?name=secret", ""))
	require.Equal(t, http.StatusNotFound, do("GET", "/fhir/secret", ""))
	require.Equal(t, http.StatusMethodNotAllowed, do("SECRET", "/fhir/Patient/secret", ""))

	var names []string
	for _, span := range spans.GetSpans() {
		names = append(names, span.Name)
		require.Equal(t, oteltrace.SpanKindServer, span.SpanKind)
		require.Equal(t, "0af7651916cd43dd8448eb211c80319c", span.SpanContext.TraceID().String(), "the client's trace")
		require.NotContains(t, strings.ToLower(fmt.Sprint(span.Attributes, span.Events, span.Status)), "secret")
	}
	require.Equal(t, []string{"PUT /{type}/{id}", "GET /{type}/{id}", "GET /{type}", "GET", "_OTHER"}, names)
	require.Contains(t, fmt.Sprint(spans.GetSpans()[2].Attributes), "search-type")
	require.Equal(t, spans.GetSpans()[4].SpanContext.SpanID(), inner.SpanID(), "the span is in the context of the request")

	var all metricdata.ResourceMetrics
	require.NoError(t, reader.Collect(context.Background(), &all))
	require.NotContains(t, strings.ToLower(fmt.Sprintf("%+v", all)), "secret")
	found := map[string]metricdata.Aggregation{}
	for _, scope := range all.ScopeMetrics {
		for _, m := range scope.Metrics {
			found[m.Name] = m.Data
		}
	}
	count := uint64(0)
	for _, point := range found["http.server.request.duration"].(metricdata.Histogram[float64]).DataPoints {
		count += point.Count
	}
	require.EqualValues(t, 5, count)
	for _, point := range found["http.server.active_requests"].(metricdata.Sum[int64]).DataPoints {
		require.Zero(t, point.Value)
	}
	require.Contains(t, found, "http.server.response.body.size")
	require.NotEmpty(t, found["fhirlake.operation.duration"].(metricdata.Histogram[float64]).DataPoints)
}
