package index_test

import (
	"cmp"
	"fmt"
	"iter"
	"maps"
	"math/big"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

// A modelVersion is an ordinal of the model, which keeps everything as it came.
type modelVersion struct {
	hole, deleted bool
	typ           index.TypeID
	id            string
	number        uint64
	sequence      uint64
	time          int64
	entries       []index.Entry
	block         []byte
}

// A model answers by full scans what the index answers by its structures.
// versions[0] is no ordinal.
type model struct {
	versions []modelVersion
	views    []modelView
	params   []index.Param // that are asked for
	// custom, where it is set, returns the values of custom params of a new version.
	custom func(t *rapid.T, x *index.Index, v *modelVersion) *index.Prepared

	dense   bool          // no ordinals are left out between commits
	commits []firstCommit // that were applied

	horizon uint64 // of the newest sweep
	swept   map[index.Ordinal]bool
	held    []*index.Hold
}

// A firstCommit is a commit and the ordinal of its first item.
type firstCommit struct {
	first index.Ordinal
	index.Commit
}

// A modelView is a state to be asked again later.
type modelView struct {
	last     index.Ordinal
	sequence uint64
	time     int64
	held     index.View
}

type key struct {
	typ index.TypeID
	id  string
}

func (m *model) key(o index.Ordinal) key { return key{m.versions[o].typ, m.versions[o].id} }

// newest returns the newest ordinal of each resource as of last.
func (m *model) newest(last index.Ordinal) map[key]index.Ordinal {
	newest := make(map[key]index.Ordinal)
	for o := index.Ordinal(1); o <= last; o++ {
		if !m.versions[o].hole {
			newest[m.key(o)] = o
		}
	}
	return newest
}

// with returns the ordinals up to last, but for those that were swept, of which an
// entry fits.
func (m *model) with(last index.Ordinal, fits func(*index.Entry) bool) []uint32 {
	found := []uint32{}
	for o := index.Ordinal(1); o <= last; o++ {
		if !m.swept[o] && slices.ContainsFunc(m.versions[o].entries, func(e index.Entry) bool { return fits(&e) }) {
			found = append(found, uint32(o))
		}
	}
	return found
}

var (
	someTypes   = []index.TypeID{1, 2, 300}
	someIDs     = []string{"a", "b", "c-1", "00000000-0000-4000-8000-0000000000ff", "00000000-0000-4000-8000-0000000000fe", "DEADBEEF-0000-4000-8000-000000000000", strings.Repeat("x", 64)}
	someParams  = []index.Param{0, 1, 2, 700}
	someTexts   = []string{"", "a", "ab", "abc", "b", "ba", "Ärger", "arger"}
	someDates   = []int64{-5, 0, 1, 7, 1_000_000, 5_000_000, 1 << 50}
	someNumbers = []string{"-1", "0", "0.0", "1", "1.0", "1e0", "1.5", "100", "1e2", "0.1", "0.10000000000000000001", "0.1000000000000000000", "12345678901234567890", "12345678901234567891", "1e400", "1e-400"}
	someUnits   = []string{"", "kg", "g"}
)

func drawEntry(t *rapid.T) index.Entry {
	e := index.Entry{
		Kind:  index.Kind(rapid.IntRange(int(index.KindToken), int(index.KindWords)).Draw(t, "kind")),
		Param: rapid.SampledFrom(someParams).Draw(t, "param"),
		Group: rapid.Uint32Range(0, 2).Draw(t, "group"),
	}
	text := rapid.SampledFrom(someTexts)
	switch e.Kind {
	case index.KindToken:
		e.System, e.Code = text.Draw(t, "system"), text.Draw(t, "code")
	case index.KindText:
		e.Exact = text.Draw(t, "text")
		e.Folded = strings.ToLower(e.Exact)
	case index.KindDate:
		e.From = rapid.OneOf(rapid.SampledFrom(someDates), rapid.Just(openFrom)).Draw(t, "from")
		e.To = rapid.OneOf(rapid.SampledFrom(someDates), rapid.Just(openTo)).Draw(t, "to")
	case index.KindNumber, index.KindQuantity:
		e.Low = rapid.OneOf(rapid.SampledFrom(someNumbers), rapid.Just("")).Draw(t, "low")
		e.High = e.Low
		if e.Low == "" || rapid.Bool().Draw(t, "range") {
			e.High = rapid.OneOf(rapid.SampledFrom(someNumbers), rapid.Just("")).Draw(t, "high")
		}
		if e.Kind == index.KindQuantity {
			e.Code = rapid.SampledFrom(someUnits).Draw(t, "unit")
			e.Unit = e.Code + "s"
		}
	case index.KindReference:
		e.Type, e.ID = rapid.SampledFrom(someTypes).Draw(t, "target"), rapid.SampledFrom(someIDs).Draw(t, "id")
	case index.KindReferenceText:
		e.Exact = text.Draw(t, "reference")
		e.Folded = e.Exact
	case index.KindWords:
		e.Exact = strings.Join(rapid.SliceOfN(text, 1, 4).Draw(t, "words"), " ")
		e.Folded = e.Exact
	}
	return e
}

// apply draws a record and applies it to both.
func (m *model) apply(t *rapid.T, x *index.Index) {
	view := x.View()
	seq := view.Sequence() + rapid.Uint64Range(1, 3).Draw(t, "gap")
	now := view.Time() + rapid.Int64Range(0, 2).Draw(t, "later")
	first := view.Last() + 1
	if !m.dense {
		first += index.Ordinal(rapid.Uint32Range(0, 1).Draw(t, "lost"))
	}
	for len(m.versions) < int(first) {
		m.versions = append(m.versions, modelVersion{hole: true, sequence: seq, time: now})
	}
	var items []index.Item
	newest := m.newest(first - 1)
	for range rapid.IntRange(0, 9).Draw(t, "items") {
		v := modelVersion{sequence: seq, time: now}
		item := index.Item{}
		if v.hole = rapid.IntRange(0, 9).Draw(t, "hole") == 0; v.hole {
			item.Hole = true
		} else {
			v.typ, v.id = rapid.SampledFrom(someTypes).Draw(t, "type"), rapid.SampledFrom(someIDs).Draw(t, "id")
			v.deleted = rapid.IntRange(0, 4).Draw(t, "delete") == 0
			k := key{v.typ, v.id}
			v.number = 1
			if before, ok := newest[k]; ok {
				v.number = m.versions[before].number + 1
			}
			item = index.Item{Type: v.typ, ID: v.id, Deleted: v.deleted}
			if rapid.IntRange(0, 9).Draw(t, "renumber") == 0 {
				v.number += 5
				item.Version = v.number
			}
			if rapid.IntRange(0, 3).Draw(t, "brought") == 0 {
				v.time = rapid.Int64Range(now-5, now).Draw(t, "source time")
				item.Brought, item.SourceTime = true, v.time
			}
			newest[k] = index.Ordinal(len(m.versions))
			if !v.deleted {
				v.entries = rapid.SliceOfN(rapid.Custom(drawEntry), 0, 6).Draw(t, "entries")
				v.block = encode(v.entries)
				item.Values = new(index.Prepared)
				require.NoError(t, x.Prepare(item.Values, v.block))
				if m.custom != nil {
					item.Custom = m.custom(t, x, &v)
				}
			}
		}
		m.versions = append(m.versions, v)
		items = append(items, item)
	}
	require.NoError(t, x.Apply(seq, now, first, items))
	m.commits = append(m.commits, firstCommit{first, index.Commit{Sequence: seq, Time: now, Items: items}})
	m.views = append(m.views, modelView{index.Ordinal(len(m.versions) - 1), seq, now, x.View()})
}

// sweep draws a horizon and sweeps both. The model forgets nothing but which
// ordinals postings and columns still have.
func (m *model) sweep(t *rapid.T, x *index.Index) {
	seq := rapid.Uint64Range(0, x.View().Sequence()+2).Draw(t, "horizon")
	require.NoError(t, x.Sweep(t.Context(), seq))
	for _, v := range m.held {
		seq = min(seq, v.Sequence())
	}
	for _, mv := range m.views {
		if m.horizon < mv.sequence && mv.sequence <= seq {
			m.horizon = mv.sequence
			newest := m.newest(mv.last)
			for o := index.Ordinal(1); o <= mv.last; o++ {
				if v := &m.versions[o]; v.hole || v.deleted || newest[m.key(o)] != o {
					m.swept[o] = true
				}
			}
		}
	}
	require.Equal(t, len(m.swept), x.Stats().Swept)
	dead, all := x.Sweepable(m.horizon)
	require.Zero(t, dead)
	require.GreaterOrEqual(t, all, 0)
}

// hold holds the newest view, or releases one.
func (m *model) hold(t *rapid.T, x *index.Index) {
	if len(m.held) > 0 && rapid.Bool().Draw(t, "release") {
		m.held[0].Release()
		m.held = m.held[1:]
		return
	}
	m.held = append(m.held, x.Hold(time.Time{}))
}

func TestModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := index.New([16]byte{1, 2, 3}, nil)
		m := &model{versions: make([]modelVersion, 1), params: someParams, swept: map[index.Ordinal]bool{}}
		m.views = append(m.views, modelView{held: x.View()})
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0:
				m.sweep(t, x)
			case 1:
				m.hold(t, x)
			default:
				m.apply(t, x)
			}
		}
		for _, mv := range m.views {
			at, ok := x.ViewAt(mv.sequence)
			require.Equal(t, mv.sequence >= m.horizon, ok)
			require.Equal(t, ok, mv.held.Whole())
			if !ok {
				continue
			}
			for _, v := range []index.View{mv.held, at} {
				require.Equal(t, mv.last, v.Last())
				require.Equal(t, mv.sequence, v.Sequence())
				require.Equal(t, mv.time, v.Time())
				m.checkResources(t, v)
				m.checkPostings(t, v)
				m.checkTexts(t, v)
				m.checkDates(t, v)
				m.checkNumbers(t, v)
				m.checkReferences(t, v)
				m.checkBest(t, v)
			}
		}
		_, ok := x.ViewAt(x.View().Sequence() + 1)
		require.False(t, ok)
		m.checkStats(t, x)
	})
}

