package search

import (
	"context"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// An evaluation is one search while it runs, on one goroutine.
type evaluation struct {
	*Engine
	ctx       context.Context
	view      index.View
	terms     index.Terms
	left      int          // of the cost limit
	budget    *Budget      // shared with other searches, or nil
	explained *explanation // nil unless a plan is asked for
	payload   []byte
	read      []index.Entry
	out       outer
	known     map[chainBranch]*roaring.Bitmap // what visible has found
	// conversions are conditions in other units than the query's, as far as known.
	conversions map[conversionKey][]index.NumberWindow
}

func (e *Engine) evaluation(ctx context.Context, view index.View) *evaluation {
	return &evaluation{Engine: e, ctx: ctx, view: view, terms: view.Terms(), left: e.costOf(ctx), budget: budgetOf(ctx)}
}

// What work costs beside looking at one ordinal of a posting, about 5 ns.
const (
	costOfText   = 5  // to look at a text of the dictionary
	costOfHit    = 10 // to add its posting to others
	costOfNumber = 4  // to compare a range of numbers
	costOfBlock  = 64 // to open and decode a values block, beside its bytes

	costOfUnit       = 1000 // to parse a code of UCUM
	costOfConversion = 1000 // to convert a quantity of the query into its unit
)

// charge accounts for work. Every loop over what a query can make long goes
// through it.
func (ev *evaluation) charge(work int) error {
	if ev.left -= work + 1; ev.left < 0 {
		return ErrTooCostly
	}
	if ev.budget != nil && ev.budget.left.Add(-int64(work)-1) < 0 {
		return ErrTooCostly
	}
	return ev.ctx.Err()
}

// ofTypes returns the visible resources of the query's types for which all clauses
// hold.
func (ev *evaluation) ofTypes(q *Query) (*roaring.Bitmap, error) {
	set := roaring.New()
	for i, t := range q.types {
		if ev.view.OfType(index.TypeID(t)).Len() == 0 {
			continue
		}
		conditions := make([]condition, len(q.clauses))
		for j, c := range q.clauses {
			conditions[j] = c.of[i]
			if ev.explained != nil {
				ev.explained.parts[c.of[i]] = c.part
			}
		}
		found, err := ev.conjunction(t, conditions)
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

// conjunction returns the visible resources of a type for which all conditions
// hold. The one with the lowest estimate is evaluated over the whole index; each
// further one only has to look at what is left.
func (ev *evaluation) conjunction(t schema.TypeID, conditions []condition) (*roaring.Bitmap, error) {
	var set *roaring.Bitmap
	for _, c := range ev.cheapestFirst(t, conditions) {
		found, err := ev.step(t, c, set)
		if err != nil {
			return nil, err
		}
		if set = found; set.IsEmpty() {
			return set, nil
		}
	}
	ofType := ev.view.OfType(index.TypeID(t))
	if set == nil {
		set = ofType.Bitmap()
	} else if !slices.ContainsFunc(conditions, ev.pure) {
		set = ofType.Intersect(set)
	}
	if err := ev.charge(int(set.GetCardinality())); err != nil {
		return nil, err
	}
	ev.view.RetainVisible(set)
	return set, nil
}

// cheapestFirst returns conditions that must all hold in the order in which to
// evaluate them.
func (ev *evaluation) cheapestFirst(t schema.TypeID, conditions []condition) []condition {
	if len(conditions) < 2 {
		return conditions
	}
	type planned struct {
		condition
		cost int
	}
	plan := make([]planned, len(conditions))
	for i, c := range conditions {
		plan[i] = planned{c, ev.estimate(t, c)}
	}
	slices.SortStableFunc(plan, func(a, b planned) int { return a.cost - b.cost })
	ordered := make([]condition, len(plan))
	for i, p := range plan {
		ordered[i] = p.condition
	}
	return ordered
}

// visible returns the visible resources of a type for which a condition holds. The
// result is shared and must not be changed: the steps of a chain are asked for again
// where they lead into contained resources.
func (ev *evaluation) visible(t schema.TypeID, c condition) (*roaring.Bitmap, error) {
	key := chainBranch{t, c}
	if set := ev.known[key]; set != nil {
		return set, nil
	}
	set, err := ev.conjunction(t, []condition{c})
	if ev.known == nil {
		ev.known = map[chainBranch]*roaring.Bitmap{}
	}
	if err == nil {
		ev.known[key] = set
	}
	return set, err
}

// evaluate returns the ordinals for which a condition on resources of type t
// holds: those among within, or all if within is nil. Superseded versions may be
// among them. The result is the caller's; within stays as it is.
func (ev *evaluation) evaluate(t schema.TypeID, c condition, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	switch c := c.(type) {
	case *match:
		return ev.match(t, c, within)
	case *chain:
		return ev.chain(c, within)
	case *combination:
		return ev.combination(t, c, within)
	case *negation:
		return ev.negation(t, c, within)
	case *phrase:
		return ev.phrase(t, c, within)
	default:
		return ev.reverse(t, c.(*reverse), within)
	}
}

// pure reports whether a condition holds for resources of its own type only, as
// far as the index goes. Streams that all types share hold for others as well;
// what a negative condition leaves of a set was in the set.
func (ev *evaluation) pure(c condition) bool {
	switch c := c.(type) {
	case *match:
		negative := c.modifier == modNot || c.modifier == modNotIn || c.modifier == modMissing && c.missing
		return c.param.special == specialNone && c.param.row.Base == c.typ && !negative
	case *chain:
		return true
	case *combination:
		if c.all {
			return slices.ContainsFunc(c.of, ev.pure)
		}
		return !slices.ContainsFunc(c.of, func(c condition) bool { return !ev.pure(c) })
	}
	return false
}

// estimate guesses how many ordinals a condition looks at. What has to subtract
// from all resources of the type comes last.
func (ev *evaluation) estimate(t schema.TypeID, c condition) int {
	const joined = 4 // a step of a chain costs about so much more than a posting
	switch c := c.(type) {
	case *match:
		return ev.estimateMatch(t, c)
	case *chain:
		sum := 0
		for _, branch := range c.branches {
			sum += joined*ev.estimate(branch.typ, branch.next) + ev.estimateInside(branch)
		}
		return sum
	case *combination:
		costs := make([]int, len(c.of))
		sum := 0
		for i, one := range c.of {
			costs[i] = ev.estimate(t, one)
			sum += costs[i]
		}
		if c.all && len(costs) > 0 {
			return slices.Min(costs)
		}
		return sum
	case *negation:
		return 2*ev.view.OfType(index.TypeID(t)).Len() + 1
	case *phrase:
		return costOfBlock * total(ev.rarest(c)[0])
	default:
		r := c.(*reverse)
		return joined * ev.estimate(r.source, r.next)
	}
}

func (ev *evaluation) estimateMatch(t schema.TypeID, m *match) int {
	everything := ev.view.OfType(index.TypeID(t)).Len()
	if m.param.special == specialNear || m.asWritten() && m.modifier != modExact {
		return costOfBlock * (everything + 1)
	}
	if postings, ok := ev.postings(m); ok {
		return total(postings)
	}
	if m.param.special != specialNone && m.modifier != modNot {
		return len(m.values)
	}
	switch m.param.row.Type {
	case schema.ParamComposite:
		if first := m.param.composites[0].components[0]; len(m.values) > 0 {
			return ev.estimateMatch(t, &match{typ: t, param: first.param, values: []value{m.values[0].parts[0]}})
		}
	case schema.ParamString, schema.ParamURI, schema.ParamToken:
		if m.modifier == plain || m.modifier == modStarts || m.modifier == modText {
			return everything/8 + 1
		}
	case schema.ParamDate, schema.ParamNumber, schema.ParamQuantity:
		return everything / 2
	}
	return 2*everything + 1
}

func total(postings []index.Posting) int {
	n := 0
	for _, p := range postings {
		n += p.Len()
	}
	return n
}

// union returns the union of postings, as far as it is within.
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

// except returns the resources of a type, as far as they are within, but for those of set.
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

// entries reads the values that a version has of some streams, others of it among
// them. The result is good until the next call.
func (ev *evaluation) entries(streams []*stream, o index.Ordinal) ([]index.Entry, error) {
	ev.read = ev.read[:0]
	for i, s := range streams {
		if slices.ContainsFunc(streams[:i], func(before *stream) bool { return before.place == s.place }) {
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

// readPayload adds the values of a payload to those that were read.
func (ev *evaluation) readPayload(of func(index.Ordinal) ([]byte, error), o index.Ordinal) error {
	payload, err := of(o)
	if err == nil {
		ev.read, err = ev.settle.Decode(ev.read, payload)
	}
	return err
}

// valuesOf reads the stored values of a version. It is good until the next call.
func (ev *evaluation) valuesOf(o index.Ordinal) (_ []byte, err error) {
	if ev.payload, err = ev.values(o, ev.payload[:0]); err != nil {
		return nil, err
	}
	return ev.payload, ev.charge(costOfBlock + len(ev.payload)/8)
}
