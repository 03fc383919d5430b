package index

import (
	"math/rand/v2"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"
)

// Damages are ways in which [Index.Damage] spoils an index.
var Damages = []string{
	"a member of a posting lost", "a member of a posting more", "a posting lost", "another single ordinal",
	"a member of a bitmap lost",
	"a member of a type lost", "a member of a presence lost", "a system lost",
	"a date changed", "a date lost", "a number changed", "a unit changed", "an edge changed", "a text of a version changed",
	"a text lost from the order", "a text lost from the table", "a stored text changed", "a posting of a text lost",
	"a previous version wrong", "a next version wrong", "a number of a version wrong", "a deletion more",
	"another resource", "a newest version wrong", "a time of a commit wrong", "a sequence of a commit wrong",
	"a dead version more", "a dead version forgotten", "an id changed",
}

// Damage spoils the index in some place that is visible, which random chooses. It
// returns false if there is none.
func (x *Index) Damage(how string, random *rand.Rand) bool {
	d := damage{x, x.View(), random}
	switch how {
	case "a member of a posting lost", "a posting lost", "another single ordinal", "a member of a bitmap lost", "a member of a posting more":
		return d.term(how)
	case "a member of a type lost":
		return d.any(len(x.mu.types), func(i int) bool { return d.loseMember(&x.mu.types[i], true) })
	case "a member of a presence lost":
		return d.param(func(c *paramColumns) bool { return d.loseMember(&c.present, false) })
	case "a system lost":
		return d.param(func(c *paramColumns) bool {
			return d.any(len(c.systems), func(i int) bool {
				c.systems = slices.Delete(slices.Clone(c.systems), i, i+1)
				return true
			})
		})
	case "a date changed":
		return d.param(func(c *paramColumns) bool {
			return changeEntry(&d, &c.dates, func(r *dateRange) bool { r.from++; return true })
		})
	case "a date lost":
		return d.param(func(c *paramColumns) bool { return loseEntry(&d, &c.dates) })
	case "a number changed":
		return d.param(func(c *paramColumns) bool {
			return changeEntry(&d, &c.numbers, func(r *numberRange) bool { r.lowLow ^= 1; return true })
		})
	case "a unit changed":
		return d.param(func(c *paramColumns) bool {
			return changeEntry(&d, &c.numbers, func(r *numberRange) bool {
				n := uint32(len(x.mu.units.units))
				if n == 0 {
					return false
				}
				r.unit = (r.unit&^inexactBit+1)%(n+1) | r.unit&inexactBit
				return true
			})
		})
	case "an edge changed":
		return d.param(func(c *paramColumns) bool {
			return changeEntry(&d, &c.edges, func(e *Entity) bool { *e = *e%Entity(x.entities.n.Load()) + 1; return x.entities.n.Load() > 1 })
		})
	case "a text of a version changed":
		return d.param(func(c *paramColumns) bool {
			return changeEntry(&d, &c.texts, func(id *textID) bool { *id = *id%textID(x.mu.texts.n) + 1; return x.mu.texts.n > 1 })
		})
	case "a text lost from the order", "a text lost from the table", "a stored text changed", "a posting of a text lost":
		return d.any(int(x.mu.texts.n), func(i int) bool { return d.text(how, uint32(i)+1) })
	case "a time of a commit wrong":
		return d.any(int(d.view.s.records), func(i int) bool { x.records.at(uint32(i)).time++; return true })
	case "a sequence of a commit wrong":
		return d.any(int(d.view.s.records), func(i int) bool { x.records.at(uint32(i)).sequence += 100; return true })
	}
	return d.any(int(d.view.Last()), func(i int) bool { return d.version(how, Ordinal(i)+1) })
}

type damage struct {
	x      *Index
	view   View
	random *rand.Rand
}

// any tries n places, from a random one on, until one can be damaged.
func (d *damage) any(n int, try func(i int) bool) bool {
	if n == 0 {
		return false
	}
	start := d.random.IntN(n)
	for i := range n {
		if try((start + i) % n) {
			return true
		}
	}
	return false
}

func (d *damage) param(try func(c *paramColumns) bool) bool {
	return d.any(min(len(d.x.mu.params), int(FirstCustom)), func(i int) bool { return d.x.mu.params[i] != nil && try(d.x.mu.params[i]) })
}

func (d *damage) visible(o uint32) bool { return d.view.Visible(Ordinal(o)) }

// loseMember takes an ordinal out of a posting, a visible one or any.
func (d *damage) loseMember(payload *uint32, any bool) bool {
	switch {
	case *payload == 0:
		return false
	case *payload&postingBit == 0:
		if !any && !d.visible(*payload) {
			return false
		}
		*payload = 0
		return true
	}
	p := d.x.mu.postings.postings.at(*payload &^ postingBit)
	return d.any(len(p.tail), func(i int) bool {
		if !any && !d.visible(p.tail[i]) {
			return false
		}
		p.tail = slices.Delete(slices.Clone(p.tail), i, i+1)
		return true
	})
}

