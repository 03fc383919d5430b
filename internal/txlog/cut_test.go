package txlog_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

func inspect(t *testing.T, opts txlog.Options, files map[string][]byte) *txlog.Inspection {
	opts.FS = diskOf(files)
	in, err := txlog.Inspect(t.Context(), "", &opts)
	require.NoError(t, err)
	return in
}

func TestInspect(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, want, _, _ := smallStore(t, opts)
	in := inspect(t, opts, files)
	require.Empty(t, in.Findings)
	require.True(t, in.Checked)
	require.Equal(t, uint64(len(want)), in.LastGood)
	require.Len(t, in.Keys, in.DataKeys)
	require.NotZero(t, in.Header.Created)
	require.NotEqual(t, in.Header.Store, in.Header.Lineage)
	require.Equal(t, uint64(1), in.Manifest.Terms[0].Term)
	require.True(t, in.Heads[0].Current != in.Heads[1].Current)
	for _, s := range in.Segments {
		require.Equal(t, s.FileBytes, s.GoodBytes)
	}

	for _, w := range []seal.KeyWrapper{nil, seal.RandomKey()} {
		unchecked := inspect(t, txlog.Options{Wrapper: w}, files)
		require.False(t, unchecked.Checked)
		require.Empty(t, unchecked.Findings)
		require.Error(t, unchecked.Unchecked)
		require.Equal(t, in.LastGood, unchecked.LastGood)
		require.Equal(t, in.Segments, unchecked.Segments)
	}
	n := 0
	opts.FS = diskOf(files)
	for r, err := range txlog.InspectRecords(t.Context(), "", &opts, 4) {
		require.NoError(t, err)
		require.Equal(t, uint64(4+n), r.FirstSequence)
		require.Equal(t, 1, r.Commits)
		require.Equal(t, 2, r.Items)
		n++
	}
	require.Equal(t, len(want)-3, n)
	_, err := txlog.Inspect(t.Context(), filepath.Join(t.TempDir(), "none"), nil)
	require.ErrorIs(t, err, txlog.ErrNoStore)
}

// TestInspectDamage damages every file in many places: an inspection reports
// something, changes nothing and does not fail.
func TestInspectDamage(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, _, _, _ := smallStore(t, opts)
	rng := rand.New(rand.NewPCG(11, 12))
	for _, name := range slices.Sorted(maps.Keys(files)) {
		if len(files[name]) == 0 {
			continue
		}
		for range 20 {
			damaged := maps.Clone(files)
			damaged[name] = slices.Clone(files[name])
			i := rng.IntN(len(files[name]))
			switch rng.IntN(3) {
			case 0:
				damaged[name][i] ^= 1 << rng.IntN(8)
			case 1:
				damaged[name] = damaged[name][:i]
			case 2:
				delete(damaged, name)
			}
			d := diskOf(damaged)
			opts.FS = d
			in, err := txlog.Inspect(t.Context(), "", &opts)
			require.NoError(t, err)
			if _, openErr := readStore(opts, damaged); openErr != nil {
				require.NotEmpty(t, in.Findings, "%s: %v", name, openErr)
			}
			require.Equal(t, damaged, d.Files())
			for _, err := range txlog.InspectRecords(t.Context(), "", &opts, 0) {
				if err != nil {
					require.ErrorIs(t, err, txlog.ErrCorrupt)
				}
			}
		}
	}
}

// TestCut damages a record, cuts before it, and goes on writing.
func TestCut(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, want, _, _ := smallStore(t, opts)
	opts.FS = diskOf(files)
	var ends []string // for each record, the file of its segment
	for r, err := range txlog.InspectRecords(t.Context(), "", &opts, 0) {
		require.NoError(t, err)
		ends = append(ends, segmentPath(r.Segment))
	}
	for at := range want {
		name := ends[at]
		damaged := maps.Clone(files)
		damaged[name] = bytes.Clone(files[name])
		// The body of the item is in the file once.
		i := bytes.Index(damaged[name], bigEndian(uint64(at)+1))
		require.Positive(t, i)
		damaged[name][i+40] ^= 1
		d := diskOf(damaged)
		opts.FS = d
		_, err := readStore(opts, damaged)
		require.ErrorIs(t, err, txlog.ErrCorrupt)
		require.Equal(t, uint64(at), inspect(t, opts, damaged).LastGood)

		keepIn := t.TempDir()
		_, err = txlog.Cut(t.Context(), "", &opts, uint64(at)+1, keepIn)
		require.ErrorIs(t, err, txlog.ErrCorrupt)
		require.Equal(t, damaged, d.Files(), "nothing is touched")

		result, err := txlog.Cut(t.Context(), "", &opts, uint64(at), keepIn)
		require.NoError(t, err)
		require.Equal(t, uint64(at), result.Sequence)
		require.Positive(t, result.Bytes)
		holdsCut(t, result.Kept, damaged)
		require.Empty(t, inspect(t, opts, d.Files()).Findings)

		next := txlog.Number(2*len(want) + 1)
		for round := range 2 {
			opts.FS = d
			l, err := txlog.Open(t.Context(), "", &opts)
			require.NoError(t, err)
			require.Equal(t, uint64(at+round), l.Last().Sequence)
			require.Equal(t, next+txlog.Number(round), l.Last().Next, "numbers are given once")
			r := makeRec(uint64(at+round)+1, 1, 10)
			require.NoError(t, appendNext(l, r))
			n := 0
			for r, err := range l.Records(t.Context(), 0) {
				require.NoError(t, err)
				if n < at {
					body, err := r.Body(0, nil)
					require.NoError(t, err)
					require.Equal(t, string(want[n].items[0].Body), string(body))
				}
				n++
			}
			require.Equal(t, at+round+1, n)
			require.NoError(t, l.Close())
		}
	}
}

