package txlog_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// backUp returns a piece.
func backUp(t require.TestingT, l *txlog.Log, since uint64) []byte {
	var b bytes.Buffer
	info, err := l.Backup(context.Background(), &b, txlog.BackupOptions{Since: since})
	require.NoError(t, err)
	require.Equal(t, l.Head(), info.Head)
	require.Equal(t, int64(b.Len()), info.Bytes)
	return b.Bytes()
}

func readers(pieces ...[]byte) (all []io.Reader) {
	for _, p := range pieces {
		all = append(all, bytes.NewReader(p))
	}
	return all
}

// restored restores pieces into memory.
func restored(w seal.KeyWrapper, o txlog.RestoreOptions, pieces ...[]byte) (*txlog.Log, error) {
	return txlog.Restore(context.Background(), "mem:", &txlog.Options{Wrapper: w, SegmentSize: 4096}, o, readers(pieces...)...)
}

// A source is a log of which backups are made.
type source struct {
	options *txlog.Options
	*txlog.Log
	want []rec
}

func newSource(t require.TestingT) *source {
	s := &source{options: &txlog.Options{Wrapper: seal.RandomKey(), FS: txlog.NewMemory(), SegmentSize: 4096}}
	s.open(t)
	return s
}

func (s *source) open(t require.TestingT) {
	var err error
	s.Log, err = txlog.Open(context.Background(), "", s.options)
	require.NoError(t, err)
}

// reopen closes the log and opens it again, so that another term begins.
func (s *source) reopen(t require.TestingT) {
	require.NoError(t, s.Close())
	s.open(t)
}

// append appends commits, some of them together.
func (s *source) append(t require.TestingT, commits int) {
	for commits > 0 {
		n := min(commits, 1+len(s.want)%3)
		var recs []rec
		for range n {
			r := makeRec(uint64(len(s.want)+1), 3, 500)
			if len(s.want)%2 == 0 {
				r.note = fmt.Appendf(nil, "note %d", len(s.want)+1)
			}
			recs, s.want = append(recs, r), append(s.want, r)
		}
		_, err := s.Append(context.Background(), batchOf(s.Log, recs...))
		require.NoError(t, err)
		commits -= n
	}
}

func (s *source) restored(t require.TestingT, pieces ...[]byte) {
	l, err := restored(s.options.Wrapper, txlog.RestoreOptions{}, pieces...)
	require.NoError(t, err)
	got, err := readAll(l)
	require.NoError(t, err)
	require.True(t, same(s.want, got))
	require.NoError(t, checkNumbers(l, s.want))
	require.Equal(t, s.Last(), l.Last())
	require.NoError(t, l.Close())
}

func TestBackup(t *testing.T) {
	s := newSource(t)
	defer func() { s.Close() }()
	s.restored(t, backUp(t, s.Log, 0)) // nothing
	_, err := s.AddDictionary(t.Context(), []byte("one"))
	require.NoError(t, err)
	s.append(t, 20)
	full := backUp(t, s.Log, 0)
	s.restored(t, full)
	s.reopen(t)
	_, err = s.AddDictionary(t.Context(), []byte("two"))
	require.NoError(t, err)
	s.append(t, 7)
	require.NoError(t, s.Rewrite(t.Context(), closedNames(s.Log), nil))
	first := backUp(t, s.Log, 20)
	empty := backUp(t, s.Log, 27)
	s.append(t, 11)
	second := backUp(t, s.Log, 27)
	third := backUp(t, s.Log, 38)
	overlapping := backUp(t, s.Log, 13)

	s.restored(t, full, first, second)
	s.restored(t, full, first, empty, second, third)
	s.restored(t, full, overlapping)
	s.restored(t, full, first, overlapping, third)
	s.restored(t, full, first, backUp(t, s.Log, 0))
	s.restored(t, backUp(t, s.Log, 0))

	l, err := restored(s.options.Wrapper, txlog.RestoreOptions{}, full, first, second)
	require.NoError(t, err)
	require.Equal(t, s.Dictionaries(), l.Dictionaries())
	require.Equal(t, s.Lineage(), l.Lineage())
	require.NotEqual(t, s.StoreID(), l.StoreID())
	require.NotEqual(t, s.HashKey(), l.HashKey())
	held, err := l.Holds(t.Context(), s.Head())
	require.NoError(t, err)
	require.True(t, held, "the copy has the history of its source")

	// The two histories part.
	copied := &source{options: &txlog.Options{Wrapper: s.options.Wrapper}, Log: l, want: slices.Clone(s.want)}
	copied.append(t, 5)
	s.append(t, 5)
	held, err = l.Holds(t.Context(), s.Head())
	require.NoError(t, err)
	require.False(t, held)
	copied.restored(t, full, first, second, backUp(t, l, 38))
	copied.restored(t, backUp(t, l, 0))
	require.NoError(t, l.Close())
}

