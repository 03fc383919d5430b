package txlog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// smallStore returns the files of a closed store of several segments, its
// records, and the files as they were before the last record, and before the
// first.
func smallStore(t testing.TB, opts txlog.Options) (files map[string][]byte, want []rec, before, made map[string][]byte) {
	d := newDisk()
	opts.FS, opts.SegmentSize = d, 1700
	l, err := txlog.Open(context.Background(), "", &opts)
	require.NoError(t, err)
	_, err = l.AddDictionary(context.Background(), []byte("a dictionary"))
	require.NoError(t, err)
	_, err = l.Slot("patient") // the file of patients' keys is there then
	require.NoError(t, err)
	made = d.Files()
	for i := range 12 {
		before = d.Files()
		want = append(want, makeRec(uint64(i)+1, 2, 200))
		require.NoError(t, appendNext(l, want[i]))
	}
	require.NoError(t, l.Close())
	files = d.Files()
	require.GreaterOrEqual(t, len(files), 8, "several segments")
	return files, want, before, made
}

// typed reports whether an error is one that a damaged store may give.
func typed(err error) bool {
	for _, want := range []error{txlog.ErrCorrupt, txlog.ErrForeign, txlog.ErrWrongKey, txlog.ErrUnsupported} {
		if errors.Is(err, want) {
			return true
		}
	}
	return false
}

// readStore opens a store, reads everything both ways, and returns the records.
func readStore(opts txlog.Options, files map[string][]byte) ([]rec, error) {
	opts.FS = diskOf(files)
	l, err := txlog.Open(context.Background(), "", &opts)
	if err != nil {
		return nil, err
	}
	defer l.Close()
	got, err := readAll(l)
	if err != nil {
		return nil, err
	}
	return got, checkNumbers(l, got)
}

func TestEveryDamagedByteIsNoticed(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, want, _, _ := smallStore(t, opts)
	rng := rand.New(rand.NewPCG(5, 6))
	step := 1
	if testing.Short() {
		step = 7
	}
	bits := longrun.Of(1, 8) // of each byte
	var counts longrun.Counts
	for _, name := range slices.Sorted(maps.Keys(files)) {
		for i := 0; i < len(files[name]); i += step {
			if bits == 1 && name == "head" && i%4096 > 160 && i%64 != 0 {
				continue // of the space between the slots a sample is enough
			}
			first := rng.IntN(8)
			for bit := first; bit < first+bits; bit++ {
				damaged := maps.Clone(files)
				damaged[name] = slices.Clone(files[name])
				damaged[name][i] ^= 1 << (bit % 8)
				got, err := readStore(opts, damaged)
				switch {
				case err != nil && !typed(err):
					t.Fatalf("%s, byte %d: %v", name, i, err)
				case err == nil && !same(want, got):
					t.Fatalf("%s, byte %d: %d records of %d", name, i, len(got), len(want))
				case err != nil:
					counts.Add("flipped bits noticed")
				case name != "head":
					t.Fatalf("%s, byte %d: not noticed", name, i)
				default:
					counts.Add("harmless")
				}
			}
		}
	}
	assert.Positive(t, counts.Of("flipped bits noticed"))
	counts.Tell(t)
}

func TestEveryTruncationIsNoticed(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, _, _, _ := smallStore(t, opts)
	var counts longrun.Counts
	for name, data := range files {
		step := longrun.Of(max(1, len(data)/300), 1)
		for n := 0; n < len(data); n += step {
			damaged := maps.Clone(files)
			damaged[name] = data[:n]
			_, err := readStore(opts, damaged)
			if !typed(err) {
				t.Fatalf("%s cut to %d bytes: %v", name, n, err)
			}
			counts.Add("cuts noticed")
		}
		damaged := maps.Clone(files)
		delete(damaged, name)
		_, err := readStore(opts, damaged)
		if !typed(err) {
			t.Fatalf("%s is missing: %v", name, err)
		}
		if len(data) > 0 {
			damaged[name] = append(slices.Clone(data), 0)
			if _, err := readStore(opts, damaged); !typed(err) && name != nameOfLast(files) {
				t.Fatalf("%s is too long: %v", name, err)
			}
		}
	}
	counts.Tell(t)
}

func nameOfLast(files map[string][]byte) string {
	last := ""
	for name := range files {
		if filepath.Dir(name) == "log" && name > last {
			last = name
		}
	}
	return last
}

