package txlog_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// writeCheckpoint writes a checkpoint whose parts tell of what commit it is.
func writeCheckpoint(l *txlog.Log, parts int) error {
	w := l.BeginCheckpoint()
	if w == nil {
		return errors.New("no checkpoints")
	}
	defer w.Discard()
	for i := range parts {
		if err := w.Add(fmt.Appendf(nil, "part %d of commit %d", i, w.Sequence())); err != nil {
			return err
		}
	}
	return w.Finish()
}

// readCheckpoint returns the commit of a checkpoint after a look at all of its parts, 0 if
// there is none that can be used.
func readCheckpoint(l *txlog.Log) (sequence uint64, err error) {
	r, err := l.OpenCheckpoint()
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, txlog.ErrCorrupt) || errors.Is(err, txlog.ErrUnsupported) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer r.Close()
	for i := range r.Parts() {
		part, err := r.Part(i, nil)
		if errors.Is(err, txlog.ErrCorrupt) {
			return 0, nil
		}
		if err != nil {
			return 0, err
		}
		if want := fmt.Sprintf("part %d of commit %d", i, r.Last().Sequence); string(part) != want {
			return 0, fmt.Errorf("%q, not %q", part, want)
		}
	}
	return r.Last().Sequence, nil
}

func openOn(t testing.TB, d txlog.FS, opts txlog.Options) *txlog.Log {
	t.Helper()
	opts.FS = d
	l, err := txlog.Open(context.Background(), "", &opts)
	require.NoError(t, err)
	return l
}

func requireCheckpoint(t testing.TB, l *txlog.Log, want uint64) {
	t.Helper()
	got, err := readCheckpoint(l)
	require.NoError(t, err)
	require.Equal(t, want, got)
}

func appendSome(t testing.TB, l *txlog.Log, n int) {
	t.Helper()
	for range n {
		require.NoError(t, appendNext(l, makeRec(l.Last().Sequence+1, 2, 200)))
	}
}

func TestCheckpoint(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 1700}
	d := newDisk()
	l := openOn(t, d, opts)
	requireCheckpoint(t, l, 0)
	require.Zero(t, l.Checkpoint())
	appendSome(t, l, 7)
	require.NoError(t, writeCheckpoint(l, 3))
	requireCheckpoint(t, l, 7)
	info := l.Checkpoint()
	require.EqualValues(t, 7, info.Sequence)
	require.Len(t, d.Files()["checkpoint"], int(info.Bytes))
	for _, wrapper := range []seal.KeyWrapper{opts.Wrapper, nil} {
		in, err := txlog.Inspect(t.Context(), "", &txlog.Options{FS: d, Wrapper: wrapper})
		require.NoError(t, err)
		require.Empty(t, in.Findings)
		require.Equal(t, &txlog.CheckpointFile{CheckpointInfo: info}, in.Checkpoint)
	}
	appendSome(t, l, 5)
	requireCheckpoint(t, l, 7)
	require.NoError(t, l.Close())

	for range 3 { // with the keys of other terms
		l = openOn(t, d, opts)
		requireCheckpoint(t, l, 7)
		appendSome(t, l, 1)
		require.NoError(t, l.Close())
	}
	l = openOn(t, d, opts)
	defer l.Close()
	reader := openOn(t, d, txlog.Options{Wrapper: opts.Wrapper, ReadOnly: true})
	defer reader.Close()
	requireCheckpoint(t, reader, 7)
	require.Nil(t, reader.BeginCheckpoint())

	w := l.BeginCheckpoint()
	require.NoError(t, w.Add(nil))
	w.Discard()
	require.NotContains(t, d.Files(), "checkpoint.tmp")
	require.NoError(t, writeCheckpoint(l, 0))
	requireCheckpoint(t, l, 15)
	require.NoError(t, l.DropCheckpoint())
	require.NoError(t, l.DropCheckpoint())
	requireCheckpoint(t, l, 0)
	require.Zero(t, l.Checkpoint())
	require.NotContains(t, d.Files(), "checkpoint")
}

// A store in memory keeps none, and nobody could open it again.
func TestNoCheckpointInMemory(t *testing.T) {
	l, err := txlog.Open(t.Context(), "mem:", nil)
	require.NoError(t, err)
	defer l.Close()
	require.Nil(t, l.BeginCheckpoint())
	_, err = l.OpenCheckpoint()
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.NoError(t, l.DropCheckpoint())
}

// A checkpoint that was changed in any byte, cut or made longer is not used, and the store
// opens without it.
func TestDamagedCheckpoint(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 1700}
	d := newDisk()
	l := openOn(t, d, opts)
	appendSome(t, l, 5)
	require.NoError(t, writeCheckpoint(l, 4))
	require.NoError(t, l.Close())
	files := d.Files()
	whole := files["checkpoint"]
	try := func(what string, b []byte) {
		with := maps.Clone(files)
		with["checkpoint"] = b
		l := openOn(t, diskOf(with), opts)
		defer l.Close()
		got, err := readCheckpoint(l)
		require.NoError(t, err, what)
		require.Zero(t, got, what)
		require.NoError(t, writeCheckpoint(l, 1), what)
		requireCheckpoint(t, l, 5)
		appendSome(t, l, 1)
	}
	var counts longrun.Counts
	for i := range whole {
		for bit := range longrun.Of(1, 8) {
			b := slices.Clone(whole)
			b[i] ^= 1 << ((i + bit) % 8)
			try(fmt.Sprint("byte ", i), b)
			counts.Add("flipped bits")
		}
		if i%longrun.Of(7, 1) == 0 {
			try(fmt.Sprint("cut at ", i), whole[:i])
			counts.Add("cuts")
		}
	}
	counts.Tell(t)
	try("longer", append(slices.Clone(whole), 0))
	// Parts of another checkpoint of the same store, at the same place.
	l = openOn(t, d, opts)
	require.NoError(t, writeCheckpoint(l, 4))
	require.NoError(t, l.Close())
	other := d.Files()["checkpoint"]
	require.Len(t, other, len(whole))
	for _, at := range []int{184, 184 + 48} {
		mixed := slices.Clone(whole)
		copy(mixed[at:at+48], other[at:at+48])
		try("mixed", mixed)
	}
}