// Pieces that do not follow one another are refused, and which one is said.
func TestBackupPiecesThatDoNotFit(t *testing.T) {
	s := newSource(t)
	defer func() { s.Close() }()
	s.append(t, 10)
	full := backUp(t, s.Log, 0)
	s.append(t, 10)
	first := backUp(t, s.Log, 10)
	s.append(t, 10)
	second := backUp(t, s.Log, 20)
	refused := func(text string, pieces ...[]byte) {
		t.Helper()
		_, err := restored(s.options.Wrapper, txlog.RestoreOptions{}, pieces...)
		require.ErrorIs(t, err, txlog.ErrPiece)
		require.ErrorContains(t, err, text)
	}
	refused("there is none")
	refused("piece 1 of the backup, commits 11 to 20: txlog: not a piece of this backup: it is an increment after commit 10", first)
	refused("piece 2 of the backup, commits 21 to 30: txlog: not a piece of this backup: the piece before it ends with commit 10: one is missing", full, second, first)
	refused("piece 2 of the backup, commits 21 to 30", full, second)
	refused("piece 3 of the backup, commits 1 to 10: txlog: not a piece of this backup: the piece before it ends with commit 20: they are out of order", full, first, full)
	refused("piece 2 of the backup: txlog: not a piece of this backup: it does not begin as one", full, []byte("something else"))
	refused("piece 1 of the backup: txlog: not a piece of this backup: it does not begin as one", nil)

	other := newSource(t)
	other.options.Wrapper = s.options.Wrapper
	other.options.FS = txlog.NewMemory()
	other.open(t)
	other.append(t, 20)
	refused("piece 2 of the backup, commits 11 to 20: txlog: not a piece of this backup: it is of another store", full, backUp(t, other.Log, 10))
	require.NoError(t, other.Close())

	// A copy that went its own way: before the end of a piece, and behind it.
	for _, until := range []uint64{8, 10} {
		l, err := restored(s.options.Wrapper, txlog.RestoreOptions{Until: &until}, full)
		require.NoError(t, err)
		fork := &source{options: &txlog.Options{Wrapper: s.options.Wrapper}, Log: l, want: slices.Clone(s.want[:until])}
		fork.append(t, 15)
		refused("it does not continue the piece before it: its store had another history up to commit 20", full, first, backUp(t, l, until))
		if until == 10 {
			fork.restored(t, full, backUp(t, l, 10))
		} else {
			refused("another history up to commit 10", full, backUp(t, l, until))
		}
		require.NoError(t, l.Close())
	}

	_, err := s.Backup(t.Context(), io.Discard, txlog.BackupOptions{Since: 31})
	require.ErrorIs(t, err, txlog.ErrNotFound)
	require.NoError(t, s.Close())
	_, err = s.Backup(t.Context(), io.Discard, txlog.BackupOptions{})
	require.ErrorIs(t, err, txlog.ErrClosed)
	_, err = restored(seal.RandomKey(), txlog.RestoreOptions{}, full)
	require.ErrorIs(t, err, txlog.ErrWrongKey)
	_, err = restored(nil, txlog.RestoreOptions{}, full)
	require.ErrorIs(t, err, txlog.ErrWrongKey, "a random key of its own")
}

