package index_test

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

// sections returns what an image of an index consists of.
func sections(t require.TestingT, im *index.Image) (all [][]byte) {
	require.NoError(t, im.Write(context.Background(), func(section []byte) error {
		all = append(all, slices.Clone(section))
		return nil
	}))
	return all
}

func imageOf(t require.TestingT, x *index.Index) [][]byte {
	im := x.Image()
	defer im.Close()
	im.Capture()
	return sections(t, im)
}

// restore fills an index from sections, by several goroutines.
func restore(x *index.Index, sections [][]byte) error {
	size := int64(0)
	for _, s := range sections {
		size += int64(len(s))
	}
	to, err := x.Restore(sections[len(sections)-1], size)
	if err != nil {
		return err
	}
	errs := make([]error, len(sections))
	var g sync.WaitGroup
	for i, s := range sections[:len(sections)-1] {
		g.Go(func() { errs[i] = to.Add(s) })
	}
	g.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return to.Finish()
}

// requireSame requires that two indexes hold the same.
func requireSame(t require.TestingT, x, y *index.Index) {
	require.Empty(t, differences(t, x.View(), y.View(), nil))
	require.Empty(t, differences(t, y.View(), x.View(), nil))
	a, b := x.Stats(), y.Stats()
	require.Equal(t, a.Values, b.Values)
	require.Equal(t, x.Used(), y.Used())
	for _, s := range []*index.Stats{&a, &b} {
		s.Params = nil
		s.Bytes = index.Stats{}.Bytes
	}
	require.Equal(t, a, b)
}

// What is restored is what was captured, goes on as it would have, and answers for each
// state that no sweep has passed.
func TestImageRestores(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := index.New([16]byte{1}, nil)
		m := history(t, x)
		restored := index.New([16]byte{1}, nil)
		require.NoError(t, restore(restored, imageOf(t, x)))
		requireSame(t, x, restored)
		for _, mv := range m.views {
			at, ok := restored.ViewAt(mv.sequence)
			was, still := x.ViewAt(mv.sequence)
			require.Equal(t, still, ok)
			if !ok {
				continue
			}
			require.Equal(t, was.Last(), at.Last())
			m.checkResources(t, at)
			m.checkPostings(t, at)
			m.checkTexts(t, at)
			m.checkDates(t, at)
			m.checkNumbers(t, at)
			m.checkReferences(t, at)
		}
		before := len(m.commits)
		for range rapid.IntRange(0, 4).Draw(t, "more") {
			m.apply(t, x)
		}
		for _, c := range m.commits[before:] {
			require.NoError(t, restored.Apply(c.Sequence, c.Time, c.first, c.Items))
		}
		requireSame(t, x, restored)
		require.NoError(t, x.Sweep(context.Background(), x.View().Sequence()))
		require.NoError(t, restored.Sweep(context.Background(), restored.View().Sequence()))
		require.Empty(t, differences(t, x.View(), restored.View(), nil))
		again := index.New([16]byte{1}, nil)
		require.NoError(t, restore(again, imageOf(t, restored)))
		requireSame(t, restored, again)
	})
}

// An image is of the state that was captured, whatever is applied while it is written.
func TestImageBesideApply(t *testing.T) {
	c := &churn{random: rand.New(rand.NewPCG(1, 2)), resources: 6_000}
	x, same := index.New([16]byte{1}, nil), index.New([16]byte{1}, nil)
	c.round(t, 1, x, same)
	c.round(t, 2, x, same)
	im := x.Image()
	im.Capture()
	c.round(t, 2, x)
	c.round(t, 3, x)
	all := sections(t, im)
	im.Close()
	restored := index.New([16]byte{1}, nil)
	require.NoError(t, restore(restored, all))
	require.Equal(t, same.View().Sequence(), restored.View().Sequence())
	requireSame(t, same, restored)
	require.Greater(t, x.View().Sequence(), restored.View().Sequence())
	require.NoError(t, restored.Sweep(t.Context(), restored.View().Sequence()))
	require.NoError(t, same.Sweep(t.Context(), same.View().Sequence()))
	require.Empty(t, differences(t, same.View(), restored.View(), nil))
}