func (m *model) checkResources(t *rapid.T, v index.View) {
	newest := m.newest(v.Last())
	visible := roaring.New()
	previous := make(map[key]index.Ordinal)
	for o := index.Ordinal(1); o <= v.Last(); o++ {
		want := &m.versions[o]
		seq, now := v.RecordOf(o)
		require.Equal(t, want.sequence, seq, "sequence of %d", o)
		require.Equal(t, want.time, now)
		require.Equal(t, want.hole, v.Hole(o))
		require.Equal(t, want.deleted, v.Deleted(o))
		require.Equal(t, want.number, v.VersionNumber(o))
		if want.hole {
			require.False(t, v.Visible(o))
			require.Zero(t, v.EntityOf(o))
			continue
		}
		typ, id := v.Key(o)
		require.Equal(t, m.key(o), key{typ, id})
		before, ok := v.Previous(o)
		require.Equal(t, previous[m.key(o)], before)
		require.Equal(t, before != 0, ok)
		previous[m.key(o)] = o
		e, ok := v.Entity(typ, id)
		require.True(t, ok)
		require.Equal(t, e, v.EntityOf(o))
		isVisible := newest[m.key(o)] == o && !want.deleted
		require.Equal(t, isVisible, v.Visible(o), "visible %d at %d", o, v.Last())
		current, ok := v.Current(e)
		require.Equal(t, !m.versions[newest[m.key(o)]].deleted, ok)
		if ok {
			require.Equal(t, newest[m.key(o)], current)
		}
		if isVisible {
			visible.Add(uint32(o))
		}
	}
	require.False(t, v.Visible(v.Last()+1))
	require.False(t, v.Visible(0))
	require.Equal(t, visible.ToArray(), v.AllVisible().ToArray())
	for _, typ := range someTypes {
		for _, id := range someIDs {
			o, ok := v.Lookup(typ, id)
			want, known := newest[key{typ, id}]
			require.Equal(t, known, ok)
			require.Equal(t, want, o)
		}
	}
	entities := v.EntitiesOf(visible)
	require.Equal(t, visible.ToArray(), v.CurrentOf(entities).ToArray())
	require.Equal(t, visible.GetCardinality(), entities.GetCardinality())
	for from := int64(-5); from < v.Time()+2; from++ {
		updated := v.Updated(from, from+2)
		for o := index.Ordinal(1); o <= v.Last(); o++ {
			if w := m.versions[o]; !w.hole {
				require.Equal(t, from <= w.time && w.time < from+2, updated.Contains(uint32(o)))
			}
		}
		require.True(t, updated.IsEmpty() || updated.Maximum() <= uint32(v.Last()))
	}
	m.checkNewest(t, v)
}