// A store is restored as it was after any commit, and at any time.
func TestRestoreUntil(t *testing.T) {
	s := newSource(t)
	defer func() { s.Close() }()
	s.append(t, 8)
	full := backUp(t, s.Log, 0)
	s.reopen(t)
	s.append(t, 8)
	first := backUp(t, s.Log, 8)
	for until := range uint64(17) {
		micros := int64(until)*1000 + 500
		for _, o := range []txlog.RestoreOptions{{Until: &until}, {UntilTime: &micros}} {
			l, err := restored(s.options.Wrapper, o, full, first)
			require.NoError(t, err)
			got, err := readAll(l)
			require.NoError(t, err)
			require.True(t, same(s.want[:until], got), until)
			require.Equal(t, until, l.Last().Sequence)
			require.NoError(t, appendNext(l, makeRec(until+1, 2, 300)))
			require.NoError(t, l.Close())
		}
	}
	until := uint64(17)
	_, err := restored(s.options.Wrapper, txlog.RestoreOptions{Until: &until}, full, first)
	require.ErrorIs(t, err, txlog.ErrPiece)
	require.ErrorContains(t, err, "they end with commit 16, before 17")
}

// Keys that lie apart open the piece that they were written with, and earlier ones.
func TestBackupKeysApart(t *testing.T) {
	s := newSource(t)
	defer func() { s.Close() }()
	var pieces [][]byte
	var keys []bytes.Buffer
	var secrets []seal.BackupSecret
	for i := range 3 {
		s.append(t, 5)
		keys = append(keys, bytes.Buffer{})
		var piece bytes.Buffer
		secrets = append(secrets, seal.NewBackupSecret())
		_, err := s.Backup(t.Context(), &piece, txlog.BackupOptions{Since: uint64(i) * 5, Keys: &keys[i], Secrets: secrets})
		require.NoError(t, err)
		pieces = append(pieces, piece.Bytes())
		require.NoError(t, s.Rewrite(t.Context(), closedNames(s.Log), nil))
		s.reopen(t)
	}
	for i := range keys {
		if i < len(keys)-1 {
			o := txlog.VerifyOptions{Wrapper: s.options.Wrapper, Keys: bytes.NewReader(keys[i].Bytes())}
			_, err := restored(seal.RandomKey(), txlog.RestoreOptions{VerifyOptions: o}, pieces...)
			require.ErrorIs(t, err, txlog.ErrWrongKey, "those of the newest piece are wanted")
			require.ErrorContains(t, err, fmt.Sprintf("piece %d of the backup", i+2))
			continue
		}
		o := txlog.VerifyOptions{Wrapper: s.options.Wrapper, Keys: bytes.NewReader(keys[i].Bytes())}
		l, err := restored(seal.RandomKey(), txlog.RestoreOptions{VerifyOptions: o}, pieces...)
		require.NoError(t, err)
		got, err := readAll(l)
		require.NoError(t, err)
		require.True(t, same(s.want, got))
		require.NoError(t, l.Close())
	}
	_, err := restored(s.options.Wrapper, txlog.RestoreOptions{}, pieces...)
	require.ErrorIs(t, err, txlog.ErrWrongKey)
	require.ErrorContains(t, err, "piece 1 of the backup")
	require.ErrorContains(t, err, "its keys lie apart")
	for at := range keys[0].Bytes() {
		damaged := bytes.Clone(keys[0].Bytes())
		damaged[at] ^= 1
		for _, file := range [][]byte{damaged, keys[0].Bytes()[:at], append(bytes.Clone(keys[0].Bytes()), 1)} {
			_, err := txlog.VerifyPiece(t.Context(), bytes.NewReader(pieces[0]), txlog.VerifyOptions{Wrapper: s.options.Wrapper, Keys: bytes.NewReader(file)})
			require.True(t, typed(err) || errors.Is(err, txlog.ErrPiece), err)
			require.ErrorContains(t, err, "the file of keys")
		}
	}
	other := newSource(t)
	var foreign bytes.Buffer
	_, err = other.Backup(t.Context(), io.Discard, txlog.BackupOptions{Keys: &foreign})
	require.NoError(t, err)
	_, err = txlog.VerifyPiece(t.Context(), bytes.NewReader(pieces[0]), txlog.VerifyOptions{Wrapper: other.options.Wrapper, Keys: &foreign})
	require.ErrorIs(t, err, txlog.ErrWrongKey)
	require.NoError(t, other.Close())
}

// smallPiece returns a piece with a bit of everything.
func smallPiece(t testing.TB) (*source, []byte) {
	s := newSource(t)
	_, err := s.AddDictionary(t.Context(), []byte("dictionary"))
	require.NoError(t, err)
	s.append(t, 3)
	require.NoError(t, s.Roll(t.Context()))
	s.append(t, 2)
	t.Cleanup(func() { s.Close() })
	return s, backUp(t, s.Log, 0)
}

