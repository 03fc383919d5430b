package ingest

import (
	"context"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	"golang.org/x/sync/errgroup"
	"golang.org/x/sync/semaphore"
)

// batchesPerWorker is how many full batches may be between reader and committer for
// each worker: one under work, and enough others to work on while a commit is synced.
const batchesPerWorker = 3

// queuePerWorker bounds the number of batches between reader and committer, if they are
// too small to be bounded by their bytes.
const queuePerWorker = 16

// A pipeline is the way of batches through a job: one reader, workers, and one
// committer that takes batches in the reader's order.
type pipeline struct {
	job    *Job
	work   chan *batch
	order  chan *batch
	budget *semaphore.Weighted // bytes between reader and committer
	limit  int64               // of the budget; a longer line goes alone
}

// pipe runs the pipeline until its input is done, or an error stops it.
func (j *Job) pipe(ctx context.Context) error {
	workers := j.options.Workers
	limit := int64(batchesPerWorker * workers * chunkSize)
	g, ctx := errgroup.WithContext(ctx)
	p := &pipeline{
		job:    j,
		work:   make(chan *batch, queuePerWorker*workers),
		order:  make(chan *batch, queuePerWorker*workers),
		budget: semaphore.NewWeighted(limit),
		limit:  limit,
	}
	g.Go(jobs.Guard(func() error { return p.read(ctx) }))
	for range workers {
		g.Go(jobs.Guard(func() error { return p.prepare(ctx) }))
	}
	g.Go(jobs.Guard(func() error { return p.commit(ctx) }))
	return g.Wait()
}

// prepare is a worker.
func (p *pipeline) prepare(ctx context.Context) error {
	checks := append(p.job.checks(), datastore.ResolveReferences())
	for b := range p.work {
		if err := b.prepare(ctx, p.job.store, checks); err != nil {
			return err
		}
		b.release()
		close(b.prepared)
	}
	return nil
}

// checks returns the write options of lines, without resolving references.
func (j *Job) checks() []datastore.WriteOption {
	checks := []datastore.WriteOption{datastore.Imported(), datastore.IfChanged(), datastore.Validation(j.options.Validation)}
	if j.options.KeepVersions {
		checks = append(checks, datastore.KeepVersion())
	}
	return checks
}
