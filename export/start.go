package export

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	register "github.com/fhirlake/fhirlake/jobs"
)

// Start starts an export and returns after a few searches that find the exported
// resources. The job ends when all is written, when ctx ends, or when reading or
// writing fails; call Wait. A snapshot must stay open until then.
//
// A job on a [datastore.Store] is in its register, package jobs, unless the store takes
// no writes; a ClientToken is refused then. With the ClientToken of an earlier job, Start returns that job: running,
// resumed, or complete.
//
// It reports datastore.ErrClosed, jobs.ErrToken, errors of a filter's search, and all
// faults of opts.
func Start(ctx context.Context, from datastore.Reader, opts Options) (*Job, error) {
	opts, err := opts.withSink()
	store, registered := from.(*datastore.Store)
	if !registered {
		err = errors.Join(opts.wrongWithoutRegister(), err)
	}
	if err != nil {
		return nil, err
	}
	state, err := from.At()
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	j, err := prepare(ctx, state, opts)
	if err != nil {
		return nil, err
	}
	if registered {
		found, err := j.submit(ctx, store)
		if err != nil || found != nil {
			j.choice.from.Close()
			return found, err
		}
	}
	return j.runs(ctx)
}

// Resume goes on with a job of the register that is interrupted, cancelled or failed,
// behind the last file that is known to be complete and as of the state with which the
// job began. If that state was swept, the job begins anew as of the newest state
// ([Result.Anew]). Only To, Progress and Workers of opts count; all other options are
// those of Start and may be left out.
//
// It reports jobs.ErrNotFound, jobs.ErrRunning, jobs.ErrEnded for a job that is complete,
// ErrChanged, and what Start reports.
func Resume(ctx context.Context, store *datastore.Store, id string, opts Options) (*Job, error) {
	record, err := register.Get(ctx, store, id)
	switch {
	case err != nil:
		return nil, fmt.Errorf("export: %w", err)
	case record.Kind != register.Export:
		return nil, fmt.Errorf("export: %w", register.ErrNotFound)
	case record.Status == register.Completed:
		return nil, fmt.Errorf("export: %w", register.ErrEnded)
	case register.Runs(store, id):
		return nil, fmt.Errorf("export: %w", register.ErrRunning)
	}
	return resume(ctx, store, record, opts)
}

// ErrChanged is returned by Resume for other options than at Start.
var ErrChanged = errors.New("export: the job was started with other options")

// prepare finds the exported versions of a job. The job then owns the state, which is
// closed on errors.
func prepare(ctx context.Context, state *datastore.Snapshot, opts Options) (*Job, error) {
	j := &Job{options: opts, started: time.Now(), done: make(chan struct{}), ended: func() {}}
	c, err := choose(ctx, state, &j.options)
	if err != nil {
		state.Close()
		return nil, err
	}
	c.letGo()
	var id [16]byte
	rand.Read(id[:])
	j.id, j.choice = hex.EncodeToString(id[:]), c
	j.from = position{Sequence: state.Sequence(), Time: state.Time().UnixMicro()}
	for _, set := range c.sets {
		j.mu.progress.Total += int64(set.GetCardinality())
	}
	return j, nil
}

// asked returns the options of a job, as the register keeps them.
func (o *Options) asked() ([]byte, error) {
	text, err := json.Marshal(o, json.Deterministic(true))
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	return text, nil
}

// submit enters the job into the register. It returns the job that has its ClientToken,
// if there is one. A store that takes no writes registers nothing, and knows no token.
func (j *Job) submit(ctx context.Context, store *datastore.Store) (found *Job, err error) {
	asked, err := j.options.asked()
	if err != nil {
		return nil, err
	}
	j.record = &register.Record{
		Kind: register.Export, Status: register.InProgress, Name: j.options.JobName, Output: j.options.Output, Properties: asked,
	}
	if err := j.describe(); err != nil {
		return nil, err
	}
	record, again, err := register.Submit(ctx, store, j.record, j.options.ClientToken, j.record.Name+"\n"+j.record.Output+"\n"+string(asked))
	switch {
	case errors.Is(err, register.ErrToken), errors.Is(err, datastore.ErrClosed), err != nil && (ctx.Err() != nil || j.options.ClientToken != ""):
		return nil, fmt.Errorf("export: %w", err)
	case err != nil:
		return nil, nil
	case again:
		if running, ok := register.Handle(store, record.ID).(*Job); ok {
			return running, nil
		}
		if record.Status == register.Completed {
			return over(ctx, store, record, j.options)
		}
		return resume(ctx, store, record, j.options)
	}
	j.store, j.id, j.noted = store, record.ID, time.Now()
	return nil, nil
}

