package index

// FirstCustom is the first of the params that come and go while the index lives:
// those of search parameters that are defined at run time. [Index.Fill] and
// [Item.Custom] add their values, and [Index.Drop] takes a param out as a whole,
// whereupon its number may be given to another.
const FirstCustom Param = 1 << 15

// A Late is values of custom params for a version that was applied without them.
type Late struct {
	Ordinal Ordinal
	Values  *Prepared
}

// Fill adds values of custom params to versions that were applied before. It is
// called by the goroutine that applies. The ordinals rise, and for each param
// they rise from one call to the next and to the items that Apply adds: all
// versions have the values of a param through Fill, up to some ordinal, and
// through [Item.Custom] after it. Views that are older than the last Fill of a
// param see some of its values: the caller must not ask them for it.
//
// It reports [ErrFull], and has then changed nothing.
func (x *Index) Fill(late []Late) error {
	keys := 0
	for i := range late {
		keys += late[i].targets()
	}
	if !x.entities.room(keys) {
		return ErrFull
	}
	for i := 0; i < len(late); i += applyChunk {
		x.fillChunk(late[i:min(i+applyChunk, len(late))])
	}
	return nil
}

// targets returns how many references there are.
func (l *Late) targets() int {
	if l.Values == nil || l.Values.in == nil {
		return 0
	}
	return len(l.Values.targets())
}

// fillCustom adds the custom values of items that are being applied.
func (x *Index) fillCustom(first Ordinal, items []Item) {
	x.late = x.late[:0]
	for i := range items {
		if it := &items[i]; it.Custom != nil && !it.Hole {
			x.late = append(x.late, Late{first + Ordinal(i), it.Custom})
		}
	}
	if len(x.late) > 0 {
		x.fillChunk(x.late)
	}
}

func (x *Index) fillChunk(late []Late) {
	var buf [applyChunk]Item
	items := buf[:len(late)]
	for i := range late {
		items[i].Values = late[i].Values
	}
	x.resolveTargets(items)

	x.mu.Lock()
	defer x.mu.Unlock()
	targets := x.targets
	for i := range late {
		v := items[i].values()
		if v == nil {
			continue
		}
		n := len(v.targets())
		fresh := x.freshLocked(v)
		x.addValuesLocked(late[i].Ordinal, v, targets[:n])
		x.rememberLocked(fresh)
		targets = targets[n:]
	}
}

// A customTerm is a term of a custom param. A term says nothing of its param, and
// so Drop could not find those of one: they are remembered with it.
type customTerm struct {
	term   termHash
	param  Param
	folded bool // its payload is the number of a text
}

// own remembers a term of a custom param.
func (h *hasher) own(p Param, t termHash, folded bool) {
	if p >= FirstCustom {
		h.to.customs = append(h.to.customs, customTerm{t, p, folded})
	}
}

// freshLocked returns those terms of custom params that the table does not have.
// The result is good until the next call. REQUIRES: mu held.
func (x *Index) freshLocked(v *Prepared) []customTerm {
	x.fresh = x.fresh[:0]
	for _, c := range v.in.customs[v.from.customs:v.end.customs] {
		if x.mu.table.get(c.term) == 0 {
			x.fresh = append(x.fresh, c)
		}
	}
	return x.fresh
}

// rememberLocked remembers what the table has now. REQUIRES: mu held for writing.
func (x *Index) rememberLocked(fresh []customTerm) {
	for _, c := range fresh {
		if x.mu.table.get(c.term) == 0 {
			continue // a code of one of the param's own systems has no term for itself
		}
		columns := x.mu.params[c.param]
		columns.custom = append(columns.custom, c)
	}
}

// dropChunk is how many terms are removed under one lock.
const dropChunk = 256

// Drop frees the values of custom params. It is called by the goroutine that
// applies. Whoever still asks for one of them gets an answer of no meaning: the
// caller sees to it that nobody trusts one. The entities that only their
// references named stay.
func (x *Index) Drop(params ...Param) {
	for _, p := range params {
		x.mu.Lock()
		columns := x.columnsLocked(p)
		if columns != nil {
			x.mu.params[p] = nil
		}
		x.mu.Unlock()
		if columns == nil {
			continue
		}
		terms := append(columns.custom, customTerm{param: p, term: x.terms.Present(p).hash})
		for i := 0; i < len(terms); i += dropChunk {
			x.dropTerms(columns, terms[i:min(i+dropChunk, len(terms))])
		}
	}
}

func (x *Index) dropTerms(columns *paramColumns, terms []customTerm) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for _, c := range terms {
		payload := x.mu.table.remove(c.term)
		if c.folded && payload != 0 {
			payload = columns.own.texts.at(payload).payload
		}
		x.mu.postings.free(payload)
	}
}

// textsOf returns the store of a param's folded texts. A custom param has one of
// its own, since readers look up texts without the lock: it goes when the last
// of them has gone.
func (x *Index) textsOf(c *paramColumns) *textStore {
	if c.own != nil {
		return c.own
	}
	return &x.mu.texts
}

// remove takes a term out of the table and returns its payload, 0 if it was not
// there. Terms behind it that were pushed on by it move up, so that no search
// ends at the gap.
func (t *termTable) remove(term termHash) (payload uint32) {
	s := &t.shards[term.hi>>(64-shardBits)]
	if len(s.slots) == 0 {
		return 0
	}
	gap := s.index(term)
	if payload = s.slots[gap].payload; payload == 0 {
		return 0
	}
	for i := s.after(gap); s.slots[i].payload != 0; i = s.after(i) {
		home := s.first(termHash{s.slots[i].hi, s.slots[i].lo})
		// A term stays if its search begins behind the gap, in the order from the
		// gap to i, which may go over the end.
		if gap < i && gap < home && home <= i || gap > i && (gap < home || home <= i) {
			continue
		}
		s.slots[gap], gap = s.slots[i], i
	}
	s.slots[gap] = termSlot{}
	s.n--
	return payload
}

// after returns the slot after one.
func (s *termShard) after(i int) int {
	if i++; i == len(s.slots) {
		return 0
	}
	return i
}

// free gives back the posting of a payload.
func (s *postingStore) free(payload uint32) {
	if payload&postingBit != 0 {
		*s.postings.at(payload &^ postingBit) = storedPosting{}
		s.unused = append(s.unused, payload)
	}
}
