//go:build unix

package datastore_test

import (
	"bufio"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/longrun"
)

// Environment of the child of TestKill.
const (
	killFolder = "DATASTORE_TEST_KILL"
	killWork   = "DATASTORE_TEST_KILL_WORK"
)

// killWriters write at once.
const killWriters = 4

// killWorks are what the child does beside its writers, again and again. said is printed
// when the n-th is done.
var killWorks = map[string]func(s *datastore.Store, folder string, n int, say func(string, ...any)) error{
	"writes": func(s *datastore.Store, _ string, _ int, _ func(string, ...any)) error {
		_, err := s.Search(ctx, "Patient", "_summary=count")
		return err
	},
	"checkpoint": func(s *datastore.Store, _ string, _ int, _ func(string, ...any)) error {
		return tolerate(s.Checkpoint(), datastore.ErrNoCheckpoint)
	},
	"compact": func(s *datastore.Store, _ string, _ int, _ func(string, ...any)) error {
		return s.Compact(ctx, &datastore.Retention{Versions: 2}, nil)
	},
	"rotate": func(s *datastore.Store, _ string, _ int, _ func(string, ...any)) error { return s.RotateKey(ctx, nil) },
	"rewrap": func(s *datastore.Store, folder string, n int, _ func(string, ...any)) error {
		return s.Rewrap(ctx, killKeys(folder)[n%2])
	},
	"erase": func(s *datastore.Store, folder string, n int, say func(string, ...any)) error {
		id := fmt.Sprintf("e%d-%d", os.Getpid(), n)
		if _, err := s.Update(ctx, patient(id, marker)); err != nil {
			return err
		}
		if _, err := s.Update(ctx, fmt.Appendf(nil, `{"resourceType":"Observation","id":"%s","status":"final","code":{"text":"%s"},"subject":{"reference":"Patient/%s"}}`, id, marker, id), datastore.Validation(datastore.Minimal)); err != nil {
			return err
		}
		if _, err := s.Erase(ctx, id); err != nil {
			return err
		}
		say("erased %s", id)
		return nil
	},
	"backup": func(s *datastore.Store, folder string, n int, say func(string, ...any)) error {
		name := filepath.Join(folder, fmt.Sprintf("piece%d-%d", os.Getpid(), n))
		file, err := os.Create(name)
		if err != nil {
			return err
		}
		if _, err = s.Backup(ctx, file, 0); err == nil {
			err = file.Close()
		}
		say("piece %s", name)
		return err
	},
}

func killKeys(folder string) []datastore.KeyWrapper {
	return []datastore.KeyWrapper{datastore.KeyFile(filepath.Join(folder, "key")), datastore.KeyFile(filepath.Join(folder, "key2"))}
}

// openKilled opens the store with the one of its keys that opens it.
func openKilled(folder string) (store *datastore.Store, err error) {
	for _, key := range killKeys(folder) {
		store, err = datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{Key: key})
		if !errors.Is(err, datastore.ErrWrongKey) && !errors.Is(err, datastore.ErrKey) {
			return store, err
		}
	}
	return nil, err
}

// writeUntilKilled is the child.
func writeUntilKilled(folder string) {
	fail := func(what string, err error) {
		if err != nil {
			fmt.Printf("error %s: %v\n", what, err)
			os.Exit(1)
		}
	}
	var saying sync.Mutex
	say := func(format string, args ...any) {
		saying.Lock()
		defer saying.Unlock()
		fmt.Printf(format+"\n", args...)
	}
	store, err := openKilled(folder)
	fail("open", err)
	say("open")
	var all sync.WaitGroup
	for w := range killWriters {
		all.Go(func() {
			for {
				tx := store.Begin()
				for _, name := range []string{"a", "b"} {
					_, err := tx.Update(ctx, patient(fmt.Sprintf("w%d-%s", w, name), fmt.Sprint("Ann", rand.N(1000))))
					fail("update", err)
				}
				versions, err := tx.Commit(ctx)
				fail("commit", err)
				say("acked %d %s", w, versions[0].VersionID)
			}
		})
	}
	for n := 0; ; n++ {
		fail("work", killWorks[os.Getenv(killWork)](store, folder, n, say))
	}
}

