package index

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// sweepStep is how many changes a sweep makes under one lock, for about 100 ns
// each.
const sweepStep = 512

// A sweptPosting is a posting that a sweep has seen, and its replacement. It belongs to
// a term of the table, to a text or to the presence of a param.
type sweptPosting struct {
	term    termHash // of a posting of the table
	text    textID   // of a posting of a text
	payload uint32
	seen    storedPosting // where payload is its number
	alive   storedPosting
}

// payloads finds the places of payloads.
type payloads struct {
	// at returns the place of a seen posting's payload, or nil if it is gone.
	at func(*sweptPosting) *uint32
	// drop removes the place of a posting that has become empty.
	drop func(*sweptPosting)
}

// see collects a payload's posting if it may hold dead ordinals. REQUIRES: mu held.
func (s *sweep) see(p sweptPosting) {
	s.freed = s.x.mu.freed
	switch {
	case p.payload == 0:
	case p.payload&postingBit != 0:
		p.seen = *s.x.mu.postings.postings.at(p.payload &^ postingBit)
		s.work = append(s.work, p)
	case s.isDead(p.payload):
		s.work = append(s.work, p)
	}
}

// sweepSeen sweeps the seen postings and puts the results in place. It reports whether
// the writer has changed one of them so that it must be seen again; additions to the
// end of a tail are no such change.
func (s *sweep) sweepSeen(of payloads) (again bool) {
	s.work = slices.DeleteFunc(s.work, func(p sweptPosting) bool {
		return p.payload&postingBit != 0 && !s.intersects(&p.seen)
	})
	for i := range s.work {
		if p := &s.work[i]; p.payload&postingBit != 0 {
			p.alive = s.cut(&p.seen)
		}
	}
	for from := 0; from < len(s.work); from += sweepStep {
		if s.replace(of, s.work[from:min(from+sweepStep, len(s.work))]) {
			again = true
		}
	}
	clear(s.work) // of references to what was replaced
	s.work = s.work[:0]
	return again
}

func (s *sweep) intersects(p *storedPosting) bool {
	return slices.ContainsFunc(p.tail, s.isDead) || p.frozen != nil && p.frozen.Intersects(s.dead)
}

// cut returns a posting without the dead. It leaves p alone.
func (s *sweep) cut(p *storedPosting) storedPosting {
	if p.frozen == nil {
		return storedPosting{tail: s.alive(nil, p.tail)}
	}
	frozen := roaring.AndNot(p.frozen, s.dead)
	if n := int(frozen.GetCardinality()); n == 0 || !freezes(n, frozen.Minimum(), frozen.Maximum()) {
		return storedPosting{tail: s.alive(frozen.ToArray(), p.tail)}
	}
	frozen.RunOptimize()
	return storedPosting{frozen: shareable(frozen), tail: s.alive(nil, p.tail)}
}

// alive returns a list and the living ordinals of a tail, without spare memory.
func (s *sweep) alive(list, tail []uint32) []uint32 {
	n := len(list)
	for _, o := range tail {
		if !s.isDead(o) {
			n++
		}
	}
	all := append(make([]uint32, 0, n), list...)
	for _, o := range tail {
		if !s.isDead(o) {
			all = append(all, o)
		}
	}
	return all
}

// replace puts swept postings in place.
func (s *sweep) replace(of payloads, work []sweptPosting) (again bool) {
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	if s.x.mu.freed != s.freed {
		return true
	}
	store := &s.x.mu.postings
	for i := range work {
		p := &work[i]
		payload := of.at(p)
		if payload == nil || *payload != p.payload {
			again = true
			continue
		}
		if p.payload&postingBit == 0 {
			*payload = 0
			of.drop(p)
			continue
		}
		number := p.payload &^ postingBit
		now := store.postings.at(number)
		if now.frozen != p.seen.frozen || len(now.tail) < len(p.seen.tail) {
			again = true
			continue
		}
		*now = storedPosting{p.alive.frozen, append(p.alive.tail, now.tail[len(p.seen.tail):]...)}
		switch {
		case now.frozen != nil || len(now.tail) > 1:
		case len(now.tail) == 1:
			*payload = now.tail[0]
			store.remove(number)
		default:
			*payload = 0
			store.remove(number)
			of.drop(p)
		}
	}
	return again
}

