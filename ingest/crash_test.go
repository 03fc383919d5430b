//go:build unix

package ingest_test

import (
	"bufio"
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/internal/longrun"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// Environment of the test binary when it is started as a child.
const (
	childFolder = "INGEST_TEST_FOLDER"    // holds the store; without it there is no child
	childLimit  = "INGEST_TEST_FILE_SIZE" // RLIMIT_FSIZE in bytes
)

// childPatients is how many patients a child imports: about 11,000 resources.
const childPatients = 30

// openFolder opens the store that a child writes.
func openFolder(folder string) (*datastore.Store, error) {
	return datastore.Open(ctx, filepath.Join(folder, "store"), &datastore.Options{
		Key: datastore.KeyFile(filepath.Join(folder, "key")), Now: now,
	})
}

// child imports, and prints how many resources were acknowledged so far, as soon
// as it can, and at the end what stopped it.
func child(folder string) {
	if limit, err := strconv.ParseUint(os.Getenv(childLimit), 10, 64); err == nil {
		signal.Ignore(syscall.SIGXFSZ)
		if err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: limit, Max: limit}); err != nil {
			fmt.Println("error", err)
			return
		}
	}
	store, err := openFolder(folder)
	if err != nil {
		fmt.Println("error", err)
		return
	}
	job, err := ingest.Start(ctx, store, ingest.Options{Reader: ingest.Synthetic(1, childPatients)})
	if err != nil {
		fmt.Println("error", err)
		return
	}
	fmt.Println("imported 0")
	ended := make(chan struct{})
	told := make(chan struct{})
	go func() {
		defer close(told)
		ticker := time.NewTicker(time.Millisecond)
		defer ticker.Stop()
		before := int64(0)
		for {
			select {
			case <-ended:
				return
			case <-ticker.C:
				if n := job.Progress().Imported; n != before {
					fmt.Println("imported", n)
					before = n
				}
			}
		}
	}()
	result, err := job.Wait()
	close(ended)
	<-told
	fmt.Println("imported", result.Imported)
	if err != nil {
		fmt.Println("error", err)
	}
	if err := store.Close(); err != nil {
		fmt.Println("error", err)
	}
}

// A process is a child that runs.
type process struct {
	*exec.Cmd
	lines chan string // closed at the end of its output
}

func startChild(t *testing.T, folder string, env ...string) *process {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(append(os.Environ(), childFolder+"="+folder), env...)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	p := &process{Cmd: cmd, lines: make(chan string, 1)}
	go func() {
		defer close(p.lines)
		for s := bufio.NewScanner(out); s.Scan(); {
			p.lines <- s.Text()
		}
	}()
	return p
}

// follow reads a child's output to its end: the last acknowledged count and what
// stopped it.
func (p *process) follow(t *testing.T) (acknowledged int, stopped string) {
	t.Helper()
	for line := range p.lines {
		word, rest, _ := strings.Cut(line, " ")
		if word == "imported" {
			n, err := strconv.Atoi(rest)
			require.NoError(t, err)
			acknowledged = n
		} else {
			stopped += line
		}
	}
	return acknowledged, stopped
}

// TestKill kills a process that imports, at random moments, and checks that what
// it acknowledged is there, whole, and in order.
func TestKill(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes under the race detector, whose runs are the short ones; go test ./... kills")
	}
	text := synthetic(t, childPatients)
	want := expect(t, text)
	total := len(want.contents)
	midway := 0
	var counts longrun.Counts
	for range longrun.Of(10, 60) {
		folder := t.TempDir()
		p := startChild(t, folder)
		<-p.lines // the import has begun
		timer := time.AfterFunc(time.Duration(rand.IntN(400))*time.Millisecond, func() { p.Process.Kill() })
		acknowledged, stopped := p.follow(t)
		timer.Stop()
		p.Wait()
		require.Empty(t, stopped)
		if acknowledged < total {
			midway++
		}
		store, err := openFolder(folder)
		require.NoError(t, err)
		want.requirePrefix(t, store, acknowledged)

		// The store takes the rest.
		result, err := run(t, store, ingest.Options{Reader: bytes.NewReader(text)})
		require.NoError(t, err)
		require.EqualValues(t, total, result.Imported)
		require.Len(t, contents(t, store), total)
		require.NoError(t, store.Close())
	}
	counts.AddN("kills", longrun.Of(10, 60))
	counts.AddN("of them before the end", midway)
	counts.Tell(t)
}

func TestFullDisk(t *testing.T) {
	text := synthetic(t, childPatients)
	want := expect(t, text)
	for _, limit := range []int{1 << 20, 2<<20 + 12345} {
		folder := t.TempDir()
		p := startChild(t, folder, fmt.Sprintf("%s=%d", childLimit, limit))
		acknowledged, stopped := p.follow(t)
		require.NoError(t, p.Wait())
		require.Contains(t, stopped, syscall.EFBIG.Error(), "the error is clear")
		require.Contains(t, stopped, fmt.Sprintf("stopped after %d resources", acknowledged))

		store, err := openFolder(folder)
		require.NoError(t, err)
		want.requirePrefix(t, store, acknowledged)
		result, err := run(t, store, ingest.Options{Reader: bytes.NewReader(text)})
		require.NoError(t, err, "with room again it goes on")
		require.Len(t, contents(t, store), int(result.Imported))
		require.NoError(t, store.Close())
	}
}