func (d *damage) term(how string) bool {
	return d.any(len(d.x.mu.table.shards), func(i int) bool {
		s := &d.x.mu.table.shards[i]
		return d.any(len(s.slots), func(i int) bool { return d.slot(how, s, &s.slots[i]) })
	})
}

func (d *damage) slot(how string, s *termShard, slot *termSlot) bool {
	if slot.payload == 0 {
		return false
	}
	posting := d.view.postingLocked(slot.payload)
	single := slot.payload&postingBit == 0
	switch how {
	case "a member of a posting lost":
		return !single && d.loseMember(&slot.payload, false)
	case "a posting lost":
		if posting.CountVisible() == 0 {
			return false
		}
		s.remove(termHash{slot.hi, slot.lo})
		return true
	case "another single ordinal":
		if !single || posting.CountVisible() == 0 {
			return false
		}
		slot.payload = slot.payload%uint32(d.view.Last()) + 1
		return d.view.Last() > 1
	case "a member of a posting more":
		more := uint32(d.view.Last())
		if single || !d.visible(more) || posting.Contains(Ordinal(more)) {
			return false
		}
		d.x.addOneLocked(&slot.payload, Ordinal(more), NoParam)
		return true
	case "a member of a bitmap lost":
		if posting.frozen == nil || single {
			return false
		}
		for _, o := range posting.frozen.ToArray() {
			if d.visible(o) {
				less := roaring.AndNot(posting.frozen, roaring.BitmapOf(o))
				d.x.mu.postings.postings.at(slot.payload &^ postingBit).frozen = shareable(less)
				return true
			}
		}
	}
	return false
}

func changeEntry[T any](d *damage, c *column[T], change func(*T) bool) bool {
	return d.any(c.n, func(i int) bool {
		chunk := c.chunks[i>>columnBits]
		return chunk.packed == nil && d.visible(uint32(c.ordinal(i))) && change(&chunk.values[i&(columnChunkN-1)])
	})
}

func loseEntry[T any](d *damage, c *column[T]) bool {
	return d.any(c.n, func(at int) bool {
		if !d.visible(uint32(c.ordinal(at))) {
			return false
		}
		var made column[T]
		for i := range c.n {
			if i != at {
				made.add(c.ordinal(i), c.value(i))
			}
		}
		*c = made
		return true
	})
}

func (d *damage) text(how string, id uint32) bool {
	texts := &d.x.mu.texts
	t := texts.texts.at(id)
	if t.param >= FirstCustom || d.view.postingLocked(t.payload).CountVisible() == 0 {
		return false
	}
	switch how {
	case "a text lost from the order":
		d.x.mu.params[t.param].sorted.Delete(t.text)
	case "a text lost from the table":
		texts.table.removeTerm(d.x.terms.texts.text(t.text).hash(uint16(t.param), formFolded))
	case "a stored text changed":
		t.text += "x"
	case "a posting of a text lost":
		return d.loseMember(&t.payload, false)
	}
	return true
}

func (d *damage) version(how string, o Ordinal) bool {
	v := d.x.versions.at(uint32(o))
	if v.entity == 0 {
		return false
	}
	switch how {
	case "a previous version wrong":
		v.previous ^= 1
	case "a next version wrong":
		if v.next.Load() == 0 {
			return false
		}
		v.next.Store(0)
	case "a number of a version wrong":
		v.number ^= 1
	case "a deletion more":
		if v.number&deletedBit != 0 {
			return false
		}
		v.number |= deletedBit
	case "another resource":
		v.entity = v.entity%Entity(d.x.entities.n.Load()) + 1
		return d.x.entities.n.Load() > 1
	case "a newest version wrong":
		r := d.x.entities.records.at(uint32(v.entity))
		r.newest.Store(uint32(v.previous))
	case "a dead version more", "a dead version forgotten":
		return d.dead(how, o)
	case "an id changed":
		d.x.entities.stored(d.x.entities.records.at(uint32(v.entity)))[1] ^= 1
	}
	return true
}

func (d *damage) dead(how string, o Ordinal) bool {
	s := *d.view.s
	all := roaring.BitmapOf(s.dead.tail...)
	for _, part := range s.dead.bitmaps(true) {
		if part != nil {
			all.Or(part)
		}
	}
	if all.Contains(uint32(o)) != (how == "a dead version forgotten") {
		return false
	}
	all.Xor(roaring.BitmapOf(uint32(o)))
	s.dead = deadSet{frozen: shareable(all), n: uint32(all.GetCardinality()), types: s.dead.types, published: true}
	d.x.state.Store(&s)
	return true
}

// NewWithin is New with lower limits, which a test can reach.
func NewWithin(key [16]byte, limits Usage) *Index { return newIndex(key, nil, limits) }
