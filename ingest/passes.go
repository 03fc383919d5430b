package ingest

import "context"

// passes reads the input, and then the lines that were put aside, until all are
// decided. An imported line may be the one for which others wait, so passes follow each
// other while they decide any line.
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

// nextPass sets the job to the start of a pass. It is the last pass if the pass before,
// over lines that were put aside, has decided none.
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
