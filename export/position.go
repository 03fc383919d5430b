package export

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/go-json-experiment/json"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/jobs"
	register "github.com/fhirlake/fhirlake/jobs"
)

// noteEvery is the least time between two notes of complete files in the register.
// After a crash, the files of that time are written again.
const noteEvery = time.Second

// A position is the progress of a job: the state that it exports, and how much of the state
// is in complete files. The list of files names the files.
type position struct {
	Sequence uint64       `json:"sequence"`
	Time     int64        `json:"time"` // of the state, in microseconds since the Unix epoch
	Series   []seriesDone `json:"series,omitempty"`
}

// A seriesDone is the part of a series that is in complete files.
type seriesDone struct {
	series
	Files int   `json:"files"`
	Lines int64 `json:"lines"`
	Bytes int64 `json:"bytes"`
}

func (p *position) add(s series, f File) {
	if n := len(p.Series); n == 0 || p.Series[n-1].series != s {
		p.Series = append(p.Series, seriesDone{series: s})
	}
	last := &p.Series[len(p.Series)-1]
	last.Files++
	last.Lines += f.Count
	last.Bytes += f.Bytes
}

// files returns how many files of a series are complete.
func (p *position) files(s series) int {
	for i := range p.Series {
		if p.Series[i].series == s {
			return p.Series[i].Files
		}
	}
	return 0
}

// versions returns how many versions are in complete files.
func (p *position) versions() (n int64) {
	for i := range p.Series {
		n += p.Series[i].Lines
	}
	return n
}

// list reads the files of a job that the position counts.
func (p *position) list(ctx context.Context, store *datastore.Store, id string) (fileList, error) {
	n := 0
	for i := range p.Series {
		if p.Series[i].Files < 0 {
			return fileList{}, errList
		}
		n += p.Series[i].Files
	}
	return loadList(ctx, store, id, n)
}

// written returns the register's entry for the position.
func (p *position) written() *register.Written {
	w := new(register.Written)
	for i := range p.Series {
		if s := &p.Series[i]; !s.Deleted {
			w.Files += int64(s.Files)
			w.Resources += s.Lines
			w.Bytes += s.Bytes
		}
	}
	return w
}

// note tells the register the position of the job.
func (j *Job) note() error {
	j.noted = time.Now()
	return j.save(context.Background())
}

// save keeps the record of the job, and the list of complete files.
func (j *Job) save(ctx context.Context) error {
	if err := j.describe(); err != nil {
		return err
	}
	tx := j.store.Begin()
	if err := errors.Join(register.Put(tx, j.record), j.files.keep(tx, j.id)); err != nil {
		return err
	}
	_, err := tx.Commit(ctx)
	return err
}

// describe puts the position of the job into its record.
func (j *Job) describe() (err error) {
	j.record.Written = j.from.written()
	j.record.Written.Total = j.Progress().Total
	j.record.Position, err = json.Marshal(&j.from)
	if err != nil {
		return fmt.Errorf("export: %w", err)
	}
	return nil
}

// finish tells the register the result of the job, whether or not ctx ended. A store
// that is closed leaves the job interrupted.
func (j *Job) finish(ctx context.Context, stopped error) error {
	if j.store == nil {
		return nil
	}
	j.record.Status, j.record.Ended = j.outcome.result.Status, time.Now().UTC()
	if j.record.Status == register.Failed {
		j.record.Message = jobs.Message(stopped, "the output")
	}
	if err := j.save(context.WithoutCancel(ctx)); err != nil && !closes(err) {
		return fmt.Errorf("the register: %w", err)
	}
	return nil
}
