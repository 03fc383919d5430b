package datastore_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	"gocloud.dev/secrets/localsecrets"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/repair"
	"github.com/fhirlake/fhirlake/internal/storetest"
)

// copyStore copies a store's folder.
func copyStore(t *testing.T, from, to string) {
	t.Helper()
	require.NoError(t, filepath.WalkDir(from, func(path string, e fs.DirEntry, err error) error {
		require.NoError(t, err)
		rel, err := filepath.Rel(from, path)
		require.NoError(t, err)
		if e.IsDir() {
			return os.Mkdir(filepath.Join(to, rel), 0o700)
		}
		b, err := os.ReadFile(path)
		require.NoError(t, err)
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	}))
}

// TestRotateKey rotates the keys of a store that has everything. It answers as before,
// before and after opening again, and the old keyset reads nothing.
func TestRotateKey(t *testing.T) {
	folder := t.TempDir()
	path, old := filepath.Join(folder, "store"), filepath.Join(folder, "old")
	opts := &datastore.Options{Key: datastore.KeyFile(filepath.Join(folder, "key"))}
	store, err := datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	require.NoError(t, importLines(store, synthetic(4)))
	_, err = store.Write(ctx, func(tx *datastore.Transaction) error { return tx.SetState("name", []byte("value")) })
	require.NoError(t, err)
	page, err := store.Search(ctx, "Observation", "_count=10&_sort=date")
	require.NoError(t, err)
	snapshot := store.Snapshot()
	defer snapshot.Close()
	head, before := store.Head(), everything(t, store, rewriteQueries...)
	copyStore(t, path, old)

	last, all := int64(-1), int64(0)
	require.NoError(t, store.RotateKey(ctx, func(done, total int64) {
		require.Greater(t, done, last)
		last, all = done, total
	}))
	require.Positive(t, all)
	require.Equal(t, all, last)
	stats, err := store.Stats()
	require.NoError(t, err)
	require.False(t, stats.Rotating)
	require.Equal(t, before, everything(t, store, rewriteQueries...))
	_, err = store.Search(ctx, "Observation", page.Next)
	require.NoError(t, err)
	_, err = snapshot.Search(ctx, "Observation", "_count=1")
	require.NoError(t, err)
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.Close())
	require.ErrorIs(t, store.RotateKey(ctx, nil), datastore.ErrClosed)
	require.ErrorIs(t, store.Rewrap(ctx, opts.Key), datastore.ErrClosed)

	opts.AtLeast = head
	store, err = datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	storetest.Check(t, store)
	require.Equal(t, before, everything(t, store, rewriteQueries...))
	_, err = store.Search(ctx, "Observation", page.Next)
	require.ErrorIs(t, err, datastore.ErrInvalid, "the key of tokens is another")
	value, err := store.State(ctx, "name")
	require.NoError(t, err)
	require.Equal(t, "value", string(value))
	require.NoError(t, store.Close())

	// The old keyset, put back, does not open the store; nor do all old small files.
	for _, name := range []string{"keyset", "header", "head", "manifest"} {
		b, err := os.ReadFile(filepath.Join(old, name))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(path, name), b, 0o600))
		_, err = datastore.Open(ctx, path, &datastore.Options{Key: opts.Key})
		require.ErrorIs(t, err, datastore.ErrCorrupt, name)
	}
}

// TestRotateKeyStops stops a rotation by its context, by a callback that panics and by
// closing the store, and has it go on.
func TestRotateKeyStops(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "store")
	opts := &datastore.Options{Key: datastore.RawKey([32]byte{1})}
	store, err := datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	require.NoError(t, importLines(store, synthetic(4)))
	before := everything(t, store)
	stopped, cancel := context.WithCancel(ctx)
	cancel()
	require.ErrorIs(t, store.RotateKey(stopped, nil), context.Canceled)
	err = store.RotateKey(ctx, func(int64, int64) { panic("progress") })
	require.ErrorIs(t, err, datastore.ErrCallback)
	stats, err := store.Stats()
	require.NoError(t, err)
	require.True(t, stats.Rotating)
	put(t, store, `{"resourceType":"Patient","id":"during"}`)
	require.NoError(t, store.Close())

	store, err = datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	storetest.Check(t, store)
	require.Eventually(t, func() bool { // the opening goes on by itself
		stats, err := store.Stats()
		return err == nil && !stats.Rotating
	}, time.Minute, time.Millisecond)
	after := everything(t, store)
	require.Equal(t, before, after[len(after)-len(before):], "the history of before")
	_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "during"})
	require.NoError(t, err)
	require.NoError(t, store.RotateKey(ctx, nil))
}

