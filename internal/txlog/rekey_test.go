package txlog_test

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// rotate begins a rotation, or goes on with one, and ends it.
func rotate(l *txlog.Log) error {
	ctx := context.Background()
	if err := l.BeginRotation(ctx); err != nil {
		return err
	}
	if err := l.Roll(ctx); err != nil {
		return err
	}
	if slices.ContainsFunc(l.Segments(), func(s txlog.Segment) bool { return s.Retired }) {
		if err := l.Rewrite(ctx, closedNames(l), nil); err != nil {
			return err
		}
	}
	return l.EndRotation(ctx)
}

// filled returns a log of several segments, of several terms and data keys, with
// annotations and a dictionary.
func filled(t *testing.T, opts *txlog.Options) (*txlog.Log, []rec) {
	opts.SegmentSize, opts.SealsPerKey = 2500, 18
	var want []rec
	var l *txlog.Log
	for range 2 {
		if l != nil {
			require.NoError(t, l.Close())
		}
		var err error
		l, err = txlog.Open(t.Context(), "", opts)
		require.NoError(t, err)
		for range 12 {
			r := makeRec(uint64(len(want))+1, 2, 300)
			r.note = []byte("note")
			want = append(want, r)
			require.NoError(t, appendNext(l, r))
		}
	}
	_, err := l.AddDictionary(t.Context(), []byte("dictionary"))
	require.NoError(t, err)
	return l, want
}

func keyIDs(t *testing.T, opts *txlog.Options) []uint64 {
	in, err := txlog.Inspect(t.Context(), "", opts)
	require.NoError(t, err)
	require.True(t, in.Checked)
	require.Empty(t, in.Findings)
	return in.Keys
}

func TestRotation(t *testing.T) {
	d := newDisk()
	opts := &txlog.Options{FS: d, Wrapper: seal.RandomKey()}
	l, want := filled(t, opts)
	before, hash, pin := keyIDs(t, opts), l.HashKey(), l.Head()
	old := d.Files()

	require.NoError(t, l.BeginRotation(t.Context()))
	require.True(t, l.Rotating())
	require.ErrorIs(t, l.EndRotation(t.Context()), txlog.ErrRetired)
	check(t, l, want)
	want = append(want, makeRec(uint64(len(want))+1, 2, 300))
	require.NoError(t, appendNext(l, want[len(want)-1]))
	require.NoError(t, l.BeginRotation(t.Context()), "it is under way")
	require.NoError(t, rotate(l))
	require.False(t, l.Rotating())
	for _, s := range l.Segments() {
		require.False(t, s.Retired)
	}
	for _, id := range keyIDs(t, opts) {
		require.NotContains(t, before, id)
	}
	require.Equal(t, hash, l.HashKey(), "as long as it is open")
	check(t, l, want)
	require.NoError(t, l.EndRotation(t.Context()), "none is under way")
	require.NoError(t, l.Close())

	opts.AtLeast = pin
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	require.NotEqual(t, hash, l.HashKey())
	require.Len(t, l.Dictionaries(), 1)
	checkAgain(t, l, opts, want)

	refusesOld(t, d, opts, old)
}

// refusesOld puts the small files of a time before the rotation back, alone and
// together.
func refusesOld(t *testing.T, d *disk, opts *txlog.Options, old map[string][]byte) {
	names := []string{"keyset", "header", "head", "manifest"}
	for set := 1; set < 1<<len(names); set++ {
		files := d.Files()
		for i, name := range names {
			if set>>i&1 == 1 {
				files[name] = old[name]
			}
		}
		for _, readOnly := range []bool{false, true} {
			again := *opts
			again.FS, again.AtLeast, again.ReadOnly = diskOf(files), txlog.Pin{}, readOnly
			_, err := txlog.Open(t.Context(), "", &again)
			require.ErrorIs(t, err, txlog.ErrCorrupt, "%04b", set)
			require.Equal(t, files, again.FS.(*disk).Files())
		}
	}
	// What the old keyset has opens no part of what is there now.
	keys, err := seal.Unmarshal(t.Context(), old["keyset"], opts.Wrapper)
	require.NoError(t, err)
	again := *opts
	again.AtLeast = txlog.Pin{}
	for _, id := range keyIDs(t, &again) {
		_, err := keys.Key(seal.KeyID(id))
		require.ErrorIs(t, err, seal.ErrUnknownKey)
	}
}

