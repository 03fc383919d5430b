package index_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

// A lateParam is a custom param of the model: absent, being filled, or complete.
type lateParam struct {
	param    index.Param
	from     index.Ordinal // filled up to here
	complete bool          // new versions bring values along
	filled   []index.Ordinal
}

// lateEntries are the values that a version has of a custom param: they depend on
// the version alone, as those of a search parameter do.
func lateEntries(p index.Param, o index.Ordinal) []index.Entry {
	var entries []index.Entry
	pick := func(n int) int { return (int(o)*7 + int(p)) % n }
	for i := range pick(4) {
		at := pick(5) + i
		text := someTexts[(at+1)%len(someTexts)]
		entries = append(entries,
			index.Entry{Kind: index.KindToken, Param: p, System: someTexts[at%len(someTexts)], Code: text},
			index.Entry{Kind: index.KindText, Param: p, Folded: strings.ToLower(text), Exact: text},
			index.Entry{Kind: index.KindDate, Param: p, From: someDates[at%3], To: someDates[at%3+2]},
			index.Entry{Kind: index.KindNumber, Param: p, Low: someNumbers[at], High: someNumbers[at]},
			index.Entry{Kind: index.KindReference, Param: p, Type: someTypes[at%3], ID: someIDs[at%5]},
			index.Entry{Kind: index.KindReferenceText, Param: p, Folded: text, Exact: text},
		)
	}
	return entries
}

func prepared(t require.TestingT, x *index.Index, entries []index.Entry) *index.Prepared {
	p := new(index.Prepared)
	require.NoError(t, x.Prepare(p, encode(entries)))
	return p
}

// TestCustomModel fills custom params beside records, drops them and gives their
// numbers to others. Those that are complete answer as if their values had come
// with the items, and the others are not there.
func TestCustomModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := index.New([16]byte{1, 2, 3}, nil)
		params := []*lateParam{{param: index.FirstCustom}, {param: index.FirstCustom + 1}, {param: index.FirstCustom + 9}}
		m := &model{versions: make([]modelVersion, 1), swept: map[index.Ordinal]bool{}}
		m.views = append(m.views, modelView{held: x.View()})
		m.custom = func(t *rapid.T, x *index.Index, v *modelVersion) *index.Prepared {
			var entries []index.Entry
			for _, p := range params {
				if p.complete {
					entries = append(entries, lateEntries(p.param, index.Ordinal(len(m.versions)))...)
				}
			}
			v.entries = append(slices.Clip(v.entries), entries...)
			v.block = encode(v.entries)
			return prepared(t, x, entries)
		}
		for range rapid.IntRange(1, 20).Draw(t, "steps") {
			p := rapid.SampledFrom(params).Draw(t, "param")
			switch rapid.IntRange(0, 6).Draw(t, "step") {
			case 0:
				x.Drop(p.param)
				m.forget(p.param)
				*p = lateParam{param: p.param}
			case 1, 2:
				m.fill(t, x, p, rapid.IntRange(1, 20).Draw(t, "versions"))
			case 3:
				m.sweep(t, x)
			case 4:
				m.hold(t, x)
			default:
				m.apply(t, x)
			}
			m.params = m.params[:0]
			for _, p := range params {
				if p.complete || p.from == 0 {
					m.params = append(m.params, p.param)
				}
			}
			if len(m.params) == 0 {
				continue
			}
			v := x.View()
			m.checkPostings(t, v)
			m.checkTexts(t, v)
			m.checkDates(t, v)
			m.checkNumbers(t, v)
			m.checkReferences(t, v)
		}
	})
}

// fill fills a param for the next n versions. It is complete when none is left.
func (m *model) fill(t *rapid.T, x *index.Index, p *lateParam, n int) {
	if p.complete {
		return
	}
	var late []index.Late
	for ; n > 0 && int(p.from) < len(m.versions)-1; n-- {
		p.from++
		if x.View().Visible(p.from) {
			p.filled = append(p.filled, p.from)
		}
		if v := &m.versions[p.from]; !v.hole && !v.deleted { // Fill leaves out what is superseded
			late = append(late, index.Late{Ordinal: p.from, Values: prepared(t, x, lateEntries(p.param, p.from))})
		}
	}
	require.NoError(t, x.Fill(late))
	if p.complete = int(p.from) == len(m.versions)-1; !p.complete {
		return
	}
	for _, o := range p.filled {
		v := &m.versions[o]
		v.entries = append(slices.Clip(v.entries), lateEntries(p.param, o)...)
		v.block = encode(v.entries)
	}
}

func (m *model) forget(p index.Param) {
	for o := range m.versions {
		v := &m.versions[o]
		v.entries = slices.DeleteFunc(slices.Clone(v.entries), func(e index.Entry) bool { return e.Param == p })
		v.block = encode(v.entries)
	}
}

