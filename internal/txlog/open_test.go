package txlog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// TestOpeningLeavesNothing opens a store many times without writing: it does not
// grow by the terms and keys that were not used.
func TestOpeningLeavesNothing(t *testing.T) {
	d := newDisk()
	opts := &txlog.Options{FS: d, Wrapper: seal.RandomKey()}
	open := func(r ...rec) (pin txlog.Pin, term uint64) {
		l, err := txlog.Open(t.Context(), "", opts)
		require.NoError(t, err)
		for _, r := range r {
			require.NoError(t, appendNext(l, r))
		}
		defer l.Close()
		return l.Head(), l.Term()
	}
	pin, term := open(makeRec(1, 2, 10))
	before := d.files()
	for range 100 {
		again, nextTerm := open()
		require.Equal(t, pin, again)
		require.Equal(t, term+1, nextTerm, "no term begins without a write")
	}
	require.True(t, maps.EqualFunc(before, d.files(), bytes.Equal))
	again, next := open(makeRec(2, 2, 10))
	require.NotEqual(t, pin.Tag, again.Tag)
	require.Equal(t, term+1, next)
}

// TestKeysThatNothingUses: when Rewrite seals all of a key's items anew, the key
// goes with the first write of the next opening.
func TestKeysThatNothingUses(t *testing.T) {
	fsys := txlog.NewMemory()
	opts := &txlog.Options{FS: fsys, Wrapper: seal.RandomKey(), SegmentSize: 1}
	for i := range 5 {
		l, err := txlog.Open(t.Context(), "", opts)
		require.NoError(t, err)
		require.NoError(t, appendNext(l, makeRec(uint64(i)+1, 2, 10)))
		require.NoError(t, l.Close())
	}
	require.Len(t, keysOf(t, fsys, opts).IDs(), 5)
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	require.NoError(t, l.Rewrite(t.Context(), closedNames(l), func(_ txlog.Number, _ txlog.Kind, values, _ func() ([]byte, error)) (txlog.Changed, error) {
		v, err := values()
		return txlog.Changed{Values: v}, err
	}))
	require.NoError(t, l.Close())
	l, err = txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	_, err = l.AddDictionary(t.Context(), []byte("x"))
	require.NoError(t, err)
	require.NoError(t, l.Close())
	require.Len(t, keysOf(t, fsys, opts).IDs(), 3, "the open segment's, the rewriter's, this opening's")
}

func TestCopiesShareNoKey(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, _, _, _ := smallStore(t, opts)
	terms := map[[16]byte]bool{}
	for range 2 {
		opts.FS = diskOf(files)
		l, err := txlog.Open(t.Context(), "", &opts)
		require.NoError(t, err)
		require.NoError(t, appendNext(l, makeRec(13, 1, 10)))
		terms[l.Head().Tag] = true
		require.NoError(t, l.Close())
	}
	require.Len(t, terms, 2)
}

func TestAtLeast(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, _, before, _ := smallStore(t, opts)
	open := func(files map[string][]byte, pin txlog.Pin, readOnly bool) (txlog.Pin, error) {
		opts := opts
		opts.FS, opts.AtLeast, opts.ReadOnly = diskOf(files), pin, readOnly
		l, err := txlog.Open(t.Context(), "", &opts)
		if err != nil {
			return txlog.Pin{}, err
		}
		defer l.Close()
		return l.Head(), nil
	}
	pin, err := open(files, txlog.Pin{}, true)
	require.NoError(t, err)
	for _, readOnly := range []bool{false, true} {
		_, err = open(files, pin, readOnly)
		require.NoError(t, err)
		_, err = open(before, pin, readOnly)
		require.ErrorIs(t, err, txlog.ErrCorrupt)
		require.ErrorContains(t, err, "older")
	}
}