// TestRotationStopsAnywhere ends rotations after each step, and has the next opening
// go on.
func TestRotationStopsAnywhere(t *testing.T) {
	for stop := range 40 {
		d := newDisk()
		opts := &txlog.Options{FS: d, Wrapper: seal.RandomKey()}
		l, want := filled(t, opts)
		before := keyIDs(t, opts)
		require.NoError(t, l.BeginRotation(t.Context()))
		require.NoError(t, l.Roll(t.Context()))
		done := 0
		for _, s := range l.Segments() {
			if s.Retired && done < stop {
				require.NoError(t, l.Rewrite(t.Context(), []uint64{s.Name}, nil))
				done++
			}
		}
		opts.FS = d.Restart()
		again, err := txlog.Open(t.Context(), "", opts)
		require.NoError(t, err)
		l.Close() // frees the buntdb of a process that is gone
		require.True(t, again.Rotating())
		check(t, again, want)
		retired := 0
		for _, s := range again.Segments() {
			if s.Retired {
				retired++
			}
		}
		require.NoError(t, rotate(again))
		for _, id := range keyIDs(t, opts) {
			require.NotContains(t, before, id)
		}
		checkAgain(t, again, opts, want)
		if retired == 0 {
			return
		}
	}
	t.Fatal("there are too many segments for this test")
}

// TestReadersOutliveTheirKeys: what a reader has begun with old keys it finishes.
func TestReadersOutliveTheirKeys(t *testing.T) {
	opts := &txlog.Options{FS: newDisk(), Wrapper: seal.RandomKey()}
	l, want := filled(t, opts)
	reader, err := txlog.Open(t.Context(), "", &txlog.Options{FS: opts.FS, Wrapper: opts.Wrapper, ReadOnly: true})
	require.NoError(t, err)
	var kept []*txlog.Record
	for r, err := range l.Records(t.Context(), 0) {
		require.NoError(t, err)
		kept = append(kept, r)
		if len(kept) == 3 {
			require.NoError(t, rotate(l))
		}
	}
	require.Len(t, kept, len(want))
	for i, r := range kept {
		got, err := readItem(r, 0)
		require.NoError(t, err)
		require.Equal(t, want[i].items[0], got)
		note, err := r.Annotation(0, nil)
		require.NoError(t, err)
		require.Equal(t, want[i].note, note)
	}
	check(t, reader, want)
	require.NoError(t, reader.Close())
	require.NoError(t, l.Close())
}

func TestRewrap(t *testing.T) {
	d := newDisk()
	old, other := seal.RandomKey(), seal.Passphrase([]byte("other"))
	opts := &txlog.Options{FS: d, Wrapper: old}
	l, want := filled(t, opts)
	ids, before := keyIDs(t, opts), d.Files()
	require.ErrorIs(t, l.Rewrap(t.Context(), nil), txlog.ErrNoKey)
	require.ErrorIs(t, l.Rewrap(t.Context(), seal.Passphrase(nil)), seal.ErrKey)
	require.Equal(t, before, d.Files())
	require.NoError(t, l.Rewrap(t.Context(), other))
	after := d.Files()
	require.NotEqual(t, before["keyset"], after["keyset"])
	before["keyset"] = after["keyset"]
	require.Equal(t, before, after, "no data is touched")

	require.NoError(t, rotate(l), "under the new wrapper")
	check(t, l, want)
	require.NoError(t, l.Close())
	require.ErrorIs(t, l.Rewrap(t.Context(), old), txlog.ErrClosed)
	_, err := txlog.Open(t.Context(), "", opts)
	require.ErrorIs(t, err, txlog.ErrWrongKey)
	opts.Wrapper = other
	for _, id := range keyIDs(t, opts) {
		require.NotContains(t, ids, id)
	}
	opts.ReadOnly = true
	l, err = txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	require.ErrorIs(t, l.Rewrap(t.Context(), old), txlog.ErrReadOnly)
	require.ErrorIs(t, l.BeginRotation(t.Context()), txlog.ErrReadOnly)
	require.NoError(t, l.Close())
}

