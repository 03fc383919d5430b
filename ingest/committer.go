package ingest

import (
	"context"
	"errors"
	"slices"
)

// commit writes prepared chunks to the store in order, what became of their bad
// lines to the report, and counts both.
func (p *pipeline) commit(ctx context.Context) (err error) {
	j := p.job
	var current *source
	var failures, issues reportFile
	closeReport := func() error { return errors.Join(failures.close(), issues.close()) }
	defer func() { err = errors.Join(err, closeReport()) }()
	for c := range p.order {
		select {
		case <-c.prepared:
		case <-ctx.Done():
			return ctx.Err()
		}
		if c.source != current {
			current = c.source
			failures = reportFile{sink: j.options.Report, name: failureFolder + current.name}
			issues = reportFile{sink: j.options.Report, name: issueFolder + current.name}
			j.begin(c)
		}
		if c.ends {
			if err := closeReport(); err != nil {
				return err
			}
			j.end(c)
			continue
		}
		flawed := c.flaws
		if !c.isDone() {
			position, report := j.record.Position, j.record.Report
			if err := j.keep(c.tx, c); err != nil {
				return err
			}
			written, err := c.tx.Commit(ctx)
			if err != nil {
				// What the register is told next must not count the chunk.
				j.record.Position, j.record.Report = position, report
				return err
			}
			flawed = append(flawed, c.flawed(written)...)
		}
		j.count(c)
		if err := errors.Join(failures.write(c.failures), issues.write(flawed)); err != nil {
			return err
		}
		p.budget.Release(c.weight)
	}
	return nil
}

// begin notes that a source is under way, again in a later pass.
func (j *Job) begin(c *chunk) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.mu.at, j.mu.under = c.file, true
	j.mu.file = slices.IndexFunc(j.mu.files, func(f FileResult) bool { return f.Name == c.source.name })
	if j.mu.file >= 0 {
		return
	}
	f := FileResult{Name: c.source.name}
	if len(j.mu.files) == 0 {
		f.Counts = j.from.Part
	}
	j.mu.file = len(j.mu.files)
	j.mu.files = append(j.mu.files, f)
}

// end notes that the source under way is done.
func (j *Job) end(c *chunk) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.from.Pass == 0 && j.mu.files[j.mu.file].Err == nil {
		j.mu.whole++
	}
	j.mu.at, j.mu.under = c.file+1, false
}

// count adds a chunk that is durable.
func (j *Job) count(c *chunk) {
	j.mu.Lock()
	defer j.mu.Unlock()
	f := &j.mu.files[j.mu.file]
	f.add(c.counts)
	j.mu.counts.add(c.counts)
	j.mu.settled += int64(len(c.settled))
	if c.broken {
		f.Err = c.fault
	}
}
