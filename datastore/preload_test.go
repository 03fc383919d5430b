package datastore_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/synth"
	"github.com/stretchr/testify/require"
)

// preloadCut is where a source stops in tests: a commit or more are durable by then.
const preloadCut = 3 << 19

// preloadText returns ldjson of some patients, longer than preloadCut.
func preloadText(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	_, err := synth.New(1, 6).WriteTo(&b)
	require.NoError(t, err)
	return b.Bytes()
}

// preloading returns a Preload that gives text, and counts how often it is called.
func preloading(text []byte, calls *int) func(context.Context) (io.ReadCloser, error) {
	return func(context.Context) (io.ReadCloser, error) {
		*calls++
		return io.NopCloser(bytes.NewReader(text)), nil
	}
}

// requirePreloaded checks that a store has each line once, as its first version, and
// nothing else.
func requirePreloaded(t *testing.T, store *datastore.Store, text []byte) {
	t.Helper()
	want := map[string]int{}
	for line := range bytes.Lines(text) {
		_, rest, _ := bytes.Cut(line, []byte(`"resourceType":"`))
		typ, _, _ := bytes.Cut(rest, []byte(`"`))
		want[string(typ)]++
	}
	stats, err := store.Stats()
	require.NoError(t, err)
	got := map[string]int{}
	for _, s := range stats.Types {
		require.Equal(t, s.Resources, s.Versions, s.Type)
		got[s.Type] = int(s.Resources)
	}
	require.Equal(t, want, got)
	require.NoError(t, store.Verify(ctx))
}

func TestPreload(t *testing.T) {
	text, calls := preloadText(t), 0
	folder := filepath.Join(t.TempDir(), "store")
	options := &datastore.Options{Key: datastore.Passphrase("p"), Preload: preloading(text, &calls)}
	for _, path := range []string{"mem:", folder, folder} {
		store, err := datastore.Open(ctx, path, options)
		require.NoError(t, err)
		requirePreloaded(t, store, text)
		require.NoError(t, store.Close())
	}
	require.Equal(t, 2, calls, "a store that is full is left alone")
	for _, readOnly := range []bool{false, true} {
		store, err := datastore.Open(ctx, folder, &datastore.Options{Key: options.Key, ReadOnly: readOnly})
		require.NoError(t, err, "the option is not needed any more")
		require.NoError(t, store.Close())
	}
}

// A store in which something was written is not filled.
func TestPreloadOfOldStore(t *testing.T) {
	folder, calls := filepath.Join(t.TempDir(), "store"), 0
	options := &datastore.Options{Key: datastore.Passphrase("p")}
	store, err := datastore.Open(ctx, folder, options)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	store, err = datastore.Open(ctx, folder, options)
	require.NoError(t, err)
	_, err = store.Update(ctx, patient("a", "Alpha"))
	require.NoError(t, err)
	require.NoError(t, store.Close())
	options.Preload = preloading(preloadText(t), &calls)
	store, err = datastore.Open(ctx, folder, options)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	require.Zero(t, calls)
}

// A cut reader calls end before it gives more than some bytes of text.
type cutReader struct {
	text []byte
	left int
	end  func() error
}

func (r *cutReader) Read(p []byte) (int, error) {
	if r.left == 0 {
		return 0, r.end()
	}
	n := copy(p[:min(len(p), r.left)], r.text)
	if n == 0 {
		return 0, io.EOF
	}
	r.text, r.left = r.text[n:], r.left-n
	return n, nil
}

// requireUnfinished checks that nobody can open a store whose preload did not finish.
func requireUnfinished(t *testing.T, folder string, text []byte) {
	t.Helper()
	key := datastore.Passphrase("p")
	for _, options := range []datastore.Options{{}, {ReadOnly: true}, {Existing: true}} {
		options.Key = key
		_, err := datastore.Open(ctx, folder, &options)
		require.ErrorIs(t, err, datastore.ErrPreload)
	}
	_, err := datastore.Open(ctx, folder, &datastore.Options{Key: key, ReadOnly: true, Preload: preloading(text, new(int))})
	require.ErrorIs(t, err, datastore.ErrPreload)
}

