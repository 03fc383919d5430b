package index

import (
	"fmt"
	"runtime"
	"slices"
	"strings"
)

// An Item is one resource version of a log record.
type Item struct {
	// Type and ID name the resource. The id has 1 to [MaxIDLen] bytes.
	Type TypeID
	ID   string
	// Version is the version number, or 0 for the number after the resource's newest. A
	// log without the older versions gives it.
	Version uint64
	// Deleted marks a deletion, which has no values.
	Deleted bool
	// Brought says that the version brought its own time, SourceTime, in microseconds
	// since the Unix epoch. It is no later than the commit's time, and no earlier than
	// the time of the version before.
	Brought    bool
	SourceTime int64
	// Hole says that the ordinal stands for no version, because the item was purged or
	// erased. The other fields are ignored.
	Hole bool
	// Values are the result of Prepare, nil for none. Apply only reads them.
	Values *Prepared
	// Custom are the values of custom params, which Fill may add later instead.
	Custom *Prepared
}

// values returns the values to apply, or nil.
func (it *Item) values() *Prepared {
	if it.Hole || it.Values == nil || it.Values.in == nil {
		return nil
	}
	return it.Values
}

// custom returns the custom values to apply, or nil.
func (it *Item) custom() *Prepared {
	if it.Hole || it.Custom == nil || it.Custom.in == nil {
		return nil
	}
	return it.Custom
}

// check reports an impossible item, the i-th of its commit.
func (it *Item) check(i int) error {
	switch {
	case it.Hole:
		return nil
	case it.ID == "" || len(it.ID) > MaxIDLen:
		return fmt.Errorf("%w: id of item %d", ErrItem, i)
	case it.Version > maxVersion:
		return fmt.Errorf("%w: version of item %d", ErrItem, i)
	case it.Deleted && it.values() != nil && len(it.values().counts()) > 0:
		return fmt.Errorf("%w: item %d is a deletion with values", ErrItem, i)
	}
	return nil
}

// MaxIDLen is the length of the longest id in bytes (FHIR R4 §2.24.0.1).
const MaxIDLen = 64

// A Commit has the versions of one sequence of the log.
type Commit struct {
	Sequence uint64
	Time     int64 // in microseconds since the Unix epoch
	Items    []Item
}

// applyChunk is how many items are applied under one lock. It bounds how long
// readers wait: some tenths of a millisecond.
const applyChunk = 64

// Apply adds one commit, as ApplyAll does. Item i gets the ordinal first + i. Ordinals
// between the last commit and first become holes of this commit.
func (x *Index) Apply(seq uint64, timeMicros int64, first Ordinal, items []Item) error {
	x.applying.Lock()
	defer x.applying.Unlock()
	return x.apply(first, Commit{seq, timeMicros, items})
}

// ApplyAll adds commits and publishes them together: a view taken afterwards sees all
// of them, and a view taken before sees none; [Index.ViewAt] shows the state after
// each. Their items get the ordinals from first on, without gaps. Sequences rise from
// 1, with gaps allowed; times never fall.
//
// It reports [ErrOrder], [ErrFull] or [ErrItem], and has then changed nothing; see
// [Admission].
func (x *Index) ApplyAll(commits []Commit) (first Ordinal, err error) {
	x.applying.Lock()
	defer x.applying.Unlock()
	first = x.state.Load().last + 1
	return first, x.apply(first, commits...)
}

// apply adds commits. REQUIRES: applying held.
func (x *Index) apply(first Ordinal, commits ...Commit) error {
	n, err := x.check(first, commits)
	if err != nil || len(commits) == 0 {
		return err
	}
	old := x.state.Load()
	records, o := old.records, first
	x.versions.grow(uint32(first) + n)
	x.records.grow(old.records + uint32(len(commits)))
	for hole := old.last + 1; hole < first; hole++ {
		x.dead.add(hole, hole, 0)
	}
	for i := range commits {
		c := &commits[i]
		for j := range c.Items {
			x.place(o, &c.Items[j])
			o++
		}
		*x.records.at(records) = record{c.Sequence, c.Time, o - 1, x.dead.n}
		records++
	}
	x.addChunk()
	x.addSet()
	x.state.Store(&published{record: *x.records.at(records - 1), records: records, dead: x.dead.publish(), exact: true})
	return nil
}

