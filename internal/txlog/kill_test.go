//go:build killpoints && unix

package txlog_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/internal/killpoint"
	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/fhirlake/fhirlake/internal/seal"
	"github.com/fhirlake/fhirlake/internal/txlog"
)

// killPoints are the points that the child of TestKillPoints passes, for the
// first time while a store is made, or later.
func killPoints() (points []string) {
	for _, op := range []string{
		"create.head", "create.header-tmp", "create.folder", "create.segment", "create.segment-tmp", "create.dictionary",
		"create.keyset-tmp", "create.manifest-tmp", "write.head", "write.keyset-tmp", "write.manifest-tmp",
		"write.segment", "write.segment-tmp", "write.dictionary", "sync.head", "sync.header-tmp", "sync.keyset-tmp",
		"sync.manifest-tmp", "sync.segment", "sync.segment-tmp", "sync.dictionary", "sync.folder",
		"write.header-tmp", "rename.header", "rename.keyset", "rename.manifest", "rename.segment", "remove.segment",
	} {
		points = append(points, "before."+op, "after."+op)
	}
	return points
}

// TestKillPoints ends a process at every point, at its first passing and some
// later ones, and looks that all it acknowledged is there.
func TestKillPoints(t *testing.T) {
	const env = "TXLOG_KILLPOINT_FOLDER"
	if folder := os.Getenv(env); folder != "" {
		passPoints(folder)
		return
	}
	var counts longrun.Counts
	for _, point := range killPoints() {
		for _, n := range longrun.Of([]int{1, 2, 3, 7}, []int{1, 2, 3, 4, 5, 6, 7, 9, 12, 16, 24, 40}) {
			t.Run(fmt.Sprintf("%s:%d", point, n), func(t *testing.T) {
				folder := t.TempDir()
				cmd := child(t, "TestKillPoints", env, folder)
				cmd.Env = append(cmd.Env, fmt.Sprintf("%s=%s:%d", killpoint.Env, point, n))
				out, err := cmd.StdoutPipe()
				require.NoError(t, err)
				require.NoError(t, cmd.Start())
				acked, dictionaries := 0, 0
				keys := []string{"key"} // one of which opens the store
				for lines := bufio.NewScanner(out); lines.Scan(); {
					if text, ok := strings.CutPrefix(lines.Text(), "acked "); ok {
						acked, err = strconv.Atoi(text)
						require.NoError(t, err)
					}
					if lines.Text() == "dictionary" {
						dictionaries++
					}
					if name, ok := strings.CutPrefix(lines.Text(), "rewrapping "); ok {
						keys = append(keys, name)
					}
					if name, ok := strings.CutPrefix(lines.Text(), "rewrapped "); ok {
						keys = []string{name}
					}
				}
				err = cmd.Wait()
				if err == nil && n > 1 {
					t.Skip("the point is not passed so often")
				}
				require.Error(t, err, "killed")
				require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())

				l, err := openWithOneOf(t, folder, keys)
				require.NoError(t, err)
				last := l.Last().Sequence
				require.GreaterOrEqual(t, last, uint64(acked))
				require.LessOrEqual(t, last, uint64(acked)+1)
				var want []rec
				for i := range last {
					want = append(want, makeRec(i+1, 3, 5000))
				}
				check(t, l, want)
				require.GreaterOrEqual(t, len(l.Dictionaries()), dictionaries)
				want = append(want, makeRec(last+1, 3, 5000))
				require.NoError(t, appendNext(l, want[last]))
				require.NoError(t, rotate(l), "it goes on, or another begins")
				check(t, l, want)
				require.NoError(t, l.Close())
				counts.Add("kills")
			})
		}
	}
	counts.Tell(t)
}

// openWithOneOf opens a store with the one of the keys that opens it.
func openWithOneOf(t *testing.T, folder string, keys []string) (l *txlog.Log, err error) {
	for _, name := range keys {
		opts := processOptions(folder)
		opts.Wrapper = seal.KeyFile(filepath.Join(folder, name))
		if l, err = txlog.Open(t.Context(), "", opts); err == nil {
			return l, nil
		}
	}
	return nil, err
}

// passPoints does all that changes a store.
func passPoints(folder string) {
	must := func(err error) {
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	key := "key"
	for round := range 3 {
		opts := processOptions(folder)
		opts.Wrapper = seal.KeyFile(filepath.Join(folder, key))
		l, err := txlog.Open(context.Background(), "", opts)
		must(err)
		for range 8 {
			sequence := l.Last().Sequence
			must(appendNext(l, makeRec(sequence+1, 3, 5000)))
			fmt.Printf("acked %d\n", sequence+1)
		}
		must(l.Rewrite(context.Background(), closedNames(l), nil))
		_, err = l.AddDictionary(context.Background(), fmt.Appendf(nil, "dictionary %d", round))
		must(err)
		fmt.Println("dictionary")
		key = fmt.Sprintf("key-%d", round)
		fmt.Println("rewrapping", key)
		must(l.Rewrap(context.Background(), seal.KeyFile(filepath.Join(folder, key))))
		fmt.Println("rewrapped", key)
		must(rotate(l))
		must(l.Close())
	}
}