// TestTornTail cuts the last record, or fills it with noise, while head is
// still at the record before: the tail goes, the rest stays.
func TestTornTail(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, want, before, _ := smallStore(t, opts)
	last := nameOfLast(files)
	var counts longrun.Counts
	start := len(before[last])
	require.Less(t, start, len(files[last]))
	require.Positive(t, start, "the record before is in the same segment")
	rng := rand.New(rand.NewPCG(8, 9))
	for n := start; n <= len(files[last]); n++ {
		for _, tail := range []string{"cut", "zeros", "noise", "hole"} {
			torn := maps.Clone(files)
			torn["head"] = before["head"]
			data := slices.Clone(files[last][:n])
			lost := n < len(files[last])
			switch tail {
			case "zeros":
				data = append(data, make([]byte, len(files[last])-n)...)
			case "noise":
				for len(data) < len(files[last]) {
					data = append(data, byte(rng.Uint32())|0x80)
				}
			case "hole":
				data = slices.Clone(files[last])
				if !lost || data[n] == 0 {
					continue
				}
				data[n] = 0
			}
			torn[last] = data
			got, err := readStore(opts, torn)
			require.NoError(t, err, "%s at %d", tail, n)
			expected := want
			if lost {
				expected = want[:len(want)-1]
			}
			if !same(expected, got) {
				t.Fatalf("%s at %d: %d records", tail, n, len(got))
			}
			counts.Add("torn tails")
		}
	}
	counts.Tell(t)
}

// TestRecordsMoved exchanges records, removes and repeats them, and puts records of
// another segment and of another store in their place, in a closed segment and in the
// open one.
func TestRecordsMoved(t *testing.T) {
	const records = 6
	key := seal.RandomKey()
	made := func() (files map[string][]byte, pieces map[string][][]byte) {
		d := newDisk()
		l, err := txlog.Open(t.Context(), "", &txlog.Options{FS: d, Wrapper: key})
		require.NoError(t, err)
		pieces = map[string][][]byte{}
		for _, name := range []string{segmentPath(1), segmentPath(2)} {
			for range records {
				before := len(d.Files()[name])
				require.NoError(t, appendNext(l, rec{items: []txlog.Item{{Values: []byte("v"), Body: []byte("as long as others")}}}))
				pieces[name] = append(pieces[name], d.Files()[name][before:])
			}
			if name == segmentPath(1) {
				require.NoError(t, l.Roll(t.Context()))
			}
		}
		require.NoError(t, l.Close())
		return d.Files(), pieces
	}
	files, pieces := made()
	_, others := made()
	opts := txlog.Options{Wrapper: key}
	want, err := readStore(opts, files)
	require.NoError(t, err)
	var counts longrun.Counts
	for name, all := range pieces {
		try := func(what string, pieces ...[]byte) {
			damaged := maps.Clone(files)
			damaged[name] = bytes.Join(pieces, nil)
			if bytes.Equal(damaged[name], files[name]) {
				return
			}
			switch got, err := readStore(opts, damaged); {
			case errors.Is(err, txlog.ErrCorrupt):
				counts.Add("records moved and noticed")
			case err == nil && same(want, got): // what is not of its place, behind the last record, is a torn tail
				counts.Add("harmless")
			default:
				t.Fatalf("%s: %s: %v", name, what, err)
			}
		}
		other := pieces[segmentPath(1)]
		if name == segmentPath(1) {
			other = pieces[segmentPath(2)]
		}
		for i := range all {
			try("removed", slices.Delete(slices.Clone(all), i, i+1)...)
			for j := range all {
				exchanged := slices.Clone(all)
				exchanged[i], exchanged[j] = exchanged[j], exchanged[i]
				try("exchanged", exchanged...)
				try("repeated", slices.Insert(slices.Clone(all), j, all[i])...)
				for _, foreign := range [][][]byte{others[name], other} {
					replaced := slices.Clone(all)
					replaced[i] = foreign[j]
					try("replaced", replaced...)
					try("inserted", slices.Insert(slices.Clone(all), i, foreign[j])...)
				}
			}
			try("repeated at the end", append(slices.Clone(all), all[i])...)
			try("cut", all[:i]...)
		}
		try("another store's", others[name]...)
	}
	counts.Tell(t)
}

