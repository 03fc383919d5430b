// Package jobs is the register of a store's imports and exports: which there are, how
// far each is, and what it came to. Packages ingest and export write it; a program lists
// it, and cancels what runs.
//
//	for _, job := range page.Jobs { fmt.Println(job.ID, job.Status) }
//
// # What the register is
//
// A [Record] is named state of the store ([datastore.Store.State]), sealed in its log
// like everything else, and outlasts the process. An import writes it in the commits of
// the lines that it speaks of: after a crash it is exactly as far as the store is.
//
// The register keeps each job until [Forget] or [ForgetEnded] is called: a kilobyte, or
// some, whatever the job's size, and for an export about six bytes more for each file. A
// program that starts jobs by a clock forgets old ones by it too.
//
// # Terms
//
// The statuses are those of AWS HealthLake. A job is interrupted if it has not ended and
// does not run: its process ended, or the store was closed. ingest.Resume goes on with
// it.
//
// # Concurrency
//
// All functions may be called by many goroutines.
package jobs
