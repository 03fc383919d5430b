package index_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

// lowLimits are limits that a few commits reach, each of them in some draws.
func lowLimits(t *rapid.T) index.Usage {
	draw := func(name string, low uint64) uint64 {
		if rapid.Bool().Draw(t, name+" is large") {
			return 1 << 20
		}
		return rapid.Uint64Range(low, 30*low).Draw(t, name)
	}
	return index.Usage{
		Commits: draw("commits", 1), Versions: draw("versions", 2), IDs: draw("ids", 4), IDBytes: draw("bytes", 40),
		Postings: draw("postings", 10), Texts: draw("texts", 2), Units: draw("units", 1),
	}
}

func drawItem(t *rapid.T, x *index.Index) index.Item {
	it := index.Item{
		Type: rapid.SampledFrom(someTypes).Draw(t, "type"),
		ID:   rapid.OneOf(rapid.SampledFrom(someIDs), rapid.StringMatching(`[A-Za-z0-9.-]{1,64}`)).Draw(t, "id"),
	}
	if rapid.IntRange(0, 9).Draw(t, "numbered") == 0 {
		it.Version = rapid.OneOf(rapid.Uint64Range(1, 9), rapid.Just[uint64](1<<31-1)).Draw(t, "version")
	}
	switch rapid.IntRange(0, 9).Draw(t, "sort") {
	case 0:
		return index.Item{Hole: true}
	case 1, 2:
		it.Deleted = true
	default:
		it.Values = new(index.Prepared)
		require.NoError(t, x.Prepare(it.Values, encode(rapid.SliceOfN(rapid.Custom(drawEntry), 0, 8).Draw(t, "entries"))))
	}
	return it
}

// What was admitted is applied, at whichever limit. What is refused is refused for a
// limit that is near, and deletions are refused last.
func TestWhatIsAdmittedIsApplied(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		x := index.NewWithin([16]byte{1}, lowLimits(t))
		limits := x.Limits()
		sequence := uint64(0)
		for range rapid.IntRange(1, 10).Draw(t, "groups") {
			a := x.Admission()
			var group []index.Commit
			for range rapid.IntRange(1, 5).Draw(t, "commits") {
				items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) index.Item { return drawItem(t, x) }), 0, 3).Draw(t, "items")
				if err := a.Admit(items); err != nil {
					require.ErrorIs(t, err, index.ErrFull)
					continue
				}
				sequence += rapid.Uint64Range(1, 2).Draw(t, "gap")
				group = append(group, index.Commit{Sequence: sequence, Time: int64(sequence), Items: items})
			}
			_, err := x.ApplyAll(group)
			require.NoError(t, err)
			used := x.Used()
			require.LessOrEqual(t, used.Share(limits), 1.0)
			if len(group) > 0 {
				require.Equal(t, sequence, x.View().Sequence())
			}
		}
		s := x.Stats()
		require.Equal(t, uint64(s.Records), x.Used().Commits)
		require.Equal(t, uint64(s.Ordinals), x.Used().Versions)
		require.LessOrEqual(t, uint64(s.Entities), x.Used().IDs)
		require.Equal(t, uint64(s.Postings), x.Used().Postings)
	})
}

// A full index still takes deletions, out of what is reserved.
func TestFullTakesDeletions(t *testing.T) {
	limits := index.MaxUsage()
	limits.Versions = 1000
	x := index.NewWithin([16]byte{1}, limits)
	apply := func(items []index.Item) error {
		a := x.Admission()
		if err := a.Admit(items); err != nil {
			return err
		}
		_, err := x.ApplyAll([]index.Commit{{Sequence: x.View().Sequence() + 1, Items: items}})
		require.NoError(t, err)
		return nil
	}
	n := 0
	for ; apply([]index.Item{{Type: 1, ID: fmt.Sprint(n)}}) == nil; n++ {
	}
	require.Equal(t, 990, n)
	require.InDelta(t, 0.99, x.Used().Share(limits), 1e-9)
	require.ErrorIs(t, apply([]index.Item{{Type: 1, ID: "0", Deleted: true}, {Type: 1, ID: "1"}}), index.ErrFull)
	for i := range 10 {
		require.NoError(t, apply([]index.Item{{Type: 1, ID: fmt.Sprint(i), Deleted: true}}))
	}
	require.ErrorIs(t, apply([]index.Item{{Type: 1, ID: "11", Deleted: true}}), index.ErrFull)
	require.Equal(t, 980, int(x.View().AllVisible().GetCardinality()))
}

// An item that makes no sense is refused before anything is made durable, and the
// group goes on without it.
func TestAdmissionRefusesItems(t *testing.T) {
	x := index.New([16]byte{}, nil)
	a := x.Admission()
	fine := []index.Item{{Type: 1, ID: "a"}}
	require.NoError(t, a.Admit(fine))
	require.ErrorIs(t, a.Admit([]index.Item{{Type: 1}}), index.ErrItem)
	require.ErrorIs(t, a.Admit([]index.Item{{Type: 1, ID: string(make([]byte, 65))}}), index.ErrItem)
	require.NoError(t, a.Admit(fine))
	_, err := x.ApplyAll([]index.Commit{{Sequence: 1, Items: fine}, {Sequence: 2, Items: fine}})
	require.NoError(t, err)
}

// A version number at its end stays there and does not become a deletion.
func TestVersionNumbersEnd(t *testing.T) {
	x := index.New([16]byte{}, nil)
	items := []index.Item{{Type: 1, ID: "a", Version: 1<<31 - 1}, {Type: 1, ID: "a"}}
	_, err := x.ApplyAll([]index.Commit{{Sequence: 1, Items: items}})
	require.NoError(t, err)
	require.True(t, x.View().Visible(2))
	require.Equal(t, uint64(1<<31-1), x.View().VersionNumber(2))
}

// Ids that fill block after block of the arena come back.
func TestIDsFillBlocks(t *testing.T) {
	x := index.New([16]byte{}, nil)
	var items []index.Item
	for i := range 4000 {
		items = append(items, index.Item{Type: 1, ID: fmt.Sprintf("%0*d", 1+i%64, i%10)}, index.Item{Type: 2, ID: uuid(i, i)})
	}
	_, err := x.ApplyAll([]index.Commit{{Sequence: 1, Items: items}})
	require.NoError(t, err)
	for i, it := range items {
		_, id := x.View().Key(index.Ordinal(i + 1))
		require.Equal(t, it.ID, id)
		_, ok := x.View().Lookup(it.Type, it.ID)
		require.True(t, ok)
	}
}
