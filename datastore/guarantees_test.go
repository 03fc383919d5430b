package datastore_test

import (
	"archive/tar"
	"bytes"
	"errors"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/repair"
	"github.com/fhirlake/fhirlake/internal/pack"
	"github.com/fhirlake/fhirlake/internal/storetest"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// What storage does is asked for by these names.
var (
	_ = (*datastore.Store).RotateKey
	_ = (*datastore.Store).Rewrap
	_ = (*datastore.Store).Erase
	_ = (*datastore.Store).Purge
	_ = (*datastore.Store).Compact
	_ = (*datastore.Store).Backup
	_ = (*datastore.Store).Changes
	_ = (*datastore.Store).Head
	_ = datastore.Restore
	_ = datastore.Options{Durability: datastore.SyncNone}.Durability
	_ = datastore.ErrErased
)

// sections returns all sections of a store's checkpoint, opened.
func sections(t *testing.T, path string, key datastore.KeyWrapper) (all []byte) {
	t.Helper()
	log, err := txlog.Open(ctx, path, &txlog.Options{Wrapper: key, ReadOnly: true})
	require.NoError(t, err)
	defer log.Close()
	r, err := log.OpenCheckpoint()
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	require.NoError(t, err)
	defer r.Close()
	for i := range r.Parts() {
		section, err := r.Part(i, nil)
		require.NoError(t, err)
		all = append(all, section...)
	}
	return all
}

// TestNothingInTheClear looks for what a store was given, in any of its files and in those
// of a backup.
func TestNothingInTheClear(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "store")
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: goldenKey(), Now: clock(), NewID: ids(), BaseURL: "http://" + marker + ".example"})
	require.NoError(t, err)
	eraseStory(t, store)
	parameterStory(t, store)
	tx := store.Begin()
	require.NoError(t, tx.SetState("of-"+marker, []byte("value-"+marker)))
	require.NoError(t, tx.Annotate([]byte("note-"+marker)))
	_, err = tx.Update(ctx, []byte(`{"resourceType":"Basic","id":"`+marker+`","code":{"coding":[{"system":"http://`+marker+`","code":"`+marker+`"}]}}`))
	require.NoError(t, err)
	_, err = tx.Commit(ctx)
	require.NoError(t, err)
	require.NoError(t, store.Compact(ctx, nil, nil))
	eraseStory(t, store)
	require.NoError(t, store.Checkpoint())
	backup, err := os.Create(filepath.Join(folder, "backup"))
	require.NoError(t, err)
	_, err = store.Backup(ctx, backup, 0)
	require.NoError(t, err)
	require.NoError(t, backup.Close())
	require.NoError(t, store.Close())
	files := filesOf(t, folder)
	require.Contains(t, files, "store/checkpoint")
	require.Equal(t, pack.Builtin(), files["store/dictionaries/1"], "no dictionary is made of a store")
	require.NotContains(t, files, "store/dictionaries/2")
	for name, b := range files {
		b = bytes.ToLower(b)
		for _, text := range []string{marker, "resourcetype", "patient/", "loinc", "bobby", "nickname", "value-", "note-", "observation"} {
			if name == "store/dictionaries/1" && !strings.EqualFold(text, marker) {
				continue // it is neutral text, compressed
			}
			require.NotContains(t, string(b), strings.ToLower(text), name)
		}
	}
}

// TestEraseTakesTheCheckpoint erases a patient whose texts are in a checkpoint. The
// checkpoint goes, and the next one has none of them.
func TestEraseTakesTheCheckpoint(t *testing.T) {
	folder := t.TempDir()
	path, key := filepath.Join(folder, "store"), goldenKey()
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: key, Now: clock()})
	require.NoError(t, err)
	eraseStory(t, store)
	require.NoError(t, store.Checkpoint())
	require.Contains(t, string(sections(t, path, key)), "zanzibarquux")
	_, err = store.Erase(ctx, "p")
	require.NoError(t, err)
	require.Empty(t, sections(t, path, key))
	require.NoFileExists(t, filepath.Join(path, "checkpoint"))
	require.NoError(t, store.Close())
	store, err = datastore.Open(ctx, path, &datastore.Options{Key: key, Now: clock()})
	require.NoError(t, err)
	storetest.Check(t, store)
	require.NoError(t, store.Checkpoint())
	after := sections(t, path, key)
	require.NotEmpty(t, after)
	require.NotContains(t, string(after), "zanzibarquux")
	requireErased(t, store)
}