// TestDropFrees fills a param with many values and drops it: what is left is what
// was there before.
func TestDropFrees(t *testing.T) {
	x := index.New([16]byte{}, nil)
	apply := func(seq uint64, n int) {
		var items []index.Item
		for i := range n {
			values := prepared(t, x, []index.Entry{
				{Kind: index.KindToken, Param: 1, System: "s", Code: fmt.Sprint(seq, i%50)},
				{Kind: index.KindText, Param: 2, Folded: fmt.Sprint(i), Exact: fmt.Sprint(i)},
			})
			items = append(items, index.Item{Type: 1, ID: fmt.Sprint(seq, ".", i), Values: values})
		}
		require.NoError(t, x.Apply(seq, 0, x.View().Last()+1, items))
	}
	fill := func(p index.Param) {
		var late []index.Late
		for o := index.FirstOrdinal; o <= x.View().Last(); o++ {
			entries := []index.Entry{{Kind: index.KindReference, Param: p, Type: 1, ID: "1.7"}}
			for i := range 20 { // of twenty systems: more than a param has of its own
				text := fmt.Sprint(int(o)%997, i)
				entries = append(entries,
					index.Entry{Kind: index.KindToken, Param: p, System: fmt.Sprint(i), Code: text},
					index.Entry{Kind: index.KindText, Param: p, Folded: text, Exact: text + "!"})
			}
			late = append(late, index.Late{Ordinal: o, Values: prepared(t, x, entries)})
		}
		require.NoError(t, x.Fill(late))
	}
	apply(1, 3000)
	before := x.Stats()
	for range 5 {
		fill(index.FirstCustom)
		require.NotEqual(t, before.Terms, x.Stats().Terms)
		require.Equal(t, 3000, x.View().Posting(x.Terms().Reference(index.FirstCustom, 1, "1.7")).Len())
		x.Drop(index.FirstCustom, index.FirstCustom+1)
		after := x.Stats()
		require.Equal(t, []any{before.Terms, before.Texts, before.Postings, before.Values, len(before.Params)},
			[]any{after.Terms, after.Texts, after.Postings, after.Values, len(after.Params)})
	}
	// Of 5 × 19,940 texts that are gone, the first and the last chunk are not empty.
	require.LessOrEqual(t, x.Stats().Bytes.Texts, before.Bytes.Texts+2*4096*24)
	require.Zero(t, x.View().Posting(x.Terms().Code(index.FirstCustom, "70")).Len())
	for i := range 50 {
		require.Equal(t, 60, x.View().Posting(x.Terms().Token(1, "s", fmt.Sprint(1, i))).Len())
	}
	apply(2, 100)
	require.Equal(t, 2, x.View().Posting(x.Terms().Token(1, "s", fmt.Sprint(2, 7))).Len())
}

// TestDropBesideSweep updates versions, fills params and drops them while another
// goroutine sweeps. In the end the index has what one would that never had a custom
// param.
func TestDropBesideSweep(t *testing.T) {
	x := index.New([16]byte{}, nil)
	entries := func(p index.Param, i int) []index.Entry {
		text := fmt.Sprint(i % 13)
		return []index.Entry{
			{Kind: index.KindToken, Param: p, System: "s", Code: text},
			{Kind: index.KindText, Param: p, Folded: text, Exact: text},
			{Kind: index.KindText, Param: p, Folded: fmt.Sprint("x", i), Exact: "X"},
			{Kind: index.KindDate, Param: p, From: int64(i), To: int64(i + 1)},
		}
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			default:
				assert.NoError(t, x.Sweep(context.Background(), x.View().Sequence()))
			}
		}
	}()
	const resources, rounds = 300, 40
	for round := range rounds {
		var items []index.Item
		for i := range resources {
			items = append(items, index.Item{Type: 1, ID: fmt.Sprint(i), Values: prepared(t, x, entries(1, round+i))})
		}
		require.NoError(t, x.Apply(uint64(round+1), 0, x.View().Last()+1, items))
		p := index.FirstCustom + index.Param(round%3)
		var late []index.Late
		for o := x.View().Last() - 2*resources + 1; o <= x.View().Last(); o++ {
			late = append(late, index.Late{Ordinal: o, Values: prepared(t, x, entries(p, int(o)))})
		}
		if round > 0 {
			require.NoError(t, x.Fill(late))
			v := x.View()
			require.Equal(t, resources, v.Posting(x.Terms().Exact(p, "X")).CountVisible())
			require.EqualValues(t, resources, v.Dates(p).Match(v.AllVisible(), index.AnyDate()).GetCardinality())
		}
		if round%2 == 0 {
			x.Drop(index.FirstCustom, index.FirstCustom+1, index.FirstCustom+2)
		} else {
			x.Drop(p)
		}
		require.Zero(t, x.View().Posting(x.Terms().Exact(p, "X")).Len())
	}
	close(stop)
	<-stopped
	require.NoError(t, x.Sweep(t.Context(), x.View().Sequence()))
	x.Drop(index.FirstCustom, index.FirstCustom+1, index.FirstCustom+2)
	v := x.View()
	for i := range 13 {
		want := 0
		for r := range resources {
			if (rounds-1+r)%13 == i {
				want++
			}
		}
		require.Equal(t, want, v.Posting(x.Terms().Token(1, "s", fmt.Sprint(i))).Len())
	}
	texts := 0
	for _, posting := range v.Texts(1).WithPrefix("") {
		require.Equal(t, posting.Len(), posting.CountVisible())
		texts++
	}
	require.Equal(t, resources+13, texts)
	s := x.Stats()
	require.Equal(t, texts, s.Texts)
	require.Len(t, s.Params, 1)
}

// TestFillOfNothing checks that a Fill of nothing, and of empty values, does nothing.
func TestFillOfNothing(t *testing.T) {
	x := index.New([16]byte{}, nil)
	require.NoError(t, x.Fill(nil))
	require.NoError(t, x.Fill([]index.Late{{Ordinal: 1}, {Ordinal: 2, Values: new(index.Prepared)}}))
	x.Drop(index.FirstCustom)
	require.Empty(t, x.Stats().Values)
}
