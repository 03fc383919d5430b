// Package serve has an [http.Handler] reached: over TCP, TLS or a unix socket, with probes
// for a supervisor, and an end that finishes what was begun.
//
//	server, err := serve.Listen("127.0.0.1:8443", &serve.Options{Certificate: "tls.crt", Key: "tls.key"})
//	…                                                    // open the store: /health answers already
//	server.Mount("/fhir", rest.NewHandler(store, nil), store.Writable)
//	err = server.Run(ctx)                                // until ctx ends
//	err = store.Close()
//
// # Probes
//
// /health answers 200 as long as the process answers at all. /ready answers 200 from Mount
// on, as long as the function that was given to Mount reports nothing; else 503, as before
// Mount and once the server ends. Neither says why, nor asks who calls.
//
// # TLS
//
// TLS 1.2 and 1.3, with ciphers that authenticate and have forward secrecy alone. With a
// client CA, clients need a certificate of it. The files are looked at for each connection:
// a changed certificate, key or CA counts at once, and one that cannot be read, or does not
// fit the others, leaves the last in force and tells the logger.
//
// # What it does not do
//
// It bounds headers and the time in which they come. How slowly a body may come, or an
// answer be taken, is the handler's matter (package rest, Limits).
package serve
