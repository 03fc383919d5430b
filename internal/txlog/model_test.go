package txlog_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// TestModel runs random appends, reads and reopenings, clean and after kills,
// against a slice of records.
func TestModel(t *testing.T) {
	wrapper := seal.RandomKey()
	rapid.Check(t, func(t *rapid.T) {
		d := newDisk()
		opts := &txlog.Options{FS: d, Wrapper: wrapper}
		opts.SegmentSize = int64(rapid.SampledFrom([]int{1, 700, 4000, 0}).Draw(t, "segment"))
		opts.SealsPerKey = uint64(rapid.SampledFrom([]int{0, 31}).Draw(t, "seals"))
		var l *txlog.Log
		open := func() {
			var err error
			l, err = txlog.Open(context.Background(), "", opts)
			require.NoError(t, err)
		}
		open()
		var want []rec
		t.Repeat(map[string]func(*rapid.T){
			"append": func(t *rapid.T) {
				items := rapid.SliceOfN(rapid.Custom(func(t *rapid.T) txlog.Item {
					return txlog.Item{
						Values: rapid.SliceOfN(rapid.Byte(), 0, 60).Draw(t, "values"),
						Body:   rapid.SliceOfN(rapid.Byte(), 0, 200).Draw(t, "body"),
					}
				}), 1, 6).Draw(t, "items")
				r := rec{time: rapid.Int64Range(0, 5).Draw(t, "time"), items: items}
				if n := len(want); n > 0 {
					r.time += want[n-1].time
				}
				r.note = rapid.SliceOfN(rapid.Byte(), 0, 9).Draw(t, "note")
				require.NoError(t, appendNext(l, r))
				want = append(want, r)
			},
			"reopen": func(*rapid.T) {
				require.NoError(t, l.Close())
				open()
			},
			"kill": func(*rapid.T) {
				killed := l
				opts.FS = d.Restart()
				open()
				killed.Close() // frees the buntdb of a process that is gone
			},
			"tail": func(t *rapid.T) {
				from := rapid.Uint64Range(0, uint64(len(want))+2).Draw(t, "from")
				next := max(from, 1)
				for r, err := range l.Records(context.Background(), from) {
					require.NoError(t, err)
					require.Equal(t, next, r.Runs()[0].Sequence)
					require.Equal(t, want[next-1].time, r.Runs()[0].Time)
					next++
				}
				require.Equal(t, max(uint64(len(want))+1, from, 1), next)
			},
			"read": func(t *rapid.T) { require.NoError(t, checkNumbers(l, want)) },
			"": func(t *rapid.T) {
				require.Equal(t, uint64(len(want)), l.Last().Sequence)
			},
		})
		got, err := readAll(l)
		require.NoError(t, err)
		require.True(t, same(want, got))
		require.NoError(t, l.Close())
	})
}