// TestAtLeastMakesNoStore: where the pinned store is gone, no new one takes its
// place.
func TestAtLeastMakesNoStore(t *testing.T) {
	folder := t.TempDir()
	for _, path := range []string{folder, filepath.Join(folder, "none")} {
		_, err := txlog.Open(t.Context(), path, &txlog.Options{Wrapper: seal.RandomKey(), AtLeast: txlog.Pin{Sequence: 1}})
		require.ErrorIs(t, err, txlog.ErrCorrupt)
	}
	entries, err := os.ReadDir(folder)
	require.NoError(t, err)
	require.Empty(t, entries)
}

// TestUndoneErasure puts the manifest and segments back that a rewriting has
// replaced: the items must not come back unnoticed.
func TestUndoneErasure(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, _, _, _ := smallStore(t, opts)
	d := diskOf(files)
	opts.FS = d
	l, err := txlog.Open(t.Context(), "", &opts)
	require.NoError(t, err)
	opened := d.files()
	old := l.Head()
	require.NoError(t, l.Rewrite(t.Context(), closedNames(l), func(n txlog.Number, _ txlog.Kind, _, _ func() ([]byte, error)) (txlog.Changed, error) {
		return txlog.Changed{Drop: n == 1}, nil
	}))
	pin := l.Head()
	require.NoError(t, appendNext(l, makeRec(13, 1, 10)))
	require.NoError(t, l.Close())

	undone := maps.Clone(opened)
	undone["head"] = d.files()["head"]
	opts.FS = diskOf(undone)
	_, err = txlog.Open(t.Context(), "", &opts)
	require.ErrorIs(t, err, txlog.ErrCorrupt)

	// With head as well it is an older copy, which only the pin tells.
	opts.FS, opts.AtLeast = diskOf(opened), pin
	_, err = txlog.Open(t.Context(), "", &opts)
	require.ErrorIs(t, err, txlog.ErrCorrupt)
	opts.FS, opts.AtLeast = diskOf(opened), old
	l, err = txlog.Open(t.Context(), "", &opts)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

func TestReadOnly(t *testing.T) {
	folder := t.TempDir()
	opts := &txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 3000}
	reading := &txlog.Options{Wrapper: opts.Wrapper, ReadOnly: true}
	_, err := txlog.Open(t.Context(), filepath.Join(folder, "none"), reading)
	require.ErrorIs(t, err, txlog.ErrNoStore)
	require.NoDirExists(t, filepath.Join(folder, "none"))
	_, err = txlog.Open(t.Context(), t.TempDir(), reading)
	require.ErrorIs(t, err, txlog.ErrNoStore)

	l, err := txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	var want []rec
	for i := range 20 {
		r, err := txlog.Open(t.Context(), folder, reading) // beside the writer
		require.NoError(t, err)
		check(t, r, want)
		require.Equal(t, l.Last(), r.Last())
		require.Equal(t, l.Head(), r.Head())
		require.Equal(t, l.Segments(), r.Segments())
		want = append(want, makeRec(uint64(i)+1, 2, 300))
		require.NoError(t, appendNext(l, want[i]))
		if i == 10 {
			require.NoError(t, l.Rewrite(t.Context(), closedNames(l), nil))
		}
		check(t, r, want[:i]) // as it was when it was opened
		_, err = r.Append(t.Context(), batchOf(r, want[i]))
		require.ErrorIs(t, err, txlog.ErrReadOnly)
		require.ErrorIs(t, r.Rewrite(t.Context(), []uint64{1}, nil), txlog.ErrReadOnly)
		_, err = r.AddDictionary(t.Context(), []byte("x"))
		require.ErrorIs(t, err, txlog.ErrReadOnly)
		require.NoError(t, r.Close())
	}
	require.NoError(t, l.Close())
}

