package datastore_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"reflect"
	"runtime"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson/fhirjsontest"
	"github.com/fhirlake/fhirlake/internal/synth"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// synthea returns the resources of the Synthea sample.
func synthea(tb testing.TB) [][]byte {
	tb.Helper()
	return fhirjsontest.Lines(tb, "synthea/*.ndjson.gz")
}

// synthetic returns the resources of patients of the project's own making.
func synthetic(patients int) [][]byte { return syntheticOf(1, patients) }

// syntheticOf returns others for each seed.
func syntheticOf(seed uint64, patients int) [][]byte {
	var lines [][]byte
	for _, line := range synth.New(seed, patients).Lines() {
		lines = append(lines, bytes.Clone(line))
	}
	return lines
}

// batchSize is about how many bytes of log a commit of an import has.
const batchSize = 256 << 10

// importLines stores resources under their own ids, in commits that several
// goroutines fill side by side.
func importLines(store *datastore.Store, lines [][]byte) error {
	workers := 2 * runtime.GOMAXPROCS(0)
	var g errgroup.Group
	for w := range workers {
		mine := lines[len(lines)*w/workers : len(lines)*(w+1)/workers]
		g.Go(func() error {
			tx := store.Begin()
			for i, line := range mine {
				if _, err := tx.Update(ctx, line); err != nil {
					return err
				}
				if tx.Size() >= batchSize || i == len(mine)-1 {
					if _, err := tx.Commit(ctx); err != nil {
						return err
					}
					tx = store.Begin()
				}
			}
			return nil
		})
	}
	return g.Wait()
}

// TestSynthea and TestSynthetic import whole data sets into a folder, and want
// every resource back, every search right, and the same once more after the
// folder was opened again.
func TestSynthea(t *testing.T) {
	if testing.Short() {
		t.Skip("much data for one goroutine: not in short tests, which look for races")
	}
	checkData(t, synthea(t))
}

func TestSynthetic(t *testing.T) { checkData(t, synthetic(4)) }

func checkData(t *testing.T, lines [][]byte) {
	t.Parallel()
	dir := t.TempDir()
	path, opts := filepath.Join(dir, "store"), &datastore.Options{Key: datastore.KeyFile(filepath.Join(dir, "key"))}
	store, err := datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	require.NoError(t, importLines(store, lines))
	checkReads(t, store, lines)
	require.NoError(t, store.Verify(ctx))
	want := answers(t, lines)
	checkSearches(t, store, want)
	params := map[[2]string]bool{}
	for _, a := range want {
		params[[2]string{a.typ, a.code}] = true
	}
	t.Logf("%d resources, %d parameters, %d queries", len(lines), len(params), len(want))
	require.Greater(t, len(params), 100)
	require.NoError(t, store.Close())

	store, err = datastore.Open(ctx, path, opts)
	require.NoError(t, err)
	checkReads(t, store, lines)
	checkSearches(t, store, want)
	require.NoError(t, store.Close())
}

// checkReads wants every resource back as it went in, number for digit, but for
// versionId and lastUpdated; and nothing else.
func checkReads(t *testing.T, store *datastore.Store, lines [][]byte) {
	t.Helper()
	versions := 0
	for _, err := range store.History(ctx, datastore.Ref{}, nil) {
		require.NoError(t, err)
		versions++
	}
	require.Equal(t, len(lines), versions)
	for _, line := range lines {
		want := decode(t, line)
		ref := datastore.Ref{Type: want["resourceType"].(string), ID: want["id"].(string)}
		v, err := store.Read(ctx, ref)
		require.NoError(t, err, ref)
		require.Equal(t, "1", v.VersionID)
		got := decode(t, v.JSON)
		if !reflect.DeepEqual(want, got) { // which is faster than Equal
			require.Equal(t, want, got)
		}
	}
}

// decode reads a resource without what a store sets.
func decode(t *testing.T, text []byte) map[string]any {
	t.Helper()
	var resource map[string]any
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&resource))
	if meta, ok := resource["meta"].(map[string]any); ok {
		delete(meta, "versionId")
		delete(meta, "lastUpdated")
		if len(meta) == 0 {
			delete(resource, "meta")
		}
	}
	return resource
}