// TestDamageBeforeSyncedRecords puts head back by several records, as a power
// failure may, and damages one that others follow: it cannot be torn.
func TestDamageBeforeSyncedRecords(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	d := newDisk()
	opts.FS = d
	l, err := txlog.Open(t.Context(), "", &opts)
	require.NoError(t, err)
	empty := d.Files()["head"]
	var want []rec
	for i := range 4 {
		want = append(want, makeRec(uint64(i)+1, 1, 100))
		require.NoError(t, appendNext(l, want[i]))
	}
	require.NoError(t, l.Close())
	files := d.Files()
	files["head"] = empty
	got, err := readStore(opts, files)
	require.NoError(t, err)
	require.True(t, same(want, got))
	name := nameOfLast(files)
	for _, i := range []int{0, 5, 20, 30, 60, 200} {
		damaged := maps.Clone(files)
		damaged[name] = slices.Clone(files[name])
		damaged[name][i] ^= 4
		_, err := readStore(opts, damaged)
		require.ErrorIs(t, err, txlog.ErrCorrupt, "byte %d", i)
	}
}

// TestHeadFarBehind puts head back over several segments. Head is synced when a
// segment begins, so that this is no crash.
func TestHeadFarBehind(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, _, _, made := smallStore(t, opts)
	files["head"] = made["head"]
	_, err := readStore(opts, files)
	require.ErrorIs(t, err, txlog.ErrCorrupt)
}

// TestSwaps puts whole, authentic pieces where they do not belong.
func TestSwaps(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, _, before, oldest := smallStore(t, opts)
	other, _, _, _ := smallStore(t, opts)
	var segments []string
	for name := range files {
		if filepath.Dir(name) == "log" {
			segments = append(segments, name)
		}
	}
	slices.Sort(segments)
	for name, swap := range map[string]func(m map[string][]byte){
		"segments exchanged": func(m map[string][]byte) { m[segments[0]], m[segments[1]] = m[segments[1]], m[segments[0]] },
		"segment missing":    func(m map[string][]byte) { delete(m, segments[1]) },
		"last one missing":   func(m map[string][]byte) { delete(m, nameOfLast(m)) },
		"last one emptied":   func(m map[string][]byte) { m[nameOfLast(m)] = nil },
		"old last segment":   func(m map[string][]byte) { m[nameOfLast(m)] = before[nameOfLast(m)] },
		"other's segment":    func(m map[string][]byte) { m[segments[0]] = other[segments[0]] },
		"other's keyset":     func(m map[string][]byte) { m["keyset"] = other["keyset"] },
		"other's header":     func(m map[string][]byte) { m["header"] = other["header"] },
		"other's head":       func(m map[string][]byte) { m["head"] = other["head"] },
		"other's manifest":   func(m map[string][]byte) { m["manifest"] = other["manifest"] },
		"old manifest":       func(m map[string][]byte) { m["manifest"] = oldest["manifest"] },
		"old manifest, segments": func(m map[string][]byte) {
			m["manifest"] = oldest["manifest"]
			for _, name := range segments[1:] {
				delete(m, name)
			}
		},
		"segment added": func(m map[string][]byte) { m["log/00000099.bunt"] = m[segments[0]] },
		"record twice": func(m map[string][]byte) {
			m[nameOfLast(m)] = append(slices.Clone(m[nameOfLast(m)]), m[nameOfLast(m)]...)
		},
	} {
		t.Run(name, func(t *testing.T) {
			damaged := maps.Clone(files)
			swap(damaged)
			_, err := readStore(opts, damaged)
			require.ErrorIs(t, err, txlog.ErrCorrupt)
		})
	}
}

// TestSplicedHistories lets one store go two ways from the same record, and puts
// a record of one behind a record of the other: every one is authentic and in
// its place, only the chain of tags does not hold.
func TestSplicedHistories(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	d := newDisk()
	branch := func(bodies ...string) (files map[string][]byte, ends []int) {
		opts := opts
		opts.FS = d
		l, err := txlog.Open(t.Context(), "", &opts)
		require.NoError(t, err)
		for _, body := range bodies {
			require.NoError(t, appendNext(l, rec{items: []txlog.Item{{Body: []byte(body)}}}))
			ends = append(ends, len(d.Files()["log/00000001.bunt"]))
		}
		require.NoError(t, l.Close())
		return d.Files(), ends
	}
	root, _ := branch("root")
	one, ends := branch("one a", "one b")
	d = diskOf(root)
	two, sameEnds := branch("two a", "two b")
	require.Equal(t, ends, sameEnds)

	const name = "log/00000001.bunt"
	spliced := maps.Clone(two)
	spliced[name] = append(slices.Clone(one[name][:ends[0]]), two[name][ends[0]:]...)
	_, err := readStore(opts, spliced)
	require.ErrorIs(t, err, txlog.ErrCorrupt)
	_, err = readStore(opts, two)
	require.NoError(t, err)
}

