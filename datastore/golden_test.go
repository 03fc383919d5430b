package datastore_test

import (
	"bytes"
	"crypto/sha256"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/storetest"
)

var rewriteGolden = flag.Bool("rewrite", false, "make the golden stores anew")

// goldenFolder has a folder for each golden store: the store, and what it answers.
const goldenFolder = "testdata/golden"

// goldenKey is the key of golden stores. It is no secret.
func goldenKey() datastore.KeyWrapper {
	return datastore.RawKey([32]byte([]byte("the key of all golden stores, 32")))
}

// A goldenStore is a store that an earlier version of the program has written, with one
// feature of the format.
type goldenStore struct {
	name    string
	options datastore.Options // without a Key, it is goldenKey
	// keyFile says that the key is a file beside the store.
	keyFile bool
	// make writes the store.
	make func(t *testing.T, path string, o *datastore.Options)
	// repaired says that opening for writing has something to repair or to finish.
	repaired bool
	// unclosed says that the process that wrote the store has ended: who opens it for
	// reading does not see its last commit.
	unclosed bool
	// queries are searches, "Type?query", whose matches are kept; reads are resources that
	// cannot be read, and why.
	queries []string
	reads   []string
}

// opened returns the options with which the store in a folder is opened.
func (g *goldenStore) opened(folder string) *datastore.Options {
	o := g.options
	switch {
	case g.keyFile:
		o.Key = datastore.KeyFile(filepath.Join(folder, "key"))
	case o.Key == nil:
		o.Key = goldenKey()
	}
	o.Now, o.NewID = clock(), ids()
	return &o
}

// reading returns the options with which the store in a folder is opened for reading.
func (g *goldenStore) reading(folder string) *datastore.Options {
	o := g.opened(folder)
	o.ReadOnly, o.NewID, o.Durability = true, nil, 0
	return o
}

// TestGoldenStores opens stores that earlier versions have written. Each answers as it did
// when it was written: as long as it does, the format has not changed. Opening a store
// that was closed changes no byte of it.
func TestGoldenStores(t *testing.T) {
	for _, g := range goldenStores {
		t.Run(g.name, func(t *testing.T) {
			golden := filepath.Join(goldenFolder, g.name)
			if *rewriteGolden {
				g.rewrite(t, golden)
			}
			kept, err := os.ReadFile(filepath.Join(golden, "answers.txt"))
			require.NoError(t, err)
			folder := t.TempDir() // Git keeps no modes
			copyStore(t, golden, filepath.Join(folder, "copy"))
			folder = filepath.Join(folder, "copy")
			path, before := filepath.Join(folder, "store"), filesOf(t, filepath.Join(golden, "store"))

			store, err := datastore.Open(ctx, path, g.reading(folder))
			require.NoError(t, err)
			if !g.unclosed {
				require.Equal(t, string(kept), g.answers(t, store))
			}
			require.NoError(t, store.Verify(ctx))
			stats, err := store.Stats()
			require.NoError(t, err)
			require.Equal(t, g.name == "half-rotated", stats.Rotating)
			require.NoError(t, store.Close())
			requireFiles(t, before, path)

			store, err = datastore.Open(ctx, path, g.opened(folder))
			require.NoError(t, err)
			require.Equal(t, string(kept), g.answers(t, store))
			require.Eventually(t, func() bool { // a rotation goes on by itself
				stats, err := store.Stats()
				return err == nil && !stats.Rotating
			}, time.Minute, time.Millisecond)
			require.Equal(t, string(kept), g.answers(t, store))
			require.NoError(t, store.Close())
			if !g.repaired {
				requireFiles(t, before, path)
			}

			// It takes writes, and has all that was there once they are there.
			o := g.opened(folder)
			o.Now = storetest.Clock(time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC))
			store, err = datastore.Open(ctx, path, o)
			require.NoError(t, err)
			feed := feedOf(t, store, store.Snapshot().Sequence())
			today := datastore.Ref{Type: "Basic", ID: "today"}
			putAll(t, store, `{"resourceType":"Basic","id":"today","code":{"text":"of today"}}`)
			require.NoError(t, store.Close())
			store, err = datastore.Open(ctx, path, g.opened(folder))
			require.NoError(t, err)
			defer store.Close()
			_, err = store.Read(ctx, today)
			require.NoError(t, err)
			require.Equal(t, feed, feedOf(t, store, store.Snapshot().Sequence()-1))
			require.NoError(t, store.Verify(ctx))
		})
	}
}

