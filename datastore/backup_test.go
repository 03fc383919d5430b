package datastore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/stretchr/testify/require"
)

// piece returns a backup behind a commit.
func piece(t testing.TB, store *datastore.Store, since uint64) ([]byte, datastore.BackupInfo) {
	var b bytes.Buffer
	info, err := store.Backup(ctx, &b, since)
	require.NoError(t, err)
	require.Equal(t, int64(b.Len()), info.Bytes)
	require.Equal(t, since, info.Since)
	return b.Bytes(), info
}

func pieces(all ...[]byte) (readers []io.Reader) {
	for _, p := range all {
		readers = append(readers, bytes.NewReader(p))
	}
	return readers
}

// feedOf returns what a feed tells of the commits up to one, each with all that it wrote.
func feedOf(t testing.TB, store *datastore.Store, until uint64) (lines []string) {
	now := store.Snapshot()
	defer now.Close()
	for c, err := range now.Changes(ctx, 0) {
		require.NoError(t, err)
		if c.Sequence > until {
			break
		}
		note, err := c.Annotation()
		require.NoError(t, err)
		lines = append(lines, fmt.Sprintf("%d %v %q %d", c.Sequence, c.Time, note, c.Len()))
		for v, err := range c.Versions(ctx) {
			require.NoError(t, err)
			lines = append(lines, fmt.Sprintf("%v %s %v %s %s", v.Ref, v.VersionID, v.LastUpdated, v.Interaction, v.JSON))
		}
	}
	return lines
}

// busy writes to a store in every way.
func busy(t testing.TB, store *datastore.Store, from, to int) {
	for i := from; i < to; i++ {
		id := fmt.Sprint("p", i%7)
		_, err := store.Update(ctx, patient(id, fmt.Sprint("Family", i)))
		require.NoError(t, err)
		tx := store.Begin()
		_, err = tx.Create(ctx, []byte(`{"resourceType":"Observation","status":"final","code":{"text":"`+fmt.Sprint(i)+`"},"subject":{"reference":"Patient/`+id+`"}}`))
		require.NoError(t, err)
		if i%3 == 0 {
			require.NoError(t, tx.Annotate(fmt.Appendf(nil, "asked for the %dth time", i)))
		}
		require.NoError(t, tx.SetState(fmt.Sprint("state", i%5), fmt.Append(nil, i)))
		_, err = tx.Commit(ctx)
		require.NoError(t, err)
		if i%4 == 3 {
			require.NoError(t, store.Delete(ctx, datastore.Ref{Type: "Patient", ID: id}))
		}
	}
}

// requireSame holds two stores against each other: histories, states, searches.
func requireSame(t testing.TB, want, got *datastore.Store, until uint64) {
	t.Helper()
	require.Equal(t, feedOf(t, want, until), feedOf(t, got, until))
	if until < want.Head().Sequence() {
		return
	}
	require.Equal(t, want.StateNames(""), got.StateNames(""))
	for _, name := range want.StateNames("") {
		a, err := want.State(ctx, name)
		require.NoError(t, err)
		b, err := got.State(ctx, name)
		require.NoError(t, err)
		require.Equal(t, a, b)
	}
	for _, query := range []string{"name=family", "_has:Observation:subject:status=final", "_sort=-_lastUpdated"} {
		a, err := want.Search(ctx, "Patient", query)
		require.NoError(t, err)
		b, err := got.Search(ctx, "Patient", query)
		require.NoError(t, err)
		require.Equal(t, a.Matches, b.Matches)
		require.Equal(t, a.Total, b.Total)
	}
}

// restoreInto restores into a folder and checks the store when the test ends.
func restoreInto(t testing.TB, o datastore.RestoreOptions, all ...[]byte) (*datastore.Store, string) {
	path := filepath.Join(t.TempDir(), "copy")
	store, err := datastore.Restore(ctx, path, &o, pieces(all...)...)
	require.NoError(t, err)
	storetest.Check(t, store)
	return store, path
}

