package txlog_test

import (
	"context"
	"maps"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// TestExisting opens a store that is there, and makes none.
func TestExisting(t *testing.T) {
	folder := t.TempDir()
	key := filepath.Join(t.TempDir(), "key")
	opts := &txlog.Options{Wrapper: seal.KeyFile(key), Existing: true}
	for _, path := range []string{folder, filepath.Join(folder, "none"), "mem:"} {
		_, err := txlog.Open(t.Context(), path, opts)
		require.ErrorIs(t, err, txlog.ErrNoStore)
	}
	require.NoFileExists(t, key)
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, entries)

	opts.Existing = false
	l, err := txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	require.NoError(t, appendNext(l, makeRec(1, 2, 10)))
	require.NoError(t, l.Close())
	opts.Existing = true
	l, err = txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

// TestInspectNoStore: an empty folder and one of somebody else are told apart, and
// left alone.
func TestInspectNoStore(t *testing.T) {
	for name, want := range map[string]error{"": txlog.ErrNoStore, "letter.txt": txlog.ErrForeign, ".DS_Store": txlog.ErrNoStore} {
		files := map[string][]byte{}
		if name != "" {
			files[name] = []byte("x")
		}
		d := diskOf(files)
		d.Forget("log")
		opts := &txlog.Options{FS: d, Wrapper: seal.RandomKey()}
		_, err := txlog.Inspect(t.Context(), "", opts)
		require.ErrorIs(t, err, want, name)
		for _, err := range txlog.InspectRecords(t.Context(), "", opts, 1) {
			require.ErrorIs(t, err, want, name)
		}
		_, err = txlog.Cut(t.Context(), "", opts, 1, t.TempDir())
		require.ErrorIs(t, err, want, name)
		require.Equal(t, files, d.Files())
	}
}

// TestInspectTornTail: bytes of a record that nobody was told of are no fault, and
// stay where they are.
func TestInspectTornTail(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, want, before, _ := smallStore(t, opts)
	last := nameOfLast(files)
	torn := maps.Clone(files)
	torn["head"] = before["head"]
	torn[last] = torn[last][:len(torn[last])-1]
	in := inspect(t, opts, torn)
	require.Empty(t, in.Findings)
	require.Equal(t, uint64(len(want)-1), in.LastGood)
	s := in.Segments[len(in.Segments)-1]
	require.Less(t, s.GoodBytes, s.FileBytes)

	torn["head"] = files["head"] // now somebody was told
	require.NotEmpty(t, inspect(t, opts, torn).Findings)
}

// TestInspectStates: the last value of each name is found, also where the store has
// damage behind it.
func TestInspectStates(t *testing.T) {
	d := newDisk()
	opts := txlog.Options{FS: d, Wrapper: seal.RandomKey()}
	l, err := txlog.Open(t.Context(), "", &opts)
	require.NoError(t, err)
	for i, value := range []string{"one", "two", "", "three"} {
		name := "a"
		if value == "" || value == "one" {
			name = "b"
		}
		r := rec{time: int64(i) + 1, items: []txlog.Item{{Kind: txlog.State, Values: []byte(name), Body: []byte(value)}}}
		require.NoError(t, appendNext(l, r))
	}
	require.NoError(t, l.Close())
	files := d.Files()
	in := inspect(t, opts, files)
	require.Equal(t, map[string][]byte{"a": []byte("three")}, in.States)
	files[nameOfLast(files)][len(files[nameOfLast(files)])-10] ^= 1
	in = inspect(t, opts, files)
	require.NotEmpty(t, in.Findings)
	require.Equal(t, map[string][]byte{"a": []byte("two")}, in.States)
	require.Empty(t, inspect(t, txlog.Options{Wrapper: seal.RandomKey()}, files).States)
}

// TestInspectUnchecked: where the key does not fit, the records are told, and at their
// end why nothing was checked.
func TestInspectUnchecked(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, want, _, _ := smallStore(t, opts)
	for _, c := range []struct {
		wrapper seal.KeyWrapper
		err     error
	}{{nil, txlog.ErrNoKey}, {seal.RandomKey(), txlog.ErrWrongKey}} {
		n := 0
		var last error
		for _, err := range txlog.InspectRecords(t.Context(), "", &txlog.Options{FS: diskOf(files), Wrapper: c.wrapper}, 1) {
			if last = err; err == nil {
				n++
			}
		}
		require.Equal(t, len(want), n)
		require.ErrorIs(t, last, c.err)
		require.ErrorIs(t, inspect(t, txlog.Options{Wrapper: c.wrapper}, files).Unchecked, c.err)
	}
}

// TestInspectBesideWriter inspects a store whose writer rolls and rewrites segments all
// the time: what is durable is there, in order, and nothing looks like damage.
func TestInspectBesideWriter(t *testing.T) {
	folder := t.TempDir()
	opts := &txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 4000}
	l, err := txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	var writing sync.WaitGroup
	writing.Go(func() {
		for i := uint64(1); ctx.Err() == nil; i++ {
			if err := appendNext(l, makeRec(i, 2, 300)); err != nil {
				t.Error(err)
				return
			}
			if i%40 == 0 {
				if err := l.Rewrite(context.Background(), closedNames(l), nil); err != nil {
					t.Error(err)
					return
				}
			}
		}
	})
	defer func() {
		stop()
		writing.Wait()
		require.NoError(t, l.Close())
	}()
	for l.Last().Sequence < 300 {
		sure := l.Last().Sequence
		in, err := txlog.Inspect(t.Context(), folder, opts)
		require.NoError(t, err)
		require.Empty(t, in.Findings)
		require.GreaterOrEqual(t, in.LastGood, sure)
		next := uint64(1)
		for r, err := range txlog.InspectRecords(t.Context(), folder, opts, 1) {
			require.NoError(t, err)
			require.Equal(t, next, r.FirstSequence)
			next = r.LastSequence + 1
		}
		require.Greater(t, next, sure)
	}
}