// TestGoldenStoresAreAll wants a store of the list for each folder of the golden stores.
func TestGoldenStoresAreAll(t *testing.T) {
	entries, err := os.ReadDir(goldenFolder)
	require.NoError(t, err)
	var found []string
	for _, e := range entries {
		found = append(found, e.Name())
	}
	names := []string{goldenBackup}
	for _, g := range goldenStores {
		names = append(names, g.name)
	}
	slices.Sort(names)
	require.Equal(t, names, found)
}

// rewrite makes the store anew, and notes its answers.
func (g *goldenStore) rewrite(t *testing.T, golden string) {
	folder := t.TempDir()
	path := filepath.Join(folder, "store")
	g.make(t, path, g.opened(folder))
	require.NoError(t, os.RemoveAll(golden))
	require.NoError(t, os.MkdirAll(filepath.Dir(golden), 0o755))
	copyStore(t, folder, golden)
	o := g.reading(folder)
	if g.unclosed {
		o = g.opened(folder)
	}
	store, err := datastore.Open(ctx, path, o)
	require.NoError(t, err)
	defer store.Close()
	require.NoError(t, os.WriteFile(filepath.Join(golden, "answers.txt"), []byte(g.answers(t, store)), 0o644))
}

// answers returns what a store answers, as text: what there is of each type, its feed, its
// history, its named states, searches, and reads that fail.
func (g *goldenStore) answers(t *testing.T, store *datastore.Store) string {
	t.Helper()
	require.NoError(t, store.Verify(ctx))
	require.NoError(t, store.WaitIndexed(ctx))
	var b strings.Builder
	stats, err := store.Stats()
	require.NoError(t, err)
	now := store.Snapshot()
	defer now.Close()
	fmt.Fprintf(&b, "commit %d at %s: %d versions, %d superseded, %v\n", now.Sequence(), now.Time().Format(time.RFC3339Nano), stats.Versions, stats.Superseded, stats.Types)
	for _, line := range feedOf(t, store, now.Sequence()) {
		if len(line) > 2000 {
			line = fmt.Sprintf("%s… %d bytes, SHA-256 %x", line[:80], len(line), sha256.Sum256([]byte(line)))
		}
		fmt.Fprintln(&b, "feed", line)
	}
	for v, err := range now.History(ctx, datastore.Ref{}, nil) {
		require.NoError(t, err)
		fmt.Fprintln(&b, "history", v.Ref, v.VersionID, v.Deleted, v.LastUpdated.Format(time.RFC3339Nano))
	}
	for _, name := range store.StateNames("golden/") {
		value, err := store.State(ctx, name)
		require.NoError(t, err)
		fmt.Fprintf(&b, "state %s %q\n", name, value)
	}
	for _, p := range store.SearchParameters() {
		fmt.Fprintln(&b, "parameter", p.Code, p.Base, p.Complete)
	}
	for _, query := range g.queries {
		typ, rest, _ := strings.Cut(query, "?")
		page, err := now.Search(ctx, typ, rest)
		require.NoError(t, err, query)
		fmt.Fprint(&b, "search ", query, ": ", page.Total)
		for _, v := range slices.Concat(page.Matches, page.Included) {
			fmt.Fprint(&b, " ", v.Ref, "/", v.VersionID)
		}
		fmt.Fprintln(&b)
	}
	for _, ref := range g.reads {
		typ, id, _ := strings.Cut(ref, "/")
		_, err := now.Read(ctx, datastore.Ref{Type: typ, ID: id})
		require.Error(t, err)
		fmt.Fprintln(&b, "read", ref, err)
	}
	return b.String()
}

// filesOf returns the files below a folder by name.
func filesOf(t *testing.T, folder string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	require.NoError(t, filepath.WalkDir(folder, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		name, _ := filepath.Rel(folder, path)
		files[filepath.ToSlash(name)], err = os.ReadFile(path)
		return err
	}))
	return files
}

// requireFiles wants a folder to have these files and no others. A checkpoint may go.
func requireFiles(t *testing.T, want map[string][]byte, folder string) {
	t.Helper()
	got := filesOf(t, folder)
	for name, b := range want {
		if name == "checkpoint" && got[name] == nil {
			continue
		}
		require.True(t, bytes.Equal(b, got[name]), "%s has changed", name)
		delete(got, name)
	}
	for name := range got {
		require.Contains(t, want, name, "it was made")
	}
}
