package datastore_test

import (
	"bytes"
	"io"
	"path/filepath"
	"testing"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/stretchr/testify/require"
)

// BenchmarkBackup makes a full backup of a store in a folder, verifies it, and restores it
// into another folder, which opens the store: that takes what BenchmarkOpen does. MB/s are
// those of the backup, which is about as long as the segments.
func BenchmarkBackup(b *testing.B) {
	store, _, opts := openBench(b, true)
	require.NoError(b, importLines(store, synthetic(hundredThousand)))
	var full bytes.Buffer
	_, err := store.Backup(ctx, &full, 0)
	require.NoError(b, err)
	b.Run("backup", func(b *testing.B) {
		b.SetBytes(int64(full.Len()))
		for b.Loop() {
			_, err := store.Backup(ctx, io.Discard, 0)
			require.NoError(b, err)
		}
	})
	b.Run("verify", func(b *testing.B) {
		b.SetBytes(int64(full.Len()))
		for b.Loop() {
			_, err := (&datastore.RestoreOptions{BackupKey: opts.Key}).Verify(ctx, bytes.NewReader(full.Bytes()))
			require.NoError(b, err)
		}
	})
	b.Run("restore", func(b *testing.B) {
		b.SetBytes(int64(full.Len()))
		for b.Loop() {
			o := &datastore.RestoreOptions{Options: datastore.Options{Key: opts.Key}}
			copied, err := datastore.Restore(ctx, filepath.Join(b.TempDir(), "copy"), o, bytes.NewReader(full.Bytes()))
			require.NoError(b, err)
			require.NoError(b, copied.Close())
		}
	})
	require.NoError(b, store.Close())
}
