// Package ingest imports ldjson into a store: one FHIR R4 resource a line, plain
// or gzip, from files, a folder or an io.Reader.
//
//	job, err := ingest.Start(ctx, store, ingest.Options{
//		From:   os.DirFS("in"),
//		Report: ingest.DirSink("report"),
//	})
//	result, err := job.Wait()
//
// # What an import does
//
// Each line is an update by id: a resource whose id is new is created, and one
// that is there gets a new version, unless the current one holds the same. Versions
// are written in the order of the input, so where an id comes twice the later line
// is the newer version.
// References are not looked up.
//
// A bad line never stops a run. It is counted, and written to a failures file
// with its number and an OperationOutcome. Which lines are bad is a matter of
// Options.Validation; those that only level Minimal lets in are imported, counted
// and reported in a file of their own.
//
// A file that cannot be read to its end does not stop the run either; Wait reports
// it, with what was read imported. What stops a run is a store or a report that
// takes no more, or the context.
//
// # Input
//
// A line ends with LF or CRLF; the last one may do without. Blank lines count as
// lines and are nothing else. A byte order mark of UTF-8 at the start of a file
// is skipped (RFC 8259 §8.1 lets a parser do so); UTF-16 is not read, and says so.
// Whether a file is compressed is told from its first bytes, not from its name.
// The folder's files are those whose names end in .ndjson, .ldjson or .jsonl,
// with or without .gz. Package bucket makes file systems of buckets, package bulk of
// what a Bulk Data manifest names.
//
// A FHIR package ([Package]) is input too: each of its files is one resource.
//
// # Report
//
// The report has the shape of AWS HealthLake's import jobs. manifest.json has
// HealthLake's counts, and the job's name and status. FAILURE/ has a file for
// each input file that had failures, of the same name, and gzip if that name ends
// in .gz; its lines are in the order of the input:
//
//	{"lineId":9,"UpdateResourceResponse":{"jsonBlob":{…},"statusCode":400}}
//
// SUCCESS_WITH_SEARCH_VALIDATION_FAILURES/ has the same for the lines that only
// level Minimal imports, with status 200 or 201. No outcome quotes the data.
//
// # Jobs
//
// A job is in the store's register (package jobs) from Start on: what it was asked for,
// how far it is, what it came to. How far it is stands in the commits of its lines, so
// that a crash, a closed store and Cancel leave a job that [Resume] takes up behind the
// last line that is durable, with all counts right. With Options.ClientToken, to start
// twice is to start once.
//
// # Terms
//
// A chunk is a run of whole lines of one file, or one line that cannot be
// imported. A chunk is one commit of the store.
//
// # Invariants
//
//   - What Progress, Result and the register count as imported is durable.
//   - Chunks are committed in the order of the input, whichever worker is ready
//     first, and failures are reported in that order.
//   - The memory of a job does not depend on the size of its input: a few
//     chunks for each worker, or one line as long as the store allows.
//
// # What it does not do
//
// It fetches nothing from the network by itself.
package ingest