// check returns the number of items, or the reason why they cannot be applied.
func (x *Index) check(first Ordinal, commits []Commit) (n uint32, err error) {
	old := x.state.Load()
	if first <= old.last {
		return 0, ErrOrder
	}
	sequence, time := old.sequence, old.time
	need := Usage{Commits: uint64(len(commits)), Versions: uint64(first - old.last - 1)}
	for i := range commits {
		c := &commits[i]
		if c.Sequence <= sequence || (i > 0 || old.records > 0) && c.Time < time {
			return 0, ErrOrder
		}
		sequence, time = c.Sequence, c.Time
		for j := range c.Items {
			it := &c.Items[j]
			if err := it.check(j); err != nil {
				return 0, err
			}
			need.addItem(it)
		}
		n += uint32(len(c.Items))
	}
	if !x.used(uint64(old.last), uint64(old.records)).plus(need).within(x.limits) {
		return 0, ErrFull
	}
	return n, nil
}

// A placed is a version of the chunk that is being applied, or a version that gets
// further values.
type placed struct {
	ordinal Ordinal
	typ     TypeID
	known   bool      // its type's posting has it
	values  *Prepared // nil if there are none
	brought bool
	time    int64 // that it brought
}

// place enters an item into the resource table and puts it into the chunk.
func (x *Index) place(o Ordinal, it *Item) {
	x.addVersion(o, it)
	if it.Hole {
		return
	}
	x.chunk = append(x.chunk, placed{o, it.Type, false, it.values(), it.Brought, it.SourceTime})
	if v := it.custom(); v != nil && x.loading == nil {
		x.chunk = append(x.chunk, placed{ordinal: o, typ: it.Type, known: true, values: v})
	}
	if len(x.chunk) >= applyChunk {
		x.addChunk()
		if x.loading == nil {
			runtime.Gosched() // readers that wait for a processor go first
		}
	}
}

// addChunk adds the values of the chunk and empties it.
func (x *Index) addChunk() {
	x.resolveTargets()
	x.addChunkValues()
	switch {
	case x.loading == nil:
		if x.set.full(applyTerms) {
			x.addSet()
		}
	case x.loading.filling.full(loadTerms):
		x.loading.hand()
	}
	clear(x.chunk) // of references to the caller's memory
	x.chunk = x.chunk[:0]
}

// addChunkValues adds the entries of the chunk's values to columns, and collects their
// terms.
func (x *Index) addChunkValues() {
	x.mu.Lock()
	defer x.mu.Unlock()
	set := x.set
	if x.loading != nil {
		set = x.loading.filling
	}
	targets, foreign := x.targets, uint64(0)
	brought := false
	for i := range x.chunk {
		p := &x.chunk[i]
		if !p.known {
			x.addTypeLocked(p.ordinal, p.typ)
		}
		if p.brought {
			x.addSourceLocked(p.ordinal, p.time)
			brought = true
		}
		if p.values == nil {
			continue
		}
		n := len(p.values.targets())
		x.addValuesLocked(p.ordinal, p.values, targets[:n])
		foreign += p.values.foreign()
		targets = targets[n:]
		set.begin(p.ordinal)
		x.collectLocked(set, p.values)
	}
	if brought {
		x.publishSourcesLocked()
	}
	x.foreign.Store(x.foreign.Load() + foreign)
	if x.loading == nil {
		x.addPresentLocked()
	}
}

// collectLocked adds the terms of a version's values to a set.
//
// A code under any system is found under each system: View.Posting asks one system
// after the other. If a param has too many systems, the codes of the later systems
// share a term: one term for a code under all of these. REQUIRES: mu held for writing.
func (x *Index) collectLocked(set *termSet, v *Prepared) {
	for _, t := range v.terms() {
		set.add(t.hash, t.param)
	}
	tokens := v.tokens()
	for i := range tokens {
		t := &tokens[i]
		set.add(t.full, t.param)
		if !x.mu.params[t.param].ownSystem(t.system) {
			set.add(t.code.hash(uint16(t.param), formCode), t.param)
		}
	}
}

// applyTerms is how many terms are added together. The more there are, the more often
// versions share one.
const applyTerms = 1 << 14

// groupsLocked is how many terms are added under one lock.
const groupsLocked = 512

// addSet adds the collected terms to their postings.
func (x *Index) addSet() {
	if x.loading != nil || x.set.n == 0 {
		x.set.reset()
		return
	}
	x.groups.group(x.set.versions, x.set.parts[0])
	for groups := range slices.Chunk(x.groups.groups, groupsLocked) {
		x.touch(groups)
		x.addGroups(groups)
	}
	x.set.reset()
}