// An older checkpoint is as good as a newer one while the log has only grown; one of
// another store, of segments that were replaced, or of commits that were cut, is none.
func TestForeignCheckpoint(t *testing.T) {
	opts := txlog.Options{Wrapper: seal.RandomKey(), SegmentSize: 1700}
	d := newDisk()
	l := openOn(t, d, opts)
	appendSome(t, l, 4)
	require.NoError(t, writeCheckpoint(l, 2))
	old := d.Files()["checkpoint"]
	appendSome(t, l, 8)
	require.NoError(t, writeCheckpoint(l, 2))
	newer := d.Files()
	with := func(files map[string][]byte, checkpoint []byte) *disk {
		files = maps.Clone(files)
		files["checkpoint"] = checkpoint
		return diskOf(files)
	}
	again := openOn(t, with(newer, old), opts)
	requireCheckpoint(t, again, 4)
	require.NoError(t, again.Close())

	t.Run("another store's", func(t *testing.T) {
		other := newDisk()
		l := openOn(t, other, opts)
		appendSome(t, l, 12)
		require.NoError(t, l.Close())
		l = openOn(t, with(other.Files(), old), opts)
		defer l.Close()
		requireCheckpoint(t, l, 0)
	})
	t.Run("of commits that an older copy has not", func(t *testing.T) {
		before := newDisk()
		l := openOn(t, before, opts)
		appendSome(t, l, 4)
		copied := before.Files()
		appendSome(t, l, 8)
		require.NoError(t, writeCheckpoint(l, 2))
		ahead := before.Files()["checkpoint"]
		require.NoError(t, l.Close())
		restored := with(copied, ahead)
		l = openOn(t, restored, opts)
		requireCheckpoint(t, l, 0)
		appendSome(t, l, 20) // others under the same numbers
		require.NoError(t, l.Close())
		l = openOn(t, with(restored.Files(), ahead), opts)
		defer l.Close()
		requireCheckpoint(t, l, 0)
	})
	t.Run("of segments that were rewritten", func(t *testing.T) {
		require.NoError(t, l.Rewrite(t.Context(), closedNames(l)[:1], func(n txlog.Number, _ txlog.Kind, _, _ func() ([]byte, error)) (txlog.Changed, error) {
			return txlog.Changed{Drop: n == 1}, nil
		}))
		require.NotContains(t, d.Files(), "checkpoint", "it holds what was dropped")
		requireCheckpoint(t, l, 0)
		rewritten := d.Files()
		require.NoError(t, l.Close())
		for _, b := range [][]byte{old, newer["checkpoint"]} {
			l := openOn(t, with(rewritten, b), opts)
			requireCheckpoint(t, l, 0)
			require.NoError(t, l.Close())
		}
	})
	t.Run("begun before segments were rewritten", func(t *testing.T) {
		l := openOn(t, d, opts)
		defer l.Close()
		w := l.BeginCheckpoint()
		require.NoError(t, w.Add([]byte("of what was")))
		require.NoError(t, l.Rewrite(t.Context(), closedNames(l)[:1], nil))
		require.ErrorIs(t, w.Finish(), txlog.ErrNotFound)
		requireCheckpoint(t, l, 0)
		require.NotContains(t, d.Files(), "checkpoint.tmp")
	})
	t.Run("as Inspect tells it", func(t *testing.T) {
		other := newDisk()
		l := openOn(t, other, opts)
		defer l.Close()
		in, err := txlog.Inspect(t.Context(), "", &txlog.Options{FS: with(other.Files(), old), Wrapper: opts.Wrapper})
		require.NoError(t, err)
		require.Empty(t, in.Findings, "it does no harm")
		require.ErrorIs(t, in.Checkpoint.Unusable, txlog.ErrCorrupt)
	})
	t.Run("of commits that were cut", func(t *testing.T) {
		path, key := t.TempDir()+"/store", seal.RandomKey()
		opts := txlog.Options{Wrapper: key, SegmentSize: 1700}
		l, err := txlog.Open(t.Context(), path, &opts)
		require.NoError(t, err)
		appendSome(t, l, 9)
		require.NoError(t, writeCheckpoint(l, 2))
		require.NoError(t, l.Close())
		_, err = txlog.Cut(t.Context(), path, &opts, 5, t.TempDir())
		require.NoError(t, err)
		l, err = txlog.Open(t.Context(), path, &opts)
		require.NoError(t, err)
		defer l.Close()
		requireCheckpoint(t, l, 0)
	})
}
