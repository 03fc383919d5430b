package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/index"
	"github.com/fhirlake/fhirlake/internal/pack"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/search/param"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// failingDisk is a file system in memory whose changes fail from a given one on.
type failingDisk struct {
	txlog.FS
	changes *atomic.Int64 // so far
	failAt  *atomic.Int64 // 0 for none
}

var errDisk = errors.New("injected fault")

func newFailingDisk() failingDisk {
	return failingDisk{txlog.NewMemory(), new(atomic.Int64), new(atomic.Int64)}
}

func (d failingDisk) change() error {
	if n, at := d.changes.Add(1), d.failAt.Load(); at > 0 && n >= at {
		return errDisk
	}
	return nil
}

func (d failingDisk) Mount(create bool) (txlog.Folder, error) {
	f, err := d.FS.Mount(create)
	return failingFolder{f, d}, err
}

type failingFolder struct {
	txlog.Folder
	disk failingDisk
}

func (f failingFolder) Open(name string, flag int) (txlog.File, error) {
	if flag&os.O_CREATE != 0 {
		if err := f.disk.change(); err != nil {
			return nil, err
		}
	}
	file, err := f.Folder.Open(name, flag)
	if err != nil {
		return nil, err
	}
	return failingFile{file, f.disk}, nil
}

func (f failingFolder) Lock(file txlog.File) error { return f.Folder.Lock(file.(failingFile).File) }

func (f failingFolder) Check(name string, file txlog.File) error {
	return f.Folder.Check(name, file.(failingFile).File)
}

func (f failingFolder) Rename(from, to string) error {
	return errors.Join(f.disk.change(), f.Folder.Rename(from, to))
}

func (f failingFolder) Remove(name string) error {
	if err := f.disk.change(); err != nil {
		return err
	}
	return f.Folder.Remove(name)
}

type failingFile struct {
	txlog.File
	disk failingDisk
}

func (f failingFile) WriteAt(p []byte, off int64) (int, error) {
	if err := f.disk.change(); err != nil {
		return 0, err
	}
	return f.File.WriteAt(p, off)
}

func (f failingFile) Sync() error { return errors.Join(f.disk.change(), f.File.Sync()) }

// startOn opens an engine over a log in a file system, with small segments.
func startOn(t *testing.T, fs txlog.FS, key seal.KeyWrapper) *Engine {
	t.Helper()
	log, err := txlog.Open(t.Context(), "", &txlog.Options{FS: fs, Wrapper: key, SegmentSize: 20_000})
	require.NoError(t, err)
	e, err := Start(t.Context(), log, testOptions())
	require.NoError(t, err)
	return e
}

// observations writes some versions, one commit after the other.
func observations(t *testing.T, e *Engine, from, to int) {
	t.Helper()
	for i := from; i < to; i++ {
		require.NoError(t, put(t.Context(), e, fmt.Sprintf(`{"resourceType":"Observation","id":"o%d","status":"final","code":{"coding":[{"system":"http://loinc.org","code":"%d-1","display":"%s"}]},"effectiveDateTime":"2020-01-%02dT10:00:00Z"}`,
			i%50, i%7, strings.Repeat(fmt.Sprint("seen ", i), 20), 1+i%28)))
	}
}

// history is every version of an engine, with its time.
func history(t *testing.T, e *Engine) (all []string) {
	t.Helper()
	now, err := e.Hold()
	require.NoError(t, err)
	defer now.Release()
	for o := range now.Last() {
		v := now.Version(o + 1)
		json, err := now.AppendJSON(nil, o+1)
		require.NoError(t, err)
		all = append(all, fmt.Sprint(v.Ref(), v.Number, v.Sequence, v.Micros, string(json)))
	}
	return all
}

// TestRewriteFaults has each change of the disk fail during a rewriting: the store that
// is opened afterwards is whole, and the next rewriting does the rest.
func TestRewriteFaults(t *testing.T) {
	key := seal.RandomKey()
	for at := int64(1); ; at++ {
		disk := newFailingDisk()
		e := startOn(t, disk, key)
		observations(t, e, 0, 150)
		want := history(t, e)
		disk.failAt.Store(disk.changes.Load() + at)
		_, err := e.Compact(t.Context(), nil, nil)
		if err != nil {
			require.ErrorIs(t, err, errDisk)
		}
		require.Equal(t, want, history(t, e))
		unharmed := disk.changes.Load() < disk.failAt.Load()
		_ = e.Close() // its error is the fault's
		disk.failAt.Store(0)
		e = startOn(t, disk, key)
		require.Equal(t, want, history(t, e))
		observations(t, e, 150, 160)
		_, err = e.Compact(t.Context(), nil, nil)
		require.NoError(t, err)
		require.NoError(t, e.Verify(t.Context(), Verification{}))
		require.Equal(t, want, history(t, e)[:len(want)])
		require.NoError(t, e.Close())
		if unharmed {
			require.Greater(t, at, int64(20))
			return
		}
	}
}

