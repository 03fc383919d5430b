package index

import (
	"context"
	"slices"
)

// sweepParams sweeps each param's columns and the posting of its presence.
func (s *sweep) sweepParams(ctx context.Context) error {
	for p := 0; ; p++ {
		if err := ctx.Err(); err != nil {
			return err
		}
		s.x.mu.RLock()
		n := len(s.x.mu.params)
		var c *paramColumns
		if p < n {
			c = s.x.mu.params[p]
		}
		s.x.mu.RUnlock()
		switch {
		case p >= n:
			return nil
		case c != nil:
			s.sweepPresence(c)
			sweepColumn(s, &c.dates, warmDates)
			sweepColumn(s, &c.numbers, warmNumbers)
			sweepColumn(s, &c.edges, nil)
			sweepColumn(s, &c.texts, nil)
		}
	}
}

// sweepColumn takes the dead out of a column. Full chunks before the first dead entry
// stay. The chunks after it are made anew beside the old ones, which readers may use,
// and replace them at the end. warm, which may be nil, makes the orders and calendars
// for the new chunks that the old ones had.
func sweepColumn[T any](s *sweep, live *column[T], warm func(old, made *column[T])) {
	mu := &s.x.mu
	header := func() column[T] {
		mu.RLock()
		defer mu.RUnlock()
		return *live
	}
	old := header()
	from := 0
	for from < old.n && !s.isDead(uint32(old.ordinal(from))) {
		from++
	}
	if from == old.n {
		return
	}
	whole := from >> columnBits
	made := column[T]{chunks: append([]*columnChunk[T](nil), old.chunks[:whole]...), n: whole << columnBits, repeats: whole > 0 && old.repeats}
	done := made.n
	for old.n-done > sweepStep {
		copyAlive(s, &made, &old, done)
		if warm != nil {
			warm(&old, &made)
		}
		done = old.n
		old = header() // the writer has gone on, by less each time
	}
	mu.Lock()
	defer mu.Unlock()
	copyAlive(s, &made, live, done)
	*live = made
}

// copyAlive adds the living entries of from, from a position on, to the column to.
func copyAlive[T any](s *sweep, to, from *column[T], at int) {
	for ; at < from.n; at++ {
		if o := from.ordinal(at); !s.isDead(uint32(o)) {
			to.add(o, from.value(at))
		}
	}
}

// warmNumbers makes the orders of full chunks, if the old ones had any.
func warmNumbers(old, made *column[numberRange]) {
	if slices.ContainsFunc(old.chunks, func(c *columnChunk[numberRange]) bool { return c.units.Load() != nil }) {
		for first, last := range orderedParts(made.n >> columnBits) {
			unitOrderOf(made.chunks[first : last+1])
		}
	}
}

// warmDates makes orders and calendars.
func warmDates(old, made *column[dateRange]) {
	if slices.ContainsFunc(old.chunks, func(c *columnChunk[dateRange]) bool { return c.order.Load() != nil }) {
		for i := range made.n >> columnBits {
			orderOf(made.chunks[i])
		}
	}
	if slices.ContainsFunc(old.chunks, func(c *columnChunk[dateRange]) bool { return c.calendar.Load() != nil }) {
		for first, last := range orderedParts(made.n >> columnBits) {
			part := made.from(first, last-first+1)
			calendarOf(&part)
		}
	}
}