// Sections that are missing, come twice or are of another version are no image.
func TestImageIncomplete(t *testing.T) {
	c := &churn{random: rand.New(rand.NewPCG(1, 2)), resources: 500}
	x := index.New([16]byte{1}, nil)
	c.round(t, 1, x)
	all := imageOf(t, x)
	require.Greater(t, len(all), 8)
	for i := range all[:len(all)-1] {
		less := slices.Delete(slices.Clone(all), i, i+1)
		if err := restore(index.New([16]byte{1}, nil), less); err == nil {
			y := index.New([16]byte{1}, nil)
			require.NoError(t, restore(y, less))
			requireSame(t, x, y) // it was empty
		}
		to, err := index.New([16]byte{1}, nil).Restore(all[len(all)-1], 1<<20)
		require.NoError(t, err)
		for _, s := range append([][]byte{all[i]}, all[:len(all)-1]...) { // one comes twice
			if err == nil {
				err = to.Add(s)
			}
		}
		if err == nil {
			err = to.Finish()
		}
		if len(all[i]) > 64 { // others are of nothing
			require.ErrorIs(t, err, index.ErrImage)
		}
	}
	head := slices.Clone(all[len(all)-1])
	head[1]++
	require.ErrorIs(t, restore(index.New([16]byte{1}, nil), [][]byte{head}), index.ErrImage)
}

// An index whose types are renewed, one after the other, is as it was: here their values
// are what they were.
func TestRenew(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := index.New([16]byte{1}, nil)
		m := history(t, x)
		renewed := index.New([16]byte{1}, nil)
		require.NoError(t, restore(renewed, imageOf(t, x)))
		types := map[index.TypeID]bool{}
		for _, c := range m.commits {
			for _, it := range c.Items {
				types[it.Type] = true
			}
		}
		for typ := range types {
			if !rapid.Bool().Draw(t, "renew") {
				continue
			}
			twin := renewed.Twin()
			view := renewed.View()
			for _, c := range m.commits {
				items := make([]index.Item, len(c.Items))
				for i, it := range c.Items {
					if items[i] = it; it.Hole || it.Type != typ {
						items[i] = index.Item{Hole: true}
					} else if view.Swept(c.first + index.Ordinal(i)) {
						items[i].Values = nil
					}
				}
				require.NoError(t, twin.Apply(c.Sequence, c.Time, c.first, items))
			}
			require.NoError(t, renewed.Renew(context.Background(), twin, []index.TypeID{typ}))
		}
		require.Empty(t, differences(t, x.View(), renewed.View(), nil))
		require.Empty(t, differences(t, renewed.View(), x.View(), nil))
		before := len(m.commits)
		for range rapid.IntRange(0, 4).Draw(t, "more") {
			m.apply(t, x)
		}
		for _, c := range m.commits[before:] {
			require.NoError(t, renewed.Apply(c.Sequence, c.Time, c.first, c.Items))
		}
		require.Empty(t, differences(t, x.View(), renewed.View(), nil))
		require.Empty(t, differences(t, renewed.View(), x.View(), nil))
		again := index.New([16]byte{1}, nil)
		require.NoError(t, restore(again, imageOf(t, renewed)))
		require.Empty(t, differences(t, renewed.View(), again.View(), nil))
	})
}

// FuzzImage changes a section of an image: what comes of it is an error, or an index.
func FuzzImage(f *testing.F) {
	c := &churn{random: rand.New(rand.NewPCG(1, 2)), resources: 100}
	x := index.New([16]byte{1}, nil)
	for range 50 {
		c.round(f, 1, x)
	}
	require.NoError(f, x.Sweep(f.Context(), x.View().Sequence()-10))
	all := imageOf(f, x)
	for i, s := range all {
		f.Add(i, s)
		f.Add(i, s[:len(s)/2])
	}
	f.Fuzz(func(t *testing.T, i int, section []byte) {
		if i < 0 || i >= len(all) {
			return
		}
		changed := slices.Clone(all)
		changed[i] = section
		size := int64(0)
		for _, s := range changed {
			size += int64(len(s))
		}
		y := index.New([16]byte{1}, nil)
		to, err := y.Restore(changed[len(changed)-1], size)
		for _, s := range changed[:len(changed)-1] {
			if err == nil {
				err = to.Add(s)
			}
		}
		if err == nil {
			err = to.Finish()
		}
		if err != nil {
			require.ErrorIs(t, err, index.ErrImage)
		}
	})
}
