package search

import (
	"math"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// match evaluates a condition on a parameter of the resource itself.
func (ev *evaluation) match(t schema.TypeID, m *match, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if m.param.special == specialNear {
		return ev.positions(t, m, within)
	}
	switch m.modifier {
	case modNot:
		held, err := ev.step(t, &match{typ: m.typ, param: m.param, values: m.values}, within)
		if err != nil {
			return nil, err
		}
		return ev.except(t, held, within)
	case modMissing:
		return ev.missing(t, m, within)
	}
	switch m.param.special {
	case specialID:
		return ev.ids(t, m, within)
	case specialLastUpdated:
		return ev.lastUpdated(m, within)
	}
	if postings, ok := ev.postings(m); ok {
		return ev.union(postings, within)
	}
	switch m.param.row.Type {
	case schema.ParamToken:
		if m.modifier != modText {
			return ev.terminology(t, m, within)
		}
	case schema.ParamReference:
		return ev.related(m, within)
	case schema.ParamDate:
		return ev.dates(m, within)
	case schema.ParamNumber, schema.ParamQuantity:
		return ev.numbers(m, within)
	case schema.ParamComposite:
		return ev.composite(t, m, within)
	}
	return ev.texts(m, within)
}

// missing evaluates :missing. The texts that only :text looks at, and the
// identifiers of references, are values too.
func (ev *evaluation) missing(t schema.TypeID, m *match, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	if m.param.special != specialNone { // every resource has an id and a time
		if m.missing {
			return roaring.New(), nil
		}
		return ev.except(t, roaring.New(), within)
	}
	var present []index.Posting
	for _, streams := range [][]*stream{m.param.streams, m.param.aside} {
		for _, s := range streams {
			present = append(present, ev.view.Posting(ev.terms.Present(s.id)))
		}
	}
	set, err := ev.union(present, within)
	if err != nil || !m.missing {
		return set, err
	}
	return ev.except(t, set, within)
}

func (ev *evaluation) ids(t schema.TypeID, m *match, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, v := range m.values {
		if o, ok := ev.view.Lookup(index.TypeID(t), v.code); ok && (within == nil || within.Contains(uint32(o))) {
			set.Add(uint32(o))
		}
	}
	return set, ev.charge(len(m.values))
}

// lastUpdated evaluates _lastUpdated. The stored time is an instant, a
// microsecond long.
func (ev *evaluation) lastUpdated(m *match, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	add := func(from, to int64) { set.Or(ev.view.Updated(from, to)) }
	for _, v := range m.values {
		switch v.prefix {
		case Equal, overlaps:
			add(v.low, v.high)
		case includes:
			if v.high-v.low <= 1 { // nothing longer is in an instant
				add(v.low, v.high)
			}
		case NotEqual:
			add(math.MinInt64, v.low)
			add(v.high, math.MaxInt64)
		case Greater, StartsAfter:
			add(v.high, math.MaxInt64)
		case Less, EndsBefore:
			add(math.MinInt64, v.low)
		case GreaterOrEqual:
			add(v.low, math.MaxInt64)
		case LessOrEqual:
			add(math.MinInt64, v.high)
		case Approximately:
			add(ev.widened(v))
		}
	}
	if within != nil {
		set.And(within)
	}
	return set, ev.charge(len(m.values))
}

// widened returns the range of a date, widened by a tenth of its distance to now.
func (ev *evaluation) widened(v value) (low, high int64) {
	now := ev.now().UnixMicro()
	var distance int64
	switch {
	case now < v.low:
		distance = v.low - now
	case now >= v.high:
		distance = now - v.high
	}
	return v.low - distance/10, v.high + distance/10
}

// dateWindows are the conditions on stored ranges for a date, of which one must
// hold (FHIR R4 §3.1.1.4.5).
func (ev *evaluation) dateWindows(v value) []index.DateWindow {
	within := index.DateWithin(v.low, v.high)
	switch v.prefix {
	case NotEqual:
		return []index.DateWindow{index.DateStartsBefore(v.low), index.DateEndsAfter(v.high)}
	case Greater:
		return []index.DateWindow{index.DateEndsAfter(v.high)}
	case Less:
		return []index.DateWindow{index.DateStartsBefore(v.low)}
	case GreaterOrEqual:
		return []index.DateWindow{index.DateEndsAfter(v.high), within}
	case LessOrEqual:
		return []index.DateWindow{index.DateStartsBefore(v.low), within}
	case StartsAfter:
		return []index.DateWindow{index.DateStartsFrom(v.high)}
	case EndsBefore:
		return []index.DateWindow{index.DateEndsBy(v.low)}
	case Approximately:
		return []index.DateWindow{index.DateOverlaps(ev.widened(v))}
	case overlaps:
		return []index.DateWindow{index.DateOverlaps(v.low, v.high)}
	case includes:
		return []index.DateWindow{{FromMin: math.MinInt64, FromMax: v.low, ToMin: v.high, ToMax: math.MaxInt64}}
	}
	return []index.DateWindow{within}
}

func (ev *evaluation) dates(m *match, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	var windows []index.DateWindow
	for _, v := range m.values {
		windows = append(windows, ev.dateWindows(v)...)
	}
	set := roaring.New()
	for _, s := range m.param.streams {
		column := ev.view.Dates(s.id)
		// Windows are checked in turn, and the first that holds ends it.
		if err := ev.charge(columnWork(column.Len(), within) * (1 + len(windows)/4)); err != nil {
			return nil, err
		}
		set.Or(column.Match(within, windows...))
	}
	return set, nil
}

// columnWork is how much of a column has to be looked at.
func columnWork(values int, within *roaring.Bitmap) int {
	if within != nil {
		return min(values, int(within.GetCardinality()))
	}
	return values
}

func (ev *evaluation) numbers(m *match, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	for _, s := range m.param.streams {
		column := ev.view.Numbers(s.id)
		for i := range m.values {
			v := &m.values[i]
			if err := ev.charge(costOfNumber * columnWork(column.Len(), within)); err != nil {
				return nil, err
			}
			found, err := column.Match(within, ev.numberQuery(v, s))
			if err != nil {
				return nil, err
			}
			set.Or(found)
		}
	}
	return set, nil
}

// texts evaluates what walks the dictionary of texts: starts-with, :contains,
// :text of tokens, and :below of uris.
func (ev *evaluation) texts(m *match, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set := roaring.New()
	if m.asWritten() {
		found, err := ev.written(m, within)
		if err != nil {
			return nil, err
		}
		set.Or(found)
	}
	for _, s := range m.param.seen(m.modifier) {
		for _, v := range m.values {
			if v.written {
				continue
			}
			prefix, holds := v.folded, func(string) bool { return true }
			switch m.modifier {
			case modContains:
				prefix, holds = "", func(text string) bool { return strings.Contains(text, v.folded) }
			case modEquals:
				holds = func(text string) bool { return text == v.folded }
			case modEnds:
				prefix, holds = "", func(text string) bool { return strings.HasSuffix(text, v.folded) }
			case modOrder:
				prefix, holds = "", func(text string) bool { return v.prefix.holds(strings.Compare(text, v.folded)) }
			case modBelow:
				prefix, holds = v.text, func(text string) bool { return isBelow(text, v.text) }
			}
			for text, posting := range ev.view.Texts(s.id).WithPrefix(prefix) {
				if err := ev.charge(costOfText); err != nil {
					return nil, err
				}
				if !holds(text) {
					continue
				}
				if err := ev.charge(costOfHit + posting.Len()); err != nil {
					return nil, err
				}
				posting.AddTo(set)
			}
		}
	}
	if within != nil {
		set.And(within)
	}
	return set, nil
}

// holds reports whether a prefix for order allows the order of a stored value to one
// of a query.
func (p Prefix) holds(order int) bool {
	switch p {
	case Greater:
		return order > 0
	case Less:
		return order < 0
	case GreaterOrEqual:
		return order >= 0
	}
	return order <= 0
}

// isBelow reports whether a uri is parent or a path below it, by whole segments.
// Below a canonical with a version are those whose version goes on after a point
// (FHIR R4 §3.1.1.4.13).
func isBelow(uri, parent string) bool {
	rest, found := strings.CutPrefix(uri, parent)
	switch {
	case !found:
		return false
	case rest == "" || strings.HasSuffix(parent, "/"):
		return true
	case strings.Contains(parent, "|"):
		return rest[0] == '.'
	}
	return rest[0] == '/'
}
