// Package ingest imports ldjson, one FHIR R4 resource a line, and Bundles into a store:
// plain, gzip or zstd, from files, a folder or an io.Reader.
//
//	job, err := ingest.Start(ctx, store, ingest.Options{
//		From:   os.DirFS("in"),
//		Report: ingest.DirSink("report"),
//	})
//	result, err := job.Wait()
//
// # What an import does
//
// Each line is an update by id: a resource with a new id is created, and an existing
// resource gets a new version, unless the current one has the same content. Versions
// are written in the order of the input, so where an id comes twice the later line is
// the newer version.
//
// Conditional references (Practitioner?identifier=system|value) become references to
// the one resource that they find, in the input, whatever its order, or in the store,
// at every level of validation. So do references by UUID or OID (urn:uuid:…): to the
// resource with that id, or to the entry of a Bundle with that fullUrl. Other
// references are not looked up. A line with a reference that does not find one resource
// yet is put aside. It is tried again once all files were read, in passes that go on
// while a pass decides any line. The lines left in the end are bad lines, with status
// 412; references by UUID or OID then stay as they are. A line that was put aside is
// written later than the lines behind it: where the same id comes twice, it may be the
// newer version. Lines that wait for each other find nothing.
//
// With Options.KeepVersions versions keep the numbers and the times of their source, so
// that an export with history comes back as it was: see datastore.KeepVersion. A
// version that does not follow the newest one in the store is then a bad line, with
// status 409.
//
// A bad line never stops a run. It is counted, and written to a failures file with its
// number and an OperationOutcome. Options.Validation decides which lines are bad; lines
// that only level Minimal accepts are imported, counted and reported in a file of their
// own.
//
// A file that cannot be read to its end does not stop the run either; its lines up to
// there are imported, and Wait reports it. A run is stopped by a store or a report that
// takes no more, or by the context.
//
// # Input
//
// A line ends with LF or CRLF; the last line may lack it. Blank lines count in line
// numbers and are skipped. A byte order mark of UTF-8 at the start of a file is skipped
// (RFC 8259 §8.1 lets a parser do so); UTF-16 is not read, and says so. Whether a file
// is compressed is told from its first bytes, not from its name. The folder's files are
// those whose names end in .ndjson, .ldjson, .jsonl or .json, with or without .gz or
// .zst; a manifest.json is none. Package bucket makes file systems of buckets, and
// package bulk of the files of a Bulk Data manifest.
//
// A file whose name ends in .json is one JSON text, on however many lines: a resource,
// or a Bundle, which is taken apart (see below). A line that is a Bundle is stored as
// it is. Options.Bundles changes both. In Bulk Data's files of deletions, a line that
// is a Bundle of type transaction or batch with DELETE entries alone deletes; an absent
// resource is no error. The line counts as one resource. A [Deleter] knows such files;
// otherwise they are called deleted or lie in a folder of that name. In any file, a
// line that is a Bundle of type history without an id, with DELETE entries alone,
// deletes too, as exports with history have among the versions. The heading of a
// patient's block, in files that are organized by patients, counts as a blank line.
//
// A FHIR package ([Package]) is input too: each of its files is one resource.
//
// # Bundles
//
// A Bundle of type collection, batch, transaction, document, message or searchset may
// be taken apart: each entry is then imported by itself, as a line is, and the Bundle
// is not stored. Each entry also fails by itself: a transaction is not one commit here.
// A history, and the answer to a batch, is refused.
//
//   - An entry without a request, or with PUT or POST, is an update by id. Other
//     conditions are ignored. DELETE deletes, and an absent resource is no error. Any
//     other method is a failure. The OperationOutcome of a search is skipped.
//   - The id is the resource's, the request's, or the fullUrl's: its UUID or OID, the
//     id at the end of an address, or a digest of another address. An entry without any
//     gets an id made from the job, the file and its index, the same when the job is
//     resumed.
//   - A reference to the fullUrl of an entry becomes Type/id; so do links in elements
//     of type uri and url, and in the narrative, to an entry of the same Bundle.
//     Entries are looked for in the Bundle, then in all others of the import, whatever
//     their order, and in the store by their ids. A relative reference, and an address
//     with the root of the entry's own fullUrl, is one to Type/id. A reference by UUID
//     or OID that finds no resource, or several, is a failure of its entry, with status
//     412; any other address stays.
//   - A Bundle in an entry is stored as it is.
//
// The number of an entry, in the report and in a job's position, is its place in the file,
// from 1, or that of its line. The places of an OperationOutcome begin with the entry's:
// Bundle.entry[3].resource.name.
//
// A Bundle is read entry by entry. A file of more than 8 MiB is read twice, to know the
// fullUrls before the references to them.
//
// # Report
//
// The report has the shape of AWS HealthLake's import jobs. manifest.json has
// HealthLake's counts, the job's name and status, and numberOfResourcesUnchanged: how
// many of the imported resources the store had already with the same content. FAILURE/
// has a file for each input file that had failures, of the same name, and compressed if
// that name ends in .gz or .zst; its lines are in the order of the input:
//
//	{"lineId":9,"UpdateResourceResponse":{"jsonBlob":{…},"statusCode":400}}
//
// SUCCESS/ has the same for the lines that are imported, with type and id of the resource:
//
//	{"lineId":8,"UpdateResourceResponse":{"jsonBlob":{"resourceType":"Patient","id":"a"},"statusCode":201}}
//
// 201 is a new resource, 200 an existing one, 204 a deletion. Lines that only level
// Minimal imports are in SUCCESS_WITH_SEARCH_VALIDATION_FAILURES/ instead, with an
// OperationOutcome. So each line that is not blank is in one of the three folders. No
// outcome quotes the data.
//
// # Jobs
//
// A job is in the store's register (package jobs) from Start on, with its options, its
// progress and its result. The commits of its lines keep the progress, so that after a
// crash, a closed store or Cancel, [Resume] goes on behind the last durable line, with
// all counts right. With Options.ClientToken, starting twice makes one job.
//
// Named states of the store, a bit a line, say which lines are put aside, and which
// created a resource or were out of order; the commits of the lines write them. The
// text of these lines is read from the input a second time. A Reader is read again if
// it is an io.Seeker; references of any other Reader find only resources that were
// durable when their line was prepared. Each pass writes the report's files of its
// input anew. A resumed job reads files again whose lines are durable and whose report
// is not.
//
// # Terms
//
// A chunk is a run of whole lines of one file, or one line that cannot be
// imported. A batch is chunks that follow each other, of as many files as it takes to fill
// one commit of the store.
//
// # Invariants
//
//   - Progress, Result and the register count only durable lines as imported.
//   - Batches are committed in the order of the input, whichever worker is ready
//     first, and lines are reported in that order.
//   - The memory of a job does not depend on the size of its input: a few
//     batches for each worker, or one line as long as the store allows, and the start of
//     Options.Ahead files; up to three bits for each line; and, of a Bundle that is taken
//     apart, 40 bytes for each entry.
//
// # What it does not do
//
// It fetches nothing from the network by itself.
package ingest
