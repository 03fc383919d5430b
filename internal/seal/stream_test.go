package seal_test

import (
	"bytes"
	"crypto/rand"
	"errors"
	"io"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
)

// sealStream seals a text, written in two parts.
func sealStream(t testing.TB, key [seal.KeySize]byte, text []byte) []byte {
	var out bytes.Buffer
	w, err := seal.NewStreamWriter(&out, key)
	require.NoError(t, err)
	for _, part := range [][]byte{text[:len(text)/3], text[len(text)/3:]} {
		n, err := w.Write(part)
		require.NoError(t, err)
		require.Equal(t, len(part), n)
	}
	require.NoError(t, w.Close())
	require.Error(t, w.Close(), "it ends once")
	_, err = w.Write([]byte("x"))
	require.Error(t, err)
	return out.Bytes()
}

func openStream(key [seal.KeySize]byte, r io.Reader) ([]byte, error) {
	s, err := seal.NewStreamReader(r, key)
	if err != nil {
		return nil, err
	}
	return io.ReadAll(s)
}

func TestStream(t *testing.T) {
	var key [seal.KeySize]byte
	rand.Read(key[:])
	for _, size := range []int{0, 1, seal.StreamChunk - 1, seal.StreamChunk, seal.StreamChunk + 1, 3 * seal.StreamChunk} {
		text := make([]byte, size)
		rand.Read(text)
		sealed := sealStream(t, key, text)
		for _, r := range []io.Reader{bytes.NewReader(sealed), iotest.HalfReader(bytes.NewReader(sealed)), iotest.DataErrReader(bytes.NewReader(sealed))} {
			got, err := openStream(key, r)
			require.NoError(t, err)
			require.True(t, bytes.Equal(text, got))
		}
		_, err := openStream(key, io.MultiReader(bytes.NewReader(sealed), bytes.NewReader([]byte{0})))
		require.ErrorIs(t, err, seal.ErrCorrupt, "bytes behind the end")
		_, err = openStream([seal.KeySize]byte{1}, bytes.NewReader(sealed))
		require.ErrorIs(t, err, seal.ErrCorrupt, "another key")
	}
}

func TestStreamDamage(t *testing.T) {
	var key [seal.KeySize]byte
	rand.Read(key[:])
	const chunk = seal.StreamChunk + seal.TagSize
	text := make([]byte, 2*seal.StreamChunk+100)
	rand.Read(text)
	sealed := sealStream(t, key, text)
	require.Len(t, sealed, 2*chunk+100+seal.TagSize)
	check := func(damaged []byte, what string, good int) {
		t.Helper()
		got, err := openStream(key, bytes.NewReader(damaged))
		require.ErrorIs(t, err, seal.ErrCorrupt)
		require.ErrorContains(t, err, what)
		require.True(t, bytes.Equal(text[:good], got), "what was given is what was written")
	}
	for _, at := range []int{0, chunk - 1, chunk, 2 * chunk, len(sealed) - 1} {
		damaged := bytes.Clone(sealed)
		damaged[at] ^= 1
		check(damaged, "is damaged", at/chunk*seal.StreamChunk)
	}
	check(nil, "is cut", 0)
	check(sealed[:1], "is damaged or cut", 0)
	check(sealed[:chunk], "is cut", 0)
	check(sealed[:2*chunk], "is cut", seal.StreamChunk)
	check(sealed[:2*chunk+50], "cut", 2*seal.StreamChunk)
	check(append(bytes.Clone(sealed), 1), "is damaged", 2*seal.StreamChunk)
	swapped := bytes.Clone(sealed)
	copy(swapped, sealed[chunk:2*chunk])
	copy(swapped[chunk:], sealed[:chunk])
	check(swapped, "is damaged", 0)
	check(append(bytes.Clone(sealed[:chunk]), sealed...), "is damaged", seal.StreamChunk)
	whole := sealStream(t, key, text[:seal.StreamChunk])
	check(append(bytes.Clone(whole), whole...), "goes on behind its end", 0)
}

// failing writes some bytes and then fails, or says that it wrote less.
type failing struct {
	left  int
	short bool
}

func (f *failing) Write(p []byte) (int, error) {
	if f.left -= len(p); f.left >= 0 {
		return len(p), nil
	}
	if f.short {
		return 0, nil
	}
	return 0, errors.New("no room")
}

func TestStreamWriteFails(t *testing.T) {
	for _, short := range []bool{false, true} {
		w, err := seal.NewStreamWriter(&failing{seal.StreamChunk + 100, short}, [seal.KeySize]byte{})
		require.NoError(t, err)
		_, err = w.Write(make([]byte, 5*seal.StreamChunk))
		require.Error(t, err)
		require.Error(t, w.Close())
	}
	_, err := openStream([seal.KeySize]byte{}, iotest.ErrReader(io.ErrClosedPipe))
	require.ErrorIs(t, err, io.ErrClosedPipe)
}

func FuzzStream(f *testing.F) {
	var key [seal.KeySize]byte
	text := bytes.Repeat([]byte("text"), seal.StreamChunk/3)
	f.Add(sealStream(f, key, text))
	f.Add(sealStream(f, key, nil))
	f.Fuzz(func(t *testing.T, sealed []byte) {
		got, err := openStream(key, bytes.NewReader(sealed))
		if err != nil {
			require.ErrorIs(t, err, seal.ErrCorrupt)
			return
		}
		require.Equal(t, sealed, sealStream(t, key, got))
	})
}

func BenchmarkStream(b *testing.B) {
	text := make([]byte, 8<<20)
	var key [seal.KeySize]byte
	b.Run("seal", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			w, err := seal.NewStreamWriter(io.Discard, key)
			require.NoError(b, err)
			_, err = w.Write(text)
			require.NoError(b, err)
			require.NoError(b, w.Close())
		}
	})
	sealed := sealStream(b, key, text)
	b.Run("open", func(b *testing.B) {
		b.SetBytes(int64(len(text)))
		for b.Loop() {
			r, err := seal.NewStreamReader(bytes.NewReader(sealed), key)
			require.NoError(b, err)
			_, err = io.Copy(io.Discard, r)
			require.NoError(b, err)
		}
	})
}
