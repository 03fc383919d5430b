package bucket

import (
	"bytes"
	"context"
	"io"
	"io/fs"

	"gocloud.dev/blob"
)

// A sink makes objects whose keys begin with a prefix.
type sink struct {
	ctx    context.Context
	bucket *Bucket
	prefix string
}

// Create implements the Sink of package jobs.
func (s *sink) Create(name string) (io.WriteCloser, error) {
	if !fs.ValidPath(name) || name == "." {
		return nil, fail("write", "a file", fs.ErrInvalid)
	}
	return &writer{sink: s, name: name, key: s.prefix + keyOf(name)}, nil
}

// options are the options for all objects. Their content types follow from their names.
func (b *Bucket) options() *blob.WriterOptions {
	return &blob.WriterOptions{ContentType: "application/octet-stream", BufferSize: b.partSize, MaxConcurrency: b.parts}
}

// A writer writes one object: in one request if it is small, and otherwise in parts.
type writer struct {
	sink  *sink
	name  string
	key   string
	small bytes.Buffer // all of it, while that is small
	large *upload      // nil until it is not
	err   error        // that ended it
}

// Write implements io.Writer.
func (w *writer) Write(p []byte) (int, error) {
	if w.err != nil {
		return 0, w.err
	}
	if w.large == nil && w.small.Len()+len(p) <= w.sink.bucket.partSize {
		return w.small.Write(p)
	}
	if w.large == nil {
		w.large = w.sink.bucket.begin(w.sink.ctx, w.key)
		w.err = fail("write", w.name, w.large.write(w.small.Bytes()))
		w.small = bytes.Buffer{}
	}
	if w.err == nil {
		w.err = fail("write", w.name, w.large.write(p))
	}
	if w.err != nil {
		return 0, w.err
	}
	return len(p), nil
}

// Close completes the object.
func (w *writer) Close() error {
	if w.err != nil {
		err := w.err
		w.Abort()
		return err
	}
	b := w.sink.bucket
	var err error
	if w.large != nil {
		err = w.large.complete()
	} else {
		err = b.policy.Do(w.sink.ctx, verdict, func(ctx context.Context) error {
			return b.blobs.WriteAll(ctx, w.key, w.small.Bytes(), b.options())
		})
	}
	if err == nil {
		err = syncObject(w.sink.ctx, b.blobs, w.key)
	}
	w.ended()
	return fail("write", w.name, err)
}

// Abort gives the object up: nothing of it appears.
func (w *writer) Abort() error {
	if w.large != nil {
		w.large.giveUp(context.Canceled)
	}
	w.ended()
	return nil
}

// ended releases the written data, and makes later calls fail.
func (w *writer) ended() {
	w.small, w.large = bytes.Buffer{}, nil
	w.err = fail("write", w.name, fs.ErrClosed)
}
