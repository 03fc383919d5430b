// Command server serves a FHIR R4 data store over HTTP.
//
//	go run ./examples/server -synthetic 100                      # in memory, with 100 invented patients
//	go run ./examples/server -store DIR -key-file FILE           # on disk, encrypted; made at first use
//	go run ./examples/server -import FOLDER                      # with the ldjson of a folder, plain or gzip
//	go run ./examples/server -package us-core.tgz                # with the resources of a FHIR package
//	go run ./examples/server -nlp                                # and read every DocumentReference
//	go run ./examples/server -validation minimal                 # and take what is not valid as well
//	go run ./examples/server -smart FILE                         # and want access tokens with SMART scopes
//
// It prints "listening on http://ADDR/fhir" once all is imported, and ends in good order at
// SIGINT or SIGTERM. It has no TLS: where others can reach it, put that in front. Without
// -smart it asks nobody who they are, and says so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"os"
	"os/signal"
	"slices"
	"syscall"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/rest"
	"github.com/fhirlake/fhirlake/datastore/rest/smart"
	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/nlp/clinical"
)

// config is the values of the flags.
type config struct {
	addr      string
	store     string
	keyFile   string
	imports   string
	packages  []string
	synthetic int
	nlp       bool
	smart     string
	level     datastore.Level
	durable   datastore.Durability
	rest      rest.Options
}

// levels are the levels of validation by the names that AWS HealthLake gives them.
var levels = map[string]datastore.Level{
	"strict": datastore.Strict, "structure-only": datastore.StructureOnly, "minimal": datastore.Minimal,
}

// durabilities are the levels of durability by their names.
var durabilities = map[string]datastore.Durability{
	"commit": 0, "interval": datastore.SyncInterval, "none": datastore.SyncNone,
}

func main() {
	var c config
	flag.StringVar(&c.addr, "addr", "127.0.0.1:8080", "address to listen on; port 0 takes a free one")
	flag.StringVar(&c.store, "store", "mem:", "folder of the store, or mem: for one in memory")
	flag.StringVar(&c.keyFile, "key-file", "", "file of the store's key, made at first use; a folder needs one")
	flag.StringVar(&c.imports, "import", "", "folder of ldjson to import before serving")
	flag.Func("package", "FHIR NPM package (.tgz) to load before serving; may be repeated", func(name string) error {
		c.packages = append(c.packages, name)
		return nil
	})
	flag.Func("validation", "how resources are checked: strict, structure-only or minimal (default strict)", func(name string) error {
		level, ok := levels[name]
		if !ok {
			return errors.New("no level of validation")
		}
		c.level = level
		return nil
	})
	flag.Func("durability", "when writes are synced to the disk: commit, interval (within a second) or none (default commit)", func(name string) error {
		level, ok := durabilities[name]
		if !ok {
			return errors.New("no level of durability")
		}
		c.durable = level
		return nil
	})
	flag.Func("conditional-delete", "what DELETE with a query that finds several does: single (refuse) or multiple (default single)", func(name string) error {
		mode, ok := map[string]rest.DeleteMode{"single": rest.DeleteSingle, "multiple": rest.DeleteMultiple}[name]
		if !ok {
			return errors.New("neither single nor multiple")
		}
		c.rest.ConditionalDelete = mode
		return nil
	})
	flag.StringVar(&c.smart, "smart", "", `JSON file of the authorization: {"issuer", "audience", "jwks" or "jwks_uri", and what else /.well-known/smart-configuration should show}`)
	flag.BoolVar(&c.nlp, "nlp", false, "read every DocumentReference with the built-in annotator")
	flag.IntVar(&c.synthetic, "synthetic", 0, "number of synthetic patients to import before serving")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	slog.SetLogLoggerLevel(slog.LevelWarn)
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// run opens the store, fills it, and serves it until ctx ends.
func run(ctx context.Context, c config) (err error) {
	if flag.NArg() > 0 || c.synthetic < 0 {
		return errors.New("see -help for how to call it")
	}
	if c.rest.Authorization, err = authorization(c.smart); err != nil {
		return err
	}
	// Listening comes first, so that an address in use is reported before a long import.
	// Clients that come too early wait.
	listener, err := net.Listen("tcp", c.addr)
	if err != nil {
		return err
	}
	defer listener.Close()
	base := "http://" + listener.Addr().String() + "/fhir"

	store, err := open(ctx, c, base)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	for _, name := range c.packages {
		if err := load(ctx, store, name, c.level); err != nil {
			return fmt.Errorf("loading %s: %w", name, err)
		}
	}
	if c.imports != "" {
		if err := fill(ctx, store, ingest.Options{From: os.DirFS(c.imports), Validation: c.level}); err != nil {
			return fmt.Errorf("importing %s: %w", c.imports, err)
		}
	}
	if c.synthetic > 0 {
		if err := fill(ctx, store, ingest.Options{Reader: ingest.Synthetic(1, c.synthetic), Name: "synthetic.ndjson"}); err != nil {
			return fmt.Errorf("importing synthetic patients: %w", err)
		}
	}
	c.rest.Logger = slog.Default()
	return serve(ctx, listener, rest.NewHandler(store, &c.rest), base)
}

// authorization reads the file of -smart. Without one it warns.
func authorization(name string) (*rest.Authorization, error) {
	if name == "" {
		fmt.Fprintln(os.Stderr, "server: no -smart: anyone who reaches this server may do anything")
		return nil, nil
	}
	text, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	config, err := smart.ParseConfig(text)
	if err != nil {
		return nil, err
	}
	verifier, err := smart.NewVerifier(config, nil)
	if err != nil {
		return nil, err
	}
	return verifier.Authorization(), nil
}

// open opens the store, or makes it.
func open(ctx context.Context, c config, base string) (*datastore.Store, error) {
	options := &datastore.Options{BaseURL: base, Validation: c.level, Durability: c.durable, Logger: slog.Default()}
	if c.keyFile != "" {
		options.Key = datastore.KeyFile(c.keyFile)
	}
	if c.nlp {
		notes, err := clinical.Annotator(nil, nil)
		if err != nil {
			return nil, err
		}
		options.Annotator = notes
	}
	store, err := datastore.Open(ctx, c.store, options)
	if errors.Is(err, datastore.ErrNoKey) {
		return nil, fmt.Errorf("a store in a folder needs -key-file: %w", err)
	}
	return store, err
}

// load loads a FHIR package and prints the packages on which it depends, which it does not
// fetch.
func load(ctx context.Context, store *datastore.Store, name string, level datastore.Level) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer file.Close()
	guide, err := ingest.Package(file, nil)
	if err != nil {
		return err
	}
	fmt.Printf("package %s %s\n", guide.Name, guide.Version)
	for _, needs := range slices.Sorted(maps.Keys(guide.Dependencies)) {
		fmt.Printf("  builds on %s %s, which is not loaded with it\n", needs, guide.Dependencies[needs])
	}
	if err := fill(ctx, store, ingest.Options{From: guide, Validation: level}); err != nil {
		return err
	}
	if err := store.WaitIndexed(ctx); err != nil { // for its search parameters
		if ctx.Err() != nil {
			return err
		}
		fmt.Println(" ", err)
	}
	return nil
}

