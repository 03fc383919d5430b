package ingest

import "context"

// passes reads the input, and then the lines that were put aside, until all are decided:
// what a line imports may be what others wait for, so that passes follow each other
// while they decide any.
func (j *Job) passes(ctx context.Context) error {
	for {
		if err := j.pipe(ctx); err != nil {
			return err
		}
		if j.asides.none() || j.from.Last {
			return nil
		}
		j.nextPass()
	}
}

// nextPass sets the job to the start of a pass. It is the last if the one before, of
// lines that were put aside, has decided none.
func (j *Job) nextPass() {
	p := j.position()
	j.mu.Lock()
	defer j.mu.Unlock()
	p.Last = p.Pass > 0 && p.Settled == 0
	p.Pass++
	p.File, p.Line, p.Settled, p.Part = 0, 0, 0, Counts{}
	p.Name = j.sources[0].name
	j.from, j.mu.at, j.mu.settled = p, 0, 0
}

// filesReadLocked returns how many files were read to their end, or as far as they can
// be.
//
// REQUIRES: j.mu held.
func (j *Job) filesReadLocked() int {
	if j.from.Pass > 0 {
		return len(j.sources)
	}
	return j.mu.at
}

// filesBegun returns how many files were begun, in all runs.
func (j *Job) filesBegun() int {
	j.mu.Lock()
	defer j.mu.Unlock()
	n := j.filesReadLocked()
	if j.from.Pass == 0 && j.mu.under {
		n++
	}
	return n
}
