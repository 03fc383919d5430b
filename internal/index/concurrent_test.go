package index_test

import (
	"sync"
	"testing"

	"github.com/RoaringBitmap/roaring/v2"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"github.com/fhirlake/fhirlake/internal/index"
)

// Records write the same resources over and over: in every view, each resource
// has one visible version, and all of a record carry the same number.
func TestReadersDuringApply(t *testing.T) {
	defer goleak.VerifyNone(t)
	const (
		resources = 150 // more than one chunk of a record
		records   = 60
	)
	x := index.New([16]byte{3}, nil)
	apply := func(n int64) {
		items := make([]index.Item, resources)
		for i := range items {
			p := new(index.Prepared)
			var b index.Builder
			b.Token(1, 0, "s", "all")
			b.Date(2, 0, n, n+1)
			b.Number(3, 0, "1", "1")
			b.Text(4, 0, uuid(i, int(n)), uuid(i, int(n)))
			b.Reference(5, 0, 9, uuid(i, int(n)))
			assert.NoError(t, x.Prepare(p, b.Payload()))
			items[i] = index.Item{Type: 1, ID: uuid(i, 0), Values: p}
		}
		assert.NoError(t, x.Apply(uint64(n), n, x.View().Last()+1, items))
	}
	apply(1)
	first := x.View()

	done := make(chan struct{})
	var readers sync.WaitGroup
	for range 3 {
		readers.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				readOnce(t, x.View(), resources)
				readOnce(t, first, resources)
				half, ok := x.ViewAt((x.View().Sequence() + 1) / 2)
				assert.True(t, ok)
				readOnce(t, half, resources)
			}
		})
	}
	for n := int64(2); n <= records; n++ {
		apply(n)
	}
	close(done)
	readers.Wait()
	readOnce(t, x.View(), resources)
	require.Equal(t, uint64(records), x.View().Sequence())
}

func readOnce(t *testing.T, v index.View, resources int) {
	seq := int64(v.Sequence())
	p := v.Posting(v.Terms().Code(1, "all"))
	assert.Equal(t, resources, p.CountVisible())
	assert.Equal(t, resources*int(seq), p.Len())
	visible := v.AllVisible()
	assert.Equal(t, resources, int(visible.GetCardinality()))
	assert.True(t, visible.Equals(v.Dates(2).Match(nil, index.DateWithin(seq, seq+1))))
	one := index.NumberWithin(index.Limit{Value: "1"}, index.Limit{Value: "1"})
	numbers, err := v.Numbers(3).Match(visible, index.NumberQuery{Windows: []index.NumberWindow{one}})
	assert.NoError(t, err)
	assert.True(t, visible.Equals(numbers))
	targets := v.References(5).Targets(visible)
	assert.Equal(t, resources, int(targets.GetCardinality()))
	assert.True(t, visible.Equals(v.References(5).Sources(targets)))
	found := roaring.New()
	for text, posting := range v.Texts(4).WithPrefix("0") {
		assert.NotEmpty(t, text)
		posting.AddTo(found)
	}
	for o := range v.Texts(4).Keys(found) {
		assert.LessOrEqual(t, o, v.Last())
	}
	o, ok := v.Lookup(1, uuid(7, 0))
	assert.True(t, ok)
	assert.True(t, v.Visible(o))
	assert.Equal(t, uint64(seq), v.VersionNumber(o))
	versions := 1
	for before, ok := v.Previous(o); ok; before, ok = v.Previous(before) {
		versions++
	}
	assert.Equal(t, int(seq), versions)
}