// checkNewest checks the order of histories, from the beginning and from within.
func (m *model) checkNewest(t *rapid.T, v index.View) {
	for _, typ := range []*index.TypeID{nil, &someTypes[0], &someTypes[2]} {
		want := []index.Ordinal{}
		for o := index.Ordinal(1); o <= v.Last(); o++ {
			if w := m.versions[o]; !w.hole && (typ == nil || w.typ == *typ) {
				want = append(want, o)
			}
		}
		slices.SortFunc(want, func(a, b index.Ordinal) int {
			return cmp.Or(cmp.Compare(m.versions[b].time, m.versions[a].time), cmp.Compare(b, a))
		})
		require.Equal(t, want, append([]index.Ordinal{}, slices.Collect(v.Newest(typ, 0))...))
		if len(want) > 0 {
			at := rapid.IntRange(0, len(want)-1).Draw(t, "after")
			require.Equal(t, want[at+1:], append([]index.Ordinal{}, slices.Collect(v.Newest(typ, want[at]))...))
		}
	}
}

func (m *model) checkPosting(t *rapid.T, v index.View, p index.Posting, want []uint32) {
	require.Equal(t, len(want), p.Len())
	require.Equal(t, want, p.Bitmap().ToArray())
	require.Equal(t, want, collect(p.All))
	backward := collect(func() iter.Seq[index.Ordinal] { return p.Backward(index.MaxOrdinal) })
	slices.Reverse(backward)
	require.Equal(t, want, backward)
	visible := 0
	for o := index.Ordinal(0); o <= v.Last()+1; o++ {
		has := slices.Contains(want, uint32(o))
		require.Equal(t, has, p.Contains(o))
		if has && v.Visible(o) {
			visible++
		}
	}
	require.Equal(t, visible, p.CountVisible())
	require.Equal(t, visible, v.CountVisible(p.Bitmap()))
	retained := p.Bitmap()
	v.RetainVisible(retained)
	require.Equal(t, visible, int(retained.GetCardinality()))
	odd := roaring.New()
	for o := uint32(1); o < uint32(v.Last())+5; o += 2 {
		odd.Add(o)
	}
	require.Equal(t, roaring.And(odd, roaring.BitmapOf(want...)).ToArray(), p.Intersect(odd).ToArray())
	p.RemoveFrom(odd)
	require.True(t, !odd.Intersects(roaring.BitmapOf(want...)))
}

