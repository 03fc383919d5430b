package index_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/index"
)

func TestPackRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		payload := encode(rapid.SliceOf(rapid.Custom(drawEntry)).Draw(t, "entries"))
		block := index.Pack([]byte("before"), payload)
		require.Equal(t, "before", string(block[:6]))
		got, err := index.Unpack([]byte("ahead"), block[6:])
		require.NoError(t, err)
		require.Equal(t, "ahead"+string(payload), string(got))
	})
}

func TestUnpackDamaged(t *testing.T) {
	cases := []struct {
		name  string
		block []byte
		err   error
	}{
		{"unknown format", []byte{9, 1, 2}, index.ErrFormat},
		{"format 0", []byte{0}, index.ErrFormat},
		{"compression", []byte{2, 5, 0xff, 0xff}, index.ErrDamaged},
		{"no compression", []byte{2}, index.ErrDamaged},
		{"a lie about the length", []byte{2, 0xff, 0xff, 0xff, 0x3f, 0}, index.ErrDamaged},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := index.Unpack(nil, c.block)
			require.ErrorIs(t, err, c.err)
		})
	}
}

func FuzzUnpack(f *testing.F) {
	f.Add(index.Pack(nil, encode([]index.Entry{{Kind: index.KindToken, Param: 3, System: "http://loinc.org", Code: "8302-2"}})))
	f.Fuzz(func(t *testing.T, block []byte) {
		payload, err := index.Unpack(nil, block)
		if err != nil {
			return
		}
		again, err := index.Unpack(nil, index.Pack(nil, payload))
		require.NoError(t, err)
		require.Equal(t, string(payload), string(again))
	})
}