// TestReadOnlyWritesNothing opens a store that was not closed, with a torn tail,
// on a disk that refuses to be written.
func TestReadOnlyWritesNothing(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, want, before, _ := smallStore(t, opts)
	last := nameOfLast(files)
	for _, c := range []struct {
		cut  int
		want []rec
	}{
		{0, want[:len(want)-1]}, // the last one is whole, and head does not know it
		{1, want[:len(want)-1]},
	} {
		torn := maps.Clone(files)
		torn["head"] = before["head"]
		torn[last] = torn[last][:len(torn[last])-c.cut]
		d := diskOf(torn)
		opts.FS, opts.ReadOnly = d, true
		l, err := txlog.Open(t.Context(), "", &opts)
		require.NoError(t, err)
		check(t, l, c.want)
		require.NoError(t, l.Close())
		require.Equal(t, torn, d.files())
	}
}

func TestUnsupported(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, _, _, _ := smallStore(t, opts)
	for name, header := range map[string][]byte{
		"first format":   append([]byte("FHIRLAKE\x01\x00\x00\x00"), make([]byte, 80)...),
		"future reader":  append([]byte("FLHEADER\x03\x00\x00\x00"), files["header"][12:]...),
		"future feature": append(append(slices.Clone(files["header"][:16]), 1), files["header"][17:]...),
	} {
		t.Run(name, func(t *testing.T) {
			other := maps.Clone(files)
			other["header"] = header
			other["lock"] = nil // a name of another version
			opts.FS = diskOf(other)
			_, err := txlog.Open(t.Context(), "", &opts)
			require.ErrorIs(t, err, txlog.ErrUnsupported)
			require.NotErrorIs(t, err, txlog.ErrCorrupt)
		})
	}
}

func TestNamesOfOthers(t *testing.T) {
	folder := t.TempDir()
	var told bytes.Buffer
	opts := &txlog.Options{Wrapper: seal.RandomKey(), Logger: slog.New(slog.NewTextHandler(&told, nil))}
	names := []string{".DS_Store", "Thumbs.db", ".nfs0001", "._head"}
	require.NoError(t, os.Mkdir(filepath.Join(folder, "lost+found"), 0o700))
	for round := range 2 {
		for _, name := range names {
			for _, where := range []string{"", "log"} {
				if where == "" || round > 0 {
					require.NoError(t, os.WriteFile(filepath.Join(folder, where, name), []byte("x"), 0o666))
				}
			}
		}
		l, err := txlog.Open(t.Context(), folder, opts)
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
	for _, name := range append(names, "lost+found") {
		require.Contains(t, told.String(), name)
	}
}

func TestExposed(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("modes do not tell on Windows")
	}
	folder := t.TempDir()
	opts := &txlog.Options{Wrapper: seal.RandomKey()}
	l, err := txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	for _, name := range []string{".", "head", "keyset", "log", "log/00000001.bunt"} {
		path := filepath.Join(folder, name)
		info, err := os.Stat(path)
		require.NoError(t, err)
		for _, mode := range []os.FileMode{0o020, 0o002} {
			require.NoError(t, os.Chmod(path, info.Mode().Perm()|mode))
			_, err = txlog.Open(t.Context(), folder, opts)
			require.ErrorIs(t, err, txlog.ErrExposed, name)
			require.ErrorContains(t, err, "chmod")
			require.NotContains(t, err.Error(), folder)
			in, err := txlog.Inspect(t.Context(), folder, opts)
			require.NoError(t, err, name)
			require.NoError(t, in.Unchecked)
			require.Len(t, in.Segments, 1)
			require.Len(t, in.Findings, 1)
			require.Contains(t, in.Findings[0].Reason, "others may write to the store: chmod go-w")
		}
		require.NoError(t, os.Chmod(path, info.Mode().Perm()))
	}
	l, err = txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

// TestReplacedFolder puts another folder, or nothing, at the path of a store
// that is open: nothing more is acknowledged, and nothing of the other is
// touched.
func TestReplacedFolder(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("an open folder cannot be moved on Windows")
	}
	for name, replace := range map[string]func(t *testing.T, path string){
		"moved":   func(t *testing.T, path string) { require.NoError(t, os.Rename(path, path+".old")) },
		"deleted": func(t *testing.T, path string) { require.NoError(t, os.RemoveAll(path)) },
		"another": func(t *testing.T, path string) {
			require.NoError(t, os.Rename(path, path+".old"))
			require.NoError(t, os.CopyFS(path, os.DirFS(path+".old")))
		},
		"another head": func(t *testing.T, path string) {
			b, err := os.ReadFile(filepath.Join(path, "head"))
			require.NoError(t, err)
			require.NoError(t, os.Remove(filepath.Join(path, "head")))
			require.NoError(t, os.WriteFile(filepath.Join(path, "head"), b, 0o600))
		},
	} {
		for _, size := range []int64{0, 1} { // without and with a new segment
			t.Run(fmt.Sprint(name, size), func(t *testing.T) {
				path := filepath.Join(t.TempDir(), "store")
				opts := &txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: size}
				l, err := txlog.Open(t.Context(), path, opts)
				require.NoError(t, err)
				want := []rec{makeRec(1, 2, 100)}
				require.NoError(t, appendNext(l, want[0]))
				replace(t, path)
				err = appendNext(l, makeRec(2, 2, 100))
				require.ErrorIs(t, err, txlog.ErrReplaced)
				err = appendNext(l, makeRec(2, 2, 100))
				require.ErrorIs(t, err, txlog.ErrReplaced)
				require.ErrorIs(t, err, txlog.ErrReadOnly)
				check(t, l, want)
				require.NoError(t, l.Close())
			})
		}
	}
}

