package datastore_test

import (
	"bytes"
	"encoding/binary"
	"maps"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
)

// TestStoresOfTheFuture opens stores in which one thing has the version or the form of a
// later program. Each is refused by an error that says which thing it is and what to do,
// and nothing in the folder changes.
func TestStoresOfTheFuture(t *testing.T) {
	last := func(b []byte) { binary.LittleEndian.PutUint32(b[8:], 3) }
	item := func(at int, value byte) func(f *pagesForge) {
		return func(f *pagesForge) { f.item("", false, func(b []byte) { b[at] = value }) }
	}
	for name, test := range map[string]struct {
		store  string // plain by default
		change func(f *pagesForge)
		says   string
		reads  bool // who asks for reading gets what is before it
	}{
		"header":  {change: func(f *pagesForge) { f.header(last) }, says: "store of format version 3, this fhirlake reads version 2"},
		"feature": {change: func(f *pagesForge) { f.header(func(b []byte) { b[23] = 0x80 }) }, says: "features 0x8000000000000000"},
		"keyset":  {change: func(f *pagesForge) { last(f.files["keyset"]); pagesSum(f.files["keyset"]) }, says: "keyset of format version 3"},
		"key of the keyset": {change: func(f *pagesForge) {
			f.fileKey([]byte("the key of all golden stores, 32"), func(b []byte) { b[4] = 3 })
		}, says: "key of the keyset of format version 3"},
		"manifest":        {change: func(f *pagesForge) { f.manifest(last) }, says: "manifest of format version 3"},
		"manifest's flag": {change: func(f *pagesForge) { f.manifest(func(b []byte) { b[12] |= 2 }) }, says: "manifest with flags 0x2"},
		"durability":      {change: func(f *pagesForge) { f.head(func(b []byte) { b[7] = 3 }) }, says: "head of durability 3"},
		"patients":        {store: "patients", change: func(f *pagesForge) { last(f.files["patients"]) }, says: "patients' keys of format version 3"},
		"dictionary": {change: func(f *pagesForge) {
			f.files["dictionaries/1"][4] = 2
			f.manifest(func(b []byte) {
				entry := append(bytes.Clone(b[72:76]), f.files["dictionaries/1"]...)
				entry = append(entry, make([]byte, 16)...)
				f.tag("dictionary", entry)
				copy(b[80:96], entry[len(entry)-16:])
			})
		}, says: "dictionary 1 of another format version than 1", reads: true},
		"record":          {change: func(f *pagesForge) { f.record(func(b []byte) { b[0] = 3 }) }, says: "record of format version 3"},
		"kind of record":  {change: func(f *pagesForge) { f.record(func(b []byte) { b[1] = 1 }) }, says: "record of kind 1"},
		"kind of item":    {change: func(f *pagesForge) { f.record(func(b []byte) { b[80+40+12+3] |= 0x20 }) }, says: "item of kind 2", reads: true},
		"item":            {change: item(0, 3), says: "item of format version 3", reads: true},
		"item's flag":     {change: item(1, 8), says: "item with flags 0x8", reads: true},
		"interaction":     {change: item(2, 9), says: "item of interaction 9", reads: true},
		"resource type":   {change: item(8, 0xff), says: "item of resource type number 65", reads: true},
		"codec of values": {change: item(13+1+len("id-2"), 4), says: "block of codec 4", reads: true},
	} {
		t.Run(name, func(t *testing.T) {
			if test.store == "" {
				test.store = "plain"
			}
			files := filesOf(t, filepath.Join(goldenFolder, test.store, "store"))
			test.change(newPagesForge(t, test.store, files))
			path := filepath.Join(t.TempDir(), "store")
			writeFiles(t, path, files)
			_, err := datastore.Open(ctx, path, &datastore.Options{Key: goldenKey()})
			require.ErrorIs(t, err, datastore.ErrUnsupported)
			require.NotErrorIs(t, err, datastore.ErrCorrupt)
			require.ErrorContains(t, err, test.says)
			require.ErrorContains(t, err, "with a newer")
			requireFiles(t, files, path)

			store, err := datastore.Open(ctx, path, &datastore.Options{Key: goldenKey(), ReadOnly: true})
			if test.reads {
				require.NoError(t, err)
				_, err = store.Create(ctx, patient("x", "X"))
				require.ErrorIs(t, err, datastore.ErrReadOnly)
				require.ErrorContains(t, err, test.says)
				require.NoError(t, store.Close())
			} else {
				require.ErrorIs(t, err, datastore.ErrUnsupported)
			}
			requireFiles(t, files, path)
		})
	}
}

