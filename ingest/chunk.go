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
	done   int64 // lines up to this one were imported by an earlier run
	ends   bool  // nothing of the source follows; there is no cut
	weight int64 // share of the pipeline's budget

	prepared chan struct{} // closed by the worker, which sets what follows
	tx       *datastore.Tx
	numbers  []int64 // of the lines in tx
	last     int64   // number of the last line
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
		c.fail(c.first, c.fault)
	}
	number := c.first
	for line := range c.lines() {
		if err := c.take(ctx, store, number, line, checks); err != nil {
			return err
		}
		c.last = number
		number++
	}
	if !c.isDone() {
		c.counts.Bytes = c.bytes
	}
	return nil
}

// lines returns the lines of the cut.
func (c *chunk) lines() iter.Seq[[]byte] {
	if c.whole {
		return slices.Values([][]byte{c.data})
	}
	return bytes.Lines(c.data)
}

// isDone reports whether an earlier run did the chunk.
func (c *chunk) isDone() bool { return c.last <= c.done }

// take adds one line to the transaction.
func (c *chunk) take(ctx context.Context, store *datastore.Store, number int64, line []byte, checks []datastore.WriteOption) error {
	resource := bytes.Trim(line, " \t\r\n") // JSON's white space, RFC 8259 §2
	if len(resource) == 0 && !c.whole {
		return nil
	}
	if number <= c.done {
		return c.retell(ctx, store, number, resource, checks)
	}
	_, err := c.tx.Update(ctx, resource, checks...)
	switch {
	case err == nil:
		c.numbers = append(c.numbers, number)
		c.counts.Scanned++
		c.counts.Imported++
		if isFlawed(c.tx.Issues(c.tx.Len() - 1)) {
			c.counts.WithIssues++
		}
		c.counts.BytesImported += int64(len(line))
	case ctx.Err() != nil, errors.Is(err, datastore.ErrClosed):
		return err
	default:
		c.fail(number, err)
	}
	return nil
}

// retell checks a line that an earlier run did, for the report alone.
func (c *chunk) retell(ctx context.Context, store *datastore.Store, number int64, resource []byte, checks []datastore.WriteOption) error {
	tx := store.Begin()
	_, err := tx.Update(ctx, resource, checks...)
	switch {
	case err == nil:
		if isFlawed(tx.Issues(0)) {
			c.flaws = appendLine(c.flaws, number, http.StatusOK, issue.AppendOutcome(nil, tx.Issues(0)...))
		}
	case ctx.Err() != nil, errors.Is(err, datastore.ErrClosed):
		return err
	default:
		c.fail(number, err)
	}
	return nil
}

// fail counts and reports a line that is not imported.
func (c *chunk) fail(number int64, err error) {
	status := datastore.Status(err)
	switch {
	case number <= c.done: // was counted
	case status < 500:
		c.counts.Scanned++
		c.counts.CustomerErrors++
	default:
		c.counts.Scanned++
		c.counts.ServerErrors++
	}
	c.failures = appendLine(c.failures, number, status, datastore.Outcome(err))
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
		lines = appendLine(lines, c.numbers[i], status, issue.AppendOutcome(nil, v.Issues...))
	}
	return lines
}

// isFlawed reports whether something is wrong with a resource that is stored. Level
// Minimal alone lets such in; warnings do not count.
func isFlawed(issues []datastore.Issue) bool {
	return slices.ContainsFunc(issues, func(is datastore.Issue) bool { return is.Severity == issue.Error })
}