// Whatever stops filling leaves a store that goes on where it stopped.
func TestPreloadStopped(t *testing.T) {
	text := preloadText(t)
	broken := errors.New("the source broke")
	good := bytes.LastIndexByte(text[:preloadCut], '\n') + 1
	bad := append(bytes.Clone(text[:good]), `{"resourceType":"Patient","id":"x","colour":"red"}`+"\n"...)
	for name, test := range map[string]struct {
		text []byte
		end  func() error // nil gives the whole text
		want error
	}{
		"cancelled": {text, func() error { return context.Canceled }, context.Canceled},
		"broken":    {text, func() error { return broken }, broken},
		"panic":     {text, func() error { panic("Smith") }, datastore.ErrCallback},
		"goexit":    {text, func() error { runtime.Goexit(); return nil }, datastore.ErrCallback},
		"bad line":  {bad, nil, datastore.ErrInvalid},
		"early end": {text[:good-9], nil, datastore.ErrInvalid},
	} {
		t.Run(name, func(t *testing.T) {
			folder := filepath.Join(t.TempDir(), "store")
			running, cancel := context.WithCancel(ctx)
			defer cancel()
			left := preloadCut
			if test.end == nil {
				left = len(test.text) + 1
			}
			_, err := datastore.Open(running, folder, &datastore.Options{
				Key: datastore.Passphrase("p"),
				Preload: func(ctx context.Context) (io.ReadCloser, error) {
					return io.NopCloser(&cutReader{test.text, left, func() error {
						if name == "cancelled" {
							cancel()
							<-ctx.Done()
							return ctx.Err()
						}
						return test.end()
					}}), nil
				},
			})
			require.ErrorIs(t, err, datastore.ErrPreload)
			require.ErrorIs(t, err, test.want)
			require.NotContains(t, err.Error(), "Smith")
			requireUnfinished(t, folder, text)

			calls := 0
			store, err := datastore.Open(ctx, folder, &datastore.Options{Key: datastore.Passphrase("p"), Preload: preloading(text, &calls)})
			require.NoError(t, err)
			require.Equal(t, 1, calls)
			requirePreloaded(t, store, text)
			require.NoError(t, store.Close())
		})
	}
}

// Filling does not go on with another source.
func TestPreloadOtherSource(t *testing.T) {
	text, broken := preloadText(t), errors.New("the source broke")
	folder := filepath.Join(t.TempDir(), "store")
	options := &datastore.Options{Key: datastore.Passphrase("p"), Preload: func(context.Context) (io.ReadCloser, error) {
		return io.NopCloser(&cutReader{text, preloadCut, func() error { return broken }}), nil
	}}
	_, err := datastore.Open(ctx, folder, options)
	require.ErrorIs(t, err, broken)
	for _, other := range [][]byte{nil, text[:preloadCut/2], bytes.Replace(text, []byte("a"), []byte("b"), 1)} {
		options.Preload = preloading(other, new(int))
		_, err = datastore.Open(ctx, folder, options)
		require.ErrorIs(t, err, datastore.ErrPreload)
		require.ErrorContains(t, err, "other lines")
	}
	options.Preload = func(context.Context) (io.ReadCloser, error) { return nil, nil }
	_, err = datastore.Open(ctx, folder, options)
	require.ErrorIs(t, err, datastore.ErrCallback)
	options.Preload = preloading(text, new(int))
	store, err := datastore.Open(ctx, folder, options)
	require.NoError(t, err)
	requirePreloaded(t, store, text)
	require.NoError(t, store.Close())
}

func TestPreloadLines(t *testing.T) {
	text := "\n{\"resourceType\":\"Patient\",\"id\":\"a\"}\r\n\n \n{\"resourceType\":\"Patient\",\"id\":\"b\"}"
	store, err := datastore.Open(ctx, "mem:", &datastore.Options{Preload: preloading([]byte(text), new(int))})
	require.NoError(t, err)
	page, err := store.Search(ctx, "Patient", "")
	require.NoError(t, err)
	require.Equal(t, 2, page.Total)
	require.NoError(t, store.Close())

	_, err = datastore.Open(ctx, "mem:", &datastore.Options{Preload: preloading([]byte(text+"\n{}"), new(int))})
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.ErrorContains(t, err, "line 6")
	_, err = datastore.Open(ctx, "mem:", &datastore.Options{MaxResourceSize: 100, Preload: preloading([]byte(text+strings.Repeat(" ", 101)), new(int))})
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.ErrorContains(t, err, "line 5 is longer")
}