// TestKill kills a process at moments that nobody chooses, while clients write and beside
// them the store writes checkpoints, compacts, rotates its keys, takes another key, erases
// patients or is backed up. What was acknowledged is there, and no commit is there in
// part; what was erased stays erased.
func TestKill(t *testing.T) {
	if folder := os.Getenv(killFolder); folder != "" {
		writeUntilKilled(folder)
	}
	works := []string{"writes", "checkpoint", "compact", "rotate", "rewrap", "erase", "backup"}
	if testing.Short() {
		works = []string{"compact", "rotate", "erase"}
	}
	var counts longrun.Counts
	for _, work := range works {
		folder := t.TempDir()
		var acked [killWriters]uint64
		erased := map[string]bool{}
		for range longrun.Of(1, 25) {
			counts.AddN("acknowledged commits", killOnce(t, folder, work, &acked, erased))
			counts.Add("kills beside " + work)
		}
	}
	counts.Tell(t)
}

// killOnce kills one child, and checks the store that it leaves.
func killOnce(t *testing.T, folder, work string, acked *[killWriters]uint64, erased map[string]bool) (commits int) {
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestKill$", "-test.v")
	cmd.Env = append(os.Environ(), killFolder+"="+folder, killWork+"="+work)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	var pieces []string
	for lines := bufio.NewScanner(out); lines.Scan(); {
		line := lines.Text()
		var w, version uint64
		switch got, _ := fmt.Sscanf(line, "acked %d %d", &w, &version); {
		case got == 2:
			acked[w], commits = version, commits+1
		case line == "open":
			timer := time.AfterFunc(time.Duration(5+rand.IntN(300))*time.Millisecond, func() { cmd.Process.Kill() })
			defer timer.Stop()
		case strings.HasPrefix(line, "erased "):
			erased[line[7:]] = true
		case strings.HasPrefix(line, "piece "):
			pieces = append(pieces, line[6:])
		case strings.HasPrefix(line, "error "):
			t.Fatal(line)
		}
	}
	require.Error(t, cmd.Wait(), "killed")
	require.Equal(t, syscall.SIGKILL, cmd.ProcessState.Sys().(syscall.WaitStatus).Signal())

	store, err := openKilled(folder)
	require.NoError(t, err)
	require.NoError(t, store.Verify(ctx))
	for w, version := range acked {
		var numbers []uint64
		var texts []string
		for _, name := range []string{"a", "b"} {
			v, err := store.Read(ctx, datastore.Ref{Type: "Patient", ID: fmt.Sprintf("w%d-%s", w, name)})
			n := uint64(0)
			if version > 0 || !errors.Is(err, datastore.ErrNotFound) {
				require.NoError(t, err)
				_, err = fmt.Sscan(v.VersionID, &n)
				require.NoError(t, err)
			}
			numbers, texts = append(numbers, n), append(texts, string(v.JSON))
		}
		require.Equal(t, numbers[0], numbers[1], "half of a commit: %v", texts)
		require.GreaterOrEqual(t, numbers[0], version, "a commit is lost")
		require.LessOrEqual(t, numbers[0], version+1)
		acked[w] = numbers[0]
	}
	for id := range erased {
		for _, typ := range []string{"Patient", "Observation"} {
			_, err := store.Read(ctx, datastore.Ref{Type: typ, ID: id})
			require.ErrorIs(t, err, datastore.ErrErased)
		}
	}
	require.NoError(t, store.Close())
	requirePieces(t, folder, pieces)
	return commits
}

// requirePieces requires that whole pieces of a backup are whole, and others are refused.
func requirePieces(t *testing.T, folder string, whole []string) {
	all, err := filepath.Glob(filepath.Join(folder, "piece*"))
	require.NoError(t, err)
	for _, name := range all {
		piece, err := os.Open(name)
		require.NoError(t, err)
		_, err = (&datastore.RestoreOptions{BackupKey: killKeys(folder)[0]}).Verify(ctx, piece)
		if slices.Contains(whole, name) {
			require.NoError(t, err)
		}
		require.NoError(t, piece.Close())
		require.NoError(t, os.Remove(name))
	}
}
