package index_test

import (
	"bytes"
	"context"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fhirlake/fhirlake/internal/index"
)

// A churn writes the same resources over and over, with values that change or stay.
type churn struct {
	random    *rand.Rand
	resources int
	versions  int
}

func (c *churn) block(resource int) []byte {
	c.versions++
	var b index.Builder
	b.Token(1, 0, "id", uuid(resource, 1)) // stays, and nobody else has it
	b.Token(1, 0, "id", uuid(c.versions, 2))
	b.Token(2, 0, "s", fmt.Sprint(c.random.IntN(3)))
	b.Token(3, 0, "s", fmt.Sprint(c.random.IntN(c.resources/10)))
	at := int64(c.random.IntN(10*365)) * 86400e6
	b.Date(4, 0, at, at+86400e6)
	n := fmt.Sprint(c.random.IntN(1000))
	b.Quantity(5, 0, n, n, "u", "kg", "kg")
	b.Reference(6, 0, 9, fmt.Sprint(c.random.IntN(c.resources/20)))
	b.Text(7, 0, uuid(c.versions, 3), uuid(c.versions, 3))
	b.Text(8, 0, fmt.Sprint("name", c.random.IntN(500)), fmt.Sprint("Name", c.random.IntN(500)))
	return bytes.Clone(b.Payload())
}

// record applies a record of the resources from one on to all of the indexes, which
// have one key.
func (c *churn) record(tb testing.TB, from, n int, to ...*index.Index) {
	items := make([]index.Item, n)
	for i := range items {
		items[i] = index.Item{Type: 1, ID: uuid(from+i, 0), Deleted: c.random.IntN(50) == 0}
		if !items[i].Deleted {
			items[i].Values = new(index.Prepared)
			require.NoError(tb, to[0].Prepare(items[i].Values, c.block(from+i)))
		}
	}
	for _, x := range to {
		v := x.View()
		require.NoError(tb, x.Apply(v.Sequence()+1, v.Time()+1, v.Last()+1, items))
	}
}

// round writes each resource once, or some: one record in so many.
func (c *churn) round(tb testing.TB, in int, to ...*index.Index) {
	const size = 500
	for from := 0; from < c.resources; from += size {
		if c.random.IntN(in) == 0 {
			c.record(tb, from, min(size, c.resources-from), to...)
		}
	}
}

// A swept index answers as one that was not swept, in every view that is whole.
func TestSweptAnswersAsUnswept(t *testing.T) {
	resources := 70_000 // more than have a calendar
	if testing.Short() {
		resources = 4_000
	}
	c := &churn{random: rand.New(rand.NewPCG(1, 2)), resources: resources}
	swept, plain := index.New([16]byte{1}, nil), index.New([16]byte{1}, nil)
	c.round(t, 1, swept, plain)
	horizon := uint64(1)
	for round := range 3 {
		c.round(t, 3, swept, plain)
		// So that there are orders and calendars, of which sweeps make new ones.
		swept.View().Dates(4).Match(nil, index.DateWithin(0, 1))
		seq := swept.View().Sequence()
		horizon = max(horizon, seq-c.random.Uint64N(min(seq, 20)))
		require.NoError(t, swept.Sweep(t.Context(), horizon))
		for _, at := range []uint64{horizon, (horizon + seq) / 2, seq} {
			a, ok := swept.ViewAt(at)
			require.True(t, ok)
			b, ok := plain.ViewAt(at)
			require.True(t, ok)
			compareViews(t, a, b, resources, fmt.Sprint("round ", round))
		}
		_, ok := swept.ViewAt(horizon - 1)
		require.False(t, ok)
	}
	require.NoError(t, swept.Sweep(t.Context(), swept.View().Sequence()))
	s := swept.Stats()
	require.Equal(t, s.Superseded, s.Swept)
	require.Equal(t, swept.View().Dates(4).Len(), int(swept.View().AllVisible().GetCardinality()))
}

