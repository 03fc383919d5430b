package txlog_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

func item(i int) txlog.Item {
	return txlog.Item{Values: fmt.Appendf(nil, "values %d", i), Body: fmt.Appendf(nil, "body %d", i)}
}

func TestSmoke(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir() + "/store"
	opts := &txlog.Options{Wrapper: seal.KeyFile(t.TempDir() + "/key"), SegmentSize: 2000}
	l, err := txlog.Open(ctx, dir, opts)
	require.NoError(t, err)
	n := 0
	for i := range 20 {
		seq, next := l.Last()
		items := []txlog.Item{item(n), item(n + 1), item(n + 2)}
		require.NoError(t, l.Append(ctx, txlog.Header{Sequence: seq + 1, First: next, Time: int64(i)}, items))
		n += 3
	}
	for range 2 {
		k := 0
		for r, err := range l.Records(ctx, 0) {
			require.NoError(t, err)
			for i := range r.Items {
				v, err := r.Values(i, nil)
				require.NoError(t, err)
				require.Equal(t, item(k).Values, v)
				k++
			}
		}
		require.Equal(t, n, k)
		for o := range n {
			b, err := l.Body(uint32(o), []byte("x"))
			require.NoError(t, err)
			require.Equal(t, "x"+string(item(o).Body), string(b))
		}
		require.NoError(t, l.Close())
		l, err = txlog.Open(ctx, dir, opts)
		require.NoError(t, err)
	}
	require.NoError(t, l.Close())
}
