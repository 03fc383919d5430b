package export

import (
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/fhirlake/fhirlake/internal/jobs"
)

// fileSuffix ends the name of a type's file.
const fileSuffix = ".ndjson"

// write writes the pages of all parts in order, one file a type.
func (p *pipeline) write(ctx context.Context) (err error) {
	var out output
	defer func() {
		if err != nil {
			err = errors.Join(err, out.abort())
		}
	}()
	for next := range p.order {
		if next.resourceType != out.file.Type {
			if err := p.turn(&out, next.resourceType); err != nil {
				return err
			}
		}
		if err := p.writePart(ctx, &out, next); err != nil {
			return err
		}
	}
	// The queue also ends where the lister was stopped: then the last file is not
	// whole.
	if err := ctx.Err(); err != nil {
		return err
	}
	return p.turn(&out, "")
}

// turn completes the file that is open, if one is, and begins that of a type, if
// there is one.
func (p *pipeline) turn(out *output, resourceType string) error {
	if out.writer != nil {
		if err := out.close(); err != nil {
			return err
		}
		p.job.outcome.result.Files = append(p.job.outcome.result.Files, out.file)
	}
	*out = output{}
	if resourceType == "" {
		return nil
	}
	p.job.beginType(resourceType)
	out.file = File{Type: resourceType, Name: resourceType + fileSuffix}
	w, err := p.job.options.To.Create(out.file.Name)
	if err != nil {
		return fmt.Errorf("creating %s: %w", out.file.Name, err)
	}
	out.writer = w
	return nil
}

// writePart writes the pages of a part as they come.
func (p *pipeline) writePart(ctx context.Context, out *output, next *part) error {
	for {
		select {
		case page, ok := <-next.pages:
			if !ok {
				return nil
			}
			if err := out.write(page); err != nil {
				return err
			}
			p.job.wrote(page)
			p.release(page.lines)
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// An output is the file that is being written.
type output struct {
	file   File
	writer io.WriteCloser // nil if there is none
}

func (o *output) write(p page) error {
	if _, err := o.writer.Write(p.lines); err != nil {
		return fmt.Errorf("writing %s: %w", o.file.Name, err)
	}
	o.file.Count += p.count
	o.file.Bytes += int64(len(p.lines))
	return nil
}

func (o *output) close() error {
	w := o.writer
	o.writer = nil
	if err := w.Close(); err != nil {
		return fmt.Errorf("writing %s: %w", o.file.Name, err)
	}
	return nil
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
