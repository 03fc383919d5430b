package index

import (
	"cmp"
	"slices"
)

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
// through [Item.Custom] after it. Versions that are no longer visible are left
// aside: sweeps count on it that what they took out does not come back. So views
// that are older than the last Fill of a param lack some of its values: the caller
// must not ask them for it.
//
// It reports [ErrFull], and has then changed nothing.
func (x *Index) Fill(late []Late) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	used, need := x.Used(), Usage{}
	for i := range late {
		if v := late[i].values(); v != nil {
			need.addValues(v)
		}
	}
	if !used.plus(need).withForeign().within(x.limits.unreserved()) {
		return ErrFull
	}
	if len(late) > 0 {
		x.customChanges.Add(1)
	}
	view := x.View()
	for _, l := range late {
		if v := l.values(); v != nil && view.Visible(l.Ordinal) {
			x.chunk = append(x.chunk, placed{ordinal: l.Ordinal, known: true, values: v})
		}
		if len(x.chunk) >= applyChunk {
			x.addChunk()
		}
	}
	x.addChunk()
	x.addSet()
	return nil
}

// values returns what there is to add, or nil.
func (l *Late) values() *Prepared {
	if l.Values == nil || l.Values.in == nil {
		return nil
	}
	return l.Values
}

// Drop frees the values of custom params. It is called by the goroutine that
// applies. Whoever still asks for one of them gets an answer of no meaning: the
// caller sees to it that nobody trusts one. The entities that only their
// references named stay.
func (x *Index) Drop(params ...Param) {
	if len(params) > 0 {
		x.customChanges.Add(1)
	}
	for _, p := range params {
		x.mu.Lock()
		columns := x.columnsLocked(p)
		if columns != nil {
			x.mu.params[p] = nil
			x.freeLocked(&columns.present)
		}
		x.mu.Unlock()
		if columns != nil {
			x.dropTerms(columns)
			x.dropTexts(p, columns)
		}
	}
}

// freeLocked frees the posting of a payload, and empties the payload. A sweep that
// has seen it must not take it for what has the posting next: that it was freed
// makes the sweep look again. REQUIRES: mu held for writing.
func (x *Index) freeLocked(payload *uint32) {
	x.mu.freed++
	if *payload&postingBit != 0 {
		x.mu.postings.remove(*payload &^ postingBit)
	}
	*payload = 0
}

// dropTerms removes the terms of a param that is gone from the table, some under
// each lock. A sweep may have removed one, and a version have brought it back: then
// it is among them twice.
func (x *Index) dropTerms(columns *paramColumns) {
	for terms := range slices.Chunk(columns.custom, sweepStep) {
		x.mu.Lock()
		for _, t := range terms {
			posting := x.mu.table.removeTerm(t)
			x.freeLocked(&posting)
		}
		x.mu.Unlock()
	}
}

// dropTexts takes the folded texts of a param that is gone out of the table, and
// frees them.
func (x *Index) dropTexts(p Param, columns *paramColumns) {
	type entry struct {
		text string
		id   textID
	}
	var entries []entry
	columns.sorted.Scan(func(text string, id textID) bool {
		entries = append(entries, entry{text, id})
		return true
	})
	// In the order of their numbers: those of one chunk are freed together.
	slices.SortFunc(entries, func(a, b entry) int { return cmp.Compare(a.id, b.id) })
	var gone []textID
	for i, e := range entries {
		gone = append(gone, e.id)
		if i+1 < len(entries) && len(gone) < sweepStep && entries[i+1].id>>chunkBits == e.id>>chunkBits {
			continue
		}
		x.mu.Lock()
		for _, e := range entries[i+1-len(gone) : i+1] {
			x.freeLocked(&x.mu.texts.texts.at(uint32(e.id)).payload)
			x.mu.texts.table.removeTerm(x.terms.texts.text(e.text).hash(uint16(p), formFolded))
		}
		x.mu.Unlock()
		x.forgetTexts(&x.mu.texts, gone)
		gone = gone[:0]
	}
}
