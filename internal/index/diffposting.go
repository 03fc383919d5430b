package index

import (
	"context"

	"github.com/bits-and-blooms/bitset"
)

// diffStep is how many terms are looked up under one lock.
const diffStep = 512

// A postingPair is the postings of a term in both indexes.
type postingPair struct {
	term  termHash
	a, b  Posting
	owner Param
}

// terms compares the postings of all terms, a shard of both tables at a time.
func (d *differ) terms(ctx context.Context) {
	d.collectCustom(d.a.x)
	d.collectCustom(d.b.x)
	var slots []termSlot
	for shard := range termShards {
		if d.done(ctx) {
			return
		}
		slots = d.b.x.termsOf(slots[:0], shard)
		d.lookUp(slots, func(termHash) bool { return true })
		// Terms that only the index has.
		slots = d.a.x.termsOf(slots[:0], shard)
		d.lookUp(slots, func(t termHash) bool { return d.b.x.mu.table.get(t) == 0 })
	}
}

// collectCustom remembers the terms of custom params.
func (d *differ) collectCustom(x *Index) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for p := int(FirstCustom); p < len(x.mu.params); p++ {
		if c := x.mu.params[p]; c != nil {
			for _, t := range c.custom {
				d.custom[t] = true
			}
		}
	}
}

// termsOf appends the terms of a shard.
func (x *Index) termsOf(dst []termSlot, shard int) []termSlot {
	x.mu.RLock()
	defer x.mu.RUnlock()
	for _, slot := range x.mu.table.shards[shard].slots {
		if slot.payload != 0 {
			dst = append(dst, slot)
		}
	}
	return dst
}

// lookUp compares the postings of the wanted terms.
func (d *differ) lookUp(slots []termSlot, wanted func(termHash) bool) {
	for len(slots) > 0 && !d.stopped {
		n := min(len(slots), diffStep)
		d.pairs = d.pairs[:0]
		d.lookUpLocked(slots[:n], wanted)
		for i := range d.pairs {
			p := &d.pairs[i]
			if o := p.a.firstOfOne(p.b, d.visible); o != 0 && !d.passing(p.term) {
				d.differs(DiffPosting, p.owner, o)
			}
		}
		slots = slots[n:]
	}
}

// passing reports whether a difference was one of a custom param whose values come or go
// just now. It looks again while none does.
func (d *differ) passing(t termHash) bool {
	a, b := d.a.x, d.b.x
	a.applying.Lock()
	defer a.applying.Unlock()
	d.collectCustom(a)
	if d.custom[t] {
		return true
	}
	a.mu.RLock()
	defer a.mu.RUnlock()
	b.mu.RLock()
	defer b.mu.RUnlock()
	return d.a.postingLocked(a.mu.table.get(t)).firstOfOne(d.b.postingLocked(b.mu.table.get(t)), d.visible) == 0
}

// lookUpLocked collects the postings of terms, under the locks of both indexes.
func (d *differ) lookUpLocked(slots []termSlot, wanted func(termHash) bool) {
	a, b := d.a.x, d.b.x
	a.mu.RLock()
	defer a.mu.RUnlock()
	b.mu.RLock()
	defer b.mu.RUnlock()
	for _, slot := range slots {
		t := termHash{slot.hi, slot.lo}
		if !wanted(t) || len(d.custom) > 0 && d.custom[t] {
			continue
		}
		x, y := a.mu.table.get(t), b.mu.table.get(t)
		if x == y && x&postingBit == 0 {
			continue
		}
		d.pairs = append(d.pairs, postingPair{t, d.a.postingLocked(x), d.b.postingLocked(y), ownerOf(a, x, b, y)})
	}
}

// ownerOf returns the param of a term whose payloads are x in a and y in b, if one of
// the two tells it. REQUIRES: mu of both held.
func ownerOf(a *Index, x uint32, b *Index, y uint32) Param {
	switch {
	case x&postingBit != 0:
		return *a.mu.postings.owners.at(x &^ postingBit)
	case y&postingBit != 0:
		return *b.mu.postings.owners.at(y &^ postingBit)
	}
	return NoParam
}