// addGroups adds terms with their ordinals.
func (x *Index) addGroups(groups []termGroup) {
	x.mu.Lock()
	defer x.mu.Unlock()
	for i := range groups {
		g := &groups[i]
		payload := x.mu.table.put(g.hash)
		if x.mu.postings.addMany(payload, x.groups.ordinalsOf(g), g.param, &x.mu.postings) {
			columns := x.mu.params[g.param]
			columns.terms++
			if g.param >= FirstCustom {
				columns.custom = append(columns.custom, g.hash)
			}
		}
	}
}

// resolveTargets numbers the targets of the chunk's references.
func (x *Index) resolveTargets() {
	n := 0
	for i := range x.chunk {
		if v := x.chunk[i].values; v != nil {
			n += len(v.targets())
		}
	}
	x.entities.reserve(n)
	x.targets = x.targets[:0]
	for i := range x.chunk {
		v := x.chunk[i].values
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

// addVersion enters an item into the resource table. Views do not see it before the
// commit is published: its ordinal is too large for them, and so is the previous
// version's next.
func (x *Index) addVersion(o Ordinal, it *Item) {
	v := x.versions.at(uint32(o))
	if it.Hole {
		x.dead.add(o, o, 0)
		return
	}
	var key entityKey
	key.set(it.ID)
	x.entities.reserve(1)
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
			v.number = min(before.number&^deletedBit+1, maxVersion)
		}
	}
	if it.Deleted {
		v.number |= deletedBit
		x.dead.add(o, o, it.Type)
	}
	r.newest.Store(uint32(o))
	if before != nil {
		before.next.Store(uint32(o))
		if before.number&deletedBit == 0 {
			x.dead.add(v.previous, o, it.Type)
		}
	}
}

// touch reads the slots that terms are about to need. They are spread over a large
// memory. Read one after the other, without a branch between, the processor fetches
// many at a time, and no reader waits for it.
func (x *Index) touch(groups []termGroup) {
	x.mu.RLock()
	defer x.mu.RUnlock()
	sum := uint32(0)
	for i := range groups {
		sum += x.mu.table.home(groups[i].hash)
	}
	x.touched = sum
}

// addTypeLocked adds an ordinal to the posting of its type. REQUIRES: mu held
// for writing.
func (x *Index) addTypeLocked(o Ordinal, typ TypeID) {
	if n := int(typ) + 1 - len(x.mu.types); n > 0 {
		x.mu.types = append(x.mu.types, make([]uint32, n)...)
	}
	x.addOneLocked(&x.mu.types[typ], o, noParam)
}

// addOneLocked adds an ordinal to a payload's posting. REQUIRES: mu held for writing.
func (x *Index) addOneLocked(payload *uint32, o Ordinal, owner Param) {
	one := [1]uint32{uint32(o)}
	x.mu.postings.addMany(payload, one[:], owner, &x.mu.postings)
}

// addValuesLocked adds the entries of a version's values to columns. targets are the
// entities of the version's targets. REQUIRES: mu held for writing.
func (x *Index) addValuesLocked(o Ordinal, v *Prepared, targets []Entity) {
	for _, c := range v.counts() {
		columns := x.makeColumnsLocked(c.param)
		columns.counts[c.kind] += int(c.n)
		n := len(columns.having)
		if n == 0 {
			x.having = append(x.having, c.param)
		}
		if n == 0 || columns.having[n-1] != uint32(o) {
			columns.having = append(columns.having, uint32(o))
		}
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

// addPresentLocked adds the versions in which a param was seen to the posting of its
// presence. REQUIRES: mu held for writing.
func (x *Index) addPresentLocked() {
	for _, p := range x.having {
		columns := x.mu.params[p]
		x.mu.postings.addMany(&columns.present, columns.having, p, &x.mu.postings)
		columns.having = columns.having[:0]
	}
	x.having = x.having[:0]
}

// addTextLocked adds a folded text. REQUIRES: mu held for writing.
func (x *Index) addTextLocked(o Ordinal, t *preparedText) {
	columns := x.mu.params[t.param]
	payload := x.mu.texts.table.put(t.term)
	if *payload == 0 {
		text := strings.Clone(t.text)
		*payload = uint32(x.mu.texts.add(t.param, text))
		columns.sorted.Set(text, textID(*payload))
		columns.terms++
	}
	id := textID(*payload)
	x.addOneLocked(&x.mu.texts.texts.at(uint32(id)).payload, o, t.param)
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