// TestBodiesOfTheFuture: what opening does not read is refused when it is read.
func TestBodiesOfTheFuture(t *testing.T) {
	files := filesOf(t, filepath.Join(goldenFolder, "plain", "store"))
	newPagesForge(t, "plain", files).item("", true, func(b []byte) { b[0] = b[0]&^7 | 4 })
	path := filepath.Join(t.TempDir(), "store")
	writeFiles(t, path, files)
	store, err := datastore.Open(ctx, path, &datastore.Options{Key: goldenKey()})
	require.NoError(t, err)
	_, err = store.Read(ctx, datastore.Ref{Type: "Basic", ID: "id-2"})
	require.ErrorIs(t, err, datastore.ErrUnsupported)
	require.ErrorContains(t, err, "block of codec 4")
	_, err = store.Read(ctx, datastore.Ref{Type: "Organization", ID: "two"})
	require.NoError(t, err)
	require.NoError(t, store.Close())
	requireFiles(t, files, path)
}

// TestCachesOfTheFuture: values of a later extractor are extracted anew, and a checkpoint of
// a later version is ignored.
func TestCachesOfTheFuture(t *testing.T) {
	for _, name := range []string{"plain", "checkpoint"} {
		files := filesOf(t, filepath.Join(goldenFolder, name, "store"))
		if name == "plain" {
			newPagesForge(t, name, files).item("", false, func(b []byte) { b[12] = 9 })
		} else {
			binary.LittleEndian.PutUint32(files["checkpoint"][8:], 2)
		}
		path := filepath.Join(t.TempDir(), "store")
		writeFiles(t, path, maps.Clone(files))
		store, err := datastore.Open(ctx, path, &datastore.Options{Key: goldenKey()})
		require.NoError(t, err, name)
		require.False(t, store.Restored())
		kept, err := os.ReadFile(filepath.Join(goldenFolder, name, "answers.txt"))
		require.NoError(t, err)
		for _, g := range goldenStores {
			if g.name == name {
				require.Equal(t, string(kept), g.answers(t, store), name)
			}
		}
		require.NoError(t, store.Close())
		requireFiles(t, files, path)
	}
}

// TestBackupsOfTheFuture restores pieces and keys of a later version.
func TestBackupsOfTheFuture(t *testing.T) {
	folder := filepath.Join(goldenFolder, goldenBackup)
	files := filesOf(t, folder)
	future := func(name string) []byte {
		b := bytes.Clone(files[name])
		binary.LittleEndian.PutUint32(b[8:], 2)
		return b
	}
	o := func() *datastore.RestoreOptions {
		return &datastore.RestoreOptions{Options: datastore.Options{Key: goldenKey()}}
	}
	_, err := datastore.Restore(ctx, "mem:", o(), pieces(files["full"], future("second"))...)
	require.ErrorIs(t, err, datastore.ErrUnsupported)
	require.ErrorContains(t, err, "piece 2 of the backup")
	require.ErrorContains(t, err, "backup of format version 2")
	apart := o()
	apart.Keys = bytes.NewReader(future("keys"))
	_, err = datastore.Restore(ctx, "mem:", apart, pieces(files["full-apart"])...)
	require.ErrorIs(t, err, datastore.ErrUnsupported)
	require.ErrorContains(t, err, "backup of format version 2")
}

// writeFiles writes the files of a store.
func writeFiles(t *testing.T, path string, files map[string][]byte) {
	t.Helper()
	for name, b := range files {
		name = filepath.Join(path, filepath.FromSlash(name))
		require.NoError(t, os.MkdirAll(filepath.Dir(name), 0o700))
		require.NoError(t, os.WriteFile(name, b, 0o600))
	}
}
