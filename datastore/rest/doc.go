// Package rest speaks the RESTful API of FHIR R4 over a store.
//
//	store, err := datastore.Open(ctx, "mem:", nil)
//	…
//	http.Handle("/fhir/", rest.NewHandler(store, nil))
//
// # What it answers
//
// The table in route.go is the whole of it: read and vread, create, update and
// delete, history of a resource, a type and the store, search of a type, of a
// compartment and of the store, by GET and by POST to _search, batch and transaction, and /metadata, a CapabilityStatement that is
// made from that table and from what package search answers. What FHIR defines
// and the table lacks (conditional update and delete, patch, operations)
// is refused, with 405 or 501.
//
// Every error is an OperationOutcome, a panic included, and none carries patient
// data. The status of an error of the store is that of [datastore.Status].
//
// # What it does not do
//
// It knows JSON only, no XML. It neither authenticates nor authorises: wrap the
// handler, and serve it over TLS. It logs no requests, since their URLs are full
// of patient data.
//
// # Terms
//
// An exchange is one request and its answer. Base is the address that all
// addresses of the API begin with, such as https://example.org/fhir.
package rest