func compareViews(t *testing.T, a, b index.View, resources int, message string) {
	visible := b.AllVisible()
	require.True(t, visible.Equals(a.AllVisible()), message)
	same := func(x, y *roaring.Bitmap) {
		t.Helper()
		a.RetainVisible(x)
		b.RetainVisible(y)
		require.True(t, x.Equals(y), message)
	}
	terms := a.Terms()
	all := []index.Term{terms.Type(1), terms.Present(1), terms.Present(5), terms.System(1, "id"), terms.Code(2, "1"), terms.Token(2, "s", "2")}
	for i := range 50 {
		all = append(all, terms.Token(3, "s", fmt.Sprint(i)), terms.Reference(6, 9, fmt.Sprint(i)), terms.Code(1, uuid(i, 1)), terms.Code(1, uuid(i*31, 2)))
	}
	for _, term := range all {
		p, q := a.Posting(term), b.Posting(term)
		require.Equal(t, q.CountVisible(), p.CountVisible(), message)
		require.Equal(t, b.CountVisible(q.Bitmap()), a.CountVisible(p.Bitmap()))
		same(p.Bitmap(), q.Bitmap())
		same(roaring.BitmapOf(collect(p.All)...), q.Intersect(visible))
	}
	for year := range int64(10) {
		w := index.DateWithin(year*365*86400e6, (year+1)*365*86400e6)
		same(a.Dates(4).Match(nil, w), b.Dates(4).Match(nil, w))
		same(a.Dates(4).Match(visible, w), b.Dates(4).Match(visible, w))
	}
	require.True(t, maps.Equal(maps.Collect(b.Dates(4).Keys(visible)), maps.Collect(a.Dates(4).Keys(visible))))
	require.True(t, maps.Equal(maps.Collect(b.Numbers(5).Keys(visible)), maps.Collect(a.Numbers(5).Keys(visible))))
	require.True(t, maps.Equal(maps.Collect(b.Texts(7).Keys(visible)), maps.Collect(a.Texts(7).Keys(visible))))
	q := index.NumberQuery{Windows: []index.NumberWindow{index.NumberWithin(index.Limit{Value: "10"}, index.Limit{Value: "200"})}}
	x, err := a.Numbers(5).Match(nil, q)
	require.NoError(t, err)
	y, err := b.Numbers(5).Match(nil, q)
	require.NoError(t, err)
	same(x, y)
	targets := b.References(6).Targets(visible)
	require.True(t, targets.Equals(a.References(6).Targets(visible)), message)
	same(a.References(6).Sources(targets), b.References(6).Sources(targets))
	for _, prefix := range []string{"0", "name1"} {
		for p := range index.Param(2) {
			x, y := roaring.New(), roaring.New()
			for _, posting := range a.Texts(7 + p).WithPrefix(prefix) {
				posting.AddTo(x)
			}
			for _, posting := range b.Texts(7 + p).WithPrefix(prefix) {
				posting.AddTo(y)
			}
			same(x, y)
		}
	}
	for i := range resources {
		want, _ := b.Lookup(1, uuid(i, 0))
		if got, _ := a.Lookup(1, uuid(i, 0)); got != want {
			t.Fatal(message)
		}
	}
}

// After every resource was written over often, a sweep brings the index back to
// about the size that it had, but for what remembers versions.
func TestSweepFreesMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	c := &churn{random: rand.New(rand.NewPCG(1, 2)), resources: 5_000}
	x := index.New([16]byte{1}, nil)
	c.round(t, 1, x)
	once := x.Stats()
	for range 9 {
		c.round(t, 1, x)
	}
	before := x.Stats()
	require.NoError(t, x.Sweep(t.Context(), x.View().Sequence()))
	after := x.Stats()
	t.Logf("bytes once %+v, ten times %+v, swept %+v", once.Bytes, before.Bytes, after.Bytes)
	// 24 bytes of each text that is gone remain; posting numbers wait for new ones.
	require.Less(t, after.Bytes.Columns, once.Bytes.Columns*5/4)
	require.Less(t, after.Bytes.Terms, once.Bytes.Terms*5/4)
	require.Less(t, after.Bytes.Texts, before.Bytes.Texts/2)
	require.Less(t, after.Bytes.Postings, before.Bytes.Postings/2)
	require.Less(t, after.Terms, once.Terms*5/4)

	// And again the same: what was freed is used.
	for range 9 {
		c.round(t, 1, x)
	}
	require.NoError(t, x.Sweep(t.Context(), x.View().Sequence()))
	again := x.Stats()
	require.Less(t, again.Bytes.Columns, once.Bytes.Columns*5/4)
	require.Less(t, again.Bytes.Postings, after.Bytes.Postings*5/4)
}