// over returns a job that is complete.
func over(ctx context.Context, store *datastore.Store, record *register.Record, opts Options) (*Job, error) {
	j := &Job{id: record.ID, options: opts, record: record, cancel: func() {}, done: make(chan struct{})}
	if err := json.Unmarshal(record.Position, &j.from); err != nil {
		return nil, fmt.Errorf("export: the job's position cannot be read: %w", err)
	}
	var err error
	if j.files, err = j.from.list(ctx, store, j.id); err != nil {
		return nil, err
	}
	r := &j.outcome.result
	j.fill(r)
	r.Status, r.Elapsed = record.Status, record.Ended.Sub(record.Began)
	j.mu.progress = Progress{Resources: r.Resources, Total: r.Resources, Bytes: r.Bytes}
	close(j.done)
	return j, nil
}

// resume goes on with a job.
func resume(ctx context.Context, store *datastore.Store, record *register.Record, opts Options) (*Job, error) {
	opts, err := resumed(record, opts)
	if err != nil {
		return nil, err
	}
	var at position
	if err := json.Unmarshal(record.Position, &at); err != nil {
		return nil, fmt.Errorf("export: the job's position cannot be read: %w", err)
	}
	files, err := at.list(ctx, store, record.ID)
	if err != nil {
		return nil, fmt.Errorf("export: resuming: %w", err)
	}
	var j *Job
	state, err := store.SnapshotAt(at.Sequence)
	if err == nil {
		if j, err = prepare(ctx, state, opts); err == nil {
			j.from, j.files = at, files
		}
	}
	anew := errors.Is(err, datastore.ErrStalePage)
	if anew {
		if state, err = store.At(); err == nil {
			j, err = prepare(ctx, state, opts)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("export: resuming: %w", err)
	}
	j.outcome.result.Anew = anew
	j.store, j.record, j.id = store, record, record.ID
	before := j.from.written()
	j.mu.progress.Resources, j.mu.progress.Bytes = before.Resources, before.Bytes
	record.Status, record.Message, record.Ended = register.InProgress, "", time.Time{}
	return j.runs(ctx)
}

// resumed returns the options with which a job was started, with To, Progress and
// Workers of opts.
func resumed(record *register.Record, opts Options) (Options, error) {
	filled, err := opts.withSink()
	if err != nil {
		return opts, err
	}
	asked, err := filled.asked()
	if err != nil {
		return opts, err
	}
	if string(asked) != "{}" && !bytes.Equal(asked, record.Properties) {
		return opts, ErrChanged
	}
	var before Options
	if err := json.Unmarshal(record.Properties, &before); err != nil {
		return opts, fmt.Errorf("export: what the job was asked for cannot be read: %w", err)
	}
	before.To, before.Progress, before.Workers = filled.To, filled.Progress, filled.Workers
	return before, nil
}

// runs runs the job.
func (j *Job) runs(ctx context.Context) (*Job, error) {
	running, cancel := context.WithCancel(ctx)
	j.cancel = cancel
	if j.store != nil {
		ended, err := register.Run(j.store, j.id, j, cancel)
		if err == nil && j.noted.IsZero() { // it was in the register before
			if err = j.note(); err != nil {
				ended()
			}
		}
		if err != nil {
			cancel()
			j.choice.from.Close()
			return nil, fmt.Errorf("export: %w", err)
		}
		j.ended = ended
	}
	j.options.To = jobs.Within(running, j.options.To)
	go j.run(running)
	return j, nil
}
