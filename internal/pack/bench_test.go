package pack_test

import (
	"testing"

	"github.com/klauspost/compress/s2"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/pack"
)

// BenchmarkPack packs Synthea's resources and unpacks them, in all forms, and beside
// them S2 and zstd without dictionary. One turn is the whole sample.
func BenchmarkPack(b *testing.B) {
	c := shared(b, "synthea/*.gz")
	p, d := newPacker(b)
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1))
	require.NoError(b, err)
	others := []form{
		{"s2", func(_ *pack.Packer, dst, text []byte) []byte { return append(dst, s2.Encode(nil, text)...) }},
		{"zstd", func(_ *pack.Packer, dst, text []byte) []byte { return encoder.EncodeAll(text, dst) }},
	}
	for i, f := range append(forms, others[0], others[1], others[0], others[1]) {
		texts, name := c.bodies, f.name
		switch {
		case i == 4 || i == 5:
			name += " body"
		case i == 6 || i == 7:
			name += " values"
		}
		if i == 1 || i == 3 || i > 5 {
			texts = c.values
		}
		size, packed := 0, 0
		var blocks [][]byte
		for _, text := range texts {
			block := f.pack(p, nil, text)
			blocks = append(blocks, block)
			size += len(text)
			packed += len(block)
		}
		metrics := func(b *testing.B) {
			b.ReportMetric(float64(packed)/float64(len(texts)), "bytes/version")
			b.ReportMetric(float64(packed)/float64(size), "ratio")
		}
		b.Run("pack/"+name, func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, text := range texts {
					dst = f.pack(p, dst[:0], text)
				}
			}
			metrics(b)
		})
		if i >= len(forms) {
			continue
		}
		b.Run("unpack/"+name, func(b *testing.B) {
			var dst []byte
			b.SetBytes(int64(size))
			b.ReportAllocs()
			for b.Loop() {
				for _, block := range blocks {
					if dst, err = d.Unpack(dst[:0], block); err != nil {
						b.Fatal(err)
					}
				}
			}
			metrics(b)
		})
	}
}
