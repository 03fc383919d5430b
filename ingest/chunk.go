package ingest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// A chunk goes from the reader to a worker, and then to the committer, one
// goroutine at a time.
type chunk struct {
	cut
	source *source
	file   int // number of the source, from 0
	job    *Job
	done   int64 // lines up to this one were imported by an earlier run
	ends   bool  // nothing of the source follows; there is no cut
	weight int64 // share of the pipeline's budget

	prepared chan struct{} // closed by the worker, which sets what follows
	tx       *datastore.Tx
	numbers  []int64 // of the lines in tx
	last     int64   // number of the last line
	aside    []int64 // lines to put aside
	settled  []int64 // lines that were put aside and are decided
	counts   Counts
	failures []byte // lines of the report
	flaws    []byte // the same of lines that an earlier run imported
}

// prepare fills a transaction with the chunk's lines. A line that the store does
// not take becomes a failure; the error is one that stops the run.
func (c *chunk) prepare(ctx context.Context, store *datastore.Store, checks []datastore.WriteOption) error {
	c.tx = store.Begin()
	c.last = c.first
	if c.fault != nil {
		c.faulty()
	}
	number := c.first
	for line := range c.lines() {
		if err := c.take(ctx, store, number, line, checks); err != nil {
			return err
		}
		c.last = number
		number++
	}
	if !c.isDone() && c.job.from.Pass == 0 {
		c.counts.Bytes = c.bytes
	}
	return nil
}

// faulty reports the chunk's fault. In the last pass it is that of the lines which are
// put aside and cannot be read again, too.
func (c *chunk) faulty() {
	if c.job.from.Last && c.broken {
		for _, line := range c.job.asides.from(c.file, c.first) {
			c.fail(line, c.fault)
			c.last = max(c.last, line)
		}
	}
	if !c.waits(c.first) {
		c.fail(c.first, c.fault)
	}
}

// waits reports whether a line was put aside by an earlier pass.
func (c *chunk) waits(number int64) bool {
	return c.job.from.Pass > 0 && c.job.asides.has(c.file, number)
}

// lines returns the lines of the cut, or the entries.
func (c *chunk) lines() iter.Seq[[]byte] {
	switch {
	case c.bundle != nil:
		return c.entries()
	case c.whole:
		return slices.Values([][]byte{c.data})
	}
	return bytes.Lines(c.data)
}

// isDone reports whether an earlier run did the chunk.
func (c *chunk) isDone() bool { return c.last <= c.done }

// take adds one line to the transaction.
func (c *chunk) take(ctx context.Context, store *datastore.Store, number int64, line []byte, checks []datastore.WriteOption) error {
	waits := c.waits(number)
	w, err := c.wish(number, line)
	again := c.job.from.Pass > 0 || number <= c.done
	switch {
	case err != nil:
		c.fail(number, err)
		return nil
	case w.nothing, w.deletes && again:
		return nil
	case w.deletes:
		return c.remove(number, line, w.refs)
	case c.job.from.Pass > 0 && !waits, number <= c.done:
		return c.retell(ctx, store, number, &w, checks, waits && c.job.from.Last)
	}
	err = c.update(ctx, c.tx, store, &w, checks)
	switch {
	case err == nil:
		c.numbers = append(c.numbers, number)
		c.counts.Scanned++
		c.counts.Imported++
		if isFlawed(c.tx.Issues(c.tx.Len() - 1)) {
			c.counts.WithIssues++
		}
		c.counts.BytesImported += int64(len(line))
		c.settle(number, waits)
	case ctx.Err() != nil, errors.Is(err, datastore.ErrClosed):
		return err
	case errors.Is(err, datastore.ErrUnresolved) && c.source.again && !c.job.from.Last:
		if !waits {
			c.aside = append(c.aside, number)
		}
	default:
		c.fail(number, err)
		if !errors.Is(err, datastore.ErrUnresolved) {
			c.settle(number, waits)
		}
	}
	return nil
}

// settle notes that a line which was put aside is decided. One that the last pass does
// not resolve stays aside, so that the report can be told again.
func (c *chunk) settle(number int64, waits bool) {
	if waits {
		c.settled = append(c.settled, number)
	}
}

// retell checks a line that an earlier run or pass did, for the report alone. That a
// conditional reference finds nothing is told where unresolved is set: other lines were
// put aside for it, or found something in their time.
func (c *chunk) retell(ctx context.Context, store *datastore.Store, number int64, w *wish, checks []datastore.WriteOption, unresolved bool) error {
	if c.job.options.Report == nil {
		return nil
	}
	tx := store.Begin()
	err := c.update(ctx, tx, store, w, checks)
	switch {
	case err == nil:
		if isFlawed(tx.Issues(0)) {
			c.flaws = appendLine(c.flaws, c.lineOf(number), http.StatusOK, issue.AppendOutcome(nil, c.placed(number, tx.Issues(0))...))
		}
	case ctx.Err() != nil, errors.Is(err, datastore.ErrClosed):
		return err
	case errors.Is(err, datastore.ErrUnresolved) && c.source.again && !unresolved:
	default:
		c.fail(number, err)
	}
	return nil
}

// fail counts and reports a line that is not imported.
func (c *chunk) fail(number int64, err error) {
	status := datastore.Status(err)
	switch {
	case number <= c.done, c.job.from.Pass > 0 && !c.waits(number): // was counted
	case status < 500:
		c.counts.Scanned++
		c.counts.CustomerErrors++
	default:
		c.counts.Scanned++
		c.counts.ServerErrors++
	}
	c.failures = appendLine(c.failures, c.lineOf(number), status, datastore.Outcome(err))
}

// flawed returns the lines of the report for lines that were stored although something
// is wrong with them.
func (c *chunk) flawed(written []datastore.Version) (lines []byte) {
	for i := range written {
		v := &written[i]
		if !isFlawed(v.Issues) {
			continue
		}
		status := http.StatusOK
		if v.Created {
			status = http.StatusCreated
		}
		lines = appendLine(lines, c.lineOf(c.numbers[i]), status, issue.AppendOutcome(nil, c.placed(c.numbers[i], v.Issues)...))
	}
	return lines
}

// isFlawed reports whether something is wrong with a resource that is stored. Level
// Minimal alone lets such in; warnings do not count.
func isFlawed(issues []datastore.Issue) bool {
	return slices.ContainsFunc(issues, func(is datastore.Issue) bool { return is.Severity == issue.Error })
}
