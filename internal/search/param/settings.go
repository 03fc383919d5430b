package param

import (
	"math"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/fhirtime"
	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// Settings give meaning to stored values. Values are extracted without them and settled
// whenever they are read, so that a store may have other settings at the next opening.
type Settings struct {
	// Zone is the time zone of dates that have none, stored or asked for. Nil is UTC.
	Zone *time.Location
	// Base is the store's own URL, such as https://example.org/fhir: absolute
	// references below it are local. Empty means that every absolute reference
	// leads elsewhere.
	Base string
}

// Settle returns the function that applies the settings to stored values, for
// [index.NewWith]. It is the only place that does.
func (s Settings) Settle() index.Settle {
	zone, base, r := s.Zone, NormalBase(s.Base), R4()
	return func(to *index.Settled, e *index.Entry) {
		switch e.Kind {
		case index.KindClock:
			from, until := fhirtime.ClockRange(e.From, e.To, zone)
			to.Add(index.Entry{Kind: index.KindDate, Param: e.Param, Group: e.Group, From: from, To: until})
		case index.KindPeriods:
			low, high := int64(math.MaxInt64), int64(math.MinInt64)
			for _, p := range e.Periods {
				from, until := Bounds(p, zone)
				low, high = min(low, from), max(high, until)
			}
			to.Add(index.Entry{Kind: index.KindDate, Param: e.Param, Group: e.Group, From: low, To: high})
		case index.KindAddress:
			if base != "" && e.Exact == base {
				to.Add(Reference{Type: schema.TypeID(e.Type), ID: e.ID}.entry(e))
				return
			}
			text := to.Text(e.Exact, schema.TypeID(e.Type).String(), "/", e.ID)
			to.Add(Reference{Text: text}.entry(e))
		case index.KindCanonical:
			r.settleCanonical(to, e, base)
		}
	}
}

// Bounds returns the range of a Period in a zone. A missing end is open. A Period that
// ends before it starts, which FHIR forbids and people write, is all between its two
// ends.
func Bounds(p index.Period, zone *time.Location) (low, high int64) {
	startLow, startHigh := instants(p.Start, zone)
	endLow, endHigh := instants(p.End, zone)
	switch {
	case p.Start.None():
		return math.MinInt64, endHigh
	case p.End.None():
		return startLow, math.MaxInt64
	case endHigh <= startLow:
		return endLow, startHigh
	}
	return startLow, endHigh
}

func instants(m index.Moment, zone *time.Location) (from, to int64) {
	if m.Clock {
		return fhirtime.ClockRange(m.From, m.To, zone)
	}
	return m.From, m.To
}

// settleCanonical adds the texts by which a canonical is found. A canonical that is the
// address of a resource of this store also leads to that resource, with any version.
func (r *Registry) settleCanonical(to *index.Settled, e *index.Entry, base string) {
	url, version, versioned := strings.Cut(e.Exact, "|")
	if local := r.ReadReference(url, base); local.Type != 0 {
		to.Add(local.entry(e))
	}
	to.Add(Reference{Text: e.Exact}.entry(e))
	if !versioned {
		return
	}
	to.Add(Reference{Text: to.Text(VersionMark, url)}.entry(e))
	if folded := FoldCode(version, false); folded != version {
		to.Add(Reference{Text: to.Text(VersionMark, url, "|", folded)}.entry(e))
	}
}

// entry returns a reference as the settled value of an unsettled one.
func (r Reference) entry(of *index.Entry) index.Entry {
	e := index.Entry{Kind: index.KindReferenceText, Param: of.Param, Group: of.Group, Folded: r.Text, Exact: r.Text}
	if r.Type != 0 {
		e.Kind, e.Type, e.ID, e.NoEdge = index.KindReference, index.TypeID(r.Type), r.ID, of.NoEdge
	}
	return e
}

// NormalBase returns a base URL with exactly one slash at its end, or "".
func NormalBase(base string) string {
	if base == "" {
		return ""
	}
	return strings.TrimRight(base, "/") + "/"
}

// UCUM is the system of UCUM's codes.
const UCUM = "http://unitsofmeasure.org"