func TestBackup(t *testing.T) {
	key := datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	store := open(t, &datastore.Options{Key: key})
	busy(t, store, 0, 20)
	full, first := piece(t, store, 0)
	busy(t, store, 20, 33)
	require.NoError(t, store.Compact(ctx, nil, nil))
	second, info := piece(t, store, first.Head.Sequence())
	busy(t, store, 33, 40)
	third, _ := piece(t, store, info.Head.Sequence())

	other := datastore.KeyFile(filepath.Join(t.TempDir(), "another"))
	o := datastore.RestoreOptions{Options: datastore.Options{Key: other}, BackupKey: key}
	copied, path := restoreInto(t, o, full, second, third)
	requireSame(t, store, copied, store.Head().Sequence())

	// It holds what the source had, and is another store from now on.
	head := store.Head()
	require.NoError(t, copied.Close())
	copied, err := datastore.Open(ctx, path, &datastore.Options{Key: other, AtLeast: head, Existing: true})
	require.NoError(t, err)
	storetest.Check(t, copied)
	busy(t, copied, 40, 50)
	busy(t, store, 40, 50)
	require.NoError(t, copied.Close())
	_, err = datastore.Open(ctx, path, &datastore.Options{Key: key, Existing: true})
	require.ErrorIs(t, err, datastore.ErrWrongKey)
	_, err = datastore.Open(ctx, path, &datastore.Options{Key: other, AtLeast: store.Head(), Existing: true})
	require.ErrorIs(t, err, datastore.ErrCorrupt, "it went another way than the source")
	copied, err = datastore.Open(ctx, path, &datastore.Options{Key: other, Existing: true})
	require.NoError(t, err)
	storetest.Check(t, copied)

	// A copy of the copy, out of both stores' pieces.
	fourth, _ := piece(t, copied, head.Sequence())
	_, err = datastore.Restore(ctx, "mem:", &datastore.RestoreOptions{Options: datastore.Options{Key: key}}, pieces(full, second, third, fourth)...)
	require.ErrorIs(t, err, datastore.ErrWrongKey, "the fourth is of a store with another key")
	o = datastore.RestoreOptions{Options: datastore.Options{Key: key}, BackupKey: other}
	again, _ := restoreInto(t, o, full, second, third, fourth)
	requireSame(t, copied, again, copied.Head().Sequence())
}

// A backup that is made beside writers is the state after one commit.
func TestBackupBesideWriters(t *testing.T) {
	key := datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	store := open(t, &datastore.Options{Key: key, Now: time.Now})
	busy(t, store, 0, 10)
	stop := make(chan struct{})
	var writers sync.WaitGroup
	defer writers.Wait()
	defer close(stop)
	for w := range 3 {
		writers.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if _, err := store.Update(ctx, patient(fmt.Sprint("w", w), fmt.Sprint("Family", i))); err != nil {
					panic(err)
				}
			}
		})
	}
	var all [][]byte
	since := uint64(0)
	for range 5 {
		p, info := piece(t, store, since)
		all, since = append(all, p), info.Head.Sequence()
		copied, err := datastore.Restore(ctx, "mem:", &datastore.RestoreOptions{Options: datastore.Options{Key: key}}, pieces(all...)...)
		require.NoError(t, err)
		require.Equal(t, info.Head.Sequence(), copied.Head().Sequence())
		require.NoError(t, copied.Verify(ctx))
		require.Equal(t, feedOf(t, store, since), feedOf(t, copied, since))
		require.NoError(t, copied.Close())
	}
}

