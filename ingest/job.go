package ingest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	register "github.com/fhirlake/fhirlake/jobs"
)

// A Job is an import that runs. Its methods may be called by many goroutines.
type Job struct {
	store   *datastore.Store
	options Options
	sources []source
	record  *register.Record // the committer's, once the job runs
	from    position         // where the run begins
	stopped error            // why there is nothing to run
	cancel  context.CancelFunc
	ended   func() // tells the register that the job runs no more
	started time.Time
	before  int64        // resources imported by earlier runs
	scanned int64        // lines scanned by earlier runs
	read    atomic.Int64 // bytes of the sources
	asides  lineSet      // lines whose conditional references found nothing yet
	created lineSet      // lines that created a resource
	refused lineSet      // lines whose versions were out of order
	links   links
	done    chan struct{} // closed once outcome is there

	mu struct {
		sync.Mutex
		at    position
		files []FileResult // begun; the last may be under way
		index map[int]int  // number of a source to the number of its file
	}
	outcome struct {
		result Result
		err    error
	}
}

// ID returns the job's id in the register (package jobs).
func (j *Job) ID() string { return j.record.ID }

// Cancel stops the job. What is imported stays. It does not wait: Wait does.
func (j *Job) Cancel() { j.cancel() }

// Wait returns the result of the job, once it has ended. The result is valid with every
// error: nil; ErrUnreadable, if everything else was imported; or the error that stopped
// the run, such as context.Canceled, datastore.ErrClosed, or a full disk. Refused lines
// are no error.
func (j *Job) Wait() (Result, error) {
	<-j.done
	return j.outcome.result, j.outcome.err
}

// Progress returns how far the job is.
func (j *Job) Progress() Progress {
	p := Progress{Files: len(j.sources), Read: j.read.Load(), Elapsed: time.Since(j.started)}
	for i := range j.sources {
		p.Size += j.sources[i].size
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	at := &j.mu.at
	p.Counts, p.FilesDone = at.Total, at.filesRead(len(j.sources))
	if at.under {
		p.File = at.Name
	}
	p.estimate(j.before)
	return p
}

// run carries the job out.
func (j *Job) run(ctx context.Context) {
	defer close(j.done)
	defer j.ended()
	defer j.cancel()
	if j.options.Report != nil {
		j.options.Report = jobs.Within(ctx, j.options.Report)
	}
	stopTelling := j.tell(ctx)
	err := j.stopped
	if err == nil {
		err = j.passes(ctx)
	}
	j.outcome.result = j.result(ctx, err)
	if j.options.Report != nil {
		if failed := jobs.Guard(func() error { return j.writeManifest(&j.outcome.result) })(); failed != nil && err == nil {
			err = failed
			j.outcome.result.Status = Failed
		}
	}
	if told := stopTelling(); err == nil {
		err = told
	}
	j.outcome.err = j.err(err)
	if failed := j.finish(ctx); failed != nil && j.outcome.err == nil {
		j.outcome.err = fmt.Errorf("ingest: the register: %w", failed)
	}
}

// tell calls Options.Progress until stop is called, and then a last time.
func (j *Job) tell(ctx context.Context) (stop func() error) {
	if j.options.Progress == nil {
		return jobs.Tell(ctx, nil)
	}
	return jobs.Tell(ctx, func() { j.options.Progress(j.Progress()) })
}

// result sums the job up. err is the error that stopped it, or nil.
func (j *Job) result(ctx context.Context, err error) Result {
	j.mu.Lock()
	defer j.mu.Unlock()
	r := Result{Counts: j.mu.at.Total, Files: j.mu.files, Status: Completed, Elapsed: time.Since(j.started)}
	switch {
	case err != nil && ctx.Err() != nil:
		r.Status = Cancelled
	case err != nil:
		r.Status = Failed
	case r.Failed() > 0: // a file that is unreadable counts one
		r.Status = CompletedWithErrors
	}
	return r
}

// err returns the error of Wait, given the error that stopped the run.
func (j *Job) err(stopped error) error {
	r := &j.outcome.result
	if stopped != nil {
		return fmt.Errorf("ingest: stopped after %d resources: %w", r.Imported, stopped)
	}
	var unreadable []error
	for i := range r.Files {
		if f := &r.Files[i]; f.Err != nil {
			unreadable = append(unreadable, fmt.Errorf("%w: %s: %w", ErrUnreadable, f.Name, f.Err))
		}
	}
	return errors.Join(unreadable...)
}
