package ingest

import (
	"bytes"
	"context"
	"errors"
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
	ends   bool  // nothing of the source follows; there is no cut
	weight int64 // share of the pipeline's budget

	prepared chan struct{} // closed by the worker, which sets what follows
	tx       *datastore.Tx
	numbers  []int64 // of the lines in tx
	counts   Counts
	failures []byte // lines of the report
}

// prepare fills a transaction with the chunk's lines. A line that the store does
// not take becomes a failure; the error is one that stops the run.
func (c *chunk) prepare(ctx context.Context, store *datastore.Store, checks []datastore.WriteOption) error {
	c.tx = store.Begin()
	c.counts.Bytes = c.bytes
	if c.fault != nil {
		c.fail(c.first, c.fault)
		return nil
	}
	if c.whole {
		return c.take(ctx, c.first, c.data, checks)
	}
	number := c.first
	for line := range bytes.Lines(c.data) {
		if err := c.take(ctx, number, line, checks); err != nil {
			return err
		}
		number++
	}
	return nil
}

// take adds one line to the transaction.
func (c *chunk) take(ctx context.Context, number int64, line []byte, checks []datastore.WriteOption) error {
	resource := bytes.Trim(line, " \t\r\n") // JSON's white space, RFC 8259 §2
	if len(resource) == 0 {
		return nil
	}
	_, err := c.tx.Update(ctx, resource, checks...)
	switch {
	case err == nil:
		c.numbers = append(c.numbers, number)
		c.counts.Scanned++
		c.counts.Imported++
		c.counts.BytesImported += int64(len(line))
	case ctx.Err() != nil, errors.Is(err, datastore.ErrClosed):
		return err
	default:
		c.fail(number, err)
	}
	return nil
}

// fail counts and reports a line that is not imported.
func (c *chunk) fail(number int64, err error) {
	c.counts.Scanned++
	status := datastore.Status(err)
	if status < 500 {
		c.counts.CustomerErrors++
	} else {
		c.counts.ServerErrors++
	}
	c.failures = appendLine(c.failures, number, status, datastore.Outcome(err))
}

// flawed counts the lines that were stored although something is wrong with them,
// and returns their lines of the report. Level Minimal alone lets such lines in;
// warnings do not count.
func (c *chunk) flawed(written []datastore.Version) (lines []byte) {
	for i := range written {
		v := &written[i]
		if !slices.ContainsFunc(v.Issues, func(is datastore.Issue) bool { return is.Severity == issue.Error }) {
			continue
		}
		c.counts.WithIssues++
		status := http.StatusOK
		if v.Created {
			status = http.StatusCreated
		}
		lines = appendLine(lines, c.numbers[i], status, issue.AppendOutcome(nil, v.Issues...))
	}
	return lines
}