func (m *model) checkPostings(t *rapid.T, v index.View) {
	terms := v.Terms()
	for _, typ := range someTypes {
		want := []uint32{}
		for o := index.Ordinal(1); o <= v.Last(); o++ {
			if !m.versions[o].hole && m.versions[o].typ == typ {
				want = append(want, uint32(o))
			}
		}
		m.checkPosting(t, v, v.OfType(typ), want)
	}
	p := rapid.SampledFrom(m.params).Draw(t, "asked param")
	a, b := rapid.SampledFrom(someTexts).Draw(t, "asked text"), rapid.SampledFrom(someTexts).Draw(t, "other text")
	typ, id := rapid.SampledFrom(someTypes).Draw(t, "asked type"), rapid.SampledFrom(someIDs).Draw(t, "asked id")
	checks := []struct {
		term index.Term
		fits func(e *index.Entry) bool
	}{
		{terms.Present(p), func(e *index.Entry) bool { return true }},
		{terms.Token(p, a, b), func(e *index.Entry) bool {
			return e.Kind == index.KindToken && e.System == a && e.Code == b && b != ""
		}},
		{terms.Code(p, a), func(e *index.Entry) bool { return e.Kind == index.KindToken && e.Code == a && a != "" }},
		{terms.System(p, a), func(e *index.Entry) bool { return e.Kind == index.KindToken && e.System == a && a != "" }},
		{terms.Exact(p, a), func(e *index.Entry) bool { return e.Kind == index.KindText && e.Exact == a }},
		{terms.ReferenceText(p, a), func(e *index.Entry) bool { return e.Kind == index.KindReferenceText && e.Exact == a }},
		{terms.Word(p, a), func(e *index.Entry) bool {
			return e.Kind == index.KindWords && slices.Contains(strings.Split(e.Exact, " "), a)
		}},
		{terms.Reference(p, typ, id), func(e *index.Entry) bool {
			return e.Kind == index.KindReference && e.Type == typ && e.ID == id
		}},
	}
	for _, c := range checks {
		want := m.with(v.Last(), func(e *index.Entry) bool { return e.Param == p && c.fits(e) })
		m.checkPosting(t, v, v.Posting(c.term), want)
	}
}