// No changed bit, no lost end and no added byte of a piece goes unnoticed.
func TestEveryDamagedByteOfAPieceIsNoticed(t *testing.T) {
	s, piece := smallPiece(t)
	o := txlog.VerifyOptions{Wrapper: s.options.Wrapper}
	info, err := txlog.VerifyPiece(t.Context(), bytes.NewReader(piece), o)
	require.NoError(t, err)
	require.Equal(t, txlog.BackupInfo{
		Lineage: s.Lineage(), Store: s.StoreID(), Head: s.Head(), Time: info.Time, Taken: info.Taken,
		Commits: 5, Items: 15, Bytes: int64(len(piece)),
	}, info)
	refused := func(damaged []byte, place string, at int) {
		for _, r := range []io.Reader{bytes.NewReader(damaged), iotest.OneByteReader(bytes.NewReader(damaged))} {
			_, err := txlog.VerifyPiece(t.Context(), r, o)
			require.True(t, typed(err) || errors.Is(err, txlog.ErrPiece), "%s %d: %v", place, at, err)
		}
		l, err := restored(s.options.Wrapper, txlog.RestoreOptions{}, damaged)
		require.Nil(t, l)
		require.ErrorContains(t, err, "piece 1 of the backup")
	}
	var counts longrun.Counts
	for at := range piece {
		for bit := range longrun.Of(1, 8) {
			damaged := bytes.Clone(piece)
			damaged[at] ^= 1 << ((at + bit) % 8)
			refused(damaged, "flipped", at)
			counts.Add("flipped bits noticed")
		}
		if at%longrun.Of(7, 1) == 0 {
			refused(piece[:at], "cut", at)
			counts.Add("cuts noticed")
		}
	}
	counts.Tell(t)
	refused(append(bytes.Clone(piece), 0), "longer", len(piece))
	refused(append(bytes.Clone(piece), piece...), "twice", len(piece))
}

// Appends, rewriting and opening again between the pieces of a backup do not show in
// what is restored: at the end, what the log has; before, no less.
func TestBackupModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		s := newSource(t)
		defer func() { s.Close() }()
		all, now := shelf{}, shelf{}
		pieces, since := [][]byte{}, uint64(0)
		for range rapid.IntRange(1, 12).Draw(t, "steps") {
			switch rapid.IntRange(0, 5).Draw(t, "step") {
			case 0, 1:
				var recs []rec
				for range rapid.IntRange(1, 4).Draw(t, "commits") {
					r := makeRec(s.Last().Sequence+1+uint64(len(recs)), rapid.IntRange(1, 5).Draw(t, "items"), 400)
					recs = append(recs, r)
				}
				b := batchOf(s.Log, recs...)
				p, err := s.Append(context.Background(), b)
				require.NoError(t, err)
				all.put(p, b)
				now.put(p, b)
			case 2:
				names := closedNames(s.Log)
				if len(names) == 0 {
					continue
				}
				n := rapid.IntRange(1, len(names)).Draw(t, "segments")
				modulo := rapid.Uint64Range(1, 5).Draw(t, "every")
				dropped := map[txlog.Number]bool{}
				require.NoError(t, s.Rewrite(context.Background(), names[:n], func(n txlog.Number, _ txlog.Kind, _, _ func() ([]byte, error)) (txlog.Changed, error) {
					dropped[n] = uint64(n)%modulo == 0
					return txlog.Changed{Drop: dropped[n]}, nil
				}))
				maps.DeleteFunc(now, func(n txlog.Number, _ entry) bool { return dropped[n] })
			case 3:
				s.reopen(t)
			default:
				pieces = append(pieces, backUp(t, s.Log, since))
				since = s.Last().Sequence
			}
		}
		pieces = append(pieces, backUp(t, s.Log, since))
		l, err := restored(s.options.Wrapper, txlog.RestoreOptions{}, pieces...)
		require.NoError(t, err)
		require.NoError(t, now.check(l))
		require.Equal(t, s.Last(), l.Last())
		require.NoError(t, l.Close())

		// An earlier state has all that any piece has of it, which is no less than the
		// log has now.
		until := rapid.Uint64Range(0, s.Last().Sequence).Draw(t, "until")
		l, err = restored(s.options.Wrapper, txlog.RestoreOptions{Until: &until}, pieces...)
		require.NoError(t, err)
		for r, err := range l.Records(context.Background(), 0) {
			require.NoError(t, err)
			for i := range r.Len() {
				item, err := readItem(r, i)
				require.NoError(t, err)
				want := all[r.Number(i)]
				require.True(t, want.is(item))
				require.LessOrEqual(t, want.sequence, until)
				delete(now, r.Number(i))
			}
		}
		for _, e := range now {
			require.Greater(t, e.sequence, until)
		}
		require.NoError(t, l.Close())
	})
}