func TestRestoreUntil(t *testing.T) {
	key := datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	store := open(t, &datastore.Options{Key: key})
	busy(t, store, 0, 6)
	full, info := piece(t, store, 0)
	busy(t, store, 6, 12)
	more, _ := piece(t, store, info.Head.Sequence())
	now := store.Snapshot()
	defer now.Close()
	n := 0
	for c, err := range now.Changes(ctx, 0) {
		require.NoError(t, err)
		if n++; n%4 != 0 {
			continue
		}
		for _, o := range []datastore.RestoreOptions{{Until: c.Sequence}, {UntilTime: c.Time}, {UntilTime: c.Time.Add(999 * time.Millisecond)}} {
			o.Options.Key = key
			copied, err := datastore.Restore(ctx, "mem:", &o, pieces(full, more)...)
			require.NoError(t, err)
			require.Equal(t, c.Sequence, copied.Snapshot().Sequence())
			requireSame(t, store, copied, c.Sequence)
			require.NoError(t, copied.Verify(ctx))
			require.NoError(t, copied.Close())
		}
	}
	o := datastore.RestoreOptions{Options: datastore.Options{Key: key}, UntilTime: time.Date(1999, 1, 1, 0, 0, 0, 0, time.UTC)}
	copied, err := datastore.Restore(ctx, "mem:", &o, pieces(full, more)...)
	require.NoError(t, err)
	require.Empty(t, feedOf(t, copied, 1000))
	busy(t, copied, 0, 3)
	require.NoError(t, copied.Verify(ctx))
	require.NoError(t, copied.Close())
	o.UntilTime, o.Until = time.Time{}, store.Head().Sequence()+1
	_, err = datastore.Restore(ctx, "mem:", &o, pieces(full, more)...)
	require.ErrorIs(t, err, datastore.ErrInvalid)
}

// Keys that lie apart open all pieces, and no piece opens without them.
func TestBackupApart(t *testing.T) {
	folder := t.TempDir()
	key := datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	store, err := datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{Key: key})
	require.NoError(t, err)
	var all [][]byte
	var keys bytes.Buffer
	since := uint64(0)
	_, err = store.BackupApart(ctx, &keys, &keys, 0)
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.Zero(t, keys.Len())
	for i := range 3 {
		busy(t, store, 10*i, 10*i+10)
		var b bytes.Buffer
		keys.Reset()
		info, err := store.BackupApart(ctx, &b, &keys, since)
		require.NoError(t, err)
		all, since = append(all, b.Bytes()), info.Head.Sequence()
		verified, err := (&datastore.RestoreOptions{BackupKey: key, Keys: bytes.NewReader(keys.Bytes())}).Verify(ctx, bytes.NewReader(b.Bytes()))
		require.NoError(t, err)
		require.Equal(t, info, verified)
		require.NoError(t, store.Compact(ctx, nil, nil))
		require.NoError(t, store.Close())
		store, err = datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{Key: key})
		require.NoError(t, err)
	}
	storetest.Check(t, store)
	_, err = datastore.Restore(ctx, "mem:", &datastore.RestoreOptions{Options: datastore.Options{Key: key}}, pieces(all...)...)
	require.ErrorIs(t, err, datastore.ErrWrongKey)
	o := datastore.RestoreOptions{Options: datastore.Options{Key: key}, Keys: bytes.NewReader(keys.Bytes())}
	copied, _ := restoreInto(t, o, all...)
	requireSame(t, store, copied, store.Head().Sequence())
	for _, p := range all {
		require.NotContains(t, string(p), "FLKW")
		_, err := (&datastore.RestoreOptions{BackupKey: key}).Verify(ctx, bytes.NewReader(p))
		require.ErrorIs(t, err, datastore.ErrWrongKey)
		_, err = (&datastore.RestoreOptions{BackupKey: datastore.Passphrase("q"), Keys: bytes.NewReader(keys.Bytes())}).Verify(ctx, bytes.NewReader(p))
		require.ErrorIs(t, err, datastore.ErrWrongKey)
	}
	_, err = store.BackupApart(ctx, io.Discard, nil, 0)
	require.ErrorIs(t, err, datastore.ErrInvalid)
}

