package ingest

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"
	"golang.org/x/sync/errgroup"
)

// The folders of the report, in HealthLake's words.
const (
	successFolder = "SUCCESS/"
	failureFolder = "FAILURE/"
	issueFolder   = "SUCCESS_WITH_SEARCH_VALIDATION_FAILURES/"
)

// A storedLine is an operation of a line that is imported. A line that deletes may have
// several.
type storedLine struct {
	number int64
	ref    datastore.Ref
	op     int           // number of the operation in the batch's transaction, or retold
	effect engine.Effect // known once the batch is committed
	flaws  []byte        // OperationOutcome of a resource that only level Minimal lets in
	size   int           // of the line
}

// A failedLine is the report's line for an input line that is not imported.
type failedLine struct {
	number int64
	text   []byte
}

// retold is the op of a line that an earlier run or pass did.
const retold = -1

// note notes what was found in the resource of a line, which is the last of a transaction.
func (c *chunk) note(s *storedLine, tx *datastore.Transaction) {
	found := tx.Issues(tx.Len() - 1)
	isFlaw := func(is datastore.Issue) bool { return is.Severity == issue.Error } // warnings are none
	if slices.ContainsFunc(found, isFlaw) {
		s.flaws = issue.AppendOutcome(nil, c.placed(s.number, found)...)
	}
}

// status returns the HTTP status of an update or a deletion.
func (s *storedLine) status() int {
	switch s.effect {
	case engine.Created:
		return http.StatusCreated
	case engine.Deleted, engine.NoEffect:
		return http.StatusNoContent
	}
	return http.StatusOK
}

// appendLine appends the result of a line, in HealthLake's form. blob is a resource.
func appendLine(dst []byte, line int64, status int, blob []byte) []byte {
	dst = append(dst, `{"lineId":`...)
	dst = strconv.AppendInt(dst, line, 10)
	dst = append(dst, `,"UpdateResourceResponse":{"jsonBlob":`...)
	dst = append(dst, blob...)
	dst = append(dst, `,"statusCode":`...)
	dst = strconv.AppendInt(dst, int64(status), 10)
	return append(dst, "}}\n"...)
}

// A report writes the results of the lines of each source. It is for one goroutine.
type report struct {
	sink     Sink // nil keeps nothing
	source   *source
	failures reportFile
	issues   reportFile
	success  reportFile
	closing  *errgroup.Group // of files that are complete
	turned   []*turned       // sources whose files are closed, in order
	told     int             // sources before this one have their files closed
	failed   atomic.Bool     // one of them was not closed
	text     []byte
	blob     []byte
}

// reportsClosing is how many files are closed at a time: each may wait for a disk.
const reportsClosing = 32

// A turned is a source whose files of the report are closed.
type turned struct {
	number int          // of the source
	left   atomic.Int32 // files that are not closed yet
}

// newReport returns a report that is complete for the first told sources.
func newReport(sink Sink, told int) *report {
	r := &report{sink: sink, closing: new(errgroup.Group), told: told}
	r.closing.SetLimit(reportsClosing)
	return r
}

// tell reports the lines of a chunk, whose effects are known.
func (r *report) tell(c *chunk) error {
	if r.sink == nil {
		return nil
	}
	if r.failed.Load() {
		return errReport // close says why
	}
	if c.source != r.source {
		r.source = c.source
		r.failures.name, r.issues.name, r.success.name = failureFolder+c.source.name, issueFolder+c.source.name, successFolder+c.source.name
	}
	r.text = r.text[:0]
	for i := range c.stored {
		if s := &c.stored[i]; s.flaws == nil {
			r.blob = append(append(r.blob[:0], `{"resourceType":"`...), s.ref.Type...)
			r.blob = append(append(append(r.blob, `","id":"`...), s.ref.ID...), `"}`...)
			r.text = appendLine(r.text, c.lineOf(s.number), s.status(), r.blob)
		}
	}
	err := r.success.write(r.sink, r.text)
	r.text = r.text[:0]
	slices.SortStableFunc(c.failures, func(a, b failedLine) int { return cmp.Compare(a.number, b.number) })
	for i := range c.failures {
		r.text = append(r.text, c.failures[i].text...)
	}
	err = errors.Join(err, r.failures.write(r.sink, r.text))
	r.text = r.text[:0]
	for i := range c.stored {
		if s := &c.stored[i]; s.flaws != nil {
			r.text = appendLine(r.text, c.lineOf(s.number), s.status(), s.flaws)
		}
	}
	err = errors.Join(err, r.issues.write(r.sink, r.text))
	if err == nil && c.ends {
		r.turn(c.file)
	}
	return err
}

// toldFiles returns how many sources, from the first on, have a complete and durable
// report.
func (r *report) toldFiles() int {
	for len(r.turned) > 0 && r.turned[0].left.Load() == 0 {
		r.told, r.turned = r.turned[0].number+1, r.turned[1:]
	}
	return r.told
}

// turn begins to complete the files of a source that is at its end, while later sources
// go on.
func (r *report) turn(number int) {
	t := &turned{number: number}
	r.turned = append(r.turned, t)
	r.complete(t)
}

// complete closes the files of a source.
func (r *report) complete(t *turned) {
	for _, f := range []*reportFile{&r.failures, &r.issues, &r.success} {
		if f.file == nil {
			continue
		}
		whole := *f
		f.file, f.pack = nil, nil
		t.left.Add(1)
		r.closing.Go(func() error {
			err := whole.close()
			if err != nil {
				r.failed.Store(true)
				return err
			}
			t.left.Add(-1)
			return nil
		})
	}
}

// close completes all files.
func (r *report) close() error {
	r.complete(new(turned))
	return r.closing.Wait()
}

// errReport stops a run whose report has failed.
var errReport = errors.New("ingest: the report takes no more")

// A reportFile has the results of some lines of one source. It is made when the first
// line is written, and complete when it is closed.
type reportFile struct {
	name string
	file io.WriteCloser // nil before
	pack io.WriteCloser // over file, where the name is that of a compressed one
}

// write appends lines.
func (f *reportFile) write(sink Sink, lines []byte) error {
	if len(lines) == 0 {
		return nil
	}
	if f.file == nil {
		file, err := sink.Create(f.name)
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

// close completes the file.
func (f *reportFile) close() error {
	var err error
	if f.pack != nil {
		err = f.pack.Close()
	}
	err = errors.Join(err, f.file.Close())
	if err != nil {
		return fmt.Errorf("ingest: report: %w", err)
	}
	return nil
}
