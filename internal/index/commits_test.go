package index_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

// Commits that are applied together are as if applied one by one: at each of their
// sequences the model's view is the index's.
func TestGroupsOfCommits(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		one, together := index.New([16]byte{1}, nil), index.New([16]byte{1}, nil)
		m := &model{versions: make([]modelVersion, 1), params: someParams, swept: map[index.Ordinal]bool{}, dense: true}
		m.views = append(m.views, modelView{held: one.View()})
		for range rapid.IntRange(1, 6).Draw(t, "groups") {
			m.commits = nil
			for range rapid.IntRange(0, 5).Draw(t, "commits") {
				m.apply(t, one)
			}
			last := together.View().Last()
			var group []index.Commit
			for _, c := range m.commits {
				group = append(group, c.Commit)
			}
			first, err := together.ApplyAll(group)
			require.NoError(t, err)
			require.Equal(t, last+1, first)
		}
		for _, mv := range m.views {
			v, ok := together.ViewAt(mv.sequence)
			require.True(t, ok)
			require.Equal(t, mv.last, v.Last())
			require.Equal(t, mv.time, v.Time())
			require.Equal(t, mv.held.SequenceAt(mv.time), v.SequenceAt(mv.time))
			m.checkResources(t, v)
			m.checkPostings(t, v)
			m.checkTexts(t, v)
			m.checkDates(t, v)
			m.checkNumbers(t, v)
			m.checkReferences(t, v)
		}
	})
}
