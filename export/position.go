package export

import (
	"context"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fhirlake/fhirlake/datastore"
	register "github.com/fhirlake/fhirlake/jobs"
)

// noteEvery is how often the register is told of files at most. A crash costs the files of
// that time, which are written again.
const noteEvery = time.Second

// A position is how far a job is: which files are complete, as of which state.
type position struct {
	Sequence uint64       `json:"sequence"`
	Time     int64        `json:"time"` // of the state, in microseconds since the Unix epoch
	Series   []seriesDone `json:"series,omitempty"`
}

// seriesDone are the complete files of a series.
type seriesDone struct {
	series
	Files [][2]int64 `json:"files"` // lines and bytes
}

func (p *position) add(s series, f File) {
	if n := len(p.Series); n == 0 || p.Series[n-1].series != s {
		p.Series = append(p.Series, seriesDone{series: s})
	}
	last := &p.Series[len(p.Series)-1]
	last.Files = append(last.Files, [2]int64{f.Count, f.Bytes})
}

// files returns how many files of a series are complete.
func (p *position) files(s series) int {
	for i := range p.Series {
		if p.Series[i].series == s {
			return len(p.Series[i].Files)
		}
	}
	return 0
}

// versions returns how many versions are in complete files.
func (p *position) versions() (n int64) {
	for i := range p.Series {
		for _, f := range p.Series[i].Files {
			n += f[0]
		}
	}
	return n
}

// list returns the complete files.
func (p *position) list(o *Options, job string) (files, deleted []File) {
	for i := range p.Series {
		s := &p.Series[i]
		for n, f := range s.Files {
			file := File{Type: s.typ(), Name: o.folder(job) + o.fileName(s.series, n+1), Count: f[0], Bytes: f[1]}
			if s.Deleted {
				deleted = append(deleted, file)
			} else {
				files = append(files, file)
			}
		}
	}
	return files, deleted
}

// note tells the register how far the job is.
func (j *Job) note() error {
	if err := j.describe(); err != nil {
		return err
	}
	j.noted = time.Now()
	return register.Save(context.Background(), j.store, j.record)
}

// describe puts how far the job is into its record.
func (j *Job) describe() (err error) {
	var r Result
	j.fill(&r)
	j.record.Written = &register.Written{Files: int64(len(r.Files)), Resources: r.Resources, Bytes: r.Bytes, Total: j.Progress().Total}
	j.record.Position, err = json.Marshal(&j.from)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// finish tells the register what the job came to, whether or not ctx ended. A store that
// is closed leaves the job interrupted.
func (j *Job) finish(ctx context.Context, stopped error) error {
	if j.store == nil {
		return nil
	}
	if err := j.describe(); err != nil {
		return err
	}
	j.record.Status, j.record.Ended = j.outcome.result.Status, time.Now().UTC()
	if j.record.Status == register.Failed {
		j.record.Message = datastore.Issues(stopped)[0].Diagnostics
	}
	if err := register.Save(context.WithoutCancel(ctx), j.store, j.record); err != nil && !closes(err) {
		return fmt.Errorf("the register: %w", err)
	}
	return nil
}
