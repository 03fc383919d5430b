package datastore_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"os"
	"path/filepath"
	"runtime"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/synth"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"
)

// synthea returns the resources of the Synthea sample, and skips the test where
// it is absent.
func synthea(tb testing.TB) [][]byte {
	tb.Helper()
	files, err := filepath.Glob("../../shared/data/synthea/*.ndjson.gz")
	require.NoError(tb, err)
	if len(files) == 0 {
		tb.Skip("the Synthea sample is no part of the project and not at ../shared/data/synthea")
	}
	var lines [][]byte
	for _, name := range files {
		f, err := os.Open(name)
		require.NoError(tb, err)
		z, err := gzip.NewReader(f)
		require.NoError(tb, err)
		scanner := bufio.NewScanner(z)
		scanner.Buffer(nil, 64<<20)
		for scanner.Scan() {
			lines = append(lines, bytes.Clone(scanner.Bytes()))
		}
		require.NoError(tb, scanner.Err())
		require.NoError(tb, f.Close())
	}
	return lines
}

// synthetic returns the resources of patients of the project's own making.
func synthetic(patients int) [][]byte {
	var lines [][]byte
	for _, line := range synth.New(1, patients).Lines() {
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
