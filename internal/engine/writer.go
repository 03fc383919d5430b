package engine

import (
	"cmp"
	"errors"
	"fmt"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/killpoint"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// queueLength is how many commits may wait for the writer before callers wait to
// hand over theirs. A group rarely has more.
const queueLength = 128

// write is the writer: the only goroutine that appends to the log and applies to the
// index. It takes the waiting commits as one group, and ends when the queue is closed.
// No function of a user runs in it.
func (e *Engine) write() {
	defer close(e.written)
	for s := range e.queue {
		g := newGroup(e)
		g.add(s)
		for more := true; more; {
			select {
			case s, ok := <-e.queue:
				if more = ok; ok {
					g.add(s)
				}
			default:
				more = false
			}
		}
		g.flush()
	}
}

// add checks a commit's conditions and takes it into the group, or refuses it. Search
// parameters follow from applied versions, so the group is flushed before a commit that
// depends on them.
func (g *group) add(s *submission) {
	e := g.engine
	if s.turn != nil || s.defines() || s.strict {
		g.flush()
	}
	var err error
	switch {
	case s.turn != nil:
		err = caught("working beside the log", s.turn)
	case e.readOnly() != nil:
		err = e.readOnly()
	default:
		if err = caught("checking a write", func() error { return g.take(s) }); err == nil {
			if g.bytes >= groupBytes {
				g.flush()
			}
			return
		}
	}
	g.dismiss(s, err)
}

// conflictTries is how often a group is appended again if others append first.
const conflictTries = 64

// flush makes the group durable as one record, applies it and answers its commits.
func (g *group) flush() {
	e := g.engine
	var err error
	for try := 0; len(g.commits) > 0; try++ {
		var at txlog.Position
		if at, err = e.append(g); err == nil {
			err = e.applyGroup(g, at)
			break
		}
		if !errors.Is(err, txlog.ErrConflict) || errors.Is(err, txlog.ErrFenced) {
			break
		}
		if try == conflictTries {
			err = fmt.Errorf("%w: others keep appending to the log", ErrConflict)
			break
		}
		// Another writer appended. Its records are applied first; then conditions are
		// asked again, and numbers and times given again.
		if err = e.catchUp(); err != nil {
			break
		}
		again := append(g.taken, g.dismissed...)
		*g = *newGroup(e)
		for _, s := range again {
			if err := caught("checking a write", func() error { return g.take(s) }); err != nil {
				g.dismiss(s, err)
			}
		}
	}
	g.answer(err)
	dismissed := g.dismissed
	*g = *newGroup(e)
	for _, s := range dismissed {
		if err == nil {
			close(s.done)
		} else {
			g.add(s) // what it was held against is not there
		}
	}
	if len(g.taken) > 0 {
		g.flush()
	}
}

// answer gives the group's commits their results.
func (g *group) answer(err error) {
	if len(g.taken) == 0 {
		return
	}
	killpoint.Here("before.acknowledge")
	for _, s := range g.taken {
		if s.err = err; err != nil {
			s.versions = nil
		}
		close(s.done)
	}
	killpoint.Here("after.acknowledge")
}

// append brings a group to the log. If the log does not know whether it was written,
// append looks for the record's id.
func (e *Engine) append(g *group) (at txlog.Position, err error) {
	b := txlog.Batch{Expect: e.sequence, Term: e.log.Term(), ID: newRecordID(), Commits: g.commits}
	at, err = e.log.Append(e.background, &b)
	for try := 0; errors.Is(err, txlog.ErrOutcomeUnknown) && try < conflictTries; try++ {
		if found, ok := e.lookFor(b.ID); ok {
			return found, nil
		}
		again, next := e.log.Append(e.background, &b)
		if next == nil {
			return again, nil
		}
		if !errors.Is(next, txlog.ErrOutcomeUnknown) && !errors.Is(next, txlog.ErrConflict) {
			break // the log takes nothing more: nobody knows
		}
		if errors.Is(next, txlog.ErrConflict) {
			if found, ok := e.lookFor(b.ID); ok {
				return found, nil
			}
			return at, next
		}
	}
	switch {
	case err == nil, errors.Is(err, txlog.ErrConflict) && !errors.Is(err, txlog.ErrFenced):
		return at, err
	case errors.Is(err, txlog.ErrOutcomeUnknown), errors.Is(err, txlog.ErrReadOnly), errors.Is(err, txlog.ErrFenced), errors.Is(err, txlog.ErrReplaced):
		e.stopWriting(err)
	}
	if errors.Is(err, txlog.ErrFenced) {
		err = fmt.Errorf("%w until it is opened again: %w", ErrReadOnly, err)
	}
	return at, fmt.Errorf("datastore: writing: %w", logError(err))
}

// lookFor finds the record with an id, and the position of its first commit.
func (e *Engine) lookFor(id [16]byte) (at txlog.Position, ok bool) {
	sequence, ok, err := e.log.Find(e.background, id)
	if err != nil || !ok {
		return at, false
	}
	for r, err := range e.log.Records(e.background, sequence) {
		if err != nil {
			return at, false
		}
		first := r.Runs()[0]
		return txlog.Position{Sequence: first.Sequence, Number: first.First}, first.Sequence == sequence
	}
	return at, false
}

// applyGroup applies a durable group, and completes the answers of its commits. It
// fails only through a fault of this program: then the state of the store is unknown,
// and nothing more is written.
func (e *Engine) applyGroup(g *group, at txlog.Position) error {
	first := e.index.View().Last() + 1
	runs := make([]landed, len(g.commits))
	for i, c := range g.commits {
		runs[i] = landed{txlog.Run{Sequence: at.Sequence + uint64(i), Time: c.Time, First: at.Number, Count: len(c.Items)}, c.Items}
		at.Number += txlog.Number(len(c.Items))
	}
	killpoint.Here("before.apply")
	err := caught("applying a write", func() error { return e.apply(runs, g.items) })
	killpoint.Here("after.apply")
	if err != nil {
		err = fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
		e.stopWriting(err)
		return err
	}
	sequence := at.Sequence
	for _, s := range g.taken {
		for j := range s.versions {
			if v := &s.versions[j]; v.Number != 0 && !v.Unchanged {
				v.Sequence = sequence
				v.Ordinal += first
				e.search.Custom().Keep(v.Ordinal, &s.op(j).custom)
			}
		}
		for j := range len(s.Ops) + len(s.extra) {
			s.op(j).release()
		}
		sequence++
	}
	if g.settles {
		e.unsettled = nil
	}
	e.warnOfLimits()
	if g.defines {
		e.define()
	}
	return nil
}

// warnShare is the share of a limit of the index from which on the logger is told.
const warnShare = 0.8

// warnOfLimits tells the logger, once, that the store is nearly full.
func (e *Engine) warnOfLimits() {
	if e.warned {
		return
	}
	if share := e.Limit(); share >= warnShare {
		e.warned = true
		e.options.Logger.Warn("datastore: the store is nearly full; beyond its limits only deletions are taken", "percent", int(100*share))
	}
}

// A landed is the log's run of one commit, or of a part of it.
type landed struct {
	txlog.Run
	items []txlog.Item // of named states with their parts, of versions without
}

// apply applies runs that the log has. items are their versions.
func (e *Engine) apply(runs []landed, items []index.Item) error {
	first := e.index.View().Last() + 1
	commits := make([]index.Commit, 0, len(runs))
	done, horizon := 0, uint64(0)
	for i := range runs {
		run, before, marks := &runs[i], done, false
		for j := range run.items {
			it, number := &run.items[j], run.First+txlog.Number(j)
			switch it.Kind {
			case erasedItem:
			case txlog.Version:
				e.numbers.add(first+index.Ordinal(done), number)
				done++
			default:
				e.states.set(string(it.Values), number, len(it.Body) == 0)
				marks = marks || marksHorizon(string(it.Values))
			}
		}
		if e.sequence, e.time = run.Sequence, run.Time; marks {
			horizon = run.Sequence
		}
		switch last := len(commits) - 1; {
		case done == before && !marks:
		case last >= 0 && commits[last].Sequence == run.Sequence: // another part of it
			commits[last].Items = items[before-len(commits[last].Items) : done]
		default:
			commits = append(commits, index.Commit{Sequence: run.Sequence, Time: run.Time, Items: items[before:done]})
		}
	}
	if len(commits) > 0 {
		if _, err := e.index.ApplyAll(commits); err != nil {
			return err
		}
	}
	if horizon > 0 {
		e.index.Forget(horizon)
	}
	e.published.tell()
	return nil
}

// stopWriting makes the store read-only and tells the logger, once.
func (e *Engine) stopWriting(err error) {
	e.stopped.mu.Lock()
	first := e.stopped.err == nil
	if first {
		e.stopped.err = fmt.Errorf("%w until it is opened again: %w", ErrReadOnly, err)
	}
	e.stopped.mu.Unlock()
	if first { // the lock is free: whoever is told may ask the store
		e.options.Logger.Error("datastore: the store is read-only until it is opened again", "error", err)
	}
}

// Writable returns why nothing can be written, or nil.
func (e *Engine) Writable() error { return errors.Join(e.Open(), e.readOnly()) }

// readOnly returns why nothing can be written, or nil.
func (e *Engine) readOnly() error {
	e.stopped.mu.Lock()
	defer e.stopped.mu.Unlock()
	return cmp.Or(e.stopped.err, e.log.Failed())
}
