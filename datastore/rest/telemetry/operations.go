package telemetry

import (
	"context"

	"github.com/fhirlake/fhirlake/datastore"
	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/metric"
)

// Operations returns a function for datastore.Options.Metrics that measures the operations
// of a store.
func Operations() func(datastore.Operation) {
	duration, err := otel.Meter(scope).Float64Histogram("fhirlake.operation.duration", metric.WithUnit("s"),
		metric.WithDescription("Duration of the store's operations."), metric.WithExplicitBucketBoundaries(buckets...))
	if err != nil {
		otel.Handle(err)
	}
	return func(o datastore.Operation) {
		duration.Record(context.Background(), o.Duration.Seconds(), metric.WithAttributes(
			attribute.String("fhirlake.operation", o.Kind), attribute.String("fhir.resource.type", o.Type), attribute.Int("fhirlake.status", o.Status)))
	}
}
