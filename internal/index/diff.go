package index

import (
	"bytes"
	"context"
	"fmt"

	"github.com/bits-and-blooms/bitset"
)

// A Difference is a place at which two indexes differ. It names no value.
type Difference struct {
	Kind DifferenceKind
	// Param is the parameter, or NoParam if there is none or it is unknown: the term of
	// a single version does not tell its param.
	Param Param
	// Ordinal is an ordinal that one index has there and the other lacks or has
	// otherwise; 0 if it is unknown.
	Ordinal Ordinal
}

// NoParam is no parameter.
const NoParam = noParam

func (d Difference) String() string {
	text := d.Kind.String()
	if d.Param != NoParam {
		text += fmt.Sprint(" of parameter ", d.Param)
	}
	if d.Ordinal != 0 {
		text += fmt.Sprint(" at ordinal ", d.Ordinal)
	}
	return text
}

// A DifferenceKind names the structure of a difference.
type DifferenceKind uint8

// The kinds of differences.
const (
	DiffCommit    DifferenceKind = 1 + iota // sequences, times and last ordinals of commits
	DiffVersion                             // resource, number and deletion of a version
	DiffHistory                             // the versions before and after one
	DiffHead                                // the newest version of a resource, as its id finds it
	DiffVisible                             // what is counted as visible
	DiffTotal                               // how many resources of a type are visible
	DiffTypes                               // the posting of a type
	DiffPresence                            // the posting of a parameter
	DiffPosting                             // the posting of a term or text
	DiffText                                // a folded text in a dictionary
	DiffSystem                              // the systems of a parameter
	DiffDates                               // a column of dates
	DiffNumbers                             // a column of numbers
	DiffEdges                               // a column of references
	DiffTextOrder                           // a column of texts
	DiffTime                                // the time that a version brought
)

var differenceNames = [...]string{
	"", "commit", "version", "history", "head", "visibility", "total", "posting of a type", "presence",
	"posting", "text", "systems", "dates", "numbers", "references", "texts", "time",
}

func (k DifferenceKind) String() string { return differenceNames[k] }

// Twin returns an empty index with the hash key of x. For [Diff] the same versions are
// applied to it.
func (x *Index) Twin() *Index {
	twin := newIndex([16]byte{}, x.settle, x.limits)
	twin.terms = x.terms
	twin.entities.hashKey = x.entities.hashKey
	x.mu.RLock()
	defer x.mu.RUnlock()
	for p, c := range x.mu.params {
		// The own systems of a param are the first ones seen, and a twin may see only
		// some versions.
		if Param(p) < FirstCustom && c != nil && len(c.systems) > 0 {
			twin.makeColumnsLocked(Param(p)).systems = append([]digest(nil), c.systems...)
		}
	}
	return twin
}

// Diff compares an index with its twin, made anew from the same commits with the same
// ordinals. It compares the whole resource table, and the visible ordinals of postings,
// columns and dictionaries, since other ordinals may have been swept. Custom params are
// left out. It calls report with each difference until report returns false.
//
// With types it compares the resources of some types alone; the twin may then have
// holes in place of the other resources. So a large index can be compared in slices.
//
// The index may be written and swept meanwhile, if its view is held.
func Diff(ctx context.Context, of, twin View, types func(TypeID) bool, report func(Difference) bool) error {
	if types == nil {
		types = func(TypeID) bool { return true }
	}
	d := differ{a: of, b: twin, types: types, report: report, custom: make(map[termHash]bool)}
	d.aUnits, d.bUnits = d.a.units(), d.b.units()
	for _, part := range []func(context.Context){
		d.commits, d.versions, d.totals, d.terms, d.params,
	} {
		part(ctx)
		if d.done(ctx) {
			return ctx.Err()
		}
	}
	return nil
}

// A differ is one run of Diff. Its a is the index, and b the twin.
type differ struct {
	a, b    View
	types   func(TypeID) bool
	report  func(Difference) bool
	stopped bool

	visible        *bitset.BitSet // what is compared of postings and columns
	count          map[TypeID]int // of visible versions
	custom         map[termHash]bool
	aUnits, bUnits []storedUnit
	pairs          []postingPair
}

func (d *differ) done(ctx context.Context) bool { return d.stopped || ctx.Err() != nil }

func (d *differ) differs(kind DifferenceKind, p Param, o Ordinal) {
	if !d.stopped {
		d.stopped = !d.report(Difference{kind, p, o})
	}
}

// units returns the units in the order of their numbers.
func (v View) units() []storedUnit {
	v.x.mu.RLock()
	defer v.x.mu.RUnlock()
	return v.x.mu.units.units
}

// commits compares the commits up to the view.
func (d *differ) commits(context.Context) {
	a, b := d.a.s, d.b.s
	if a.records != b.records || a.last != b.last {
		d.differs(DiffCommit, NoParam, min(a.last, b.last)+1)
		d.stopped = true // nothing else can be told from it
		return
	}
	for i := range a.records {
		x, y := d.a.x.records.at(i), d.b.x.records.at(i)
		if x.sequence != y.sequence || x.time != y.time || x.last != y.last {
			d.differs(DiffCommit, NoParam, min(x.last, y.last))
		}
	}
}

