package engine

import (
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/txlog"
)

// FuzzErasure reads states of erasures: any is refused, or written again as it was read.
func FuzzErasure(f *testing.F) {
	for _, x := range []erasure{
		{},
		{done: true, hashes: []erasedHash{{1}, {2}}},
		{hashes: []erasedHash{{3}}, slots: []uint32{1, 1 << 27}, numbers: []txlog.Number{1, 2, 900, 1 << 60}},
	} {
		f.Add(x.value())
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		x, err := unmarshalErasure("name", data)
		if err != nil {
			require.True(t, errors.Is(err, ErrCorrupt) || errors.Is(err, ErrUnsupported))
			return
		}
		again, err := unmarshalErasure("name", x.value())
		require.NoError(t, err)
		require.Equal(t, x, again)
	})
}
