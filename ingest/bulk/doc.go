// Package bulk fetches the files of a FHIR Bulk Data export by its manifest, as input
// for an import (Bulk Data Access IG 2.0.0, "Response - Complete Status").
//
//	x, err := bulk.Open(ctx, "https://hospital.example/export/7", &bulk.Options{Authorize: token})
//	job, err := ingest.Start(ctx, store, ingest.Options{From: x.Output()})
//
// # What is fetched
//
// [Open] gets the manifest and nothing else; a file of [Export.Output],
// [Export.Deleted] or [Export.Errors] is fetched when it is opened, and read as it
// comes. Files are named by their place in the manifest and their type:
// "000001-Patient.ndjson". A file that is compressed by gzip, by its sender or for the
// transfer, is given decompressed.
//
// # From whom
//
// A manifest is text from outside, and may name any machine. So requests go to the
// hosts of [Options.Hosts] alone, by default to the manifest's host, over https, and
// each address of a host is checked when it is dialed: addresses that are not public
// (loopback, private, link-local and other special ones) are refused unless
// [Options.Networks] has them or the host is written as that very address. Redirects
// are followed under the same rules. No proxy is used. The caller's authorization goes
// with the manifest's own requests and, if the manifest requires it, with requests for
// files on the manifest's origin; redirects to other origins go without.
//
// # Failures
//
// Throttling, errors of the server, broken connections and bodies cut short are tried
// again after growing pauses or when the server says (Retry-After). Reading goes on
// behind the last byte if the server can do that, and otherwise from the start,
// comparing the bytes read before. Limits on size and time are in [Options].
//
// Errors are an [Error], whose text names files of the manifest and hosts, and never a
// URL, which may hold a secret.
package bulk
