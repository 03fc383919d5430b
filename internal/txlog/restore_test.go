package txlog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

func TestRestoreIntoFolder(t *testing.T) {
	s, piece := smallPiece(t)
	folder := filepath.Join(t.TempDir(), "deep", "store")
	opts := &txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 4096}
	o := txlog.RestoreOptions{VerifyOptions: txlog.VerifyOptions{Wrapper: s.options.Wrapper}}
	restore := func(pieces ...[]byte) (*txlog.Log, error) {
		return txlog.Restore(t.Context(), folder, opts, o, readers(pieces...)...)
	}
	_, err := restore(piece[:len(piece)-1])
	require.ErrorIs(t, err, txlog.ErrCorrupt)
	left, err := filepath.Glob(filepath.Join(folder, "*"))
	require.NoError(t, err)
	require.Empty(t, left, "nothing was touched: the head was damaged")

	l, err := restore(piece)
	require.NoError(t, err)
	_, err = restore(piece)
	require.ErrorIs(t, err, txlog.ErrNotEmpty)
	require.ErrorContains(t, err, "there is a store in it")
	require.NoError(t, l.Close())
	opts.Existing = true
	l, err = txlog.Open(t.Context(), folder, opts)
	require.NoError(t, err)
	got, err := readAll(l)
	require.NoError(t, err)
	require.True(t, same(s.want, got))
	require.NoError(t, l.Close())

	folder = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(folder, "letter"), nil, 0o600))
	_, err = restore(piece)
	require.ErrorIs(t, err, txlog.ErrForeign)
	require.ErrorContains(t, err, "letter")

	// Of a piece that turns out to be damaged late, nothing is left.
	s.append(t, 600)
	large := backUp(t, s.Log, 0)
	large[len(large)-1] ^= 1
	folder = t.TempDir()
	_, err = restore(large)
	require.ErrorIs(t, err, txlog.ErrCorrupt)
	left, err = filepath.Glob(filepath.Join(folder, "*", "*"))
	require.NoError(t, err)
	require.Empty(t, left)
	large[len(large)-1] ^= 1
	l, err = restore(large)
	require.NoError(t, err)
	require.NoError(t, l.Close())
}

// TestRestoreFaults lets every operation of restoring fail in turn, once or from there
// on, and then kills the process or the power. The folder holds the whole store, or can
// be restored into again; never less than the store under its name.
func TestRestoreFaults(t *testing.T) {
	s := newSource(t)
	defer func() { s.Close() }()
	_, err := s.AddDictionary(t.Context(), []byte("dictionary"))
	require.NoError(t, err)
	s.append(t, 15)
	pieces := [][]byte{backUp(t, s.Log, 0)}
	s.append(t, 10)
	pieces = append(pieces, backUp(t, s.Log, 15))
	restore := func(d *disk) error {
		l, err := txlog.Restore(context.Background(), "", &txlog.Options{Wrapper: s.options.Wrapper, FS: d, SegmentSize: 4096}, txlog.RestoreOptions{}, readers(pieces...)...)
		if err == nil {
			l.Close() // its error is the fault's
		}
		return err
	}
	whole := func(d *disk) error {
		l, err := txlog.Open(context.Background(), "", &txlog.Options{Wrapper: s.options.Wrapper, FS: d, Existing: true})
		if err != nil {
			return err
		}
		defer l.Close()
		got, err := readAll(l)
		if err == nil && !same(s.want, got) {
			err = fmt.Errorf("%d of %d commits", len(got), len(s.want))
		}
		return err
	}
	clean := newDisk()
	require.NoError(t, restore(clean))
	rng := rand.New(rand.NewPCG(5, 6))
	ends := map[string]int{}
	var counts longrun.Counts
	for _, dead := range []bool{false, true} {
		for _, power := range []bool{false, true} {
			for at := 1; at <= clean.Done(); at++ {
				counts.Add("faults")
				d := newDisk()
				d.FailAt, d.Dead = at, dead
				failed := restore(d)
				if power {
					d = d.Crash(rng)
				}
				d = d.Restart()
				where := fmt.Sprintf("operation %d, dead %v, power %v: %v", at, dead, power, failed)
				opened := whole(d)
				switch {
				case opened == nil:
					ends["store"]++
					require.ErrorIs(t, restore(d), txlog.ErrNotEmpty, where)
				case failed == nil:
					require.NoError(t, opened, where)
				case errors.Is(opened, txlog.ErrNoStore):
					ends["none"]++
				default:
					ends["marked"]++
					require.ErrorContains(t, opened, "restore again", where)
				}
				if opened != nil {
					require.NoError(t, restore(d), where)
					require.NoError(t, whole(d), where)
				}
			}
		}
	}
	for _, end := range []string{"store", "none", "marked"} {
		require.Greater(t, ends[end], 3, end)
	}
	counts.Tell(t)
}

// FuzzPiece reads what is no piece, or one that is sealed rightly and says anything.
func FuzzPiece(f *testing.F) {
	_, piece := smallPiece(f)
	f.Add(piece)
	wrapper := seal.RandomKey()
	f.Fuzz(func(t *testing.T, data []byte) {
		_, err := txlog.VerifyPiece(t.Context(), bytes.NewReader(data), txlog.VerifyOptions{Wrapper: wrapper})
		require.Error(t, err)
		require.True(t, typed(err) || errors.Is(err, txlog.ErrPiece), err)
	})
}
