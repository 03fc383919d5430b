package export

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
)

// A Job is an export that runs. Its methods may be called by many goroutines.
type Job struct {
	snapshot *datastore.Snapshot
	options  Options
	cancel   context.CancelFunc
	started  time.Time
	done     chan struct{} // closed once outcome is there

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
	Type      string // the type under way, "" before the first and after the last
	Resources int64  // written
	Bytes     int64
	Elapsed   time.Duration
}

// A Result is what a job came to.
type Result struct {
	// TransactionTime is the time of the newest write that the export shows.
	TransactionTime time.Time
	Files           []File // those that are complete, in the order of their types
	Resources       int64  // in these files
	Bytes           int64
	Elapsed         time.Duration
}

// A File is one file of an export.
type File struct {
	Type  string
	Name  string // in the Sink
	Count int64  // of resources
	Bytes int64
}

// Start starts an export and returns at once. The job ends when all is written,
// when ctx ends, or when reading or writing fails; call Wait. A snapshot that is
// given must stay open until then.
//
// It reports datastore.ErrClosed, and everything that is wrong with opts.
func Start(ctx context.Context, from datastore.Reader, opts Options) (*Job, error) {
	opts, err := opts.withDefaults()
	if err != nil {
		return nil, err
	}
	snapshot, err := datastore.At(from)
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	if len(opts.Types) == 0 {
		opts.Types = snapshot.Types()
	}
	j := &Job{snapshot: snapshot, options: opts, started: time.Now(), done: make(chan struct{})}
	running, cancel := context.WithCancel(ctx)
	j.cancel = cancel
	j.options.To = jobs.Within(running, opts.To)
	go j.run(running)
	return j, nil
}

// Cancel stops the job. It does not wait: Wait does.
func (j *Job) Cancel() { j.cancel() }

// Wait returns what the job came to, once it has ended. The result is good
// whatever the error: what stopped the job, such as context.Canceled or
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
	defer j.cancel()
	defer j.snapshot.Close()
	stopTelling := j.tell(ctx)
	r := &j.outcome.result
	r.TransactionTime = j.snapshot.Time()
	err := j.pipe(ctx)
	if err == nil {
		err = jobs.Guard(j.writeManifest)()
	}
	for i := range r.Files {
		r.Resources += r.Files[i].Count
		r.Bytes += r.Files[i].Bytes
	}
	r.Elapsed = time.Since(j.started)
	j.beginType("")
	if told := stopTelling(); err == nil {
		err = told
	}
	if err != nil {
		j.outcome.err = fmt.Errorf("export: stopped after %d files: %w", len(r.Files), err)
	}
}

// tell calls Options.Progress until stop is called, and then a last time.
func (j *Job) tell(ctx context.Context) (stop func() error) {
	if j.options.Progress == nil {
		return jobs.Tell(ctx, nil)
	}
	return jobs.Tell(ctx, func() { j.options.Progress(j.Progress()) })
}

// beginType notes which type is under way.
func (j *Job) beginType(name string) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.mu.progress.Type = name
}

// wrote notes that a page was written.
func (j *Job) wrote(p page) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.mu.progress.Resources += p.count
	j.mu.progress.Bytes += int64(len(p.lines))
}
