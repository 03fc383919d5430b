package index

import "unsafe"

// Stats says how large an index is.
type Stats struct {
	// Ordinals, Entities and Records that were applied; Superseded counts the
	// ordinals that are not visible, and Swept those of them that postings and
	// columns do not hold any more.
	Ordinals, Entities, Records, Superseded, Swept int
	// Terms in the table, distinct folded Texts, and Postings of more than one
	// ordinal among both.
	Terms, Texts, Postings int
	// Bytes by part, estimated from the sizes of the structures.
	Bytes struct {
		Resources, Terms, Postings, Texts, Columns int64
	}
	// Values counts the values of each parameter, by kind.
	Values map[Param]map[Kind]int
}

// Stats counts. It holds a read lock while it walks all postings, so that
// writers wait for it.
func (x *Index) Stats() Stats {
	var s Stats
	state := x.state.Load()
	s.Ordinals, s.Records = int(state.last), int(state.records)
	s.Superseded = int(state.dead.n)
	if state.dead.swept != nil {
		s.Swept = int(state.dead.swept.GetCardinality())
	}

	x.mu.RLock()
	defer x.mu.RUnlock()
	x.resourceStats(&s)
	x.termStatsLocked(&s)
	s.Values = make(map[Param]map[Kind]int)
	for p, c := range x.mu.params {
		if c != nil {
			c.stats(&s, Param(p))
		}
	}
	return s
}

func (x *Index) resourceStats(s *Stats) {
	s.Bytes.Resources = int64(x.versions.elements())*int64(unsafe.Sizeof(version{})) +
		int64(x.records.elements())*int64(unsafe.Sizeof(record{})) +
		int64(x.entities.records.elements())*int64(unsafe.Sizeof(entityRecord{}))
	if slots := x.entities.slots.Load(); slots != nil {
		s.Bytes.Resources += int64(len(*slots)) * 4
	}
	if blocks := x.entities.arena.Load(); blocks != nil {
		s.Bytes.Resources += int64(len(*blocks)) * arenaBlock
	}
	s.Entities = int(x.entities.n.Load())
}

func (x *Index) termStatsLocked(s *Stats) {
	for i := range x.mu.table.shards {
		s.Terms += x.mu.table.shards[i].n
		s.Bytes.Terms += int64(len(x.mu.table.shards[i].slots)) * int64(unsafe.Sizeof(termSlot{}))
	}
	s.Postings = int(x.mu.postings.n)
	s.Bytes.Postings = int64(x.mu.postings.postings.elements()) * int64(unsafe.Sizeof(storedPosting{}))
	for i := range x.mu.postings.n {
		p := x.mu.postings.postings.at(i)
		s.Bytes.Postings += int64(cap(p.tail)) * 4
		if p.frozen != nil {
			s.Bytes.Postings += int64(p.frozen.GetSizeInBytes())
		}
	}
	for i := uint32(1); i <= x.mu.texts.n; i++ {
		if t := x.mu.texts.texts.at(i); t.payload != 0 {
			s.Texts++
			s.Bytes.Texts += int64(len(t.text))
		}
	}
	// A key and a value in the tree, whose nodes are two thirds full.
	s.Bytes.Texts += int64(s.Texts)*36 + int64(x.mu.texts.texts.elements())*int64(unsafe.Sizeof(storedText{}))
}

func (c *paramColumns) stats(s *Stats, p Param) {
	kinds := make(map[Kind]int)
	for kind, n := range c.counts {
		if n > 0 {
			kinds[Kind(kind)] = n
		}
	}
	s.Values[p] = kinds
	s.Bytes.Columns += c.dates.bytes() + c.numbers.bytes() + c.edges.bytes() + c.texts.bytes()
}