func TestRollbackIsSeenByPin(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey()}
	files, _, before, _ := smallStore(t, opts)
	open := func(files map[string][]byte) *txlog.Log {
		opts := opts
		opts.FS = diskOf(files)
		l, err := txlog.Open(t.Context(), "", &opts)
		require.NoError(t, err)
		t.Cleanup(func() { require.NoError(t, l.Close()) })
		return l
	}
	now, old := open(files), open(before)
	for _, c := range []struct {
		log  *txlog.Log
		pin  txlog.Pin
		want bool
	}{
		{now, now.Head(), true},
		{now, old.Head(), true},
		{old, old.Head(), true},
		{old, now.Head(), false},
		{now, txlog.Pin{Sequence: 3}, false},
		{now, txlog.Pin{Tag: now.Lineage()}, true},
	} {
		held, err := c.log.Holds(t.Context(), c.pin)
		require.NoError(t, err)
		require.Equal(t, c.want, held)
	}
}

func TestWrongKey(t *testing.T) {
	folder := t.TempDir()
	opts := &txlog.Options{Wrapper: seal.RandomKey()}
	l, err := txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	require.NoError(t, l.Close())
	_, err = txlog.Open(t.Context(), folder, &txlog.Options{Wrapper: seal.RandomKey()})
	require.ErrorIs(t, err, txlog.ErrWrongKey)
	_, err = txlog.Open(t.Context(), folder, nil)
	require.ErrorIs(t, err, txlog.ErrNoKey)
	l, err = txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

func TestLocked(t *testing.T) {
	for name, fsys := range map[string]txlog.FS{"folder": txlog.OSFolder(t.TempDir()), "memory": txlog.NewMemory()} {
		t.Run(name, func(t *testing.T) {
			opts := &txlog.Options{FS: fsys, Wrapper: seal.RandomKey()}
			l, err := txlog.Open(t.Context(), "", opts)
			require.NoError(t, err)
			_, err = txlog.Open(t.Context(), "", opts)
			require.ErrorIs(t, err, txlog.ErrLocked)
			require.NoError(t, l.Close())
			l, err = txlog.Open(t.Context(), "", opts)
			require.NoError(t, err)
			require.NoError(t, l.Close())
		})
	}
}

func TestForeignFolder(t *testing.T) {
	write := func(t *testing.T, path string) {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("mine"), 0o600))
	}
	list := func(folder string) (names []string) {
		filepath.Walk(folder, func(path string, info os.FileInfo, err error) error {
			names = append(names, fmt.Sprint(path, info.Size(), info.ModTime()))
			return err
		})
		return names
	}
	opts := &txlog.Options{Wrapper: seal.RandomKey()}
	for _, made := range []bool{false, true} {
		for _, name := range []string{"notes.txt", "log/notes.txt", "log/1.bunt", "lock"} {
			t.Run(fmt.Sprint(name, made), func(t *testing.T) {
				folder := t.TempDir()
				if made {
					l, err := txlog.Open(t.Context(), folder, opts)
					require.NoError(t, err)
					require.NoError(t, l.Close())
				}
				write(t, filepath.Join(folder, name))
				before := list(folder)
				_, err := txlog.Open(t.Context(), folder, opts)
				require.ErrorIs(t, err, txlog.ErrForeign)
				require.ErrorContains(t, err, name)
				require.Equal(t, before, list(folder))
			})
		}
	}
	t.Run("no header", func(t *testing.T) {
		for _, name := range []string{"keyset", "head", "manifest", "log/00000001.bunt"} {
			folder := t.TempDir()
			write(t, filepath.Join(folder, name))
			before := list(folder)
			_, err := txlog.Open(t.Context(), folder, opts)
			require.ErrorIs(t, err, txlog.ErrForeign, name)
			require.Equal(t, before, list(folder))
		}
	})
	t.Run("file", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "file")
		write(t, path)
		_, err := txlog.Open(t.Context(), path, opts)
		require.Error(t, err)
	})
}