func (m *model) checkTexts(t *rapid.T, v index.View) {
	p := rapid.SampledFrom(m.params).Draw(t, "text param")
	prefix := rapid.SampledFrom(someTexts).Draw(t, "prefix")
	want := map[string][]uint32{}
	for _, text := range someTexts {
		folded := strings.ToLower(text)
		if found := m.with(v.Last(), func(e *index.Entry) bool {
			return e.Param == p && e.Kind == index.KindText && e.Folded == folded
		}); len(found) > 0 && strings.HasPrefix(folded, prefix) {
			want[folded] = found
		}
	}
	got := map[string][]uint32{}
	var order []string
	for text, posting := range v.Texts(p).WithPrefix(prefix) {
		order = append(order, text)
		got[text] = posting.Bitmap().ToArray()
	}
	require.Equal(t, want, got)
	require.True(t, slices.IsSorted(order))

	spans := maps.Collect(v.Texts(p).Keys(v.AllVisible()))
	for o := index.Ordinal(1); o <= v.Last(); o++ {
		var texts []string
		for _, e := range m.versions[o].entries {
			if e.Param == p && e.Kind == index.KindText && v.Visible(o) {
				texts = append(texts, e.Folded)
			}
		}
		span, ok := spans[o]
		require.Equal(t, len(texts) > 0, ok)
		if ok {
			require.Equal(t, index.Span[string]{Min: slices.Min(texts), Max: slices.Max(texts)}, span)
		}
	}
}

func (m *model) checkDates(t *rapid.T, v index.View) {
	p := rapid.SampledFrom(m.params).Draw(t, "date param")
	low, high := rapid.SampledFrom(someDates).Draw(t, "low"), rapid.SampledFrom(someDates).Draw(t, "high")
	isDate := func(e *index.Entry) bool { return e.Param == p && e.Kind == index.KindDate }
	checks := []struct {
		window index.DateWindow
		fits   func(e *index.Entry) bool
	}{
		{index.AnyDate(), func(e *index.Entry) bool { return true }},
		{index.DateWithin(low, high), func(e *index.Entry) bool { return low <= e.From && e.To <= high }},
		{index.DateStartsBefore(low), func(e *index.Entry) bool { return e.From < low }},
		{index.DateStartsFrom(low), func(e *index.Entry) bool { return e.From >= low }},
		{index.DateEndsAfter(low), func(e *index.Entry) bool { return e.To > low }},
		{index.DateEndsBy(low), func(e *index.Entry) bool { return e.To <= low }},
		{index.DateOverlaps(low, high), func(e *index.Entry) bool { return e.From < high && e.To > low }},
	}
	dates := v.Dates(p)
	visible := v.AllVisible()
	for i, c := range checks {
		want := m.with(v.Last(), func(e *index.Entry) bool { return isDate(e) && c.fits(e) })
		require.Equal(t, want, dates.Match(nil, c.window).ToArray(), "window %d", i)
		some := roaring.And(visible, roaring.BitmapOf(want...))
		require.Equal(t, some.ToArray(), dates.Match(visible, c.window).ToArray())
	}
	not := m.with(v.Last(), func(e *index.Entry) bool { return isDate(e) && !(low <= e.From && e.To <= high) })
	require.Equal(t, not, dates.Match(nil, index.DateStartsBefore(low), index.DateEndsAfter(high)).ToArray())

	spans := maps.Collect(dates.Keys(visible))
	require.Equal(t, len(spans), int(dates.Match(visible, index.AnyDate()).GetCardinality()))
	for o, span := range spans {
		for _, e := range m.versions[o].entries {
			if isDate(&e) {
				require.True(t, span.Min <= e.From && e.To <= span.Max)
			}
		}
	}
}

// compare compares decimals with big.Rat.
func compare(a, b string) int {
	x, _ := new(big.Rat).SetString(a)
	y, _ := new(big.Rat).SetString(b)
	return x.Cmp(y)
}

