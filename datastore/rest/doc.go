// Package rest speaks the RESTful API of FHIR R4 over a store.
//
//	store, err := datastore.Open(ctx, "mem:", nil)
//	…
//	http.Handle("/fhir/", rest.NewHandler(store, nil))
//
//	client := rest.Client(store) // without a socket, for tests
//
// # Interactions
//
// The table in route.go lists it all: read and vread, create, update, patch and delete, the
// last three with a query in place of an id as well, history of a resource, a type and the store, search of a type, of a compartment and
// of the store by GET and by POST to _search, batch and transaction, $fhirpath, and
// /metadata, a CapabilityStatement made from that table and from the store's search
// parameters. Other operations are refused with 501, other methods with 405.
//
// JSON and XML are taken and given alike; an answer is in the form that _format or Accept
// asks for, else in that of the request. A resource that was stored at level minimal and
// has no form in XML is 406.
//
// A patch is a JSON Patch, application/json-patch+json, or a FHIRPath Patch,
// application/fhir+json or application/fhir+xml; anything else is answered with 415.
//
// A write is checked at the store's level, or at the one that AWS HealthLake's
// header asks for:
//
//	x-amzn-healthlake-fhir-validation-level: strict | structure-only | minimal
//
// With Prefer: return=OperationOutcome, the answer to a create, update or patch lists
// the faults that were accepted. Prefer: return holds for the entries of a Bundle's
// answer as well.
//
// A request is done or refused as a whole: a parameter or a header that an interaction
// does not take is 400 (takes.go). With Prefer: handling=lenient such parameters are
// ignored, and the answer lists them. X-Provenance is stored in the same commit as a
// create, an update or a patch.
//
// Searches and histories are sent while they are read, one resource at a time: an answer
// takes no more memory than its largest resource, however slow its reader is. If one
// cannot be read to its end, the connection is cut. A body is read into as much memory as
// it has bytes.
//
// Every error is an OperationOutcome, a panic included, and none carries patient data.
// [datastore.Status] gives the status of the store's errors.
//
// # Who may do what
//
// With [Options.Authorization] each request is held to the rights of its caller, below
// search and not around it: see package access for the rules, and package smart for access
// tokens. Without it anybody may do anything.
//
// # Around it
//
// [Limits] bound headers, slow clients, and the work at a time. [Options] name the origins
// of web pages that may call, an audit of every access, and observers of requests: a log of
// accesses ([AccessLog]), or OpenTelemetry (package telemetry). Package serve has the
// handler reached over TLS or a unix socket, with probes and an end in good order.
//
// # Pages
//
// A browser gets pages: whoever asks for text/html, by _format=html or by an Accept that
// likes it better than JSON and XML, by GET or by POST to _search. The start page is at the
// base. Pages are made of the answers that the same caller gets in JSON, and change nothing.
// docs/rest.md shows what there is.
//
// # What it does not do
//
// It has no TLS: serve it over some. It logs no requests unless it is told to, since their
// URLs are full of patient data.
//
// # Terms
//
// An exchange is one request and its answer. The base is the beginning of all addresses
// of the API, such as https://example.org/fhir.
package rest
