package ingest_test

import (
	"bytes"
	"context"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/binary"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/cputime"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// plainChunk is how much text a plain loop makes durable at a time: as an import does.
const plainChunk = 3 << 19

// benchmarkPlain is the least that an import could do, without an index, versions and
// searches: each line is parsed and validated, compressed by zstd at its fastest, sealed
// by AES-GCM and written to a file, which is synced once a chunk.
func benchmarkPlain(b *testing.B, text []byte) {
	var chunks [][]byte
	for rest := text; len(rest) > 0; {
		end := len(rest)
		if end > plainChunk {
			end = bytes.LastIndexByte(rest[:plainChunk], '\n') + 1
		}
		chunks, rest = append(chunks, rest[:end]), rest[end:]
	}
	key := make([]byte, 32)
	rand.Read(key)
	block, err := aes.NewCipher(key)
	require.NoError(b, err)
	aead, err := cipher.NewGCM(block)
	require.NoError(b, err)
	var resources, stored int64
	var cpu cputime.Watch
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		file, err := os.Create(filepath.Join(b.TempDir(), "plain"))
		require.NoError(b, err)
		b.StartTimer()
		cpu.Start()
		n, size, err := plainLoop(b.Context(), chunks, aead, file)
		require.NoError(b, err)
		cpu.Stop()
		b.StopTimer()
		require.NoError(b, file.Close())
		resources, stored = resources+n, stored+size
		b.StartTimer()
	}
	b.ReportMetric(float64(resources)/b.Elapsed().Seconds(), "res/s")
	b.ReportMetric(cpu.Rate(int(resources)), "res/cpu-s")
	b.ReportMetric(float64(stored)/float64(b.N*len(text)), "disk/text")
}

// plainLoop works on chunks in parallel and writes them in their order.
func plainLoop(ctx context.Context, chunks [][]byte, aead cipher.AEAD, file *os.File) (resources, size int64, err error) {
	type sealed struct {
		text  []byte
		lines int64
	}
	results := make([]chan sealed, len(chunks))
	for i := range results {
		results[i] = make(chan sealed, 1)
	}
	g, ctx := errgroup.WithContext(ctx)
	next := make(chan int, len(chunks))
	for i := range chunks {
		next <- i
	}
	close(next)
	for range runtime.GOMAXPROCS(0) {
		g.Go(func() error {
			packer, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest))
			if err != nil {
				return err
			}
			var doc fhirjson.Document
			var packed []byte
			nonce := make([]byte, aead.NonceSize())
			for i := range next {
				out := make([]byte, 0, plainChunk/2)
				lines := int64(0)
				for line := range bytes.Lines(chunks[i]) {
					if err := fhirjson.ParseContext(ctx, bytes.TrimSpace(line), &doc, nil); err != nil {
						return err
					}
					packed = packer.EncodeAll(line, packed[:0])
					binary.LittleEndian.PutUint32(nonce, uint32(i))
					binary.LittleEndian.PutUint32(nonce[4:], uint32(lines))
					out = aead.Seal(binary.LittleEndian.AppendUint32(out, uint32(len(packed))), nonce, packed, nil)
					lines++
				}
				results[i] <- sealed{out, lines}
			}
			return nil
		})
	}
	g.Go(func() error {
		for i := range results {
			select {
			case r := <-results[i]:
				if _, err := file.Write(r.text); err != nil {
					return err
				}
				if err := file.Sync(); err != nil {
					return err
				}
				resources, size = resources+r.lines, size+int64(len(r.text))
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		return nil
	})
	return resources, size, g.Wait()
}

// benchmarkAgain imports into a store what it has.
func benchmarkAgain(b *testing.B, text []byte) {
	store, err := datastore.Open(b.Context(), filepath.Join(b.TempDir(), "store"), &datastore.Options{Key: datastore.KeyFile(filepath.Join(b.TempDir(), "key"))})
	require.NoError(b, err)
	defer store.Close()
	_, err = run(b, store, ingest.Options{Reader: bytes.NewReader(text)})
	require.NoError(b, err)
	var resources int64
	var cpu cputime.Watch
	b.ReportAllocs()
	for b.Loop() {
		cpu.Start()
		result, err := run(b, store, ingest.Options{Reader: bytes.NewReader(text)})
		cpu.Stop()
		require.NoError(b, err)
		require.Equal(b, result.Scanned, result.Unchanged)
		resources += result.Imported
	}
	b.ReportMetric(float64(resources)/b.Elapsed().Seconds(), "res/s")
	b.ReportMetric(cpu.Rate(int(resources)), "res/cpu-s")
}