// Views that are held stay whole while others write and sweep; the rest say when
// they are not.
func TestReadersDuringSweeps(t *testing.T) {
	defer goleak.VerifyNone(t)
	const resources, records = 150, 60
	x := index.New([16]byte{3}, nil)
	apply := func(n int64) {
		items := make([]index.Item, resources)
		for i := range items {
			p := new(index.Prepared)
			var b index.Builder
			b.Token(1, 0, "s", "all")
			b.Token(2, 0, "s", uuid(i, int(n)))
			b.Token(2, 0, "s", uuid(i, 0))
			b.Date(3, 0, n, n+1)
			b.Number(4, 0, "1", "1")
			b.Text(5, 0, uuid(i, int(n)), uuid(i, int(n)))
			b.Reference(6, 0, 9, uuid(i, int(n)))
			assert.NoError(t, x.Prepare(p, b.Payload()))
			items[i] = index.Item{Type: 1, ID: uuid(i, 0), Values: p}
		}
		assert.NoError(t, x.Apply(uint64(n), n, x.View().Last()+1, items))
	}
	apply(1)
	read := func(v index.View) bool {
		seq := int64(v.Sequence())
		terms := v.Terms()
		visible := v.AllVisible()
		ok := v.Posting(terms.Code(1, "all")).CountVisible() == resources
		for i := range 20 {
			ok = ok && v.Posting(terms.Code(2, uuid(i, int(seq)))).CountVisible() == 1
			ok = ok && v.Posting(terms.Code(2, uuid(i, 0))).CountVisible() == 1
		}
		ok = ok && visible.Equals(v.Dates(3).Match(visible, index.DateWithin(seq, seq+1)))
		targets := v.References(6).Targets(visible)
		sources := v.References(6).Sources(targets)
		v.RetainVisible(sources)
		ok = ok && int(targets.GetCardinality()) == resources && visible.Equals(sources)
		texts := 0
		for o, span := range v.Texts(5).Keys(visible) {
			if span.Min == span.Max && span.Min != "" && visible.Contains(uint32(o)) {
				texts++
			}
		}
		found := roaring.New()
		for _, posting := range v.Texts(5).WithPrefix("") {
			posting.AddTo(found)
		}
		v.RetainVisible(found)
		return ok && texts == resources && visible.Equals(found)
	}
	done := make(chan struct{})
	var others sync.WaitGroup
	loop := func(f func()) {
		others.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
					f()
				}
			}
		})
	}
	for range 2 {
		loop(func() {
			held := x.Hold(time.Time{})
			defer held.Release()
			v := held.View
			assert.True(t, read(v))
			assert.True(t, read(v))
			assert.True(t, v.Whole())
		})
	}
	loop(func() {
		v, ok := x.ViewAt((x.View().Sequence() + 1) / 2)
		if exact := ok && read(v); ok && v.Whole() {
			assert.True(t, exact)
		}
	})
	loop(func() { assert.NoError(t, x.Sweep(context.Background(), x.View().Sequence())) })
	for n := int64(2); n <= records; n++ {
		apply(n)
	}
	close(done)
	others.Wait()
	require.NoError(t, x.Sweep(t.Context(), records))
	require.True(t, read(x.View()))
	require.Equal(t, (records-1)*resources, x.Stats().Swept)
}

// A sweep that was stopped can be made again.
func TestSweepStops(t *testing.T) {
	c := &churn{random: rand.New(rand.NewPCG(1, 2)), resources: 1000}
	x := index.New([16]byte{1}, nil)
	c.round(t, 1, x)
	c.round(t, 1, x)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	seq := x.View().Sequence()
	require.ErrorIs(t, x.Sweep(ctx, seq), context.Canceled)
	require.Zero(t, x.Stats().Swept)
	_, ok := x.ViewAt(seq - 1)
	require.False(t, ok)
	dead, all := x.Sweepable(seq)
	require.NoError(t, x.Sweep(t.Context(), seq))
	require.Equal(t, dead, x.Stats().Swept)
	require.Equal(t, 2000, all)
	require.Equal(t, x.View().AllVisible().ToArray(), slices.DeleteFunc(x.View().Posting(x.View().Terms().Present(1)).Bitmap().ToArray(),
		func(o uint32) bool { return !x.View().Visible(index.Ordinal(o)) }))
}
