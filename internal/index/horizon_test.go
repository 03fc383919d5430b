package index_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// write applies one version of one resource.
func write(t testing.TB, x *index.Index, id string) {
	v := x.View()
	require.NoError(t, x.Apply(v.Sequence()+1, v.Time(), v.Last()+1, []index.Item{{Type: 1, ID: id}}))
}

// A hold keeps its view whole until it is released or ended, whatever else is held.
func TestHolds(t *testing.T) {
	x := index.New([16]byte{}, nil)
	start := time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)
	var holds []*index.Hold
	for i := range 5 {
		write(t, x, "a")
		holds = append(holds, x.Hold(start.Add(time.Duration(i))))
	}
	write(t, x, "a")
	sweep := func() { require.NoError(t, x.Sweep(t.Context(), x.View().Sequence())) }
	whole := func(want ...bool) {
		t.Helper()
		for i, h := range holds {
			require.Equal(t, want[i], h.Whole(), "hold %d", i)
		}
	}
	sweep()
	whole(true, true, true, true, true)
	all := x.Holds()
	require.Equal(t, holds, all)
	require.Equal(t, start, all[0].Since)
	require.Equal(t, uint64(1), all[0].Sequence())

	holds[1].Release() // not the oldest: nothing moves
	sweep()
	whole(true, true, true, true, true)
	holds[0].End()
	whole(true, true, true, true, true) // before a sweep
	sweep()
	whole(false, false, true, true, true)
	require.True(t, holds[0].Ended())
	require.False(t, holds[1].Ended())

	holds[0].Release()
	require.True(t, holds[0].Ended())
	holds[4].Release()
	holds[4].Release()
	holds[4].End()
	require.False(t, holds[4].Ended())
	require.Equal(t, holds[2:4], x.Holds())
	holds[2].Release()
	holds[3].Release()
	require.Empty(t, x.Holds())
	sweep()
	whole(false, false, false, false, false)
	require.True(t, x.View().Whole())
}

func BenchmarkHold(b *testing.B) {
	x := index.New([16]byte{}, nil)
	write(b, x, "a")
	var now time.Time
	b.ReportAllocs()
	for b.Loop() {
		x.Hold(now).Release()
	}
}

// A view counts a type as of its own commit, whatever dies later.
func TestTypesAreCountedAsOfTheView(t *testing.T) {
	x := index.New([16]byte{1}, nil)
	var views []index.View
	apply := func(items ...index.Item) {
		v := x.View()
		require.NoError(t, x.Apply(v.Sequence()+1, v.Time()+1, v.Last()+1, items))
		views = append(views, x.View())
	}
	apply(index.Item{Type: 1, ID: "a"}, index.Item{Type: 2, ID: "a"}, index.Item{Type: 2, ID: "b"})
	apply(index.Item{Type: 2, ID: "a"}, index.Item{Hole: true})
	apply(index.Item{Type: 2, ID: "b", Deleted: true})
	apply(index.Item{Type: 2, ID: "b"}, index.Item{Type: 1, ID: "a", Deleted: true}, index.Item{Type: 9, ID: "c"}, index.Item{Type: 9, ID: "c"})
	for i, want := range [][3]int{{1, 2, 0}, {1, 2, 0}, {1, 1, 0}, {0, 2, 1}} {
		for j, typ := range []index.TypeID{1, 2, 9} {
			require.Equal(t, want[j], views[i].OfType(typ).CountVisible(), "type %d as of %d", typ, i+1)
			require.Equal(t, want[j], views[i].CountVisible(views[i].OfType(typ).Bitmap()))
		}
	}
}
