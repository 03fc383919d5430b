package exec

import (
	"math"
	"slices"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/search/query"
	"github.com/fhirlake/fhirlake/search"
)

// A dateNode is a match on a date parameter, or several matches that must all hold:
// date=ge2020 and date=lt2021 are one range.
type dateNode struct {
	matched
	also []*query.Match
}

func (n *dateNode) estimate() (sum int) {
	windows, _ := n.windows()
	for _, s := range n.Param.Streams {
		sum += n.ev.view.Dates(s.ID).Estimate(windows...)
	}
	return sum
}

func (n *dateNode) evaluate(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	windows, joined := n.windows()
	switch {
	case len(n.also) == 0:
		return n.ev.dates(n.Param.Streams, windows, within)
	case !joined:
		return n.inTurn(within)
	}
	var streams []*param.Stream
	for _, s := range n.Param.Streams {
		column := n.ev.view.Dates(s.ID)
		if column.Repeats() {
			return n.inTurn(within)
		}
		if column.Len() > 0 {
			streams = append(streams, s)
		}
	}
	set, err := n.ev.dates(streams, windows, within)
	if err != nil || len(streams) < 2 {
		return set, err
	}
	// A version with several dates may satisfy each match by another date.
	several, err := n.ev.inSeveral(streams, within)
	if err != nil || several.IsEmpty() {
		return set, err
	}
	found, err := n.inTurn(several)
	if err == nil {
		set.Or(found)
	}
	return set, err
}

// windows returns the windows of all matches, one of which must hold. If there are too
// many, it returns the windows of the first match alone, and false.
func (n *dateNode) windows() (windows []index.DateWindow, joined bool) {
	first := n.ev.windowsOf(n.Match)
	windows = first
	for _, m := range n.also {
		if windows = bothHold(windows, n.ev.windowsOf(m)); len(windows) > maxWindows {
			return first, false
		}
	}
	return windows, true
}

// inTurn evaluates the matches one after the other.
func (n *dateNode) inTurn(within *roaring.Bitmap) (*roaring.Bitmap, error) {
	set, err := n.ev.dates(n.Param.Streams, n.ev.windowsOf(n.Match), within)
	for _, m := range n.also {
		if err != nil || set.IsEmpty() {
			break
		}
		set, err = n.ev.dates(n.Param.Streams, n.ev.windowsOf(m), set)
	}
	return set, err
}

// dates returns the versions that have a date in one of some windows.
func (ev *evaluation) dates(streams []*param.Stream, windows []index.DateWindow, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	var found []*roaring.Bitmap
	for _, s := range streams {
		column := ev.view.Dates(s.ID)
		// Windows are checked in turn, and the first that holds ends it.
		if err := ev.charge(columnWork(column.Len(), within) * (1 + len(windows)/4)); err != nil {
			return nil, err
		}
		found = append(found, column.Match(within, windows...))
	}
	return united(found), nil
}

// united returns the union of sets, which it may change.
func united(sets []*roaring.Bitmap) *roaring.Bitmap {
	if len(sets) == 0 {
		return roaring.New()
	}
	for _, set := range sets[1:] {
		sets[0].Or(set)
	}
	return sets[0]
}

// inSeveral returns the versions that have values in more than one of some streams.
func (ev *evaluation) inSeveral(streams []*param.Stream, within *roaring.Bitmap) (*roaring.Bitmap, error) {
	once, several := roaring.New(), roaring.New()
	for _, present := range ev.havingValues(streams) {
		have, err := ev.union([]index.Posting{present}, within)
		if err != nil {
			return nil, err
		}
		several.Or(roaring.And(once, have))
		once.Or(have)
	}
	return several, nil
}

// maxWindows bounds how many windows several matches together have.
const maxWindows = 16

// bothHold returns windows, one of which holds exactly if one of each list holds.
func bothHold(a, b []index.DateWindow) (both []index.DateWindow) {
	for _, v := range a {
		for _, w := range b {
			if one, ok := v.And(w); ok {
				both = append(both, one)
			}
		}
	}
	return both
}

// windowsOf returns the windows of the values of a match.
func (ev *evaluation) windowsOf(m *query.Match) (windows []index.DateWindow) {
	for _, v := range m.Values {
		windows = append(windows, ev.dateWindows(v)...)
	}
	return windows
}

func (n *dateNode) candidates(within *roaring.Bitmap) (set *roaring.Bitmap, err error) {
	set, err = n.matched.candidates(within)
	for _, m := range n.also {
		if err != nil || set.IsEmpty() {
			break
		}
		one := matched{n.ev, n.typ, m}
		set, err = one.candidates(set)
	}
	return set, err
}

func (n *dateNode) decide(about subject) (decision, error) {
	parts := make([]decision, 0, 1+len(n.also))
	for _, m := range append([]*query.Match{n.Match}, n.also...) {
		one := matched{n.ev, n.typ, m}
		held, err := one.anyValue(about, n.holds)
		if err != nil {
			return nil, err
		}
		parts = append(parts, held)
	}
	return merge(constant(about, n.typ, true), parts, allHold), nil
}

func (n *dateNode) holds(_ *param.Stream, v *query.Value, e *index.Entry) bool {
	return slices.ContainsFunc(n.ev.dateWindows(*v), func(w index.DateWindow) bool {
		return w.FromMin <= e.From && e.From <= w.FromMax && w.ToMin <= e.To && e.To <= w.ToMax
	})
}

func (n *dateNode) explain() (string, search.Way) { return n.Name(), search.ByColumn }

// widened returns the range of a date, widened by a tenth of its distance to now.
func (ev *evaluation) widened(v query.Value) (low, high int64) {
	now := ev.now().UnixMicro()
	var distance int64
	switch {
	case now < v.Low:
		distance = v.Low - now
	case now >= v.High:
		distance = now - v.High
	}
	return v.Low - distance/10, v.High + distance/10
}

// dateWindows returns the windows for stored ranges that satisfy a date. One must hold
// (FHIR R4 §3.1.1.4.5).
func (ev *evaluation) dateWindows(v query.Value) []index.DateWindow {
	within := index.DateWithin(v.Low, v.High)
	switch v.Prefix {
	case query.NotEqual:
		return []index.DateWindow{index.DateStartsBefore(v.Low), index.DateEndsAfter(v.High)}
	case query.Greater:
		return []index.DateWindow{index.DateEndsAfter(v.High)}
	case query.Less:
		return []index.DateWindow{index.DateStartsBefore(v.Low)}
	case query.GreaterOrEqual:
		return []index.DateWindow{index.DateEndsAfter(v.High), within}
	case query.LessOrEqual:
		return []index.DateWindow{index.DateStartsBefore(v.Low), within}
	case query.StartsAfter:
		return []index.DateWindow{index.DateStartsFrom(v.High)}
	case query.EndsBefore:
		return []index.DateWindow{index.DateEndsBy(v.Low)}
	case query.Approximately:
		return []index.DateWindow{index.DateOverlaps(ev.widened(v))}
	case query.Overlaps:
		return []index.DateWindow{index.DateOverlaps(v.Low, v.High)}
	case query.Includes:
		return []index.DateWindow{{FromMin: math.MinInt64, FromMax: v.Low, ToMin: v.High, ToMax: math.MaxInt64}}
	}
	return []index.DateWindow{within}
}
