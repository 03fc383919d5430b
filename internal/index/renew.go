package index

import (
	"context"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/bits-and-blooms/bitset"
)

// Renew replaces the values of the versions of some types by the values that these versions
// have in a twin ([Index.Twin]): for types whose values are made in another way now. The
// twin has holes in place of all other
// versions. Postings of types, histories and times stay, and so do custom params, which
// must have no values.
//
// Stats no longer count the values of swept versions, where only these types have the param.
//
// Nobody reads or writes the index meanwhile. After an error, which is that of ctx, it is of
// no use.
func (x *Index) Renew(ctx context.Context, twin *Index, types []TypeID) error {
	old := roaring.New()
	for _, t := range types {
		x.View().OfType(t).AddTo(old)
	}
	s := &sweep{x: x, dead: old, bits: bitset.From(old.ToDense())}
	if err := s.run(ctx); err != nil {
		return err
	}
	m := merging{x: x, twin: twin}
	for _, part := range []func(){m.entities, m.units, m.texts, m.terms, m.params} {
		if err := ctx.Err(); err != nil {
			return err
		}
		part()
	}
	return nil
}

// Swept reports whether a sweep has removed the values of o.
func (v View) Swept(o Ordinal) bool {
	swept := v.s.dead.swept
	return swept != nil && swept.Contains(uint32(o))
}

// A merging brings what a twin has into an index whose versions have nothing of it.
type merging struct {
	x, twin *Index
	entity  []Entity // by entity of the twin
	unit    []uint32 // by unit of the twin
	text    []textID // by text of the twin
}

func (m *merging) entities() {
	from, to := &m.twin.entities, &m.x.entities
	m.entity = make([]Entity, from.n.Load()+1)
	to.reserve(len(m.entity))
	for e := uint32(1); e < uint32(len(m.entity)); e++ {
		r := from.records.at(e)
		var key entityKey
		key.set(from.id(r))
		m.entity[e] = to.add(r.typ, key.bytes(), to.hash(r.typ, key.bytes()))
	}
}

func (m *merging) units() {
	units := m.twin.mu.units.units
	m.unit = make([]uint32, len(units)+1)
	for i, u := range units {
		m.unit[i+1] = m.x.mu.units.number(&preparedUnit{
			key: m.x.terms.unit(u.system, u.code, u.text), system: u.system, code: u.code, text: u.text,
		})
	}
}

func (m *merging) texts() {
	from, to := &m.twin.mu.texts, &m.x.mu.texts
	m.text = make([]textID, from.n+1)
	for id := uint32(1); id <= from.n; id++ {
		t := from.texts.at(id)
		columns := m.x.makeColumnsLocked(t.param)
		payload := to.table.put(m.x.terms.texts.text(t.text).hash(uint16(t.param), formFolded))
		if *payload == 0 {
			text := strings.Clone(t.text)
			*payload = uint32(to.add(t.param, text))
			columns.sorted.Set(text, textID(*payload))
			columns.terms++
		}
		m.text[id] = textID(*payload)
		m.posting(&to.texts.at(*payload).payload, t.payload, t.param)
	}
}

func (m *merging) terms() {
	for i := range m.twin.mu.table.shards {
		for _, slot := range m.twin.mu.table.shards[i].slots {
			if slot.payload == 0 {
				continue
			}
			owner := noParam
			if slot.payload&postingBit != 0 {
				owner = *m.twin.mu.postings.owners.at(slot.payload &^ postingBit)
			}
			m.posting(m.x.mu.table.put(termHash{slot.hi, slot.lo}), slot.payload, owner)
		}
	}
}

// posting adds to a payload's posting the ordinals of one of the twin's.
func (m *merging) posting(payload *uint32, from uint32, owner Param) {
	store := &m.x.mu.postings
	all := slices.Concat(store.ordinalsOf(*payload), m.twin.mu.postings.ordinalsOf(from))
	slices.Sort(all)
	switch {
	case len(all) == 0:
	case len(all) == 1:
		*payload = all[0]
	default:
		if *payload&postingBit == 0 {
			number := store.number()
			*store.owners.at(number), *payload = owner, number|postingBit
		}
		number := *payload &^ postingBit
		if owner != noParam {
			*store.owners.at(number) = owner
		}
		posting := store.postings.at(number)
		*posting = storedPosting{}
		posting.addMany(all)
	}
}

// ordinalsOf returns the ordinals of a payload.
func (s *postingStore) ordinalsOf(payload uint32) []uint32 {
	switch {
	case payload == 0:
		return nil
	case payload&postingBit == 0:
		return []uint32{payload}
	}
	p := s.postings.at(payload &^ postingBit)
	if p.frozen == nil {
		return p.tail
	}
	return append(p.frozen.ToArray(), p.tail...)
}

func (m *merging) params() {
	for p, from := range m.twin.mu.params {
		if from == nil {
			continue
		}
		to := m.x.makeColumnsLocked(Param(p))
		if to.present == 0 { // nobody else has values of it
			to.counts, to.terms = from.counts, from.terms
		}
		to.systems = from.systems // a twin has those of its index before its own
		m.posting(&to.present, from.present, Param(p))
		mergeColumn(&to.dates, &from.dates, func(r dateRange) dateRange { return r })
		mergeColumn(&to.numbers, &from.numbers, func(r numberRange) numberRange {
			r.unit = m.unit[r.unit&^inexactBit] | r.unit&inexactBit
			return r
		})
		mergeColumn(&to.edges, &from.edges, func(e Entity) Entity { return m.entity[e] })
		mergeColumn(&to.texts, &from.texts, func(t textID) textID { return m.text[t] })
	}
}

// mergeColumn brings the entries of a column into another one that has none of their
// ordinals.
func mergeColumn[T any](to, from *column[T], value func(T) T) {
	if from.n == 0 {
		return
	}
	var all column[T]
	at := 0
	for i := range from.n {
		o := from.ordinal(i)
		for ; at < to.n && to.ordinal(at) < o; at++ {
			all.add(to.ordinal(at), to.value(at))
		}
		all.add(o, value(from.value(i)))
	}
	for ; at < to.n; at++ {
		all.add(to.ordinal(at), to.value(at))
	}
	*to = all
}