// TestRotateKeyBesideOthers rotates while others write and search.
func TestRotateKeyBesideOthers(t *testing.T) {
	store := storetest.Open(t, nil)
	require.NoError(t, importLines(store, synthetic(2)))
	done := make(chan struct{})
	var others sync.WaitGroup
	for w := range 2 {
		others.Go(func() {
			for i := 0; ; i++ {
				select {
				case <-done:
					return
				default:
				}
				body := fmt.Sprintf(`{"resourceType":"Patient","id":"w%d","name":[{"family":"f%d"}]}`, w, i)
				_, err := store.Update(ctx, []byte(body))
				assert.NoError(t, err)
				v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: fmt.Sprintf("w%d", w)})
				assert.NoError(t, err)
				assert.Contains(t, string(v.JSON), fmt.Sprintf(`"f%d"`, i))
				_, err = store.Search(ctx, "Patient", fmt.Sprintf("family=f%d", i))
				assert.NoError(t, err)
			}
		})
	}
	for range 5 {
		require.NoError(t, store.RotateKey(ctx, nil))
	}
	require.NoError(t, store.Rewrap(ctx, datastore.Passphrase("another")))
	require.NoError(t, store.RotateKey(ctx, nil))
	require.NoError(t, store.Compact(ctx, nil, nil))
	close(done)
	others.Wait()
}

// TestRewrap opens a store with each kind of key after the other.
func TestRewrap(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "store")
	cloud := localsecrets.NewKeeper([32]byte{7})
	defer cloud.Close()
	keys := []datastore.KeyWrapper{
		datastore.KeyFile(filepath.Join(folder, "key")), datastore.Passphrase("correct horse"),
		datastore.RawKey([32]byte{3}), cloud, datastore.KeyFile(filepath.Join(folder, "key")),
	}
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: keys[0]})
	require.NoError(t, err)
	put(t, store, `{"resourceType":"Patient","id":"a"}`)
	for i, to := range keys[1:] {
		require.NoError(t, store.Rewrap(ctx, to))
		put(t, store, `{"resourceType":"Patient","id":"a","active":true}`)
		require.NoError(t, store.Close())
		for _, from := range keys[:i+1] {
			if from == to {
				continue
			}
			_, err := datastore.Open(ctx, path, &datastore.Options{Key: from})
			require.Error(t, err, "key %d", i)
			if _, isCloud := from.(interface{ Close() error }); !isCloud { // which has errors of its own
				require.ErrorIs(t, err, datastore.ErrWrongKey, "key %d", i)
			}
		}
		store, err = datastore.Open(ctx, path, &datastore.Options{Key: to})
		require.NoError(t, err, "key %d", i)
		_, err = store.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
		require.NoError(t, err)
	}
	storetest.Check(t, store)
	require.ErrorIs(t, store.Rewrap(ctx, nil), datastore.ErrNoKey)
	require.ErrorIs(t, store.Rewrap(ctx, datastore.Passphrase("")), datastore.ErrKey)
	require.ErrorIs(t, store.Rewrap(ctx, datastore.RawKey([32]byte{})), datastore.ErrKey)
	require.NoError(t, store.RotateKey(ctx, nil))
	store.Close()
	reader, err := datastore.Open(ctx, path, &datastore.Options{Key: keys[len(keys)-1], ReadOnly: true})
	require.NoError(t, err)
	storetest.Check(t, reader)
	require.ErrorIs(t, reader.Rewrap(ctx, keys[0]), datastore.ErrReadOnly)
	require.ErrorIs(t, reader.RotateKey(ctx, nil), datastore.ErrReadOnly)
}

// A keyService is a KMS that can be told to deny.
type keyService struct {
	datastore.KeyWrapper
	denies error
}

func (k *keyService) Encrypt(ctx context.Context, b []byte) ([]byte, error) {
	if k.denies != nil {
		return nil, k.denies
	}
	return k.KeyWrapper.Encrypt(ctx, b)
}

func (k *keyService) Decrypt(ctx context.Context, b []byte) ([]byte, error) {
	if k.denies != nil {
		return nil, k.denies
	}
	return k.KeyWrapper.Decrypt(ctx, b)
}

// TestKeyServiceDenies: an open store goes on without its key service, which is asked to
// open it and to rotate.
func TestKeyServiceDenies(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	service := &keyService{KeyWrapper: datastore.RawKey([32]byte{1})}
	opts := &datastore.Options{Key: service}
	store, err := datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	denied := errors.New("access denied")
	service.denies = denied
	put(t, store, `{"resourceType":"Patient","id":"a"}`)
	err = store.RotateKey(ctx, nil)
	require.ErrorIs(t, err, datastore.ErrKey)
	require.ErrorIs(t, err, denied)
	stats, err := store.Stats()
	require.NoError(t, err)
	require.False(t, stats.Rotating)
	put(t, store, `{"resourceType":"Patient","id":"b"}`)
	require.NoError(t, store.Close())
	_, err = datastore.Open(ctx, path, opts)
	require.ErrorIs(t, err, denied)
	service.denies = nil
	store, err = datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	storetest.Check(t, store)
	require.NoError(t, store.RotateKey(ctx, nil))
}

