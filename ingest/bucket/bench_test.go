package bucket_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/fhirlake/fhirlake/ingest/bucket"
	"github.com/stretchr/testify/require"
)

// BenchmarkS3 reads and writes an object of an S3 of this process. The reference is a
// plain GET of the same object.
func BenchmarkS3(b *testing.B) {
	const size = 64 << 20
	text := []byte(long(size))
	s := newService(b)
	s.put(b, map[string]string{"a": string(text)})
	place := s.open(b, bucket.Options{FailBody: true})
	b.Run("plain", func(b *testing.B) {
		transport := &http.Transport{}
		defer transport.CloseIdleConnections()
		b.SetBytes(size)
		for b.Loop() {
			q, err := http.NewRequest("GET", s.url+"/"+bucketName+"/a", nil)
			require.NoError(b, err)
			answer, err := transport.RoundTrip(q)
			require.NoError(b, err)
			n, err := io.Copy(io.Discard, answer.Body)
			require.NoError(b, err)
			require.EqualValues(b, size, n)
			require.NoError(b, answer.Body.Close())
		}
	})
	b.Run("read", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			f, err := place.FS(background, "").Open("a")
			require.NoError(b, err)
			n, err := io.Copy(io.Discard, f)
			require.NoError(b, err)
			require.EqualValues(b, size, n)
			require.NoError(b, f.Close())
		}
	})
	b.Run("write", func(b *testing.B) {
		b.SetBytes(size)
		for b.Loop() {
			require.NoError(b, write(b, place.Sink(background, ""), "b", text))
		}
	})
}