func (m *model) checkNumbers(t *rapid.T, v index.View) {
	p := rapid.SampledFrom(m.params).Draw(t, "number param")
	limit := func(name string) index.Limit {
		return index.Limit{Value: rapid.SampledFrom(someNumbers).Draw(t, name), Excluded: rapid.Bool().Draw(t, name+" excluded")}
	}
	from := func(l index.Limit, s string) bool {
		c := compare(s, l.Value)
		return c > 0 || c == 0 && !l.Excluded
	}
	to := func(l index.Limit, s string) bool {
		c := compare(s, l.Value)
		return c < 0 || c == 0 && !l.Excluded
	}
	type check struct {
		windows []index.NumberWindow
		fits    func(e *index.Entry) bool
	}
	draw := func() check {
		low, high := limit("low"), limit("high")
		return rapid.SampledFrom([]check{
			{nil, func(e *index.Entry) bool { return false }},
			{[]index.NumberWindow{{}}, func(e *index.Entry) bool { return true }},
			{[]index.NumberWindow{index.NumberWithin(low, high)}, func(e *index.Entry) bool {
				return e.Low != "" && from(low, e.Low) && e.High != "" && to(high, e.High)
			}},
			{[]index.NumberWindow{index.NumberOverlaps(low, high)}, func(e *index.Entry) bool {
				return (e.Low == "" || to(high, e.Low)) && (e.High == "" || from(low, e.High))
			}},
			{[]index.NumberWindow{{LowMax: low}, {HighMin: high}}, func(e *index.Entry) bool {
				return e.Low == "" || to(low, e.Low) || e.High == "" || from(high, e.High)
			}},
		}).Draw(t, "windows")
	}
	of := map[string]check{}
	for _, unit := range someUnits {
		of[unit] = draw()
	}
	each := draw()
	values := func(o index.Ordinal) ([]byte, error) { return m.versions[o].block, nil }
	for _, c := range []struct {
		q    index.NumberQuery
		fits func(e *index.Entry) bool
	}{
		{index.NumberQuery{Windows: each.windows, Values: values}, each.fits},
		{index.NumberQuery{Values: values, InUnit: func(_, code, _ string) ([]index.NumberWindow, error) {
			return of[code].windows, nil
		}}, func(e *index.Entry) bool { return of[e.Code].fits(e) }},
	} {
		want := m.with(v.Last(), func(e *index.Entry) bool {
			return e.Param == p && (e.Kind == index.KindNumber || e.Kind == index.KindQuantity) && c.fits(e)
		})
		got, err := v.Numbers(p).Match(nil, c.q)
		require.NoError(t, err)
		require.Equal(t, want, got.ToArray())
		got, err = v.Numbers(p).Match(v.AllVisible(), c.q)
		require.NoError(t, err)
		require.Equal(t, roaring.And(v.AllVisible(), roaring.BitmapOf(want...)).ToArray(), got.ToArray())
	}
}

func (m *model) checkReferences(t *rapid.T, v index.View) {
	p := rapid.SampledFrom(m.params).Draw(t, "reference param")
	refs := v.References(p)
	wantEdges := map[string]bool{}
	wanted := roaring.New()
	targets := roaring.New()
	for o := index.Ordinal(1); o <= v.Last(); o++ {
		fromOne := map[index.Entity]bool{}
		for _, e := range m.versions[o].entries {
			if !m.swept[o] && e.Param == p && e.Kind == index.KindReference {
				entity, ok := v.Entity(e.Type, e.ID)
				require.True(t, ok)
				typ, id := v.EntityKey(entity)
				require.Equal(t, key{e.Type, e.ID}, key{typ, id})
				wantEdges[fmt.Sprint(o, entity)] = true
				fromOne[entity] = true
				targets.Add(uint32(entity))
				if e.Type == someTypes[0] {
					wanted.Add(uint32(entity))
				}
			}
		}
		got := map[index.Entity]bool{}
		for e := range refs.TargetsOf(o) {
			got[e] = true
		}
		require.Equal(t, fromOne, got)
	}
	gotEdges := map[string]bool{}
	for o, e := range refs.Edges(nil) {
		gotEdges[fmt.Sprint(o, e)] = true
	}
	require.Equal(t, wantEdges, gotEdges)
	require.Equal(t, targets.ToArray(), refs.Targets(nil).ToArray())
	want := m.with(v.Last(), func(e *index.Entry) bool {
		return e.Param == p && e.Kind == index.KindReference && e.Type == someTypes[0]
	})
	require.Equal(t, want, refs.Sources(wanted).ToArray())
}

func (m *model) checkStats(t *rapid.T, x *index.Index) {
	s := x.Stats()
	require.Equal(t, len(m.versions)-1, s.Ordinals)
	require.Equal(t, len(m.views)-1, s.Records)
	require.Equal(t, s.Ordinals-int(x.View().AllVisible().GetCardinality()), s.Superseded)
	want := map[index.Param]map[index.Kind]int{}
	for _, v := range m.versions {
		for _, e := range v.entries {
			if want[e.Param] == nil {
				want[e.Param] = map[index.Kind]int{}
			}
			want[e.Param][e.Kind]++
		}
	}
	require.Equal(t, want, s.Values)
}

func collect(all func() iter.Seq[index.Ordinal]) []uint32 {
	got := []uint32{}
	for o := range all() {
		got = append(got, uint32(o))
	}
	return got
}
