package export

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"

	"github.com/fhirlake/fhirlake/datastore"
)

// Lines iterates over the lines of an export, without their newlines: the resources of
// each type, in the order of the types and of the log. A line is valid until the next
// one. There is no job and there are no files, so To, FileSize, Layout, Compression, Request,
// Progress, ClientToken, JobName and Output must not be set. Deletions are left out, except in a History, where they stand
// among the versions. It yields the errors of Start and Wait.
func Lines(ctx context.Context, from datastore.Reader, opts Options) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		if opts.Compression != None {
			yield(nil, errors.New("export: Lines takes no Compression"))
			return
		}
		c, err := streamed(ctx, from, opts)
		if err != nil {
			yield(nil, err)
			return
		}
		defer c.from.Close()
		for p, err := range c.pages(ctx, 0) {
			if err != nil {
				yield(nil, fmt.Errorf("export: %w", err))
				return
			}
			if p.Deleted {
				return
			}
			for line := range bytes.Lines(p.lines) {
				if !yield(bytes.TrimSuffix(line, newline), nil) {
					return
				}
			}
		}
	}
}

// Write writes the lines of an export to w, as [Lines] has them, compressed if
// Options.Compression says so. Its result has no files.
func Write(ctx context.Context, from datastore.Reader, w io.Writer, opts Options) (r Result, err error) {
	c, err := streamed(ctx, from, opts)
	if err != nil {
		return r, err
	}
	defer c.from.Close()
	out, err := compressed(unclosed{w}, opts.Compression)
	if err != nil {
		return r, fmt.Errorf("export: %w", err)
	}
	r.TransactionTime = c.from.Time()
	for p, err := range c.pages(ctx, 0) {
		if err != nil {
			return r, fmt.Errorf("export: %w", err)
		}
		if p.Deleted {
			break
		}
		if _, err := out.Write(p.lines); err != nil {
			return r, fmt.Errorf("export: writing: %w", err)
		}
		r.Resources += p.count
		r.Bytes += int64(len(p.lines))
	}
	if err := out.Close(); err != nil {
		return r, fmt.Errorf("export: writing: %w", err)
	}
	return r, nil
}

// streamed finds the exported versions of an export without files.
func streamed(ctx context.Context, from datastore.Reader, opts Options) (*choice, error) {
	opts, err := opts.withDefaults()
	if opts.To != nil || opts.FileSize != 0 || opts.Layout != Flat || opts.Request != "" || opts.Progress != nil {
		err = errors.Join(errors.New("export: To, FileSize, Layout, Request and Progress are for jobs: start one"), err)
	}
	err = errors.Join(opts.wrongWithoutRegister(), err)
	if err != nil {
		return nil, err
	}
	state, err := from.At()
	if err != nil {
		return nil, fmt.Errorf("export: %w", err)
	}
	c, err := choose(ctx, state, &opts)
	if err != nil {
		state.Close()
		return nil, err
	}
	c.stream = true
	c.letGo()
	return c, nil
}

type unclosed struct{ io.Writer }

func (unclosed) Close() error { return nil }
