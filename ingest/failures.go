package ingest

import (
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// failureFolder is HealthLake's folder of failures files.
const failureFolder = "FAILURE/"

// appendFailure appends one line of a failures file, in HealthLake's form.
func appendFailure(dst []byte, line int64, status int, outcome []byte) []byte {
	dst = append(dst, `{"lineId":`...)
	dst = strconv.AppendInt(dst, line, 10)
	dst = append(dst, `,"UpdateResourceResponse":{"jsonBlob":`...)
	dst = append(dst, outcome...)
	dst = append(dst, `,"statusCode":`...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	return append(dst, "}}\n"...)
}

// failures is the failures file of one source. It is made when the first failure
// is written, and is as complete as the run when it is closed.
type failures struct {
	sink   Sink // nil keeps nothing
	source string
	file   io.WriteCloser
	gzip   *gzip.Writer // over file, where the source's name ends in .gz
}

// write appends failure lines.
func (f *failures) write(lines []byte) error {
	if f.sink == nil || len(lines) == 0 {
		return nil
	}
	if f.file == nil {
		file, err := f.sink.Create(failureFolder + f.source)
		if err != nil {
			return fmt.Errorf("ingest: report: %w", err)
		}
		f.file = file
		if strings.HasSuffix(f.source, gzipSuffix) {
			f.gzip = gzip.NewWriter(file)
		}
	}
	var to io.Writer = f.file
	if f.gzip != nil {
		to = f.gzip
	}
	if _, err := to.Write(lines); err != nil {
		return fmt.Errorf("ingest: report: %w", err)
	}
	return nil
}

// close completes the file. Closing again does nothing.
func (f *failures) close() error {
	if f.file == nil {
		return nil
	}
	var err error
	if f.gzip != nil {
		err = f.gzip.Close()
	}
	err = errors.Join(err, f.file.Close())
	f.file, f.gzip = nil, nil
	if err != nil {
		return fmt.Errorf("ingest: report: %w", err)
	}
	return nil
}
