package export

import (
	"errors"
	"fmt"
	"io"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"github.com/fhirlake/fhirlake/internal/jobs"
)

// compressed returns a writer that compresses to w. Closing it closes w.
func compressed(w io.WriteCloser, how Compression) (io.WriteCloser, error) {
	var z io.WriteCloser
	var err error
	switch how {
	case None:
		return w, nil
	case Gzip:
		z, err = gzip.NewWriterLevel(w, gzip.BestSpeed)
	default:
		z, err = zstd.NewWriter(w, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1))
	}
	if err != nil {
		return nil, fmt.Errorf("compressing: %w", errors.Join(err, jobs.Abort(w)))
	}
	return &compressedFile{z, w}, nil
}

type compressedFile struct {
	io.WriteCloser
	file io.WriteCloser
}

// Close completes the file, or gives it up if that fails.
func (f *compressedFile) Close() error {
	if err := f.WriteCloser.Close(); err != nil {
		return errors.Join(err, jobs.Abort(f.file))
	}
	return f.file.Close()
}

// Abort gives the file up.
func (f *compressedFile) Abort() error { return jobs.Abort(f.file) }