// What the store has is found in no piece and no file of a copy.
func TestBackupIsSealed(t *testing.T) {
	key := datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	store := open(t, &datastore.Options{Key: key})
	_, err := store.Update(ctx, patient("marked", "Xylophonist"))
	require.NoError(t, err)
	full, _ := piece(t, store, 0)
	copied, path := restoreInto(t, datastore.RestoreOptions{Options: datastore.Options{Key: key}}, full)
	require.NoError(t, copied.Close())
	found := map[string][]byte{"piece": full}
	require.NoError(t, filepath.WalkDir(path, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			found[path], err = os.ReadFile(path)
		}
		return err
	}))
	for name, b := range found {
		for _, text := range []string{"Xylophonist", "xylophonist", "marked", "resourceType"} {
			require.NotContains(t, string(b), text, name)
		}
	}
}

func TestRestoreRefuses(t *testing.T) {
	key := datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	store := open(t, &datastore.Options{Key: key})
	busy(t, store, 0, 5)
	full, info := piece(t, store, 0)
	busy(t, store, 5, 9)
	first, next := piece(t, store, info.Head.Sequence())
	busy(t, store, 9, 12)
	second, _ := piece(t, store, next.Head.Sequence())
	other := open(t, &datastore.Options{Key: key})
	busy(t, other, 0, 20)
	foreign, _ := piece(t, other, next.Head.Sequence())
	damaged := bytes.Clone(first)
	damaged[len(damaged)/2] ^= 4

	restore := func(o datastore.RestoreOptions, all ...[]byte) error {
		path := filepath.Join(t.TempDir(), "copy")
		o.Key = key
		_, err := datastore.Restore(ctx, path, &o, pieces(all...)...)
		if _, opened := datastore.Open(ctx, path, &datastore.Options{Key: key, Existing: true}); err != nil {
			require.ErrorIs(t, opened, datastore.ErrNoStore)
		}
		return err
	}
	for _, test := range []struct {
		class error
		text  string
		all   [][]byte
	}{
		{datastore.ErrInvalid, "there is none", nil},
		{datastore.ErrInvalid, "piece 1 of the backup", [][]byte{first}},
		{datastore.ErrInvalid, "piece 2 of the backup", [][]byte{full, second, first}},
		{datastore.ErrInvalid, "piece 2 of the backup", [][]byte{full, second}},
		{datastore.ErrInvalid, "piece 3 of the backup", [][]byte{full, first, foreign}},
		{datastore.ErrInvalid, "piece 2 of the backup", [][]byte{full, []byte("{}")}},
		{datastore.ErrCorrupt, "piece 2 of the backup", [][]byte{full, damaged}},
		{datastore.ErrCorrupt, "piece 3 of the backup", [][]byte{full, first, second[:len(second)-1]}},
	} {
		err := restore(datastore.RestoreOptions{}, test.all...)
		require.ErrorIs(t, err, test.class)
		require.ErrorContains(t, err, test.text)
		require.True(t, strings.HasPrefix(err.Error(), "datastore: "), err)
	}
	require.Error(t, restore(datastore.RestoreOptions{Options: datastore.Options{Existing: true}}, full))
	require.Error(t, restore(datastore.RestoreOptions{Options: datastore.Options{ReadOnly: true}}, full))
	require.ErrorIs(t, restore(datastore.RestoreOptions{Keys: strings.NewReader("no keys")}, full), datastore.ErrInvalid)
	require.ErrorIs(t, restore(datastore.RestoreOptions{BackupKey: datastore.Passphrase("q")}, full), datastore.ErrWrongKey)
	_, err := datastore.Restore(ctx, "mem:", &datastore.RestoreOptions{Options: datastore.Options{Key: key}}, nil)
	require.ErrorIs(t, err, datastore.ErrInvalid)
	_, err = datastore.Restore(ctx, t.TempDir(), nil, pieces(full)...)
	require.ErrorIs(t, err, datastore.ErrNoKey)

	// Folders that are not empty, and one in which a store is open.
	o := datastore.RestoreOptions{Options: datastore.Options{Key: key}}
	_, path := restoreInto(t, o, full)
	_, err = datastore.Restore(ctx, path, &o, pieces(full)...)
	require.ErrorIs(t, err, datastore.ErrForeign)
	path = t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(path, "mine"), nil, 0o600))
	_, err = datastore.Restore(ctx, path, &o, pieces(full)...)
	require.ErrorIs(t, err, datastore.ErrForeign)
	require.FileExists(t, filepath.Join(path, "mine"))
}