// TestRelativePath changes the working folder under an open store.
func TestRelativePath(t *testing.T) {
	home, elsewhere := t.TempDir(), t.TempDir()
	t.Chdir(home)
	opts := &txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 1}
	l, err := txlog.Open(t.Context(), "store", opts)
	require.NoError(t, err)
	require.NoError(t, appendNext(l, makeRec(1, 2, 100)))
	t.Chdir(elsewhere)
	require.NoError(t, appendNext(l, makeRec(2, 2, 100)))
	require.NoError(t, l.Close())
	entries, err := os.ReadDir(elsewhere)
	require.NoError(t, err)
	require.Empty(t, entries)
}

type panickyWrapper struct{ end func() }

func (w panickyWrapper) Encrypt(context.Context, []byte) ([]byte, error) { w.end(); return nil, nil }
func (w panickyWrapper) Decrypt(context.Context, []byte) ([]byte, error) { w.end(); return nil, nil }

// TestWrapperPanics: a wrapper that panics or ends its goroutine is an error,
// and leaves no lock behind.
func TestWrapperPanics(t *testing.T) {
	folder := t.TempDir()
	good := &txlog.Options{Wrapper: seal.RandomKey()}
	for _, made := range []bool{false, true} {
		for _, end := range []func(){func() { panic("no") }, runtime.Goexit} {
			_, err := txlog.Open(t.Context(), folder, &txlog.Options{Wrapper: panickyWrapper{end}})
			require.ErrorIs(t, err, seal.ErrWrapper)
			if !made {
				entries, err := os.ReadDir(folder)
				require.NoError(t, err)
				require.Empty(t, entries)
			}
		}
		l, err := txlog.Open(t.Context(), folder, good)
		require.NoError(t, err)
		require.NoError(t, l.Close())
	}
}