// What the newest piece calls erased does not come back, whatever state is asked for.
func TestBackupErased(t *testing.T) {
	s := newSource(t)
	defer func() { s.Close() }()
	s.append(t, 10)
	full := backUp(t, s.Log, 0)
	s.append(t, 10)
	var piece bytes.Buffer
	_, err := s.Backup(t.Context(), &piece, txlog.BackupOptions{Since: 10, Erased: []txlog.Number{14, 3, 13, 13, 40}})
	require.NoError(t, err)
	until := uint64(15)
	for _, o := range []txlog.RestoreOptions{{}, {Until: &until}} {
		l, err := restored(s.options.Wrapper, o, full, piece.Bytes())
		require.NoError(t, err)
		left := s.Last().Next - 1
		if o.Until != nil {
			left = 45
		}
		for n := txlog.Number(1); n <= left; n++ {
			_, err := l.Body(n, nil)
			if slices.Contains([]txlog.Number{3, 13, 14, 40}, n) {
				require.ErrorIs(t, err, txlog.ErrNotFound)
			} else {
				require.NoError(t, err)
			}
		}
		require.NoError(t, l.Close())
	}
}

// A backup has the state at its beginning, whatever is written meanwhile.
func TestBackupBesideWriter(t *testing.T) {
	s := newSource(t)
	defer func() { s.Close() }()
	s.append(t, 30)
	want := slices.Clone(s.want)
	var piece bytes.Buffer
	writes := 0
	w := writerFunc(func(p []byte) (int, error) {
		if writes++; writes < 20 {
			s.append(t, 3)
			require.NoError(t, s.Rewrite(t.Context(), closedNames(s.Log), nil))
		}
		return piece.Write(p)
	})
	_, err := s.Backup(t.Context(), w, txlog.BackupOptions{})
	require.NoError(t, err)
	require.Greater(t, len(s.want), len(want))
	l, err := restored(s.options.Wrapper, txlog.RestoreOptions{}, piece.Bytes())
	require.NoError(t, err)
	got, err := readAll(l)
	require.NoError(t, err)
	require.True(t, same(want, got))
	require.NoError(t, l.Close())
}

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func TestBackupErrors(t *testing.T) {
	s := newSource(t)
	defer func() { s.Close() }()
	s.append(t, 30)
	fails := errors.New("no room")
	_, err := s.Backup(t.Context(), writerFunc(func(p []byte) (int, error) { return 0, fails }), txlog.BackupOptions{})
	require.ErrorIs(t, err, fails)
	_, err = s.Backup(t.Context(), writerFunc(func(p []byte) (int, error) { return len(p) - 1, nil }), txlog.BackupOptions{})
	require.ErrorIs(t, err, io.ErrShortWrite)
	_, err = s.Backup(t.Context(), io.Discard, txlog.BackupOptions{Keys: writerFunc(func(p []byte) (int, error) { return 0, fails })})
	require.ErrorIs(t, err, fails)
	canceled, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = s.Backup(canceled, io.Discard, txlog.BackupOptions{})
	require.ErrorIs(t, err, context.Canceled)
	piece := backUp(t, s.Log, 0)
	_, err = txlog.Restore(canceled, "mem:", s.options, txlog.RestoreOptions{}, bytes.NewReader(piece))
	require.ErrorIs(t, err, context.Canceled)
	_, err = restoredFrom(s, io.MultiReader(bytes.NewReader(piece[:len(piece)/2]), iotest.ErrReader(fails)))
	require.ErrorIs(t, err, fails)
}

func restoredFrom(s *source, r io.Reader) (*txlog.Log, error) {
	return txlog.Restore(context.Background(), "mem:", &txlog.Options{Wrapper: s.options.Wrapper}, txlog.RestoreOptions{}, r)
}
