package ingest_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/klauspost/compress/zstd"
	"github.com/stretchr/testify/require"
)

// zstandard returns a zstd file of one frame for each text.
func zstandard(tb testing.TB, texts ...string) []byte {
	tb.Helper()
	var out bytes.Buffer
	for _, text := range texts {
		z, err := zstd.NewWriter(&out)
		require.NoError(tb, err)
		_, err = io.WriteString(z, text)
		require.NoError(tb, err)
		require.NoError(tb, z.Close())
	}
	return out.Bytes()
}

func TestZstd(t *testing.T) {
	a, b := patient("a", "x"), patient("b", "x")
	skippable := []byte{0x5e, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 7, 7}
	for name, file := range map[string][]byte{
		"one frame":       zstandard(t, a+"\n"+b),
		"several frames":  zstandard(t, a+"\n"+b[:7], b[7:]),
		"byte order mark": zstandard(t, "\ufeff"+a+"\n"+b+"\n"),
		"skippable frame": append(skippable, zstandard(t, a+"\n"+b)...),
	} {
		t.Run(name, func(t *testing.T) {
			for _, name := range []string{"in.ndjson", "in.ndjson.zst", "in.ldjson.gz"} {
				result, err := run(t, open(t, nil), ingest.Options{From: fstest.MapFS{name: {Data: file}}})
				require.NoError(t, err)
				require.EqualValues(t, 2, result.Imported)
			}
		})
	}
}

func TestZstdDamaged(t *testing.T) {
	whole := zstandard(t, strings.Repeat(patient("a", "x")+"\n", 1000))
	for _, file := range [][]byte{whole[:6], whole[:len(whole)-3], append(bytes.Clone(whole), "rubbish"...)} {
		result, err := run(t, open(t, nil), ingest.Options{From: fstest.MapFS{"in.ndjson": {Data: file}}})
		require.ErrorIs(t, err, ingest.ErrUnreadable)
		require.ErrorContains(t, err, "zstd data is damaged")
		require.Equal(t, ingest.CompletedWithErrors, result.Status)
		require.EqualValues(t, 1, result.CustomerErrors)
	}
}

// The report of a compressed file is compressed in the same way.
func TestZstdReport(t *testing.T) {
	var report storetest.Sink
	_, err := run(t, open(t, nil), ingest.Options{From: fstest.MapFS{"in.ndjson.zst": {Data: zstandard(t, "{\n"+patient("a", "x"))}}, Report: &report})
	require.NoError(t, err)
	z, err := zstd.NewReader(bytes.NewReader(report.File("FAILURE/in.ndjson.zst")))
	require.NoError(t, err)
	defer z.Close()
	text, err := io.ReadAll(z)
	require.NoError(t, err)
	require.Len(t, readFailures(t, text), 1)
}

// What a small file yields is bounded, a line and in sum.
func TestBomb(t *testing.T) {
	good := patient("good", "x") + "\n"
	line := good + strings.Repeat(" ", 64<<20) + "\n" + patient("behind", "x")
	lines := good + strings.Repeat("\n", 64<<20) + patient("behind", "x")
	for format, pack := range map[string]func(string) []byte{
		"gzip": func(s string) []byte { return compressed(s) },
		"zstd": func(s string) []byte { return zstandard(t, s) },
	} {
		t.Run(format, func(t *testing.T) {
			store := open(t, &datastore.Options{MaxResourceSize: 1 << 20})
			result, err := run(t, store, ingest.Options{From: fstest.MapFS{"in.ndjson": {Data: pack(line)}}})
			require.NoError(t, err, "a long line is a bad line")
			require.EqualValues(t, 2, result.Imported)
			require.EqualValues(t, 1, result.CustomerErrors)

			var report storetest.Sink
			result, err = run(t, store, ingest.Options{
				From: fstest.MapFS{"in.ndjson": {Data: pack(lines)}, "next.ndjson": {Data: []byte(good)}}, MaxUnpacked: 32 << 20, Report: &report,
			})
			require.ErrorIs(t, err, ingest.ErrUnreadable)
			require.ErrorContains(t, err, "MaxUnpacked")
			require.Equal(t, ingest.CompletedWithErrors, result.Status)
			require.EqualValues(t, 2, result.Imported, "what came before, and the next file")
			require.Equal(t, 413, readFailures(t, report.File("FAILURE/in.ndjson"))[0].Response.Status)
		})
	}
}
