package ingest

import (
	"context"
	"errors"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/engine"
)

// commit writes prepared batches to the store in order, reports their lines, and counts
// both.
func (p *pipeline) commit(ctx context.Context) (err error) {
	j := p.job
	r := newReport(j.options.Report, j.firstTold())
	defer func() {
		closed := r.close()
		j.setTold(r.toldFiles())
		switch {
		case err == nil, errors.Is(err, errReport):
			err = closed
		default:
			err = errors.Join(err, closed)
		}
	}()
	for b := range p.order {
		select {
		case <-b.prepared:
		case <-ctx.Done():
			return ctx.Err()
		}
		if !b.isDone() {
			j.setTold(r.toldFiles())
			written, err := j.commit(ctx, b)
			if err != nil {
				return err
			}
			j.learn(b, written)
		}
		j.count(b)
		for _, c := range b.chunks {
			if err := r.tell(c); err != nil {
				return err
			}
		}
		p.budget.Release(b.weight)
	}
	return nil
}

// learn gives the chunks of a batch the effects of their operations.
func (j *Job) learn(b *batch, written []datastore.Version) {
	for _, c := range b.chunks {
		var created, refused []int64
		kept := c.stored[:0]
		for i := range c.stored {
			s := c.stored[i]
			if s.op == retold {
				kept = append(kept, s)
				continue
			}
			switch s.effect = effectOf(&written[s.op]); s.effect {
			case engine.Refused:
				again := len(refused) > 0 && refused[len(refused)-1] == s.number
				c.refuse(&s, written[s.op].Refused, again)
				refused = append(refused, s.number)
				continue
			case engine.Created:
				created = append(created, s.number)
			case engine.Unchanged:
				c.counts.Unchanged++
			}
			kept = append(kept, s)
		}
		c.stored = kept
		j.created.add(c.file, created...)
		j.refused.add(c.file, refused...)
	}
}

// count adds a batch that is durable.
func (j *Job) count(b *batch) {
	j.mu.Lock()
	defer j.mu.Unlock()
	for _, c := range b.chunks {
		if c.file < j.mu.at.File { // read once more for the report
			continue
		}
		j.mu.at = j.advanceLocked(j.mu.at, c)
		i, known := j.mu.index[c.file]
		if !known {
			i = len(j.mu.files)
			j.mu.files = append(j.mu.files, FileResult{Name: c.source.name, Counts: j.partLocked(c.file)})
			j.mu.index[c.file] = i
		}
		f := &j.mu.files[i]
		f.add(c.counts)
		if c.broken {
			f.Err = c.fault
		}
	}
}
