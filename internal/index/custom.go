package index

import (
	"cmp"
	"slices"
)

// FirstCustom is the first custom param. Custom params are defined while the index
// lives. [Index.Fill] and [Item.Custom] add their values, and [Index.Drop] takes a
// param out as a whole; then another param may get its number.
const FirstCustom Param = 1 << 15

// A Late is values of custom params for a version that was applied without them.
type Late struct {
	Ordinal Ordinal
	Values  *Prepared
}

// Fill adds values of custom params to versions that were applied before. It is called
// by the goroutine that applies. The ordinals rise, and for each param they rise from
// one call to the next and on to the items of Apply: up to some ordinal the values of a
// param come through Fill, and after it through [Item.Custom]. Versions that are no
// longer visible are left out, since a swept version must not come back. So a view
// older than the last Fill of a param lacks some of its values: the caller must not ask
// it for them.
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

// values returns the values to add, or nil.
func (l *Late) values() *Prepared {
	if l.Values == nil || l.Values.in == nil {
		return nil
	}
	return l.Values
}

// Drop frees the values of custom params. It is called by the goroutine that applies. A
// search that still asks for one of them gets a wrong answer: the caller must discard
// it. Entities that only references of these params named stay.
func (x *Index) Drop(params ...Param) {
	x.applying.Lock()
	defer x.applying.Unlock()
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

// freeLocked frees the posting of a payload, and empties the payload. A sweep that has
// seen the posting must not take it for the next posting with its number: x.mu.freed
// makes the sweep look again. REQUIRES: mu held for writing.
func (x *Index) freeLocked(payload *uint32) {
	x.mu.freed++
	if *payload&postingBit != 0 {
		x.mu.postings.remove(*payload &^ postingBit)
	}
	*payload = 0
}

// dropTerms removes the terms of a dropped param from the table, some under each lock.
// A term is listed twice if a sweep removed it and a later version brought it back.
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

// dropTexts takes the folded texts of a dropped param out of the table, and frees them.
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
	// The order of their numbers lets texts of one chunk be freed together.
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