// TestDurability writes at each level. Closing the store makes all of it durable.
func TestDurability(t *testing.T) {
	folder := t.TempDir()
	opts := &datastore.Options{Key: datastore.RawKey([32]byte{1})}
	for i, level := range []datastore.Durability{datastore.SyncNone, datastore.SyncInterval, 0} {
		opts.Durability = level
		store, err := datastore.Open(ctx, folder, opts)
		require.NoError(t, err)
		put(t, store, fmt.Sprintf(`{"resourceType":"Patient","id":"p%d"}`, i))
		in, err := repair.Inspect(ctx, folder, opts.Key)
		require.NoError(t, err)
		require.Empty(t, in.Faults)
		names := []string{"none", "interval", "commit"}
		for _, h := range in.Heads {
			if h.Current {
				require.Equal(t, names[i], h.Durability)
			}
		}
		page, err := store.Search(ctx, "Patient", "")
		require.NoError(t, err)
		require.Equal(t, i+1, page.Total)
		stats, err := store.Stats()
		require.NoError(t, err)
		require.Zero(t, stats.Lost)
		require.NoError(t, store.Verify(ctx))
		require.NoError(t, store.Close())
	}
	opts.Durability = 3
	_, err := datastore.Open(ctx, folder, opts)
	require.ErrorContains(t, err, "Durability")
	require.Equal(t, 1, strings.Count(err.Error(), "datastore:"))
}

// TestLostIsTold damages a commit that was acknowledged and not synced.
func TestLostIsTold(t *testing.T) {
	folder := t.TempDir()
	path, torn := filepath.Join(folder, "store"), filepath.Join(folder, "torn")
	opts := &datastore.Options{Key: datastore.RawKey([32]byte{1}), Durability: datastore.SyncNone}
	store, err := datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	for i := range 9 {
		put(t, store, fmt.Sprintf(`{"resourceType":"Patient","id":"p%d"}`, i))
	}
	copyStore(t, path, torn)
	require.NoError(t, store.Close())
	segment := filepath.Join(torn, "log", "00000001.bunt")
	b, err := os.ReadFile(segment)
	require.NoError(t, err)
	clear(b[len(b)/2 : len(b)/2+64])
	require.NoError(t, os.WriteFile(segment, b, 0o600))
	store, err = datastore.Open(ctx, torn, opts)
	require.NoError(t, err)
	storetest.Check(t, store)
	stats, err := store.Stats()
	require.NoError(t, err)
	require.Positive(t, stats.Lost)
	page, err := store.Search(ctx, "Patient", "")
	require.NoError(t, err)
	require.Less(t, page.Total, 9)
	require.Positive(t, page.Total)
}

// TestBackupAfterRewrap gives a store in memory, which nobody has the key of, a key: its
// backups can be opened then, as those of a store in a folder.
func TestBackupAfterRewrap(t *testing.T) {
	store := open(t, nil)
	_, err := store.Update(ctx, patient("a", "Family"))
	require.NoError(t, err)
	_, err = store.Backup(ctx, io.Discard, 0)
	require.ErrorIs(t, err, datastore.ErrNoKey)
	require.ErrorIs(t, store.Rewrap(ctx, datastore.RawKey([32]byte{})), datastore.ErrKey)
	_, err = store.Backup(ctx, io.Discard, 0)
	require.ErrorIs(t, err, datastore.ErrNoKey, "the key was refused")
	key := datastore.RawKey([32]byte{7})
	require.NoError(t, store.Rewrap(ctx, key))
	for range 2 {
		var piece, apart, keys bytes.Buffer
		_, err = store.Backup(ctx, &piece, 0)
		require.NoError(t, err)
		_, err = store.BackupApart(ctx, &apart, &keys, 0)
		require.NoError(t, err)
		copied, err := datastore.Restore(ctx, "mem:", &datastore.RestoreOptions{Options: datastore.Options{Key: key}}, &piece)
		require.NoError(t, err)
		_, err = copied.Read(ctx, datastore.Ref{Type: "Patient", ID: "a"})
		require.NoError(t, err)
		_, err = copied.Backup(ctx, io.Discard, 0)
		require.NoError(t, err)
		require.NoError(t, copied.Close())
		copied, err = datastore.Restore(ctx, "mem:", &datastore.RestoreOptions{BackupKey: key, Keys: &keys}, &apart)
		require.NoError(t, err)
		_, err = copied.Backup(ctx, io.Discard, 0)
		require.ErrorIs(t, err, datastore.ErrNoKey, "the copy has a key of its own, which nobody has")
		require.NoError(t, copied.Close())
		require.NoError(t, store.RotateKey(ctx, nil))
	}
}
