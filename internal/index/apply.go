package index

import (
	"fmt"
	"strings"
)

// An Item is one resource version of a log record.
type Item struct {
	// Type and ID say which resource. The id has 1 to [MaxIDLen] bytes.
	Type TypeID
	ID   string
	// Version is the version number, or 0 for the one after the resource's
	// newest. A log that has lost older versions gives it.
	Version uint64
	// Deleted marks a deletion, which has no values.
	Deleted bool
	// Hole is an ordinal that stands for nothing, because its item was purged
	// or erased. The other fields are ignored.
	Hole bool
	// Values are what Prepare made; nil is none. Apply only reads them.
	Values *Prepared
	// Custom are the values of custom params, which Fill may add later instead.
	Custom *Prepared
}

// values returns what there is to apply, or nil.
func (it *Item) values() *Prepared {
	if it.Hole || it.Values == nil || it.Values.in == nil {
		return nil
	}
	return it.Values
}

// MaxIDLen is the length of the longest id in bytes. FHIR R4 §2.24.0.1 allows 64.
const MaxIDLen = 254

// applyChunk is how many items are applied under one lock. It bounds how long
// readers wait: some tenths of a millisecond.
const applyChunk = 64

// Apply adds the record of a sequence and publishes it: views taken afterwards
// see it whole, and those taken before not at all. Item i has the ordinal
// first + i. Ordinals between the record before and first become holes of this one.
// Sequences rise from 1, with gaps allowed; times, microseconds since the Unix
// epoch, never fall.
//
// It reports [ErrOrder], [ErrFull] or [ErrItem], and has then changed nothing.
func (x *Index) Apply(seq uint64, timeMicros int64, first Ordinal, items []Item) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	old := x.state.Load()
	if seq <= old.sequence || first <= old.last || old.records > 0 && timeMicros < old.time {
		return ErrOrder
	}
	if err := x.check(first, items); err != nil {
		return err
	}
	last := first + Ordinal(len(items)) - 1
	x.versions.grow(uint32(last) + 1)
	for o := old.last + 1; o < first; o++ {
		x.dead.add(o, last)
	}
	for i := 0; i < len(items); i += applyChunk {
		chunk := items[i:min(i+applyChunk, len(items))]
		x.applyChunk(first+Ordinal(i), chunk)
		x.fillCustom(first+Ordinal(i), chunk)
	}
	rec := record{seq, timeMicros, last, x.dead.n}
	x.records.grow(old.records + 1)
	*x.records.at(old.records) = rec
	x.state.Store(&published{rec, old.records + 1, x.dead, true})
	return nil
}

func (x *Index) check(first Ordinal, items []Item) error {
	if uint64(first)+uint64(len(items)) > uint64(MaxOrdinal) {
		return ErrFull
	}
	keys := 0
	for i := range items {
		it := &items[i]
		if it.Hole {
			continue
		}
		keys++
		if v := it.values(); v != nil {
			keys += len(v.targets())
		}
		keys += (&Late{Values: it.Custom}).targets()
		switch {
		case it.ID == "" || len(it.ID) > MaxIDLen:
			return fmt.Errorf("%w: id of item %d", ErrItem, i)
		case it.Version > maxVersion:
			return fmt.Errorf("%w: version of item %d", ErrItem, i)
		case it.Deleted && it.values() != nil && len(it.values().counts()) > 0:
			return fmt.Errorf("%w: item %d is a deletion with values", ErrItem, i)
		}
	}
	if !x.entities.room(keys) {
		return ErrFull
	}
	return nil
}

func (x *Index) applyChunk(first Ordinal, items []Item) {
	x.resolveTargets(items)
	for i := range items {
		x.addVersion(first+Ordinal(i), &items[i])
	}
	x.touch(items)

	x.mu.Lock()
	defer x.mu.Unlock()
	targets := x.targets
	for i := range items {
		it := &items[i]
		if it.Hole {
			continue
		}
		o := first + Ordinal(i)
		x.addTypeLocked(o, it.Type)
		if v := it.values(); v != nil {
			n := len(v.targets())
			x.addValuesLocked(o, v, targets[:n])
			targets = targets[n:]
		}
	}
}

// resolveTargets numbers the targets of the items' references.
func (x *Index) resolveTargets(items []Item) {
	n := 0
	for i := range items {
		n++
		if v := items[i].values(); v != nil {
			n += len(v.targets())
		}
	}
	x.entities.reserve(n)
	x.targets = x.targets[:0]
	for i := range items {
		v := items[i].values()
		if v == nil {
			continue
		}
		targets := v.targets()
		for j := range targets {
			t := &targets[j]
			x.targets = append(x.targets, x.entities.add(t.typ, v.in.keys[t.from:t.end], t.digest.hi))
		}
	}
}