// A fakeKMS is a key service that can be told how to misbehave.
type fakeKMS struct {
	seal.KeyWrapper
	err   error         // of each call
	asked chan struct{} // each call tells, and then waits for its context; nil for none
}

func (k *fakeKMS) answer(ctx context.Context) error {
	if k.asked == nil {
		return k.err
	}
	k.asked <- struct{}{}
	<-ctx.Done()
	return ctx.Err()
}

func (k *fakeKMS) Encrypt(ctx context.Context, b []byte) ([]byte, error) {
	if err := k.answer(ctx); err != nil {
		return nil, err
	}
	return k.KeyWrapper.Encrypt(ctx, b)
}

func (k *fakeKMS) Decrypt(ctx context.Context, b []byte) ([]byte, error) {
	if err := k.answer(ctx); err != nil {
		return nil, err
	}
	return k.KeyWrapper.Decrypt(ctx, b)
}

// TestWrapperHoldsNobody: appends and reads go on while a key service thinks, and
// where it denies or times out nothing has changed.
func TestWrapperHoldsNobody(t *testing.T) {
	own := &fakeKMS{KeyWrapper: seal.RandomKey()}
	opts := &txlog.Options{FS: newDisk(), Wrapper: own}
	l, want := filled(t, opts)
	for name, call := range map[string]func(context.Context, *fakeKMS) error{
		"rewrap": func(ctx context.Context, k *fakeKMS) error { return l.Rewrap(ctx, k) },
		"rotate": func(ctx context.Context, k *fakeKMS) error {
			own.err, own.asked = k.err, k.asked
			defer func() { own.err, own.asked = nil, nil }()
			return l.BeginRotation(ctx)
		},
	} {
		denied := errors.New("denied")
		err := call(t.Context(), &fakeKMS{KeyWrapper: seal.RandomKey(), err: denied})
		require.ErrorIs(t, err, denied, name)
		require.ErrorIs(t, err, seal.ErrKey, name)

		ctx, cancel := context.WithCancel(t.Context())
		asked, slow := make(chan struct{}), make(chan error)
		go func() { slow <- call(ctx, &fakeKMS{KeyWrapper: seal.RandomKey(), asked: asked}) }()
		<-asked
		want = append(want, makeRec(uint64(len(want))+1, 2, 300))
		require.NoError(t, appendNext(l, want[len(want)-1]))
		check(t, l, want)
		cancel()
		require.ErrorIs(t, <-slow, context.Canceled, name)
	}
	require.False(t, l.Rotating())
	checkAgain(t, l, opts, want)
}

// TestLostKeyFile: a rotation makes no other key file in the place of one that is
// lost, and does not go on with another.
func TestLostKeyFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "key")
	d := newDisk()
	opts := &txlog.Options{FS: d, Wrapper: seal.KeyFile(path)}
	l, want := filled(t, opts)
	before := d.Files()
	kept, err := os.ReadFile(path)
	require.NoError(t, err)
	require.NoError(t, os.Remove(path))
	err = l.BeginRotation(t.Context())
	require.ErrorIs(t, err, fs.ErrNotExist)
	require.ErrorIs(t, err, seal.ErrKey)
	require.NoFileExists(t, path)
	_, err = seal.KeyFile(path).Encrypt(t.Context(), nil) // makes another
	require.NoError(t, err)
	require.ErrorIs(t, l.BeginRotation(t.Context()), seal.ErrWrongKey)
	require.Equal(t, before, d.Files())

	// A store that is open outlives its key file: its keys go under another.
	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, l.Rewrap(t.Context(), seal.KeyFile(other)))
	require.NoError(t, os.WriteFile(path, kept, 0o600))
	require.NoError(t, rotate(l))
	require.NoError(t, l.Close())
	_, err = txlog.Open(t.Context(), "", opts)
	require.ErrorIs(t, err, seal.ErrWrongKey)
	opts.Wrapper = seal.KeyFile(other)
	l, err = txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	checkAgain(t, l, opts, want)
}

