package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"runtime"
	"slices"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/issue"
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
	tx       *datastore.Transaction // the batch's
	stored   []storedLine           // in the order of the lines
	last     int64                  // number of the last line
	aside    []int64                // lines to put aside
	settled  []int64                // lines that were put aside and are decided
	counts   Counts
	failures []failedLine
}

// yieldEvery is after how many lines a worker lets others go first: reads of the store that
// wait for a processor wait for some lines, and not for the ten milliseconds after which
// the runtime takes one away.
const yieldEvery = 4

// prepare fills the transaction with the chunk's lines. A line that the store refuses
// becomes a failure. An error stops the run.
func (c *chunk) prepare(ctx context.Context, store *datastore.Store, checks []datastore.WriteOption) error {
	c.last = c.first
	c.stored = make([]storedLine, 0, c.lineEnds+1)
	if c.fault != nil {
		c.faulty()
	}
	number := c.first
	for line := range c.lines() {
		if err := c.take(ctx, store, number, line, checks); err != nil {
			return err
		}
		c.last = number
		if number++; number%yieldEvery == 0 {
			runtime.Gosched()
		}
	}
	if c.job.from.Pass == 0 {
		c.counts.Bytes = c.newBytes()
	}
	return nil
}

// newBytes returns the chunk's bytes of text, without lines that an earlier run
// counted. A run may cut a source at other places than the run before.
func (c *chunk) newBytes() int64 {
	switch skip := c.done - c.first + 1; {
	case skip <= 0:
		return c.bytes
	case c.isDone():
		return 0
	case c.bundle != nil:
		return c.bytes - c.taken[skip-1]
	default:
		n := c.bytes
		for line := range c.lines() {
			if skip--; skip < 0 {
				break
			}
			n -= int64(len(line))
		}
		return n
	}
}

// faulty reports the chunk's fault. In the last pass it also reports lines that were
// put aside and cannot be read again.
func (c *chunk) faulty() {
	fault := told(c.fault)
	if c.job.from.Last && c.broken {
		for _, line := range c.job.asides.from(c.file, c.first) {
			c.fail(line, fault)
			c.last = max(c.last, line)
		}
	}
	if !c.waits(c.first) {
		c.fail(c.first, fault)
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
	again := c.job.from.Pass > 0 && !waits || number <= c.done
	w, err := c.wish(number, line)
	switch {
	case err != nil:
		c.fail(number, err)
		return nil
	case w.nothing:
		return nil
	case again && c.job.refused.has(c.file, number):
		c.fail(number, errOutOfOrder)
		return nil
	case w.deletes && again:
		c.retellDeletions(number, w.refs)
		return nil
	case w.deletes:
		return c.remove(number, line, w.refs)
	case again:
		return c.retell(ctx, store, number, &w, checks, waits && c.job.from.Last)
	}
	ref, err := c.update(ctx, c.tx, store, &w, checks)
	switch {
	case err == nil:
		c.counts.Scanned++
		c.counts.Imported++
		stored := storedLine{number: number, ref: ref, op: c.tx.Len() - 1, size: len(line)}
		if c.note(&stored, c.tx); stored.flaws != nil {
			c.counts.WithIssues++
		}
		c.stored = append(c.stored, stored)
		c.counts.BytesImported += int64(len(line))
		c.settle(number, waits)
	case ctx.Err() != nil: // the line may be wrong as well
		return ctx.Err()
	case errors.Is(err, datastore.ErrClosed):
		return err
	case errors.Is(err, engine.ErrUnresolved) && c.source.again && !c.job.from.Last:
		if !waits {
			c.aside = append(c.aside, number)
		}
	default:
		c.fail(number, err)
		if !errors.Is(err, engine.ErrUnresolved) {
			c.settle(number, waits)
		}
	}
	return nil
}

// settle notes that a line which was put aside is decided. A line that the last pass
// does not resolve stays aside, so that it can be reported again.
func (c *chunk) settle(number int64, waits bool) {
	if waits {
		c.settled = append(c.settled, number)
	}
}

// retell reports a line that an earlier run or pass did; the line is checked again for
// the report. unresolved says that the line never found the targets of its references.
func (c *chunk) retell(ctx context.Context, store *datastore.Store, number int64, w *wish, checks []datastore.WriteOption, unresolved bool) error {
	if c.job.options.Report == nil {
		return nil
	}
	if c.job.asides.has(c.file, number) && !unresolved {
		return nil
	}
	tx := store.Begin()
	ref, err := c.update(ctx, tx, store, w, checks)
	switch isUnresolved := errors.Is(err, engine.ErrUnresolved); {
	case isUnresolved && c.source.again && !unresolved: // it found something in its time
		w.plain = true
		ref, err = c.update(ctx, tx, store, w, c.job.checks())
	case err == nil && unresolved: // it would find something by now
		err = engine.ErrUnresolved
	}
	switch {
	case err == nil:
		stored := storedLine{number: number, ref: ref, op: retold, effect: engine.Updated}
		if c.job.created.has(c.file, number) {
			stored.effect = engine.Created
		}
		c.note(&stored, tx)
		c.stored = append(c.stored, stored)
	case ctx.Err() != nil: // the line may be wrong as well
		return ctx.Err()
	case errors.Is(err, datastore.ErrClosed):
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
	c.tellFailure(number, err)
}

// tellFailure adds a line that is not imported to the report.
func (c *chunk) tellFailure(number int64, err error) {
	if c.job.options.Report != nil {
		c.failures = append(c.failures, failedLine{number, appendLine(nil, c.lineOf(number), datastore.Status(err), datastore.Outcome(err))})
	}
}

// refuse counts and reports an operation whose version was out of order, and which was
// counted as imported. For a line with several operations, the first refused one
// counts.
func (c *chunk) refuse(s *storedLine, err error, again bool) {
	if again {
		return
	}
	c.counts.Imported--
	c.counts.CustomerErrors++
	c.counts.BytesImported -= int64(s.size)
	if s.flaws != nil {
		c.counts.WithIssues--
	}
	if c.bundle != nil {
		err = engine.At(fmt.Sprintf("/entry/%d/resource", c.indexOf(s.number)), err)
	}
	c.tellFailure(s.number, err)
}

// errOutOfOrder is told again of a line whose version was out of order.
var errOutOfOrder = engine.Failf(datastore.ErrVersionOrder, issue.Conflict, "the version did not follow the newest one in the store")
