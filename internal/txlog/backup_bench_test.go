package txlog_test

import (
	"bytes"
	"context"
	"io"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/cputime"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// BenchmarkBackup makes a backup of 100 MB, reads it, and restores it, into memory and into
// a folder.
func BenchmarkBackup(b *testing.B) {
	l, opts := benchLog(b, txlog.OSFolder(b.TempDir()), 200, 900)
	var full bytes.Buffer
	_, err := l.Backup(context.Background(), &full, txlog.BackupOptions{})
	require.NoError(b, err)
	run := func(name string, f func(b *testing.B) error) {
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(full.Len()))
			from := cputime.Used()
			for b.Loop() {
				require.NoError(b, f(b))
			}
			b.ReportMetric(float64(full.Len()*b.N)/1e6/(cputime.Used()-from).Seconds(), "MB/cpu-s")
		})
	}
	run("backup", func(*testing.B) error {
		_, err := l.Backup(context.Background(), io.Discard, txlog.BackupOptions{})
		return err
	})
	run("verify", func(*testing.B) error {
		_, err := txlog.VerifyPiece(context.Background(), bytes.NewReader(full.Bytes()), txlog.VerifyOptions{Wrapper: opts.Wrapper})
		return err
	})
	restore := func(path string) error {
		l, err := txlog.Restore(context.Background(), path, &txlog.Options{Wrapper: opts.Wrapper}, txlog.RestoreOptions{}, bytes.NewReader(full.Bytes()))
		if err != nil {
			return err
		}
		return l.Close()
	}
	run("restore/mem", func(*testing.B) error { return restore("mem:") })
	run("restore/folder", func(b *testing.B) error { return restore(b.TempDir()) })
}