// A swapped wrapper encrypts with another key than it decrypts with.
type swapped struct{ encrypt, decrypt seal.KeyWrapper }

func (s swapped) Encrypt(ctx context.Context, b []byte) ([]byte, error) {
	return s.encrypt.Encrypt(ctx, b)
}

func (s swapped) Decrypt(ctx context.Context, b []byte) ([]byte, error) {
	return s.decrypt.Decrypt(ctx, b)
}

// leaving makes a file with its first use.
type leaving struct {
	seal.KeyWrapper
	file string
}

func (l leaving) Encrypt(ctx context.Context, keys []byte) ([]byte, error) {
	if err := os.WriteFile(l.file, nil, 0o600); err != nil {
		return nil, err
	}
	return l.KeyWrapper.Encrypt(ctx, keys)
}

// TestRewrapRefuses: a wrapper that cannot open what it encrypts, or that makes its key
// file in the store's folder, changes nothing.
func TestRewrapRefuses(t *testing.T) {
	folder := t.TempDir()
	opts := &txlog.Options{FS: txlog.OSFolder(folder), Wrapper: seal.RandomKey()}
	l, want := filled(t, opts)
	keyset, err := os.ReadFile(filepath.Join(folder, "keyset"))
	require.NoError(t, err)
	require.ErrorIs(t, l.Rewrap(t.Context(), swapped{seal.RandomKey(), seal.RandomKey()}), seal.ErrKey)
	require.ErrorIs(t, l.Rewrap(t.Context(), seal.KeyFile(filepath.Join(folder, "key"))), seal.ErrKeyFile)
	require.NoFileExists(t, filepath.Join(folder, "key"))
	require.ErrorIs(t, l.Rewrap(t.Context(), leaving{seal.RandomKey(), filepath.Join(folder, "key")}), txlog.ErrForeign)
	require.ErrorIs(t, l.Rewrap(t.Context(), seal.RawKey([32]byte{})), seal.ErrZeroKey)
	require.NoError(t, os.Remove(filepath.Join(folder, "key")))
	after, err := os.ReadFile(filepath.Join(folder, "keyset"))
	require.NoError(t, err)
	require.Equal(t, keyset, after)
	checkAgain(t, l, opts, want)
}

// TestReadersBesideRotation opens a store for reading, and inspects it, again and again
// while another appends and rotates its keys.
func TestReadersBesideRotation(t *testing.T) {
	opts := txlog.Options{FS: txlog.NewMemory(), Wrapper: seal.RandomKey(), SegmentSize: 4000}
	l, err := txlog.Open(t.Context(), "", &opts)
	require.NoError(t, err)
	require.NoError(t, appendNext(l, makeRec(1, 2, 300)))
	done := make(chan struct{})
	var readers sync.WaitGroup
	defer readers.Wait()
	defer close(done)
	for w := range 2 {
		readers.Go(func() {
			opts := opts
			opts.ReadOnly = true
			for {
				select {
				case <-done:
					return
				default:
				}
				if w == 0 {
					in, err := txlog.Inspect(context.Background(), "", &opts)
					assert.NoError(t, err)
					assert.True(t, in.Checked)
					assert.Empty(t, in.Findings)
					continue
				}
				reader, err := txlog.Open(context.Background(), "", &opts)
				if !assert.NoError(t, err) {
					return
				}
				_, err = readAll(reader)
				assert.NoError(t, err)
				assert.NoError(t, reader.Close())
			}
		})
	}
	for i := range uint64(40) {
		for j := range uint64(4) {
			require.NoError(t, appendNext(l, makeRec(6*i+j+2, 2, 300)))
		}
		if i%20 == 19 {
			require.NoError(t, l.Rewrite(t.Context(), closedNames(l), nil)) // few segments make many rotations
		}
		require.NoError(t, l.BeginRotation(t.Context()))
		require.NoError(t, appendNext(l, makeRec(6*i+6, 2, 300)))
		require.NoError(t, appendNext(l, makeRec(6*i+7, 2, 300)))
		require.NoError(t, rotate(l))
	}
	require.NoError(t, l.Close())
}
