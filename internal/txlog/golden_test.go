package txlog_test

import (
	"context"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

var rewrite = flag.Bool("rewrite", false, "make the golden stores anew")

// The golden store and what is in it. Its key is no secret.
const (
	goldenStore = "testdata/golden-2"
	goldenText  = "testdata/golden-2.txt"
	goldenKey   = "testdata/golden.key"
)

// TestGolden opens a store that an earlier build wrote: as long as it does, the
// format has not changed.
func TestGolden(t *testing.T) {
	if *rewrite {
		makeGolden(t)
	}
	// Git keeps no modes, so the store is opened as a copy.
	folder := t.TempDir()
	for _, name := range []string{"store", "key"} {
		source := map[string]string{"store": goldenStore, "key": goldenKey}[name]
		require.NoError(t, copyPrivate(source, filepath.Join(folder, name)))
	}
	opts := &txlog.Options{Wrapper: seal.KeyFile(filepath.Join(folder, "key")), ReadOnly: true}
	want, err := os.ReadFile(goldenText)
	require.NoError(t, err)
	for _, readOnly := range []bool{true, false} {
		opts.ReadOnly = readOnly
		l, err := txlog.Open(t.Context(), filepath.Join(folder, "store"), opts)
		require.NoError(t, err)
		require.Equal(t, string(want), dump(t, l))
		if !readOnly {
			require.NoError(t, l.Rewrite(t.Context(), closedNames(l), nil))
			require.Equal(t, string(want), dump(t, l))
		}
		require.NoError(t, l.Close())
	}
}

// copyPrivate copies files and folders, giving them the modes of a store's.
func copyPrivate(from, to string) error {
	return filepath.WalkDir(from, func(path string, e os.DirEntry, err error) error {
		if err != nil {
			return err
		}
		rel, err := filepath.Rel(from, path)
		if err != nil {
			return err
		}
		if e.IsDir() {
			return os.Mkdir(filepath.Join(to, rel), 0o700)
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(to, rel), b, 0o600)
	})
}

// dump writes a log's content as text.
func dump(t *testing.T, l *txlog.Log) string {
	var b strings.Builder
	fmt.Fprintf(&b, "lineage %x\nhash key %x\ncreated %s\n", l.Lineage(), l.HashKey(), l.Created().Format(time.RFC3339))
	for n := range uint32(3) {
		if content, ok := l.Dictionaries()[n]; ok {
			fmt.Fprintf(&b, "dictionary %d %q\n", n, content)
		}
	}
	for r, err := range l.Records(context.Background(), 0) {
		require.NoError(t, err)
		item := 0
		for n, run := range r.Runs() {
			note, err := r.Annotation(n, nil)
			require.NoError(t, err)
			fmt.Fprintf(&b, "commit %d at %d %q\n", run.Sequence, run.Time, note)
			for range run.Count {
				got, err := readItem(r, item)
				require.NoError(t, err)
				fmt.Fprintf(&b, "  item %d kind %d %q %x\n", r.Number(item), got.Kind, got.Values, got.Body)
				item++
			}
		}
	}
	return b.String()
}

// makeGolden writes a store that has one of everything.
func makeGolden(t *testing.T) {
	folder := t.TempDir()
	store, key := filepath.Join(folder, "store"), filepath.Join(folder, "key")
	if _, err := os.Stat(goldenKey); err == nil {
		require.NoError(t, copyPrivate(goldenKey, key))
	}
	opts := &txlog.Options{Wrapper: seal.KeyFile(key), SegmentSize: 2000, SealsPerKey: 40,
		Now: func() time.Time { return time.Date(2025, 1, 2, 3, 4, 5, 0, time.UTC) }}
	for round := range 2 {
		l, err := txlog.Open(t.Context(), store, opts)
		require.NoError(t, err)
		_, err = l.AddDictionary(t.Context(), fmt.Appendf(nil, "dictionary of round %d", round))
		require.NoError(t, err)
		for range 6 {
			sequence := l.Last().Sequence
			first, second := makeRec(sequence+1, 3, 60), makeRec(sequence+2, 2, 60)
			first.note = fmt.Appendf(nil, "note of commit %d", sequence+1)
			second.items[1].Kind = txlog.State
			b := batchOf(l, first, second)
			b.ID = [16]byte{byte(sequence)}
			_, err := l.Append(t.Context(), b)
			require.NoError(t, err)
		}
		require.NoError(t, l.Rewrite(t.Context(), closedNames(l)[:2], func(n txlog.Number, _ txlog.Kind, values, _ func() ([]byte, error)) (txlog.Changed, error) {
			switch n % 7 {
			case 1:
				return txlog.Changed{Drop: true}, nil
			case 3:
				v, err := values()
				return txlog.Changed{Values: append(v, " sealed anew"...)}, err
			}
			return txlog.Changed{}, nil
		}))
		require.NoError(t, l.Close())
	}
	opts.ReadOnly = true
	l, err := txlog.Open(t.Context(), store, opts)
	require.NoError(t, err)
	require.NoError(t, os.RemoveAll(goldenStore))
	require.NoError(t, os.MkdirAll(filepath.Dir(goldenStore), 0o755))
	require.NoError(t, os.WriteFile(goldenText, []byte(dump(t, l)), 0o644))
	require.NoError(t, l.Close())
	require.NoError(t, copyPrivate(store, goldenStore))
	require.NoError(t, copyPrivate(key, goldenKey))
}