// sweepShard sweeps the postings of a part of the term table.
func (s *sweep) sweepShard(shard *termShard) {
	of := payloads{
		at: func(p *sweptPosting) *uint32 {
			if slot := shard.slot(p.term); slot.payload != 0 {
				return &slot.payload
			}
			return nil
		},
		drop: func(p *sweptPosting) { shard.remove(p.term) },
	}
	for again := true; again; again = s.sweepSeen(of) {
		s.x.mu.RLock()
		for _, slot := range shard.slots {
			s.see(sweptPosting{term: termHash{slot.hi, slot.lo}, payload: slot.payload})
		}
		s.x.mu.RUnlock()
	}
	s.shrink(shard)
}

func (s *sweep) shrink(shard *termShard) {
	s.x.mu.Lock()
	defer s.x.mu.Unlock()
	shard.shrink()
}

// sweepTexts sweeps the postings of texts, and takes texts that no version has any
// more out of the dictionary. Their numbers are not used again: readers may hold
// columns with them.
func (s *sweep) sweepTexts(ctx context.Context, texts *textStore) error {
	x := s.x
	var gone []textID
	of := payloads{
		at: func(p *sweptPosting) *uint32 { return &texts.texts.at(uint32(p.text)).payload },
		drop: func(p *sweptPosting) {
			t := texts.texts.at(uint32(p.text))
			if c := x.columnsLocked(t.param); c != nil { // Drop may be at it
				c.sorted.Delete(t.text)
			}
			term := x.terms.texts.text(t.text).hash(uint16(t.param), formFolded)
			texts.table.removeTerm(term)
			gone = append(gone, p.text)
		},
	}
	for first, more := uint32(1), true; more; {
		if err := ctx.Err(); err != nil {
			return err
		}
		x.mu.RLock()
		end := min((first|(chunkSize-1))+1, texts.n+1)
		for id := first; id < end; id++ {
			s.see(sweptPosting{text: textID(id), payload: texts.texts.at(id).payload})
		}
		more = end <= texts.n
		x.mu.RUnlock()
		if s.sweepSeen(of) {
			more = true
			continue // the same chunk again
		}
		x.forgetTexts(texts, gone)
		gone, first = gone[:0], end
	}
	for i := range texts.table.shards {
		s.shrink(&texts.table.shards[i])
	}
	return nil
}

// forgetTexts frees texts of one chunk. Readers may use them without a lock, so the
// chunk is replaced by a copy. A full chunk that has no text any more is replaced by
// the shared empty chunk.
func (x *Index) forgetTexts(texts *textStore, gone []textID) {
	if len(gone) == 0 {
		return
	}
	x.mu.Lock()
	defer x.mu.Unlock()
	first := uint32(gone[0])
	chunk := texts.texts.copyOf(first)
	for _, id := range gone {
		chunk[id&(chunkSize-1)] = storedText{}
	}
	full := first|(chunkSize-1) <= texts.n
	if full && !slices.ContainsFunc(chunk[:], func(t storedText) bool { return t != storedText{} }) {
		if texts.empty == nil {
			texts.empty = chunk
		}
		chunk = texts.empty
	}
	texts.texts.replace(first, chunk)
}

// sweepPresence sweeps the posting of the presence of a param.
func (s *sweep) sweepPresence(c *paramColumns) {
	of := payloads{
		at:   func(*sweptPosting) *uint32 { return &c.present },
		drop: func(*sweptPosting) {},
	}
	for again := true; again; again = s.sweepSeen(of) {
		s.x.mu.RLock()
		s.see(sweptPosting{payload: c.present})
		s.x.mu.RUnlock()
	}
}
