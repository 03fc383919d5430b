//go:build unix

package txlog_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"

	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// Child processes of this test run one test with these set.
const (
	envKillFolder = "TXLOG_KILL_FOLDER"
	envFullFolder = "TXLOG_FULL_FOLDER"
)

func child(t *testing.T, test, env, folder string) *exec.Cmd {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^"+test+"$", "-test.v")
	cmd.Env = append(os.Environ(), env+"="+folder)
	cmd.Stderr = os.Stderr
	return cmd
}

func processOptions(folder string) *txlog.Options {
	return &txlog.Options{
		FS:          txlog.OSFolder(filepath.Join(folder, "store")),
		Wrapper:     seal.KeyFile(filepath.Join(folder, "key")),
		SegmentSize: 40_000,
	}
}

// TestKill kills a process that appends, at moments that are not chosen, and
// looks that all it acknowledged is there.
func TestKill(t *testing.T) {
	if folder := os.Getenv(envKillFolder); folder != "" {
		appendForever(folder)
	}
	folder := t.TempDir()
	acked, rounds := 0, longrun.Of(8, 60)
	if testing.Short() {
		rounds = 2
	}
	var counts longrun.Counts
	for round := range rounds {
		cmd := child(t, "TestKill", envKillFolder, folder)
		out, err := cmd.StdoutPipe()
		require.NoError(t, err)
		require.NoError(t, cmd.Start())
		lines := bufio.NewScanner(out)
		for n := 0; lines.Scan(); {
			text, ok := strings.CutPrefix(lines.Text(), "acked ")
			if !ok {
				continue
			}
			acked, err = strconv.Atoi(text)
			require.NoError(t, err)
			if n++; n == 20+13*(round%8)+round/8 {
				require.NoError(t, cmd.Process.Signal(syscall.SIGKILL))
			}
		}
		require.Error(t, cmd.Wait(), "killed")

		l, err := txlog.Open(t.Context(), "", processOptions(folder))
		require.NoError(t, err)
		last := l.Last().Sequence
		require.GreaterOrEqual(t, last, uint64(acked))
		require.LessOrEqual(t, last, uint64(acked)+1)
		var want []rec
		for i := range last {
			want = append(want, makeRec(i+1, 3, 2000))
		}
		check(t, l, want)
		require.NoError(t, l.Close())
		counts.Add("kills")
	}
	counts.AddN("acknowledged", acked)
	counts.Tell(t)
}

func appendForever(folder string) {
	l, err := txlog.Open(context.Background(), "", processOptions(folder))
	for err == nil {
		sequence := l.Last().Sequence
		err = appendNext(l, makeRec(sequence+1, 3, 2000))
		fmt.Printf("acked %d\n", sequence+1)
	}
	fmt.Fprintln(os.Stderr, err)
	os.Exit(1)
}

// TestFullDisk limits the size of files in a child process, so that buntdb's
// write is cut short.
func TestFullDisk(t *testing.T) {
	if folder := os.Getenv(envFullFolder); folder != "" {
		fillDisk(t, folder)
		return
	}
	cmd := child(t, "TestFullDisk", envFullFolder, t.TempDir())
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	text, err := io.ReadAll(out)
	require.NoError(t, err)
	require.NoError(t, cmd.Wait(), string(text))
	require.Contains(t, string(text), "--- PASS: TestFullDisk")
}

func fillDisk(t *testing.T, folder string) {
	signal.Ignore(syscall.SIGXFSZ) // so that the write reports EFBIG
	var limit unix.Rlimit
	require.NoError(t, unix.Getrlimit(unix.RLIMIT_FSIZE, &limit))
	opts := processOptions(folder)
	opts.SegmentSize = 0
	l, err := txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	var want []rec
	for range 3 {
		full := limit
		full.Cur = 50_000 * uint64(len(want)/20+1)
		require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &full))
		for {
			r := makeRec(uint64(len(want))+1, 2, 3000)
			err := appendNext(l, r)
			if err != nil {
				require.ErrorIs(t, err, syscall.EFBIG)
				require.False(t, errors.Is(err, txlog.ErrOutcomeUnknown))
				break
			}
			want = append(want, r)
		}
		require.NoError(t, unix.Setrlimit(unix.RLIMIT_FSIZE, &limit))
		check(t, l, want)
		for range 20 { // there is room again
			want = append(want, makeRec(uint64(len(want))+1, 2, 3000))
			require.NoError(t, appendNext(l, want[len(want)-1]))
		}
		check(t, l, want)
	}
	require.NoError(t, l.Close())
	l, err = txlog.Open(t.Context(), "", opts)
	require.NoError(t, err)
	check(t, l, want)
	require.NoError(t, l.Close())
}
