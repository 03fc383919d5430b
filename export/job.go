package export

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	register "github.com/fhirlake/fhirlake/jobs"
)

// A Job is an export that runs. Its methods may be called by many goroutines.
type Job struct {
	id      string
	choice  *choice
	options Options
	cancel  context.CancelFunc
	started time.Time
	done    chan struct{} // closed once outcome is there

	// Of a job in the register. They are the writer's, once the job runs.
	store  *datastore.Store // nil of a job that is not in the register
	record *register.Record
	ended  func() // tells the register that the job runs no more
	noted  time.Time
	from   position // what is in complete files, those of earlier runs too
	files  fileList

	mu struct {
		sync.Mutex
		progress Progress
	}
	outcome struct {
		result Result
		err    error
	}
}

// Progress is how far a job is.
type Progress struct {
	// Type is the resource type under way, "" before the first, after the last, and if
	// files have several types.
	Type      string
	Resources int64 // written
	Total     int64 // to write; 0 of a history, which is not counted beforehand
	Bytes     int64
	Elapsed   time.Duration
}

// A Result is the result of a job.
type Result struct {
	Status register.Status
	// TransactionTime is the time of the newest write that the export shows.
	TransactionTime time.Time
	// Files are the complete files, in the order of their types, with the files of earlier
	// runs of the job. Deleted are files of Bundles, one Bundle a deletion.
	Files, Deleted []File
	Resources      int64 // in Files
	Bytes          int64
	Elapsed        time.Duration // of this run
	// Anew says that a resumed job began from the start, as of a newer state.
	Anew bool
}

// A File is one file of an export.
type File struct {
	Type  string // "" of a file of patients' blocks
	Name  string // in the Sink
	Count int64  // of resources or deletions
	Bytes int64  // of lines, before they are compressed
}

// ID returns the job's id: in the register (package jobs), if the job is there.
func (j *Job) ID() string { return j.id }

// Cancel stops the job. It does not wait: Wait does.
func (j *Job) Cancel() { j.cancel() }

// Wait returns the result of the job, once it has ended. The result is valid with every
// error: the error that stopped the job, such as context.Canceled or
// datastore.ErrCorrupt.
func (j *Job) Wait() (Result, error) {
	<-j.done
	return j.outcome.result, j.outcome.err
}

// Progress returns how far the job is.
func (j *Job) Progress() Progress {
	j.mu.Lock()
	defer j.mu.Unlock()
	p := j.mu.progress
	p.Elapsed = time.Since(j.started)
	return p
}

// run carries the job out.
func (j *Job) run(ctx context.Context) {
	defer close(j.done)
	defer j.ended()
	defer j.cancel()
	defer j.choice.from.Close()
	stopTelling := j.tell(ctx)
	r := &j.outcome.result
	err := jobs.Guard(func() error { return j.write(ctx) })()
	j.fill(r)
	if err == nil {
		err = jobs.Guard(j.writeManifest)()
	}
	j.begin(series{})
	if told := stopTelling(); err == nil {
		err = told
	}
	r.Elapsed = time.Since(j.started)
	switch {
	case err == nil:
		r.Status = register.Completed
	case ctx.Err() != nil:
		r.Status = register.Cancelled
	default:
		r.Status = register.Failed
	}
	if failed := j.finish(ctx, err); err == nil {
		err = failed
	}
	if err != nil {
		j.outcome.err = fmt.Errorf("export: stopped after %d files: %w", len(r.Files), err)
	}
}

// fill puts the complete files into a result.
func (j *Job) fill(r *Result) {
	r.TransactionTime = time.UnixMicro(j.from.Time).UTC()
	r.Files, r.Deleted = j.files.named(&j.from, &j.options, j.id)
	for i := range r.Files {
		r.Resources += r.Files[i].Count
		r.Bytes += r.Files[i].Bytes
	}
}

// tell calls Options.Progress until stop is called, and then a last time.
func (j *Job) tell(ctx context.Context) (stop func() error) {
	if j.options.Progress == nil {
		return jobs.Tell(ctx, nil)
	}
	return jobs.Tell(ctx, func() { j.options.Progress(j.Progress()) })
}

// begin notes the series under way.
func (j *Job) begin(s series) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.mu.progress.Type = s.typ()
}

// wrote notes that lines were written.
func (j *Job) wrote(s series, count, bytes int64) {
	if s.Deleted {
		return
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	j.mu.progress.Resources += count
	j.mu.progress.Bytes += bytes
}

// completed notes that a file is complete, and tells the register once in noteEvery.
func (j *Job) completed(s series, f File) error {
	j.from.add(s, f)
	j.files.add(f)
	if j.store == nil || time.Since(j.noted) < noteEvery {
		return nil
	}
	return j.note()
}

// closes reports whether an error means that the store takes no more writes.
func closes(err error) bool {
	return errors.Is(err, datastore.ErrClosed) || errors.Is(err, datastore.ErrReadOnly)
}