// fill imports and prints the result. Refused lines and files do not stop it: a report in a
// folder of its own lists them with the reasons, and the accepted lines that are not valid.
func fill(ctx context.Context, store *datastore.Store, options ingest.Options) error {
	report, err := os.MkdirTemp("", "fhirlake-import-")
	if err != nil {
		return err
	}
	options.Report = ingest.DirSink(report)
	job, err := ingest.Start(ctx, store, options)
	if err != nil {
		return errors.Join(err, os.RemoveAll(report))
	}
	result, err := job.Wait()
	fmt.Printf("imported %d of %d resources in %v: %s\n",
		result.Imported, result.Scanned, result.Elapsed.Round(time.Millisecond), result.Status)
	if result.Failed() == 0 && result.WithIssues == 0 {
		return errors.Join(err, os.RemoveAll(report))
	}
	for _, file := range result.Files {
		if file.Failed() > 0 {
			fmt.Printf("  %s: %d not imported\n", file.Name, file.Failed())
		}
		if file.WithIssues > 0 {
			fmt.Printf("  %s: %d imported with issues\n", file.Name, file.WithIssues)
		}
	}
	fmt.Printf("  report: %s\n", report)
	if errors.Is(err, ingest.ErrUnreadable) {
		fmt.Println(" ", err)
		return nil
	}
	return err
}

// grace is how long requests under way may take to end once the program is to
// end.
const grace = 10 * time.Second

// serve answers requests until ctx ends.
func serve(ctx context.Context, listener net.Listener, handler http.Handler, base string) error {
	mux := http.NewServeMux()
	mux.Handle("/fhir", handler)
	mux.Handle("/fhir/", handler)
	mux.Handle("/.well-known/smart-configuration", handler)
	server := &http.Server{
		Handler:           mux,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       5 * time.Minute, // a large transaction over a slow line
		WriteTimeout:      5 * time.Minute,
		IdleTimeout:       2 * time.Minute,
	}
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	fmt.Printf("listening on %s\n", base)
	select {
	case err := <-failed:
		return err
	case <-ctx.Done():
	}
	ending, cancel := context.WithTimeout(context.Background(), grace)
	defer cancel()
	if err := server.Shutdown(ending); err != nil {
		return errors.Join(err, server.Close())
	}
	return nil
}
