package ingest

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
)

// The folders of the report, in HealthLake's words.
const (
	failureFolder = "FAILURE/"
	issueFolder   = "SUCCESS_WITH_SEARCH_VALIDATION_FAILURES/"
)

// appendLine appends what became of a line, in HealthLake's form.
func appendLine(dst []byte, line int64, status int, outcome []byte) []byte {
	dst = append(dst, `{"lineId":`...)
	dst = strconv.AppendInt(dst, line, 10)
	dst = append(dst, `,"UpdateResourceResponse":{"jsonBlob":`...)
	dst = append(dst, outcome...)
	dst = append(dst, `,"statusCode":`...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	return append(dst, "}}\n"...)
}

// A reportFile tells of some lines of one source. It is made when the first of them
// is written, and is as complete as the run when it is closed.
type reportFile struct {
	sink Sink // nil keeps nothing
	name string
	file io.WriteCloser
	pack io.WriteCloser // over file, where the name is that of a compressed one
}

// write appends lines.
func (f *reportFile) write(lines []byte) error {
	if f.sink == nil || len(lines) == 0 {
		return nil
	}
	if f.file == nil {
		file, err := f.sink.Create(f.name)
		if err != nil {
			return fmt.Errorf("ingest: report: %w", err)
		}
		f.file = file
		switch {
		case strings.HasSuffix(f.name, gzipSuffix):
			f.pack = gzip.NewWriter(file)
		case strings.HasSuffix(f.name, zstdSuffix):
			if f.pack, err = zstd.NewWriter(file, zstd.WithEncoderConcurrency(1)); err != nil {
				return fmt.Errorf("ingest: report: %w", err)
			}
		}
	}
	var to io.Writer = f.file
	if f.pack != nil {
		to = f.pack
	}
	if _, err := to.Write(lines); err != nil {
		return fmt.Errorf("ingest: report: %w", err)
	}
	return nil
}

// close completes the file. Closing again does nothing.
func (f *reportFile) close() error {
	if f.file == nil {
		return nil
	}
	var err error
	if f.pack != nil {
		err = f.pack.Close()
	}
	err = errors.Join(err, f.file.Close())
	f.file, f.pack = nil, nil
	if err != nil {
		return fmt.Errorf("ingest: report: %w", err)
	}
	return nil
}
