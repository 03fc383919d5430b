package telemetry

import (
	"context"
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/datastore/rest"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/metric"
	"go.opentelemetry.io/otel/propagation"
	"go.opentelemetry.io/otel/trace"
)

// scope is the name under which all is measured.
const scope = "github.com/fhirlake/fhirlake/datastore/rest"

// buckets are the bounds of durations in seconds, from a read in memory to a transaction
// of thousands.
var buckets = []float64{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30}

// instruments are what requests are measured with.
type instruments struct {
	tracer   trace.Tracer
	duration metric.Float64Histogram
	size     metric.Int64Histogram
	active   metric.Int64UpDownCounter
}

// Requests returns an observer of a handler's requests.
func Requests() rest.Observer {
	meter := otel.Meter(scope)
	i := &instruments{tracer: otel.Tracer(scope)}
	var errs [3]error
	i.duration, errs[0] = meter.Float64Histogram("http.server.request.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of requests."), metric.WithExplicitBucketBoundaries(buckets...))
	i.size, errs[1] = meter.Int64Histogram("http.server.response.body.size", metric.WithUnit("By"),
		metric.WithDescription("Size of the bodies of answers as they were sent."))
	i.active, errs[2] = meter.Int64UpDownCounter("http.server.active_requests", metric.WithUnit("{request}"),
		metric.WithDescription("Requests under way."))
	for _, err := range errs {
		if err != nil {
			otel.Handle(err)
		}
	}
	return i.begin
}

// begin begins the span of a request.
func (i *instruments) begin(ctx context.Context, r *http.Request) (context.Context, func(*rest.Access)) {
	method := attribute.String("http.request.method", methodOf(r.Method))
	scheme := attribute.String("url.scheme", "http")
	if r.TLS != nil {
		scheme = attribute.String("url.scheme", "https")
	}
	ctx = otel.GetTextMapPropagator().Extract(ctx, propagation.HeaderCarrier(r.Header))
	ctx, span := i.tracer.Start(ctx, methodOf(r.Method), trace.WithSpanKind(trace.SpanKindServer), trace.WithAttributes(method, scheme))
	i.active.Add(ctx, 1, metric.WithAttributes(method, scheme))
	return ctx, func(a *rest.Access) {
		i.active.Add(ctx, -1, metric.WithAttributes(method, scheme))
		attributes := []attribute.KeyValue{method, scheme, attribute.Int("http.response.status_code", a.Status)}
		for name, value := range map[string]string{
			"http.route": a.Route, "fhir.interaction": a.Interaction, "fhir.operation": a.Operation, "fhir.resource.type": a.Type,
		} {
			if value != "" {
				attributes = append(attributes, attribute.String(name, value))
			}
		}
		measured := metric.WithAttributes(attributes...)
		i.duration.Record(ctx, a.Duration.Seconds(), measured)
		i.size.Record(ctx, a.Bytes, measured)
		span.SetName(strings.TrimSpace(methodOf(r.Method) + " " + a.Route))
		span.SetAttributes(append(attributes, attribute.Int64("http.response.body.size", a.Bytes), attribute.String("http.request.id", a.ID))...)
		if a.Status >= http.StatusInternalServerError {
			span.SetStatus(codes.Error, "")
		} else if a.Aborted {
			span.SetStatus(codes.Error, "cut off")
		}
		span.End()
	}
}

// methodOf returns a method of HTTP, or "_OTHER".
func methodOf(method string) string {
	switch method {
	case "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS":
		return method
	}
	return "_OTHER"
}
