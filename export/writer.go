package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fhirlake/fhirlake/internal/jobs"
)

// write writes all chunks, one series of files after the other.
func (j *Job) write(ctx context.Context) (err error) {
	out := output{job: j}
	defer func() {
		if err != nil {
			err = errors.Join(err, out.abort())
		}
	}()
	for p, err := range j.choice.chunks(ctx, j.from.versions()) {
		if err != nil {
			return err
		}
		if err := out.write(p); err != nil {
			return err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
	}
	return out.turn()
}

// An output is the file that is being written.
type output struct {
	job    *Job
	series series
	file   File
	writer io.WriteCloser // nil if there is none
}

// write writes a chunk, into several files if it is too long.
func (o *output) write(p chunk) error {
	if o.writer != nil && o.series != p.series {
		if err := o.turn(); err != nil {
			return err
		}
	}
	o.series = p.series
	if p.series.blocks() { // a block is in one file
		if p.first && o.writer != nil && o.room() < int64(len(p.lines)) {
			if err := o.turn(); err != nil {
				return err
			}
		}
		return o.append(p.lines, p.count)
	}
	for {
		n := o.fit(p.lines)
		count := p.count
		if n < len(p.lines) {
			count = int64(bytes.Count(p.lines[:n], newline))
		}
		if n > 0 {
			if err := o.append(p.lines[:n], count); err != nil {
				return err
			}
		}
		p.lines, p.count = p.lines[n:], p.count-count
		if len(p.lines) == 0 {
			return nil
		}
		if err := o.turn(); err != nil {
			return err
		}
	}
}

var newline = []byte{'\n'}

// room returns how many bytes the file can take.
func (o *output) room() int64 {
	if o.job.options.FileSize == 0 {
		return 1 << 62
	}
	return o.job.options.FileSize - o.file.Bytes
}

// fit returns how many bytes of some lines the file can take: whole lines, and the first
// one always if it has none.
func (o *output) fit(lines []byte) int {
	room := max(o.room(), 0)
	if room >= int64(len(lines)) {
		return len(lines)
	}
	n := bytes.LastIndexByte(lines[:room], '\n') + 1
	if n == 0 && o.writer == nil {
		n = bytes.IndexByte(lines, '\n') + 1
	}
	return n
}

// append writes lines into the file, which is made if there is none.
func (o *output) append(lines []byte, count int64) error {
	if o.writer == nil {
		if err := o.create(); err != nil {
			return err
		}
	}
	if _, err := o.writer.Write(lines); err != nil {
		return fmt.Errorf("writing %s: %w", o.file.Name, err)
	}
	o.file.Count += count
	o.file.Bytes += int64(len(lines))
	o.job.wrote(o.series, count, int64(len(lines)))
	return nil
}

// create makes the next file of the series.
func (o *output) create() error {
	j := o.job
	j.begin(o.series)
	o.file = File{
		Type: o.series.typ(),
		Name: j.options.folder(j.id) + j.options.fileName(o.series, j.from.files(o.series)+1),
	}
	w, err := j.options.To.Create(o.file.Name)
	if err == nil {
		w, err = compressed(w, j.options.Compression)
	}
	if err != nil {
		return fmt.Errorf("creating %s: %w", o.file.Name, err)
	}
	o.writer = w
	return nil
}

// turn completes the file, if there is one.
func (o *output) turn() error {
	if o.writer == nil {
		return nil
	}
	w := o.writer
	o.writer = nil
	if err := w.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", o.file.Name, err)
	}
	done := o.file
	o.file = File{}
	return o.job.completed(o.series, done)
}

// abort gives up a file that is not complete.
func (o *output) abort() error {
	if o.writer == nil {
		return nil
	}
	w := o.writer
	o.writer = nil
	return jobs.Abort(w)
}