// addVersion enters an item into the resource table. Views do not see it before
// the record is published: for them its ordinal is too large, and so is the
// next of the version before.
func (x *Index) addVersion(o Ordinal, it *Item) {
	v := x.versions.at(uint32(o))
	if it.Hole {
		x.dead.add(o, o)
		return
	}
	var key entityKey
	key.set(it.ID)
	v.entity = x.entities.add(it.Type, key.bytes(), x.entities.hash(it.Type, key.bytes()))
	r := x.entities.records.at(uint32(v.entity))
	v.previous = Ordinal(r.newest.Load())
	v.number = uint32(it.Version)
	var before *version
	if v.previous != 0 {
		before = x.versions.at(uint32(v.previous))
	}
	if v.number == 0 {
		v.number = 1
		if before != nil {
			v.number = before.number&^deletedBit + 1
		}
	}
	if it.Deleted {
		v.number |= deletedBit
		x.dead.add(o, o)
	}
	r.newest.Store(uint32(o))
	if before != nil {
		before.next.Store(uint32(o))
		if before.number&deletedBit == 0 {
			x.dead.add(v.previous, o)
		}
	}
}

// touch reads the slots that the items' terms are about to need. They lie all
// over a large memory; asked for one after the other, without a branch between,
// the processor fetches many at a time, and no reader waits for it.
func (x *Index) touch(items []Item) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	sum := uint32(0)
	for i := range items {
		v := items[i].values()
		if v == nil {
			continue
		}
		for _, t := range v.terms() {
			sum += x.mu.table.home(t.hash)
		}
		tokens := v.tokens()
		for j := range tokens {
			sum += x.mu.table.home(tokens[j].full)
		}
	}
	x.touched = sum
}

// addTypeLocked adds an ordinal to the posting of its type. REQUIRES: mu held
// for writing.
func (x *Index) addTypeLocked(o Ordinal, typ TypeID) {
	if n := int(typ) + 1 - len(x.mu.types); n > 0 {
		x.mu.types = append(x.mu.types, make([]uint32, n)...)
	}
	x.mu.postings.add(&x.mu.types[typ], o, noParam)
}

// addValuesLocked adds a version's values. REQUIRES: mu held for writing.
func (x *Index) addValuesLocked(o Ordinal, v *Prepared, targets []Entity) {
	for _, c := range v.counts() {
		columns := x.makeColumnsLocked(c.param)
		columns.counts[c.kind] += int(c.n)
		x.mu.postings.add(&columns.present, o, c.param)
	}
	for _, t := range v.terms() {
		x.addTermLocked(o, t.hash, t.param)
	}
	tokens := v.tokens()
	for i := range tokens {
		x.addTokenLocked(o, &tokens[i])
	}
	for _, d := range v.dates() {
		x.mu.params[d.param].dates.add(o, d.value)
	}
	for _, n := range v.numbers() {
		unit := uint32(0)
		if n.unit >= 0 {
			unit = x.mu.units.number(&v.in.units[n.unit])
		}
		x.mu.params[n.param].numbers.add(o, newNumberRange(n.low, n.high, unit, n.inexact))
	}
	for _, e := range v.edges() {
		x.mu.params[e.param].edges.add(o, targets[e.target])
	}
	texts := v.texts()
	for i := range texts {
		x.addTextLocked(o, &texts[i])
	}
}

// addTermLocked adds an ordinal to the posting of a param's term. REQUIRES: mu held
// for writing.
func (x *Index) addTermLocked(o Ordinal, t termHash, p Param) {
	payload := x.mu.table.put(t)
	if *payload == 0 {
		columns := x.mu.params[p]
		columns.terms++
		if p >= FirstCustom {
			columns.custom = append(columns.custom, t)
		}
	}
	x.mu.postings.add(payload, o, p)
}

// addTokenLocked adds a code under its system. A code under any system is what
// it is under each: View.Posting asks one system after the other. Where a param
// has too many of them, the codes of later ones have a term of their own, for
// all these systems together. REQUIRES: mu held for writing.
func (x *Index) addTokenLocked(o Ordinal, t *preparedToken) {
	x.addTermLocked(o, t.full, t.param)
	if !x.mu.params[t.param].ownSystem(t.system) {
		x.addTermLocked(o, t.code.hash(uint16(t.param), formCode), t.param)
	}
}

// addTextLocked adds a folded text. REQUIRES: mu held for writing.
func (x *Index) addTextLocked(o Ordinal, t *preparedText) {
	columns := x.mu.params[t.param]
	payload := x.mu.table.put(t.term)
	if *payload == 0 {
		text := strings.Clone(t.text)
		*payload = uint32(x.mu.texts.add(t.param, text))
		columns.sorted.Set(text, textID(*payload))
		columns.terms++
	}
	id := textID(*payload)
	x.mu.postings.add(&x.mu.texts.texts.at(uint32(id)).payload, o, t.param)
	columns.texts.add(o, id)
}

// makeColumnsLocked returns the columns of a param that has a value.
// REQUIRES: mu held for writing.
func (x *Index) makeColumnsLocked(p Param) *paramColumns {
	if n := int(p) + 1 - len(x.mu.params); n > 0 {
		x.mu.params = append(x.mu.params, make([]*paramColumns, n)...)
	}
	if x.mu.params[p] == nil {
		x.mu.params[p] = new(paramColumns)
	}
	return x.mu.params[p]
}
