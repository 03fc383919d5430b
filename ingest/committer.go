package ingest

import (
	"context"
	"errors"
)

// commit writes prepared chunks to the store in order, their failures to the
// report, and counts both.
func (p *pipeline) commit(ctx context.Context) (err error) {
	j := p.job
	var current *source
	var report failures
	defer func() { err = errors.Join(err, report.close()) }()
	for c := range p.order {
		select {
		case <-c.prepared:
		case <-ctx.Done():
			return ctx.Err()
		}
		if c.source != current {
			current = c.source
			report = failures{sink: j.options.Report, source: current.name}
			j.begin(current)
		}
		if c.ends {
			if err := report.close(); err != nil {
				return err
			}
			j.end()
			continue
		}
		if c.tx.Len() > 0 {
			if _, err := c.tx.Commit(ctx); err != nil {
				return err
			}
		}
		j.count(c)
		if err := report.write(c.report); err != nil {
			return err
		}
		p.budget.Release(c.weight)
	}
	return nil
}

// begin notes that a source is under way.
func (j *Job) begin(s *source) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.mu.files = append(j.mu.files, FileResult{Name: s.name})
}

// end notes that the source under way is done.
func (j *Job) end() {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.mu.ended++
}

// count adds a chunk that is durable.
func (j *Job) count(c *chunk) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f := &j.mu.files[len(j.mu.files)-1]
	f.add(c.counts)
	j.mu.counts.add(c.counts)
	if c.broken {
		f.Err = c.fault
	}
}
