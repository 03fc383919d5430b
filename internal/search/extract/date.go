package extract

import (
	"math"

	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/search/param"
)

// A date with a zone is stored as instants, and a date without a zone as the times of a
// clock, which Settings.Settle turns into instants.

func (x *Extractor) date(at fhirjson.Index, l *param.Leaf, group uint32) {
	switch l.Kind {
	case param.LeafDate:
		x.moment(l.Param, group, x.momentOf(at))
	case param.LeafPeriod:
		if p, ok := x.periodOf(at); ok {
			x.periods(l.Param, group, p)
		}
	case param.LeafTiming:
		x.periods(l.Param, group, x.timing(at)...)
	}
}

// moment adds a date, if it is one.
func (x *Extractor) moment(p index.Param, group uint32, m index.Moment) {
	switch {
	case m.None():
	case m.Clock:
		x.b.Clock(p, group, m.From, m.To)
	default:
		x.b.Date(p, group, m.From, m.To)
	}
}

// periods adds the outer bounds of periods.
func (x *Extractor) periods(p index.Param, group uint32, periods ...index.Period) {
	low, high := int64(math.MaxInt64), int64(math.MinInt64)
	for _, period := range periods {
		if period.Start.Clock || period.End.Clock {
			x.b.Periods(p, group, periods)
			return
		}
		from, to := param.Bounds(period, nil)
		low, high = min(low, from), max(high, to)
	}
	if len(periods) > 0 {
		x.b.Date(p, group, low, high)
	}
}

// momentOf returns the range of a date, or none if it is malformed.
func (x *Extractor) momentOf(at fhirjson.Index) index.Moment {
	t, err := fhirtime.ParseDateTime(x.text(at))
	if err != nil {
		return index.Moment{}
	}
	return momentOf(t)
}

func momentOf(t fhirtime.Time) index.Moment {
	low, high := t.Range(nil)
	return index.Moment{From: low, To: high, Clock: !t.Zoned}
}

// periodOf returns a Period. A missing or malformed end is open.
func (x *Extractor) periodOf(at fhirjson.Index) (p index.Period, ok bool) {
	end := func(field schema.FieldID) index.Moment {
		if c, found := x.doc.Child(at, field); found && x.doc.HasValue(c) {
			return x.momentOf(c)
		}
		return index.Moment{}
	}
	p = index.Period{Start: end(x.Fields.PeriodStart), End: end(x.Fields.PeriodEnd)}
	return p, !p.Start.None() || !p.End.None()
}

// timing returns the periods that bound a Timing: its events and its bounding period.
// There may be many events, so it takes the first and the last of each kind: in every
// zone their outer bounds are the bounds of all.
func (x *Extractor) timing(at fhirjson.Index) []index.Period {
	var events extremes
	var periods []index.Period
	for c := range x.doc.Children(at) {
		switch x.doc.Nodes[c].Field {
		case x.Fields.TimingEvent:
			if x.doc.HasValue(c) {
				events.add(x.momentOf(c))
			}
		case x.Fields.TimingRepeat:
			if bounds, found := x.doc.Child(c, x.Fields.RepeatBoundsPeriod); found {
				if p, ok := x.periodOf(bounds); ok {
					periods = append(periods, p)
				}
			}
		}
	}
	for _, s := range events {
		periods = append(periods, index.Period{Start: s.first, End: s.first})
		if s.last != s.first {
			periods = append(periods, index.Period{Start: s.last, End: s.last})
		}
	}
	return periods
}

// extremes are the first and the last moment of each kind. Moments are of one kind if
// they have one length, and all or none have a zone. Clocks of all zones show the
// moments of one kind in one order.
type extremes []struct{ first, last index.Moment }

func (e *extremes) add(m index.Moment) {
	if m.None() {
		return
	}
	for i := range *e {
		s := &(*e)[i]
		if s.first.Clock == m.Clock && s.first.To-s.first.From == m.To-m.From {
			if m.From < s.first.From {
				s.first = m
			}
			if m.From > s.last.From {
				s.last = m
			}
			return
		}
	}
	*e = append(*e, struct{ first, last index.Moment }{m, m})
}
