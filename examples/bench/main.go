// Command bench measures a store on this machine, over synthetic patients, and prints
// tables:
//
//	go run ./examples/bench                 # a store in a temporary folder
//	go run ./examples/bench -mem            # in memory
//	go run ./examples/bench -patients 5000
//
// Everything goes through the public API, as a program would use it. The benchmarks of the
// project (docs/performance.md) measure its promises; this program gives an impression.
package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"runtime"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
)

func main() {
	patients := flag.Int("patients", 200, "how many synthetic patients there are")
	mem := flag.Bool("mem", false, "a store in memory instead of a temporary folder")
	flag.Parse()
	if flag.NArg() > 0 || *patients < 1 {
		fmt.Fprintln(os.Stderr, "bench: -patients takes one or more, and nothing follows the flags")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	err := run(ctx, os.Stdout, *patients, *mem)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// run measures one thing after the other.
func run(ctx context.Context, out io.Writer, patients int, mem bool) error {
	folder, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(folder)
	b := &bench{out: out, folder: folder, path: filepath.Join(folder, "store"), patients: patients}
	b.options.Key = datastore.KeyFile(filepath.Join(folder, "key"))
	where := "a folder"
	if mem {
		b.path, where = "mem:", "memory"
	}
	size, err := b.invent()
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d synthetic patients, %s of ldjson, a store in %s; %s/%s, %d processors, %s\n",
		patients, megabytes(size), where, runtime.GOOS, runtime.GOARCH, runtime.GOMAXPROCS(0), runtime.Version())
	if b.store, err = datastore.Open(ctx, b.path, &b.options); err != nil {
		return err
	}
	defer func() { b.store.Close() }()
	for _, step := range []func(context.Context) error{b.imports, b.calls, b.searches, b.exports, b.opens} {
		if err := step(ctx); err != nil {
			return err
		}
	}
	return nil
}

// A bench is a store that is measured.
type bench struct {
	out      io.Writer
	folder   string
	path     string // of the store
	options  datastore.Options
	store    *datastore.Store
	patients int
}

// input is the folder of the ldjson.
func (b *bench) input() string { return filepath.Join(b.folder, "in") }

// invent writes the patients into a file, and returns its size.
func (b *bench) invent() (size int64, err error) {
	if err := os.Mkdir(b.input(), 0o700); err != nil {
		return 0, err
	}
	file, err := os.Create(filepath.Join(b.input(), "synthetic.ndjson"))
	if err != nil {
		return 0, err
	}
	if size, err = io.Copy(file, ingest.Synthetic(1, b.patients)); err != nil {
		file.Close()
		return 0, err
	}
	return size, file.Close()
}