func TestDictionaries(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	d := newDisk()
	opts.FS = d
	l, err := txlog.Open(t.Context(), "", &opts)
	require.NoError(t, err)
	require.Empty(t, l.Dictionaries())
	for i, content := range []string{"one", "two", "one"} {
		n, err := l.AddDictionary(t.Context(), []byte(content))
		require.NoError(t, err)
		require.Equal(t, uint32([]int{1, 2, 1}[i]), n)
	}
	for _, bad := range [][]byte{nil, make([]byte, txlog.MaxDictionary+1)} {
		_, err = l.AddDictionary(t.Context(), bad)
		require.ErrorIs(t, err, txlog.ErrTooLarge)
	}
	want := map[uint32][]byte{1: []byte("one"), 2: []byte("two")}
	require.Equal(t, want, l.Dictionaries())
	require.NoError(t, l.Close())
	files := d.files()
	files["dictionaries/3"] = []byte("a stray")
	d = diskOf(files)
	opts.FS = d
	l, err = txlog.Open(t.Context(), "", &opts)
	require.NoError(t, err)
	require.Equal(t, want, l.Dictionaries())
	require.NoError(t, l.Close())
	require.NotContains(t, d.files(), "dictionaries/3")
	for _, damage := range []func(map[string][]byte){
		func(m map[string][]byte) { m["dictionaries/1"] = []byte("onf") },
		func(m map[string][]byte) { m["dictionaries/1"] = m["dictionaries/2"] },
		func(m map[string][]byte) { delete(m, "dictionaries/2") },
	} {
		damaged := maps.Clone(d.files())
		damage(damaged)
		opts.FS = diskOf(damaged)
		_, err = txlog.Open(t.Context(), "", &opts)
		require.ErrorIs(t, err, txlog.ErrCorrupt)
	}
}

func TestFind(t *testing.T) {
	opts := &txlog.Options{FS: txlog.NewMemory(), Wrapper: seal.RandomKey(), SegmentSize: 3000}
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	id := func(i int) [16]byte { return [16]byte{byte(i), 1} }
	for i := range 20 {
		b := batchOf(l, makeRec(uint64(2*i)+1, 1, 300), makeRec(uint64(2*i)+2, 1, 300))
		b.ID = id(i)
		_, err := l.Append(t.Context(), b)
		require.NoError(t, err)
	}
	for range 2 {
		segments := l.Segments()
		recent := segments[len(segments)-2].FirstSequence
		for i := range 21 {
			sequence, ok, err := l.Find(t.Context(), id(i))
			require.NoError(t, err)
			want := uint64(2*i) + 1
			if i == 20 || want < recent {
				require.False(t, ok)
				continue
			}
			require.True(t, ok, i)
			require.Equal(t, want, sequence)
		}
		require.NoError(t, l.Close())
		l, err = txlog.Open(t.Context(), "", opts)
		require.NoError(t, err)
	}
	require.NoError(t, l.Close())
	_, _, err = l.Find(t.Context(), id(1))
	require.ErrorIs(t, err, txlog.ErrClosed)
}

func TestBatch(t *testing.T) {
	l, err := txlog.Open(t.Context(), "mem:", nil)
	require.NoError(t, err)
	want := []rec{makeRec(1, 2, 50), makeRec(2, 1, 50), makeRec(3, 3, 50)}
	want[1].note = []byte("who and why")
	want[2].items[0].Kind = txlog.State
	p, err := l.Append(t.Context(), batchOf(l, want...))
	require.NoError(t, err)
	require.Equal(t, txlog.Position{Sequence: 1, Number: 1}, p)
	require.Equal(t, txlog.Last{Sequence: 3, Next: 7, Time: 3000}, l.Last())
	p, err = l.Append(t.Context(), batchOf(l, makeRec(4, 1, 1)))
	require.NoError(t, err)
	require.Equal(t, txlog.Position{Sequence: 4, Number: 7}, p)
	check(t, l, append(want, makeRec(4, 1, 1)))
	for r, err := range l.Records(t.Context(), 2) { // in the midst of the first
		require.NoError(t, err)
		require.Equal(t, uint64(1), r.Runs()[0].Sequence)
		require.Equal(t, l.Term(), r.Term)
		break
	}
	s := l.Segments()
	require.Len(t, s, 1)
	assert.Equal(t, 2, s[0].Records)
	assert.Equal(t, 7, s[0].Items)
	assert.Equal(t, uint64(4), s[0].LastSequence)
	require.NoError(t, l.Close())
	require.False(t, errors.Is(l.Close(), txlog.ErrClosed))
}
