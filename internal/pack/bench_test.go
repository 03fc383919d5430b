package pack_test

import (
	"bytes"
	"compress/flate"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/pack"
)

// BenchmarkPack packs Synthea's resources and unpacks them, in all forms, and beside
// them DEFLATE at its fastest, which has no dictionary. One turn is the whole sample.
func BenchmarkPack(b *testing.B) {
	c := shared(b, "synthea/*.gz")
	p, d := newPacker(b)
	var out bytes.Buffer
	deflater, err := flate.NewWriter(&out, flate.BestSpeed)
	require.NoError(b, err)
	deflate := func(_ *pack.Packer, dst, text []byte) []byte {
		out.Reset()
		deflater.Reset(&out)
		_, _ = deflater.Write(text)
		_ = deflater.Close()
		return append(dst, out.Bytes()...)
	}
	for i, f := range append(forms, form{"deflate body", deflate}, form{"deflate values", deflate}) {
		texts, name := f.texts(c), f.name
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
