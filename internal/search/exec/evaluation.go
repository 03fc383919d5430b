package exec

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
)

// An evaluation is one search while it runs, on one goroutine.
type evaluation struct {
	*Engine
	*meter
	view      index.View
	terms     index.Terms
	explained *explanation // nil unless a plan is asked for
	wanted    []index.Term
	payload   []byte
	read      []index.Entry
	out       *outer                // nil until it is needed
	targets   map[targetKey]*target // of chains and _has
	filter    *Filter               // of the view, or nil
	allowed   map[schema.TypeID]node
	whole     *evaluation // of the view without its filter, for the filter's own conditions
	// conversions are conditions in other units than the query's, as far as known.
	conversions map[conversionKey][]index.NumberWindow
}

func (e *Engine) evaluation(ctx context.Context, view index.View) *evaluation {
	x := &struct { // in one piece of memory
		evaluation
		meter
	}{meter: e.meter(ctx)}
	x.evaluation = evaluation{Engine: e, meter: &x.meter, view: view, terms: view.Terms(), filter: filterOf(view)}
	return &x.evaluation
}

// clausesOf compiles the query's conditions on its type number i.
func (ev *evaluation) clausesOf(q *query.Query, i int) []node {
	of, parts := make([]query.Condition, len(q.Clauses)), make([]string, len(q.Clauses))
	for j, c := range q.Clauses {
		of[j], parts[j] = c.Of[i], c.Part
	}
	return ev.compileAll(q.Searched[i], of, parts)
}

// ofTypes returns the visible resources of the query's types for which all clauses
// hold.
func (ev *evaluation) ofTypes(q *query.Query) (*roaring.Bitmap, error) {
	set := roaring.New()
	for i, t := range q.Searched {
		if ev.view.OfType(index.TypeID(t)).Len() == 0 {
			continue
		}
		found, err := ev.conjunction(t, ev.clausesOf(q, i))
		if err != nil {
			return nil, err
		}
		if set.IsEmpty() {
			set = found
			continue
		}
		set.Or(found)
	}
	return set, nil
}

// everything returns the number of versions of a type.
func (ev *evaluation) everything(t schema.TypeID) int {
	return ev.view.OfType(index.TypeID(t)).Len()
}

// total returns how many ordinals postings hold together.
func total(postings []index.Posting) int {
	n := 0
	for _, p := range postings {
		n += p.Len()
	}
	return n
}

// union returns the union of postings within a set.
func (ev *evaluation) union(postings []index.Posting, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for i, p := range postings {
		n := p.Len()
		if within != nil {
			n = min(n, int(within.GetCardinality()))
		}
		if err := ev.charge(n); err != nil {
			return nil, err
		}
		switch {
		case within != nil:
			set.Or(p.Intersect(within))
		case i == 0:
			set = p.Bitmap()
		default:
			p.AddTo(set)
		}
	}
	return set, nil
}

// except returns the resources of a type within a set that are not in set.
func (ev *evaluation) except(t schema.TypeID, set, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if within != nil {
		return roaring.AndNot(within, set), nil
	}
	all := ev.view.OfType(index.TypeID(t)).Bitmap()
	if err := ev.charge(int(all.GetCardinality())); err != nil {
		return nil, err
	}
	all.AndNot(set)
	return all, nil
}

// entries reads a version's values in some streams; values in other streams may be
// among them. The result is valid until the next call.
func (ev *evaluation) entries(streams []*param.Stream, o index.Ordinal) ([]index.Entry, error) {
	ev.read = ev.read[:0]
	for i, s := range streams {
		if slices.ContainsFunc(streams[:i], func(before *param.Stream) bool { return before.Place == s.Place }) {
			continue // read already
		}
		if err := ev.readPayload(ev.payloadsOf(s), o); err != nil {
			return nil, err
		}
	}
	return ev.read, nil
}

// storedEntries reads all stored values of a version, as entries does.
func (ev *evaluation) storedEntries(o index.Ordinal) ([]index.Entry, error) {
	ev.read = ev.read[:0]
	err := ev.readPayload(ev.valuesOf, o)
	return ev.read, err
}

// readPayload adds the values of a payload to the entries read.
func (ev *evaluation) readPayload(of func(index.Ordinal) ([]byte, error), o index.Ordinal) error {
	payload, err := of(o)
	if err == nil {
		ev.read, err = ev.settle.Decode(ev.read, payload)
	}
	return err
}

// valuesOf reads the stored values of a version. The result is valid until the next
// call.
func (ev *evaluation) valuesOf(o index.Ordinal) (_ []byte, err error) {
	if ev.payload, err = ev.values(o, ev.payload[:0]); err != nil {
		return nil, err
	}
	return ev.payload, ev.charge(costOfBlock + len(ev.payload)/8)
}