// holdsCut looks for the bytes that were cut in the archive: they are the ends
// of files.
func holdsCut(t *testing.T, path string, files map[string][]byte) {
	f, err := os.Open(path)
	require.NoError(t, err)
	defer f.Close()
	r := tar.NewReader(f)
	for {
		h, err := r.Next()
		if err == io.EOF {
			return
		}
		require.NoError(t, err)
		content, err := io.ReadAll(r)
		require.NoError(t, err)
		found := false
		for name, data := range files {
			found = found || len(h.Name) >= len(name) && h.Name[:len(name)] == name && bytes.HasSuffix(data, content)
		}
		require.True(t, found, h.Name)
	}
}

func segmentPath(name uint64) string {
	return "log/" + string(append(bytes.Repeat([]byte{'0'}, 7), byte('0'+name))) + ".bunt"
}

func bigEndian(n uint64) []byte { return []byte{0, 0, 0, 0, 0, 0, 0, byte(n), '\r', '\n', '$'} }

// TestCutHead repairs a store whose head is gone or torn.
func TestCutHead(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, want, _, _ := smallStore(t, opts)
	for _, head := range [][]byte{nil, make([]byte, 100), make([]byte, 8192)} {
		damaged := maps.Clone(files)
		damaged["head"] = head
		if head == nil {
			delete(damaged, "head")
		}
		_, err := readStore(opts, damaged)
		require.ErrorIs(t, err, txlog.ErrCorrupt)
		d := diskOf(damaged)
		opts.FS = d
		result, err := txlog.Cut(t.Context(), "", &opts, 99, t.TempDir())
		require.NoError(t, err)
		require.Equal(t, uint64(len(want)), result.Sequence)
		got, err := readStore(opts, d.Files())
		require.NoError(t, err)
		require.True(t, same(want, got))
	}
}

// TestCutAtEveryFault lets every operation of a cut fail, with and without power:
// cutting again always ends with the same store.
func TestCutAtEveryFault(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, want, _, _ := smallStore(t, opts)
	const after = 7
	rng := rand.New(rand.NewPCG(21, 22))
	done := false
	for at := 1; !done; at++ {
		for _, power := range []bool{false, true} {
			d := diskOf(files)
			d.FailAt, d.Dead = at, true
			opts.FS = d
			_, err := txlog.Cut(context.Background(), "", &opts, after, t.TempDir())
			done = err == nil
			if err != nil {
				require.ErrorIs(t, err, errFault)
			}
			if power {
				d = d.Crash(rng)
			}
			opts.FS = d.Restart()
			if _, err := readStore(opts, d.Files()); err != nil {
				require.ErrorIs(t, err, txlog.ErrCorrupt, "operation %d", at)
			}
			_, err = txlog.Cut(context.Background(), "", &opts, after, t.TempDir())
			require.NoError(t, err, "operation %d (%s), power %v", at, d.Failed, power)
			got, err := readStore(opts, d.Files())
			require.NoError(t, err)
			require.True(t, same(want[:after], got), "operation %d: %d records", at, len(got))
		}
	}
}

func TestCutKeepsOutside(t *testing.T) {
	folder := t.TempDir()
	opts := &txlog.Options{Wrapper: seal.RandomKey()}
	l, err := txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	require.NoError(t, appendNext(l, makeRec(1, 1, 10)))
	_, err = txlog.Cut(t.Context(), folder, opts, 0, t.TempDir())
	require.ErrorIs(t, err, txlog.ErrLocked)
	require.NoError(t, l.Close())
	for _, keepIn := range []string{folder, filepath.Join(folder, "log")} {
		_, err = txlog.Cut(t.Context(), folder, opts, 0, keepIn)
		require.Error(t, err)
		require.False(t, errors.Is(err, txlog.ErrCorrupt))
	}
	result, err := txlog.Cut(t.Context(), folder, opts, 0, t.TempDir())
	require.NoError(t, err)
	require.FileExists(t, result.Kept)
	l, err = txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	require.Zero(t, l.Last().Sequence)
	require.NoError(t, l.Close())
}