// firstOfOne returns the first ordinal that only one of two postings has; 0 if there is
// none. It looks at the ordinals in among, or at all if among is nil.
func (p Posting) firstOfOne(q Posting, among *bitset.BitSet) Ordinal {
	a, b := p.cursor(), q.cursor()
	x, y := a.next(among), b.next(among)
	for x == y {
		if x == 0 {
			return 0
		}
		x, y = a.next(among), b.next(among)
	}
	if x == 0 || y != 0 && y < x {
		return Ordinal(y)
	}
	return Ordinal(x)
}

// A postingCursor goes upwards through a posting.
type postingCursor struct {
	bits interface {
		HasNext() bool
		Next() uint32
	} // nil if there is no bitmap, or none is left
	last uint32
	rest []uint32
}

func (p Posting) cursor() (c postingCursor) {
	if p.frozen != nil {
		c.bits, c.last = p.frozen.Iterator(), uint32(p.view.s.last)
	}
	if c.rest = p.tail; p.only != 0 {
		c.rest = []uint32{p.only}
	}
	return c
}

// next returns the next ordinal in among, 0 at the end.
func (c *postingCursor) next(among *bitset.BitSet) uint32 {
	for {
		o := c.step()
		if o == 0 || among == nil || among.Test(uint(o)) {
			return o
		}
	}
}

func (c *postingCursor) step() (o uint32) {
	if c.bits != nil {
		if c.bits.HasNext() {
			if o := c.bits.Next(); o <= c.last {
				return o
			}
		}
		c.bits = nil
	}
	if len(c.rest) > 0 {
		o, c.rest = c.rest[0], c.rest[1:]
	}
	return o
}

// A textEntry is a text of a dictionary with its posting.
type textEntry struct {
	text    string
	id      textID
	posting Posting
}

// texts compares the dictionaries of a param.
func (d *differ) texts(ctx context.Context, p Param) {
	d.eachText(ctx, d.b, p, func(e *textEntry) {
		first := e.posting.firstOfOne(Posting{}, d.visible)
		if first == 0 {
			return
		}
		own, ok := d.a.text(p, e.text)
		if !ok {
			d.differs(DiffText, p, first)
			return
		}
		if o := own.posting.firstOfOne(e.posting, d.visible); o != 0 {
			d.differs(DiffPosting, p, o)
		}
	})
	d.eachText(ctx, d.a, p, func(e *textEntry) {
		if _, ok := d.b.text(p, e.text); !ok {
			if o := e.posting.firstOfOne(Posting{}, d.visible); o != 0 {
				d.differs(DiffText, p, o)
			}
		}
	})
}

// eachText calls a function with each text of a param, in byte order.
func (d *differ) eachText(ctx context.Context, v View, p Param, each func(*textEntry)) {
	var batch []textEntry
	for from, more := "", true; more && !d.done(ctx); {
		batch = v.textsFrom(batch[:0], p, from)
		for i := range batch {
			each(&batch[i])
		}
		if more = len(batch) == walkBatch; more {
			from = batch[len(batch)-1].text + "\x00"
		}
	}
}

// textsFrom appends the next texts of a dictionary, up to walkBatch.
func (v View) textsFrom(dst []textEntry, p Param, from string) []textEntry {
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	if c := v.x.columnsLocked(p); c != nil {
		c.sorted.Ascend(from, func(text string, id textID) bool {
			dst = append(dst, textEntry{text, id, v.postingLocked(v.x.mu.texts.texts.at(uint32(id)).payload)})
			return len(dst) < walkBatch
		})
	}
	return dst
}

// text returns a text of a dictionary, if the dictionary, the table and the list of
// texts agree about it.
func (v View) text(p Param, text string) (e textEntry, ok bool) {
	term := v.x.terms.texts.text(text).hash(uint16(p), formFolded)
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	c := v.x.columnsLocked(p)
	if c == nil {
		return e, false
	}
	id, ok := c.sorted.Get(text)
	if !ok || v.x.mu.texts.table.get(term) != uint32(id) {
		return e, false
	}
	stored := v.x.mu.texts.texts.at(uint32(id))
	if stored.text != text || stored.param != p {
		return e, false
	}
	return textEntry{text, id, v.postingLocked(stored.payload)}, true
}
