// Command server serves a FHIR R4 data store over HTTP.
//
//	go run ./examples/server -synthetic 100                      # in memory, with 100 invented patients
//	go run ./examples/server -store DIR -key-file FILE           # on disk, encrypted; made at first use
//	go run ./examples/server -import FOLDER                      # with the ldjson of a folder, plain or gzip
//	go run ./examples/server -package us-core.tgz                # with the resources of a FHIR package
//	go run ./examples/server -nlp                                # and read every DocumentReference
//	go run ./examples/server -validation minimal                 # and take what is not valid as well
//	go run ./examples/server -smart FILE                         # and want access tokens with SMART scopes
//	go run ./examples/server -tls-cert FILE -tls-key FILE        # over TLS; -client-ca FILE wants certificates of clients
//	go run ./examples/server -socket PATH                        # at a unix socket
//	go run ./examples/server -access-log                         # with a JSON line on standard error for each request
//
// It prints "listening on http://ADDR/fhir" once all is imported, and ends in good order at
// SIGINT or SIGTERM. /health and /ready answer before. Without -smart it asks nobody who they
// are, and says so.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"maps"
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
	socket    string
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

	passphraseFile            string
	tlsCert, tlsKey, clientCA string
	accessLog                 bool
	pprof                     string
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
	flag.StringVar(&c.socket, "socket", "", "unix socket to listen on instead of an address; its owner alone may use it")
	flag.StringVar(&c.passphraseFile, "passphrase-file", "", "file of a passphrase, instead of -key-file; one line end at its end is not part of it")
	flag.StringVar(&c.tlsCert, "tls-cert", "", "file of the certificate, for TLS; read again when it changes")
	flag.StringVar(&c.tlsKey, "tls-key", "", "file of the certificate's key")
	flag.StringVar(&c.clientCA, "client-ca", "", "file of the CA whose certificates clients must have")
	flag.BoolVar(&c.accessLog, "access-log", false, "write a JSON line on standard error for each request, without ids and queries")
	flag.StringVar(&c.pprof, "pprof", "", "address for net/http/pprof")
	flag.Func("cors", "origin whose web pages may use the API, such as https://app.example.org, or *; may be repeated", func(origin string) error {
		c.rest.CORS = append(c.rest.CORS, origin)
		return nil
	})
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
	if err := check(c); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(2)
	}
	if err := run(ctx, c); err != nil {
		fmt.Fprintln(os.Stderr, "server:", err)
		os.Exit(1)
	}
}

// check reports wrong arguments.
func check(c config) error {
	addressed := false
	flag.Visit(func(f *flag.Flag) { addressed = addressed || f.Name == "addr" })
	switch {
	case flag.NArg() > 0 || c.synthetic < 0:
		return errors.New("see -help for how to call it")
	case addressed && c.socket != "":
		return errors.New("-addr and -socket: take one of them")
	case c.keyFile != "" && c.passphraseFile != "":
		return errors.New("-key-file and -passphrase-file: take one of them")
	case (c.tlsCert == "") != (c.tlsKey == ""):
		return errors.New("-tls-cert and -tls-key go together")
	case c.clientCA != "" && c.tlsCert == "":
		return errors.New("-client-ca needs -tls-cert and -tls-key")
	}
	return c.rest.Check()
}

// run opens the store, fills it, and serves it until ctx ends.
func run(ctx context.Context, c config) (err error) {
	if c.rest.Authorization, err = authorization(c.smart); err != nil {
		return err
	}
	server, base, err := listen(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close()) }()
	if c.pprof != "" {
		end, err := profiles(c.pprof)
		if err != nil {
			return err
		}
		defer end()
	}

	store, err := open(ctx, c, base)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Close(), store.Close()) }()
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
	c.rest.Logger, c.rest.Observers = slog.Default(), observers(c)
	server.Mount(path, rest.NewHandler(store, &c.rest), store.Writable)
	announce(c, server)
	return server.Run(ctx)
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
	wrapper, err := key(c)
	if err != nil {
		return nil, err
	}
	options := &datastore.Options{BaseURL: base, Key: wrapper, Validation: c.level, Durability: c.durable, Logger: slog.Default()}
	if c.nlp {
		notes, err := clinical.Annotator(nil, nil)
		if err != nil {
			return nil, err
		}
		options.Annotator = notes
	}
	store, err := datastore.Open(ctx, c.store, options)
	if errors.Is(err, datastore.ErrNoKey) {
		return nil, fmt.Errorf("a store in a folder needs -key-file or -passphrase-file: %w", err)
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
