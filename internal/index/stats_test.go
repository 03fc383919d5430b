package index_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
)

// What the params are said to take is what the index takes, but for what is no
// param's.
func TestStatsOfParams(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	x := index.New([16]byte{1}, nil)
	fill(t, x, newMix(), 20_000, 500)
	again := newMix()
	fill(t, x, again, 10_000, 500)
	check := func() {
		s := x.Stats()
		var sum index.ParamStats
		for p, of := range s.Params {
			sum.Bytes.Terms += of.Bytes.Terms
			sum.Bytes.Postings += of.Bytes.Postings
			sum.Bytes.Texts += of.Bytes.Texts
			sum.Bytes.Columns += of.Bytes.Columns
			require.Positive(t, of.Total(), "param %d", p)
			require.Equal(t, x.View().Posting(x.View().Terms().Present(p)).Len(), of.Versions)
		}
		require.Len(t, s.Params, len(s.Values))
		require.Equal(t, s.Bytes.Columns, sum.Bytes.Columns)
		require.InDelta(t, s.Bytes.Terms, sum.Bytes.Terms, 100)
		require.LessOrEqual(t, sum.Bytes.Postings, s.Bytes.Postings)
		require.LessOrEqual(t, sum.Bytes.Texts, s.Bytes.Texts)
		require.Greater(t, s.Params[20].Bytes.Columns, s.Params[30].Bytes.Columns, "references of all, names of few")
		require.Zero(t, s.Params[2].Bytes.Columns, "tokens have none")
	}
	check()
	require.NoError(t, x.Sweep(t.Context(), x.View().Sequence()))
	check()
	require.Equal(t, 10_000, x.Stats().Swept)
}
