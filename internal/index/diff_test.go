package index_test

import (
	"context"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

// twin makes an index anew from the commits of a model, with holes in place of the
// types that are left out.
func (m *model) twin(t require.TestingT, x *index.Index, upTo uint64, types func(index.TypeID) bool) *index.Index {
	twin := x.Twin()
	for _, c := range m.commits {
		if c.Sequence > upTo {
			break
		}
		items := make([]index.Item, len(c.Items))
		for i, it := range c.Items {
			items[i] = it
			if types != nil && !it.Hole && !types(it.Type) {
				items[i] = index.Item{Hole: true}
			}
		}
		require.NoError(t, twin.Apply(c.Sequence, c.Time, c.first, items))
	}
	return twin
}

// differences returns how an index differs from its twin, 100 at most.
func differences(t require.TestingT, of, twin index.View, types func(index.TypeID) bool) (found []index.Difference) {
	err := index.Diff(context.Background(), of, twin, types, func(d index.Difference) bool {
		found = append(found, d)
		return len(found) < 100
	})
	require.NoError(t, err)
	return found
}

// history draws commits and sweeps.
func history(t *rapid.T, x *index.Index) *model {
	m := &model{versions: make([]modelVersion, 1), params: someParams, swept: map[index.Ordinal]bool{}}
	m.views = append(m.views, modelView{held: x.View()})
	for range rapid.IntRange(1, 15).Draw(t, "steps") {
		switch rapid.IntRange(0, 6).Draw(t, "step") {
		case 0:
			m.sweep(t, x)
		case 1:
			m.hold(t, x)
		default:
			m.apply(t, x)
		}
	}
	return m
}

// An index that is as it should be does not differ from its twin, in no view that is
// whole and in no slice.
func TestDiffFindsNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := index.New([16]byte{1}, nil)
		m := history(t, x)
		one := func(typ index.TypeID) bool { return typ == someTypes[0] }
		others := func(typ index.TypeID) bool { return typ != someTypes[0] }
		for _, mv := range m.views {
			at, ok := x.ViewAt(mv.sequence)
			if !ok {
				continue
			}
			for _, types := range []func(index.TypeID) bool{nil, one, others} {
				twin := m.twin(t, x, mv.sequence, types).View()
				require.Empty(t, differences(t, at, twin, types))
				require.Empty(t, differences(t, mv.held, twin, types))
			}
		}
	})
}

// Damage of every kind is found, in the whole and in a slice.
func TestDiffFindsDamage(t *testing.T) {
	found := map[string]int{}
	rapid.Check(t, func(t *rapid.T) {
		x := index.New([16]byte{1}, nil)
		m := history(t, x)
		how := rapid.SampledFrom(index.Damages).Draw(t, "damage")
		random := rand.New(rand.NewPCG(rapid.Uint64().Draw(t, "seed"), 0))
		twin := m.twin(t, x, x.View().Sequence(), nil).View()
		if !x.Damage(how, random) {
			return
		}
		found[how]++
		all := differences(t, x.View(), twin, nil)
		require.NotEmpty(t, all, how)
		for _, d := range all {
			require.NotEmpty(t, d.String())
		}
		slices := 0
		for _, typ := range someTypes {
			one := func(other index.TypeID) bool { return other == typ }
			slices += len(differences(t, x.View(), m.twin(t, x, x.View().Sequence(), one).View(), one))
		}
		require.NotZero(t, slices, how)
	})
	t.Log(found)
}

// The same over so many versions that there are bitmaps, packed chunks and many shards.
func TestDiffOfMany(t *testing.T) {
	resources := 10_000
	if testing.Short() {
		resources = 2_000
	}
	c := &churn{random: rand.New(rand.NewPCG(1, 2)), resources: resources}
	x := index.New([16]byte{1}, nil)
	twin := x.Twin()
	c.round(t, 1, x, twin)
	c.round(t, 3, x, twin)
	view := x.View()
	require.Empty(t, differences(t, view, twin.View(), nil))
	require.NoError(t, x.Sweep(t.Context(), view.Sequence()))
	require.Empty(t, differences(t, x.View(), twin.View(), nil))
	require.NoError(t, twin.Sweep(t.Context(), view.Sequence()))
	require.Empty(t, differences(t, x.View(), twin.View(), nil))
	require.True(t, x.Damage("a member of a bitmap lost", c.random))
	found := differences(t, x.View(), twin.View(), nil)
	require.Len(t, found, 1)
	require.Equal(t, index.DiffPosting, found[0].Kind)
	require.NotZero(t, found[0].Ordinal)
	require.NotEqual(t, index.NoParam, found[0].Param)

	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	require.ErrorIs(t, index.Diff(ctx, x.View(), twin.View(), nil, nil), context.Canceled)
}
