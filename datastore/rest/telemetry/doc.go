// Package telemetry tells OpenTelemetry of the requests of package rest and of the
// operations of a store.
//
//	rest.NewHandler(store, &rest.Options{Observers: []rest.Observer{telemetry.Requests()}})
//	datastore.Open(ctx, path, &datastore.Options{Metrics: telemetry.Operations()})
//
// It uses the API of OpenTelemetry alone, with the providers and the propagator that the
// program has set (otel.SetTracerProvider, otel.SetMeterProvider, otel.SetTextMapPropagator),
// before or after. Without any, nothing is measured.
//
// # What it tells
//
// For each request a span of kind server, named by method and route such as
// "GET /{type}/{id}", in the trace that the client's headers name; and, after the semantic
// conventions of HTTP:
//
//	http.server.request.duration     seconds, by method, route, status, scheme, interaction and resource type
//	http.server.response.body.size   bytes, by the same
//	http.server.active_requests      requests under way, by method
//
// For each operation of a store (see datastore.Operation):
//
//	fhirlake.operation.duration      seconds, by kind, resource type and status
//
// No attribute has an id, a query, a caller or anything of the data, and each has few
// values.
package telemetry