// TestCheckpointOfOtherSettings opens a store under another zone, under a zone of the same
// name with other rules, and under another base: its checkpoint is used under none of them,
// and the answers are right.
func TestCheckpointOfOtherSettings(t *testing.T) {
	path := filepath.Join(t.TempDir(), "store")
	settings := func(zone *time.Location, base string) *datastore.Options {
		return &datastore.Options{Key: goldenKey(), Now: clock(), Zone: zone, BaseURL: base}
	}
	const base = "http://golden.example/fhir"
	here := time.FixedZone("here", 3600)
	store, err := datastore.Open(ctx, path, settings(here, base))
	require.NoError(t, err)
	settingsStory(t, store)
	require.NoError(t, store.Checkpoint())
	require.NoError(t, store.Close())
	saved := filesOf(t, path)["checkpoint"]
	for _, test := range []struct {
		zone         *time.Location
		base         string
		restored     bool
		early, local int // how many Observations before 2020-01-01T23:30:00Z, and about Patient/p
	}{
		{here, base, true, 1, 1},
		{time.UTC, base, false, 0, 1},
		{time.FixedZone("here", 7200), base, false, 1, 1},
		{here, "http://other.example/fhir", false, 1, 1},
		{here, "", false, 1, 0},
	} {
		require.NoError(t, os.WriteFile(filepath.Join(path, "checkpoint"), saved, 0o600))
		store, err := datastore.Open(ctx, path, settings(test.zone, test.base))
		require.NoError(t, err)
		require.Equal(t, test.restored, store.Restored(), "%v %s", test.zone, test.base)
		page, err := store.Search(ctx, "Observation", "_id=o&date=lt2020-01-01T23:30:00Z")
		require.NoError(t, err)
		require.Equal(t, test.early, page.Total, "%v", test.zone)
		page, err = store.Search(ctx, "Observation", "subject=Patient/p")
		require.NoError(t, err)
		require.Equal(t, test.local, page.Total, test.base)
		require.NoError(t, store.Verify(ctx))
		require.NoError(t, store.Close())
	}
}

// TestCutKeepsNoKeysOfPatients: what Cut keeps outside the store has no secret of a
// patient, so that what lay under a patient's keys goes with them there as well.
func TestCutKeepsNoKeysOfPatients(t *testing.T) {
	folder := t.TempDir()
	path, key := filepath.Join(folder, "store"), goldenKey()
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: key, Now: clock()})
	require.NoError(t, err)
	eraseStory(t, store)
	require.NoError(t, store.Close())
	require.FileExists(t, filepath.Join(path, "patients"))
	cut, err := repair.Cut(ctx, path, key, 3, t.TempDir())
	require.NoError(t, err)
	kept, err := os.Open(cut.Kept)
	require.NoError(t, err)
	defer kept.Close()
	names := 0
	for r := tar.NewReader(kept); ; names++ {
		h, err := r.Next()
		if err == io.EOF {
			break
		}
		require.NoError(t, err)
		require.NotContains(t, h.Name, "patients")
	}
	require.Positive(t, names)
	store, err = datastore.Open(ctx, path, &datastore.Options{Key: key, Now: clock()})
	require.NoError(t, err)
	storetest.Check(t, store)
	_, err = store.Erase(ctx, "p")
	require.NoError(t, err)
}

// TestStoreOfAnotherProcess opens a store that another process has open.
func TestStoreOfAnotherProcess(t *testing.T) {
	const folder = "DATASTORE_TEST_OPENED"
	if path := os.Getenv(folder); path != "" {
		_, err := datastore.Open(ctx, path, &datastore.Options{Key: goldenKey()})
		require.ErrorIs(t, err, datastore.ErrLocked)
		store, err := datastore.Open(ctx, path, &datastore.Options{Key: goldenKey(), ReadOnly: true})
		require.NoError(t, err)
		storetest.Check(t, store)
		_, err = datastore.Restore(ctx, path, &datastore.RestoreOptions{Options: datastore.Options{Key: goldenKey()}}, pieces(must(os.ReadFile(filepath.Join(goldenFolder, goldenBackup, "full"))))...)
		require.ErrorIs(t, err, datastore.ErrForeign)
		return
	}
	path := filepath.Join(t.TempDir(), "store")
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: goldenKey(), Now: clock(), NewID: ids()})
	require.NoError(t, err)
	storetest.Check(t, store)
	plainStory(t, store)
	child := exec.Command(os.Args[0], "-test.run", "^TestStoreOfAnotherProcess$")
	child.Env = append(os.Environ(), folder+"="+path)
	said, err := child.CombinedOutput()
	require.NoError(t, err, "%s", said)
	putAll(t, store, `{"resourceType":"Basic","id":"after","code":{"text":"it goes on"}}`)
}

// TestOpeningWritesNothing opens a store again and again without a write. No file changes,
// and a wrong key or a missing one changes nothing either.
func TestOpeningWritesNothing(t *testing.T) {
	folder := t.TempDir()
	path := filepath.Join(folder, "store")
	key := filepath.Join(folder, "key")
	filling(eraseStory)(t, path, &datastore.Options{Key: datastore.KeyFile(key), Now: clock(), NewID: ids()})
	before := filesOf(t, path)
	for range 3 {
		store, err := datastore.Open(ctx, path, &datastore.Options{Key: datastore.KeyFile(key)})
		require.NoError(t, err)
		require.NoError(t, store.Verify(ctx))
		require.NoError(t, store.Close())
	}
	_, err := datastore.Open(ctx, path, &datastore.Options{Key: datastore.Passphrase("wrong")})
	require.ErrorIs(t, err, datastore.ErrWrongKey)
	lost := filepath.Join(folder, "lost")
	require.NoError(t, os.Rename(key, lost))
	_, err = datastore.Open(ctx, path, &datastore.Options{Key: datastore.KeyFile(key)})
	require.Error(t, err)
	require.NoFileExists(t, key, "no other key takes its place")
	requireFiles(t, before, path)
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: datastore.KeyFile(lost)})
	require.NoError(t, err)
	require.NoError(t, store.Close())
}