// versions compares the resource table, and collects the visible ordinals.
func (d *differ) versions(ctx context.Context) {
	last := d.a.s.last
	d.visible, d.count = bitset.New(uint(last)+1), make(map[TypeID]int)
	shown := d.a.AllVisible()
	for o := FirstOrdinal; o <= last; o++ {
		if o%(1<<16) == 0 && d.done(ctx) {
			return
		}
		a, b := d.a.x.versions.at(uint32(o)), d.b.x.versions.at(uint32(o))
		x, y := d.a.entity(d.a.entityAt(o)), d.b.entity(d.b.entityAt(o))
		if !d.in(x) && !d.in(y) {
			if x == nil && shown.Contains(uint32(o)) {
				d.differs(DiffVisible, NoParam, o) // a hole
			}
			continue
		}
		if x == nil || y == nil || !d.sameEntity(x, y) || a.number != b.number {
			d.differs(DiffVersion, NoParam, o)
			continue
		}
		timeA, broughtA := d.a.SourceTime(o)
		timeB, broughtB := d.b.SourceTime(o)
		if timeA != timeB || broughtA != broughtB {
			d.differs(DiffTime, NoParam, o)
		}
		beforeA, _ := d.a.Previous(o)
		beforeB, _ := d.b.Previous(o)
		if beforeA != beforeB || d.a.after(a) != d.b.after(b) {
			d.differs(DiffHistory, NoParam, o)
		}
		if d.b.after(b) == 0 {
			if newest := d.a.newest(d.a.x.entities.lookup(x.typ, d.b.x.entities.id(y))); newest != o {
				d.differs(DiffHead, NoParam, o)
			}
		}
		visible := d.b.Visible(o)
		if visible {
			d.visible.Set(uint(o))
			d.count[y.typ]++
		}
		if shown.Contains(uint32(o)) != visible {
			d.differs(DiffVisible, NoParam, o)
		}
	}
}

// entityAt returns the entity of an ordinal, 0 of a hole.
func (v View) entityAt(o Ordinal) Entity {
	if v.Hole(o) {
		return 0
	}
	return v.EntityOf(o)
}

// in reports whether an entity is of the slice.
func (d *differ) in(r *entityRecord) bool { return r != nil && d.types(r.typ) }

func (d *differ) sameEntity(a, b *entityRecord) bool {
	return a.typ == b.typ && a.tag&1 == b.tag&1 &&
		bytes.Equal(d.a.x.entities.stored(a), d.b.x.entities.stored(b))
}

// entity returns the record of an entity, or nil if there is none.
func (v View) entity(e Entity) *entityRecord {
	if e == 0 || uint32(e) > v.x.entities.n.Load() {
		return nil
	}
	return v.x.entities.records.at(uint32(e))
}

// after returns the version after one in the view that did not leave the log, 0 if there
// is none.
func (v View) after(w *version) Ordinal {
	next := Ordinal(w.next.Load())
	for next != 0 && next <= v.s.last && v.x.Purged(next) {
		next = Ordinal(v.x.versions.at(uint32(next)).next.Load())
	}
	if next <= v.s.last {
		return next
	}
	return 0
}

// totals compares how many versions of each type are visible, and the types' postings.
func (d *differ) totals(ctx context.Context) {
	n := 0
	for _, x := range []*Index{d.a.x, d.b.x} {
		x.mu.RLock()
		n = max(n, len(x.mu.types))
		x.mu.RUnlock()
	}
	for t := range n {
		typ := TypeID(t)
		if !d.types(typ) || d.done(ctx) {
			continue
		}
		a, b := d.a.OfType(typ), d.b.OfType(typ)
		if n := d.count[typ]; a.CountVisible() != n || d.a.CountVisible(a.Bitmap()) != n {
			d.differs(DiffTotal, NoParam, 0)
		}
		if o := a.firstOfOne(b, nil); o != 0 {
			d.differs(DiffTypes, NoParam, o)
		}
	}
}

// params compares the columns and dictionaries of each param.
func (d *differ) params(ctx context.Context) {
	n := 0
	for _, x := range []*Index{d.a.x, d.b.x} {
		x.mu.RLock()
		n = max(n, min(len(x.mu.params), int(FirstCustom)))
		x.mu.RUnlock()
	}
	for p := range Param(n) {
		if d.done(ctx) {
			return
		}
		present := d.a.Terms().Present(p)
		if o := d.a.Posting(present).firstOfOne(d.b.Posting(present), d.visible); o != 0 {
			d.differs(DiffPresence, p, o)
		}
		d.systems(p)
		diffColumn(d, DiffDates, p, d.a.Dates(p).entries, d.b.Dates(p).entries, func(a, b dateRange) bool { return a == b })
		diffColumn(d, DiffNumbers, p, d.a.Numbers(p).entries, d.b.Numbers(p).entries, d.sameNumber)
		diffColumn(d, DiffEdges, p, d.a.References(p).edges, d.b.References(p).edges, d.sameEdge)
		diffColumn(d, DiffTextOrder, p, d.a.Texts(p).entries, d.b.Texts(p).entries, d.sameText)
		d.texts(ctx, p)
	}
}

// systems reports a system that the twin has for a param and the index lacks.
func (d *differ) systems(p Param) {
	own := func(x *Index) []digest {
		x.mu.RLock()
		defer x.mu.RUnlock()
		if c := x.columnsLocked(p); c != nil {
			return c.systems
		}
		return nil
	}
	known := make(map[digest]bool)
	for _, s := range own(d.a.x) {
		known[s] = true
	}
	for _, s := range own(d.b.x) {
		if !known[s] {
			d.differs(DiffSystem, p, 0)
		}
	}
}
