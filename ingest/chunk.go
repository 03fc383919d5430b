package ingest

import (
	"bytes"
	"context"
	"errors"
	"iter"
	"slices"

	"github.com/fhirlake/fhirlake/datastore"
)

// A chunk goes from the reader to a worker, and then to the committer, in a batch.
type chunk struct {
	cut
	source *source
	file   int // number of the source, from 0
	job    *Job
	done   int64 // lines up to this one were imported by an earlier run
	ends   bool  // nothing of the source follows; there is no cut

	// Set by the worker.
	tx       *datastore.Tx // the batch's
	stored   []storedLine  // in the order of the lines
	last     int64         // number of the last line
	aside    []int64       // lines to put aside
	settled  []int64       // lines that were put aside and are decided
	counts   Counts
	failures []byte // lines of the report
}

// prepare fills the transaction with the chunk's lines. A line that the store does
// not take becomes a failure; the error is one that stops the run.
func (c *chunk) prepare(ctx context.Context, store *datastore.Store, checks []datastore.WriteOption) error {
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
	waits := c.waits(number)
	again := c.job.from.Pass > 0 && !waits || number <= c.done
	if refs, err := c.deletions(resource); refs != nil || err != nil {
		switch {
		case err != nil:
			c.fail(number, err)
			return nil
		case again:
			c.retellDeletions(number, refs)
			return nil
		}
		return c.remove(number, line, refs)
	}
	if again {
		return c.retell(ctx, store, number, resource, checks, waits && c.job.from.Last)
	}
	ref, err := c.tx.Update(ctx, resource, checks...)
	switch {
	case err == nil:
		c.counts.Scanned++
		c.counts.Imported++
		stored := storedLine{number: number, ref: ref, op: c.tx.Len() - 1}
		if stored.note(c.tx.Issues(stored.op)); stored.flaws != nil {
			c.counts.WithIssues++
		}
		c.stored = append(c.stored, stored)
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

// retell tells the report of a line that an earlier run or pass did, and that is checked
// again for it. unresolved says that the line never found what it refers to.
func (c *chunk) retell(ctx context.Context, store *datastore.Store, number int64, resource []byte, checks []datastore.WriteOption, unresolved bool) error {
	if c.job.options.Report == nil {
		return nil
	}
	if c.job.asides.has(c.file, number) && !unresolved {
		return nil
	}
	tx := store.Begin()
	ref, err := tx.Update(ctx, resource, checks...)
	switch isUnresolved := errors.Is(err, datastore.ErrUnresolved); {
	case isUnresolved && c.source.again && !unresolved: // it found something in its time
		ref, err = tx.Update(ctx, resource, c.job.checks()...)
	case err == nil && unresolved: // it would find something by now
		err = datastore.ErrUnresolved
	}
	switch {
	case err == nil:
		stored := storedLine{number: number, ref: ref, op: retold, effect: datastore.EffectUpdated}
		if c.job.created.has(c.file, number) {
			stored.effect = datastore.EffectCreated
		}
		stored.note(tx.Issues(0))
		c.stored = append(c.stored, stored)
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
	case number <= c.done, c.job.from.Pass > 0 && !c.waits(number): // was counted
	case status < 500:
		c.counts.Scanned++
		c.counts.CustomerErrors++
	default:
		c.counts.Scanned++
		c.counts.ServerErrors++
	}
	c.failures = appendLine(c.failures, number, status, datastore.Outcome(err))
}
