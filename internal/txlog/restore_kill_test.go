//go:build killpoints && unix

package txlog_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/killpoint"
	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// TestRestoreKillPoints ends a process that restores at every point, at its first passing
// and some later ones. The folder has the whole store then, or restoring begins anew.
func TestRestoreKillPoints(t *testing.T) {
	const env = "TXLOG_RESTORE_KILLPOINT_FOLDER"
	pieces := func(folder string) (all [][]byte) {
		for _, name := range []string{"full", "more"} {
			b, err := os.ReadFile(filepath.Join(folder, name))
			require.NoError(t, err)
			all = append(all, b)
		}
		return all
	}
	restore := func(folder string) (*txlog.Log, error) {
		return txlog.Restore(context.Background(), "", processOptions(folder), txlog.RestoreOptions{}, readers(pieces(folder)...)...)
	}
	if folder := os.Getenv(env); folder != "" {
		_, err := restore(folder)
		require.NoError(t, err)
		return
	}
	home := t.TempDir()
	s := &source{options: processOptions(home)}
	s.open(t)
	_, err := s.AddDictionary(t.Context(), []byte("dictionary"))
	require.NoError(t, err)
	s.append(t, 100)
	made := map[string][]byte{"full": backUp(t, s.Log, 0)}
	s.append(t, 100)
	made["more"] = backUp(t, s.Log, 100)
	require.NoError(t, s.Close())
	made["key"], err = os.ReadFile(filepath.Join(home, "key"))
	require.NoError(t, err)
	points := append(killPoints(), "before.create.restoring-tmp", "after.create.restoring-tmp", "before.sync.restoring-tmp",
		"before.remove.restoring-tmp", "after.remove.restoring-tmp")
	killed := 0
	for _, point := range points {
		for _, n := range longrun.Of([]int{1, 2, 5}, []int{1, 2, 3, 4, 5, 7, 9, 12}) {
			t.Run(fmt.Sprintf("%s:%d", point, n), func(t *testing.T) {
				folder := t.TempDir()
				for name, b := range made {
					require.NoError(t, os.WriteFile(filepath.Join(folder, name), b, 0o600))
				}
				cmd := child(t, "TestRestoreKillPoints", env, folder)
				cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%s:%d", killpoint.Env, point, n))
				if err := cmd.Run(); err != nil {
					require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())
					killed++
				}
				opts := processOptions(folder)
				opts.Existing = true
				l, err := txlog.Open(t.Context(), "", opts)
				if err != nil {
					l, err = restore(folder)
				}
				require.NoError(t, err)
				got, err := readAll(l)
				require.NoError(t, err)
				require.True(t, same(s.want, got))
				require.NoError(t, l.Close())
			})
		}
	}
	require.Greater(t, killed, 50)
	var counts longrun.Counts
	counts.AddN("kills", killed)
	counts.Tell(t)
}