// TestRewriteExtractsAnew has values of another extractor made anew: they are no longer
// foreign then.
func TestRewriteExtractsAnew(t *testing.T) {
	e := openMemory(t, testOptions())
	p, err := e.Prepare(t.Context(), []byte(`{"resourceType":"Patient","id":"a","name":[{"family":"x"}]}`), &How{})
	require.NoError(t, err)
	p.Disown()
	_, err = e.Commit(t.Context(), &Commit{Ops: []Op{{Prepared: p}}})
	require.NoError(t, err)
	extractor := func() uint32 {
		part, err := e.log.Values(e.numbers.of(index.Ordinal(1)), nil)
		require.NoError(t, err)
		h, block, err := splitItem(part)
		require.NoError(t, err)
		payload, err := e.packing.unpack(nil, block)
		require.NoError(t, err)
		require.Equal(t, h.extractor != param.Version(h.typ), param.Stale(h.typ, h.extractor, payload))
		require.Equal(t, Update, h.interaction)
		return h.extractor
	}
	require.NotEqual(t, param.Version(schema.TypePatient), extractor())
	_, err = e.Compact(t.Context(), nil, nil)
	require.NoError(t, err)
	require.Equal(t, param.Version(schema.TypePatient), extractor())
	require.NoError(t, e.Verify(t.Context(), Verification{}))
}

// TestOldDictionary opens a store whose dictionary is another program's: it stays
// readable, the program's own is added, and rewriting packs all with it.
func TestOldDictionary(t *testing.T) {
	key, fs := seal.RandomKey(), txlog.NewMemory()
	log, err := txlog.Open(t.Context(), "", &txlog.Options{FS: fs, Wrapper: key})
	require.NoError(t, err)
	samples := []pack.Sample{{Text: []byte(strings.Repeat(`{"resourceType":"Observation","status":"final"}`, 9)), Weight: 5}}
	number, err := log.AddDictionary(t.Context(), pack.Make(samples, samples, samples))
	require.NoError(t, err)
	content, err := pack.Parse(log.Dictionaries()[number])
	require.NoError(t, err)
	e, err := Start(t.Context(), log, testOptions())
	require.NoError(t, err)
	require.Len(t, log.Dictionaries(), 2)
	old := pack.NewPacker(uint64(number), content)
	own := e.packing.packers.New
	e.packing.packers.New = func() any { return &packer{Packer: old} }
	observations(t, e, 0, 20)
	want := history(t, e)
	uses := func(p *pack.Packer) (n int) {
		for o := range e.Last().Last() {
			body, err := log.Body(e.numbers.of(o+1), nil)
			require.NoError(t, err)
			if p.Smallest(body) {
				n++
			}
		}
		return n
	}
	_, err = e.Compact(t.Context(), nil, nil)
	require.NoError(t, err)
	require.Positive(t, uses(old))
	require.NoError(t, e.Close())

	e = startOn(t, fs, key)
	log = e.log.(*txlog.Log)
	require.Equal(t, want, history(t, e))
	_, err = e.Compact(t.Context(), nil, nil)
	require.NoError(t, err)
	require.Zero(t, uses(old))
	require.Equal(t, 20, uses(own().(*packer).Packer))
	require.Equal(t, want, history(t, e))
	require.NoError(t, e.Verify(t.Context(), Verification{}))
	require.NoError(t, e.Close())
}

// refusing is a log that takes no dictionary.
type refusing struct {
	*txlog.Log
	err error
}

func (r refusing) AddDictionary(context.Context, []byte) (uint32, error) { return 0, r.err }

// TestNoDictionary opens a log that takes no dictionary: it is written without one, or
// with the one that it has.
func TestNoDictionary(t *testing.T) {
	key, fs := seal.RandomKey(), txlog.NewMemory()
	for _, has := range []int{0, 0, 1} {
		log, err := txlog.Open(t.Context(), "", &txlog.Options{FS: fs, Wrapper: key})
		require.NoError(t, err)
		e, err := Start(t.Context(), refusing{log, errDisk}, testOptions())
		require.NoError(t, err)
		require.Len(t, log.Dictionaries(), has)
		observations(t, e, 0, 5)
		require.NoError(t, e.Verify(t.Context(), Verification{}))
		if has == 0 && e.Last().Last() > 5 {
			_, err = log.AddDictionary(t.Context(), pack.Builtin())
			require.NoError(t, err)
		}
		require.NoError(t, e.Close())
	}
}

// TestCloseEndsRewriting closes a store that is being rewritten.
func TestCloseEndsRewriting(t *testing.T) {
	key, fs := seal.RandomKey(), txlog.NewMemory()
	e := startOn(t, fs, key)
	observations(t, e, 0, 600)
	want := history(t, e)
	begun, ended := make(chan struct{}, 100), make(chan error)
	go func() {
		_, err := e.Compact(context.Background(), nil, func(RewriteProgress) { begun <- struct{}{} })
		ended <- err
	}()
	<-begun
	require.NoError(t, e.Close())
	if err := <-ended; err != nil { // it may have been through
		require.ErrorIs(t, err, ErrClosed)
	}
	e = startOn(t, fs, key)
	require.Equal(t, want, history(t, e))
	require.NoError(t, e.Verify(t.Context(), Verification{}))
	require.NoError(t, e.Close())
}
