// Package jobs is the register of a store's imports and exports, with the progress and
// the result of each. Packages ingest and export write it; a program lists it, and
// cancels running jobs.
//
//	for _, job := range page.Jobs { fmt.Println(job.ID, job.Status) }
//
// # Register
//
// A [Record] is named state of the store ([datastore.Store.State]), sealed in its log
// like everything else, and outlasts the process. An import writes its record in the
// same commits as its lines: after a crash the record is exactly as far as the store.
//
// The register keeps each job until [Forget] or [ForgetEnded] is called. A record is a
// few kilobytes at any size of the job, and for an export about six bytes more for each
// file. A program that starts jobs regularly should also forget old ones regularly.
//
// # Terms
//
// The statuses are those of AWS HealthLake. A job is interrupted if it has not ended and
// does not run: its process ended, or the store was closed. ingest.Resume goes on with
// it.
//
// A store that was restored from a backup has the register of the store that was backed
// up. Jobs that had not ended there are Failed in the copy, and none of its jobs is
// resumed: files and reports at the destination are those of the other store.
//
// # Concurrency
//
// All functions may be called by many goroutines.
package jobs
