// Command analytics draws the content of a store, as one HTML page without further files:
//
//	go run ./examples/analytics                  # synthetic patients
//	go run ./examples/analytics -store DIR -key-file FILE -html FILE
//
// Counts come from searches, values from export.Lines, all of one snapshot. A store in a
// folder is only read, beside the program that has it open. The page has codes and
// numbers of patients, and neither their names nor their ids.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/ingest"
)

func main() {
	var o options
	flag.StringVar(&o.store, "store", "mem:", "folder of a store; without it, synthetic patients are drawn")
	flag.StringVar(&o.keyFile, "key-file", "", "file with the key of the store")
	flag.StringVar(&o.html, "html", "analytics.html", "file to write")
	flag.IntVar(&o.patients, "patients", 200, "how many synthetic patients there are")
	flag.Parse()
	if flag.NArg() > 0 || (o.store == "mem:") != (o.keyFile == "") {
		fmt.Fprintln(os.Stderr, "analytics: -store and -key-file go together, and nothing follows the flags")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Stdout, o, time.Now()); err != nil {
		fmt.Fprintln(os.Stderr, "analytics:", err)
		os.Exit(1)
	}
}

// options are the values of the flags.
type options struct {
	store, keyFile, html string
	patients             int
}

func run(ctx context.Context, out io.Writer, o options, now time.Time) error {
	settings := &datastore.Options{MaxSearchCost: 1 << 40} // nobody else waits
	if o.store == "mem:" {
		settings.Preload = ingest.Preload(1, o.patients)
	} else {
		settings.ReadOnly, settings.Key = true, datastore.KeyFile(o.keyFile)
		if err := apart(o); err != nil {
			return err
		}
	}
	store, err := datastore.Open(ctx, o.store, settings)
	if err != nil {
		return err
	}
	defer store.Close()
	p, err := draw(ctx, store, now)
	if err != nil {
		return err
	}
	if err := p.write(o.html); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "%s: %s\n", o.html, p.Title)
	return err
}

// apart refuses a page in place of the key, or in the store's folder, where only files of
// the store may be.
func apart(o options) error {
	page := o.html
	if real, err := filepath.EvalSymlinks(page); err == nil {
		page = real
	}
	if same(page, o.keyFile) {
		return errors.New("-html names the key file")
	}
	folder, err := filepath.Abs(filepath.Dir(page))
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	for above := ""; above != folder; above, folder = folder, filepath.Dir(folder) {
		if same(folder, o.store) {
			return errors.New("-html names a file in the store's folder")
		}
	}
	return nil
}

// same reports whether two paths lead to one file.
func same(one, other string) bool {
	a, errA := os.Stat(one)
	b, errB := os.Stat(other)
	return errA == nil && errB == nil && os.SameFile(a, b)
}
