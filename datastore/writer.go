package datastore

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// errStale says that a search on which a commit rests has another answer now. Its
// caller works the commit out again.
var errStale = errors.New("datastore: a condition by search changed")

// groupBytes is the size at which a group of commits is closed: log records are
// at most 1 MiB, except one larger commit.
const groupBytes = 1<<20 - 16<<10

// queueLength is how many commits may wait for the writer before callers wait to
// hand over theirs. A group rarely has more.
const queueLength = 128

// submit hands a commit to the writer and waits until it is durable and applied,
// or refused. The context counts until the writer has it: what was handed over
// is carried out.
func (s *Store) submit(ctx context.Context, c *commit) error {
	c.done = make(chan struct{})
	s.closing.RLock()
	if s.closed {
		s.closing.RUnlock()
		return ErrClosed
	}
	select {
	case s.queue <- c:
		s.closing.RUnlock()
	case <-ctx.Done():
		s.closing.RUnlock()
		return ctx.Err()
	}
	<-c.done
	return c.err
}

// write is the writer: the only goroutine that appends to the log and applies to
// the index. It takes what waits as one group, and ends when the queue is closed.
func (s *Store) write() {
	defer close(s.written)
	defer close(s.parameters.wake)
	for c := range s.queue {
		g := group{store: s, overlay: map[key]state{}}
		g.add(c)
		for more := true; more; {
			select {
			case c, ok := <-s.queue:
				if more = ok; ok {
					g.add(c)
				}
			default:
				more = false
			}
		}
		g.flush()
	}
}

// A group is the commits that share one record. Each sees what those before it
// in the group will have done.
type group struct {
	store   *Store
	commits []*commit
	items   []txlog.Item
	index   []index.Item
	bytes   int
	overlay map[key]state
	defines bool // whether there is a SearchParameter among the items
}

// add checks a commit's conditions and takes it into the group, or refuses it. A
// condition by search is asked of the index, and search parameters are defined by
// what was applied, so the group is closed before these.
func (g *group) add(c *commit) {
	if len(c.expects) > 0 || c.turn != nil || c.defines() {
		g.flush()
	}
	if c.turn != nil {
		c.turn()
		close(c.done)
		return
	}
	if err := g.take(c); err != nil {
		c.err = err
		close(c.done)
		return
	}
	if g.bytes >= groupBytes {
		g.flush()
	}
}

// take adds the operations of c, all or none.
func (g *group) take(c *commit) error {
	for i := range c.expects {
		if err := g.store.stillTrue(&c.expects[i]); err != nil {
			return err
		}
	}
	if err := g.store.admit(c); err != nil {
		return err
	}
	size := 0
	for i := range c.ops {
		size += c.ops[i].size()
	}
	if g.bytes > 0 && g.bytes+size > groupBytes {
		g.flush()
	}
	changed := map[key]state{}
	c.versions = make([]Version, len(c.ops))
	items, entries := len(g.items), len(g.index)
	for i := range c.ops {
		o := &c.ops[i]
		k := key{o.typ, o.id}
		old, ok := changed[k]
		if !ok {
			old = g.state(k)
		}
		v := &c.versions[i]
		v.Ref = Ref{Type: o.typ.String(), ID: o.id}
		if o.deleted() && o.skipAbsent && !old.exists() {
			continue
		}
		var err error
		if err = o.check(old); err == nil {
			err = g.store.renewCustom(o.prepared)
		}
		if err != nil {
			g.items, g.index = g.items[:items], g.index[:entries]
			return err
		}
		next := state{version: old.version + 1, deleted: o.deleted()}
		changed[k] = next
		setItemVersion(o.part, next.version)
		v.VersionID = strconv.FormatUint(next.version, 10)
		v.Deleted, v.Created = o.deleted(), !old.exists()
		v.Issues = o.issues
		v.Ordinal = index.Ordinal(len(g.items)) // within the group; flush knows the rest
		g.items = append(g.items, txlog.Item{Values: o.part, Body: o.body})
		g.index = append(g.index, index.Item{
			Type: index.TypeID(o.typ), ID: o.id, Version: next.version, Deleted: o.deleted(), Values: o.values, Custom: o.custom,
		})
	}
	for k, s := range changed {
		g.overlay[k] = s
	}
	g.bytes += size
	g.defines = g.defines || c.defines()
	g.commits = append(g.commits, c)
	return nil
}

// state is that of a resource once the group so far is applied.
func (g *group) state(k key) state {
	if s, ok := g.overlay[k]; ok {
		return s
	}
	view := g.store.index.View()
	o, ok := view.Lookup(index.TypeID(k.typ), k.id)
	if !ok {
		return state{}
	}
	return state{version: view.VersionNumber(o), deleted: view.Deleted(o)}
}

// flush makes the group durable as one record, applies it and answers its
// commits.
func (g *group) flush() {
	var at time.Time
	var first index.Ordinal
	var err error
	if len(g.items) > 0 {
		at, first, err = g.store.append(g.items, g.index)
		if err == nil && g.defines {
			g.store.define()
		}
	}
	for _, c := range g.commits {
		for i := range c.ops {
			c.ops[i].release()
		}
		c.err = err
		for i := range c.versions {
			if v := &c.versions[i]; v.VersionID != "" {
				v.LastUpdated = at
				v.Ordinal += first
			}
		}
		close(c.done)
	}
	*g = group{store: g.store, overlay: map[key]state{}}
}

// append makes one record durable, then applies it. The record's time is the
// clock's, and never earlier than the record before.
func (s *Store) append(items []txlog.Item, entries []index.Item) (at time.Time, first index.Ordinal, err error) {
	if s.behind {
		return at, 0, ErrReadOnly
	}
	sequence, next := s.log.Last()
	micros := max(s.options.Now().UnixMicro(), s.index.View().Time())
	h := txlog.Header{Sequence: sequence + 1, First: next, Time: micros}
	// The caller of a write may go; its write is carried out all the same.
	if err := s.log.Append(context.Background(), h, items); err != nil {
		return at, 0, fmt.Errorf("datastore: writing: %w", err)
	}
	if err := s.index.Apply(h.Sequence, h.Time, indexOrdinal(h.First), entries); err != nil {
		// The record is durable and this process cannot show it. What follows would
		// rest on a state that the log has left behind.
		s.behind = true
		return at, 0, fmt.Errorf("%w: %w", ErrOutcomeUnknown, err)
	}
	return time.UnixMicro(micros).UTC(), indexOrdinal(h.First), nil
}
