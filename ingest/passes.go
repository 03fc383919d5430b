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
	p.Last = p.Pass > 0 && p.Settled == 0
	p.Pass++
	p.File, p.Line, p.Told, p.Settled, p.Part, p.under = 0, 0, 0, 0, Counts{}, false
	p.Name = j.sources[0].name
	j.mu.Lock()
	defer j.mu.Unlock()
	j.from, j.mu.at = p, p
}
