//go:build killpoints && unix

package engine

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/killpoint"
	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/internal/seal"
)

// killPoints are the engine's own points, and those of the log that a write passes.
func killPoints() (points []string) {
	for _, op := range []string{
		"apply", "acknowledge", "write.segment", "sync.segment", "write.head", "sync.head", "create.segment", "write.manifest-tmp", "rename.manifest", "sync.folder",
		"checkpoint", "create.checkpoint-tmp", "write.checkpoint-tmp", "sync.checkpoint-tmp", "rename.checkpoint",
		"write.keyset-tmp", "rename.keyset", "write.segment-tmp", "sync.segment-tmp", "rename.segment", "remove.segment", "write.header-tmp", "rename.header",
	} {
		points = append(points, "before."+op, "after."+op)
	}
	return points
}

// killFolder is where the child of TestKillPoints writes.
const killFolder = "ENGINE_KILLPOINT_FOLDER"

// killWriters write at once, each two resources of its own in a commit.
const killWriters = 4

func killOptions(folder string) Options {
	options := testOptions()
	options.Key = seal.KeyFile(filepath.Join(folder, "key"))
	return options
}

// TestKillPoints ends a process that writes at random, at each point, at its first
// passing and later ones. What it acknowledged is there when the store is opened
// again, no commit is there in part, and of what was under way there is one commit of
// each writer at most.
func TestKillPoints(t *testing.T) {
	if folder := os.Getenv(killFolder); folder != "" {
		writeUntilKilled(folder)
		return
	}
	var counts longrun.Counts
	t.Cleanup(func() { counts.Tell(t) })
	for _, point := range killPoints() {
		for _, n := range longrun.Of([]int{1, 2, 9}, []int{1, 2, 3, 5, 9, 14}) {
			t.Run(fmt.Sprintf("%s:%d", point, n), func(t *testing.T) {
				t.Parallel()
				folder := t.TempDir()
				cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKillPoints$", "-test.v")
				cmd.Env = append(os.Environ(), killFolder+"="+folder, fmt.Sprintf("%s=%s:%d", killpoint.Env, point, n))
				cmd.Stderr = os.Stderr
				out, err := cmd.StdoutPipe()
				require.NoError(t, err)
				require.NoError(t, cmd.Start())
				var acked [killWriters]uint64
				for lines := bufio.NewScanner(out); lines.Scan(); {
					var w, version uint64
					if got, _ := fmt.Sscanf(lines.Text(), "acked %d %d", &w, &version); got == 2 {
						acked[w] = version
					}
				}
				if err = cmd.Wait(); err == nil && n > 1 {
					t.Skip("the point is not passed so often")
				}
				require.Error(t, err, "killed")
				require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())

				e, err := Open(t.Context(), filepath.Join(folder, "store"), killOptions(folder))
				require.NoError(t, err)
				for w, version := range acked {
					first, second := newestOf(e, w, "a"), newestOf(e, w, "b")
					require.Equal(t, first, second, "a commit is there whole or not at all")
					require.GreaterOrEqual(t, first, version)
					require.LessOrEqual(t, first, version+1)
				}
				require.NoError(t, e.Verify(t.Context(), Verification{}))
				require.NoError(t, put(t.Context(), e, patient("after", "Ann")))
				counts.Add("kills")
				require.NoError(t, e.RotateKey(t.Context(), nil))
				require.False(t, e.Rotating())
				require.NoError(t, e.Verify(t.Context(), Verification{}))
				require.NoError(t, e.Close())
			})
		}
	}
}

// newestOf returns the number of the newest version of a writer's resource.
func newestOf(e *Engine, w int, name string) uint64 {
	o, ok := e.Last().Find(schema.TypePatient, fmt.Sprintf("w%d-%s", w, name))
	if !ok {
		return 0
	}
	return e.Last().VersionNumber(o)
}

// writeUntilKilled opens a store some times, and writes and acknowledges.
func writeUntilKilled(folder string) {
	ctx := context.Background()
	must := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	for range 3 {
		e, err := Open(ctx, filepath.Join(folder, "store"), killOptions(folder))
		must(err)
		var writers sync.WaitGroup
		for w := range killWriters {
			writers.Go(func() {
				for range 8 {
					c := new(Commit)
					for _, name := range []string{"a", "b"} {
						p, err := e.Prepare(ctx, []byte(patient(fmt.Sprintf("w%d-%s", w, name), fmt.Sprint("Ann", rand.N(1000)))), &How{})
						must(err)
						c.Ops = append(c.Ops, Op{Prepared: p})
					}
					versions, err := e.Commit(ctx, c)
					must(err)
					fmt.Printf("acked %d %d\n", w, versions[0].Number)
				}
			})
		}
		writers.Go(func() {
			for range 3 {
				if err := e.Checkpoint(ctx); !errors.Is(err, ErrNoCheckpoint) { // a rotation runs beside it
					must(err)
				}
			}
		})
		writers.Go(func() { // keys are rotated and rewrapped beside them
			must(e.RotateKey(ctx, nil))
			must(e.Rewrap(ctx, killOptions(folder).Key))
		})
		writers.Wait()
		must(e.Close())
	}
}