func TestBackupRefuses(t *testing.T) {
	store := open(t, nil)
	_, err := store.Backup(ctx, io.Discard, 0)
	require.ErrorIs(t, err, datastore.ErrNoKey, "nobody has the key")
	key := datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	store = open(t, &datastore.Options{Key: key})
	busy(t, store, 0, 3)
	_, err = store.Backup(ctx, io.Discard, 1000)
	require.ErrorIs(t, err, datastore.ErrInvalid)
	require.ErrorContains(t, err, "there is no commit 1000")
	_, err = store.Backup(ctx, nil, 0)
	require.ErrorIs(t, err, datastore.ErrInvalid)
	full := errors.New("disk is full")
	_, err = store.Backup(ctx, writing(func([]byte) (int, error) { return 0, full }), 0)
	require.ErrorIs(t, err, full)
	_, err = store.Backup(ctx, writing(func([]byte) (int, error) { panic("secret") }), 0)
	require.ErrorIs(t, err, datastore.ErrCallback)
	require.NotContains(t, err.Error(), "secret")

	// Nobody waits for a writer or a reader that hangs.
	ended, cancel := context.WithCancel(ctx)
	free := make(chan struct{})
	defer close(free)
	hangs := func([]byte) (int, error) {
		cancel()
		<-free
		return 0, io.EOF
	}
	_, err = store.Backup(ended, writing(hangs), 0)
	require.ErrorIs(t, err, context.Canceled)
	ended, cancel = context.WithCancel(ctx)
	defer cancel()
	o := &datastore.RestoreOptions{Options: datastore.Options{Key: key}}
	_, err = datastore.Restore(ended, "mem:", o, reading(hangs))
	require.ErrorIs(t, err, context.Canceled)
	_, err = datastore.Restore(ctx, "mem:", o, reading(func([]byte) (int, error) { panic("secret") }))
	require.ErrorIs(t, err, datastore.ErrCallback)
	_, err = datastore.Restore(ctx, "mem:", o, reading(func(p []byte) (int, error) { return len(p) + 1, nil }))
	require.ErrorIs(t, err, datastore.ErrCallback)

	require.NoError(t, store.Close())
	_, err = store.Backup(ctx, io.Discard, 0)
	require.ErrorIs(t, err, datastore.ErrClosed)
}

type writing func(p []byte) (int, error)

func (w writing) Write(p []byte) (int, error) { return w(p) }

type reading func(p []byte) (int, error)

func (r reading) Read(p []byte) (int, error) { return r(p) }

// A store that is read beside its writer can be backed up, and the piece fits those of
// the writer.
func TestBackupOfReader(t *testing.T) {
	path, key := filepath.Join(t.TempDir(), "store"), datastore.KeyFile(filepath.Join(t.TempDir(), "key"))
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: key})
	require.NoError(t, err)
	storetest.Check(t, store)
	busy(t, store, 0, 10)
	full, info := piece(t, store, 0)
	busy(t, store, 10, 20)
	reader, err := datastore.Open(ctx, path, &datastore.Options{Key: key, ReadOnly: true})
	require.NoError(t, err)
	more, _ := piece(t, reader, info.Head.Sequence())
	require.NoError(t, reader.Close())
	copied, _ := restoreInto(t, datastore.RestoreOptions{Options: datastore.Options{Key: key}}, full, more)
	requireSame(t, store, copied, store.Head().Sequence())
}
