// Command admin looks into a store, checks it, repairs it, fills and empties it:
//
//	go run ./examples/admin -store DIR -key-file FILE COMMAND
//	go run ./examples/admin -store DIR -passphrase-file FILE COMMAND
//
// Without a command it lists them. With -json, commands that have this flag print one JSON
// object a line. The exit status is 1 after an error, and 2 after wrong arguments.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/jobs"
)

// A program is one call of the program.
type program struct {
	out    *bufio.Writer
	stderr io.Writer

	store, keyFile, passphraseFile string
	key                            datastore.KeyWrapper
}

// An action carries a command out with its arguments.
type action func(ctx context.Context, args []string) error

// A command adds its flags to a set and returns the action to run once they are parsed.
type command struct {
	name, usage string
	args        int // that it takes beside flags
	about       string
	prepare     func(p *program, f *flag.FlagSet) action
}

// someArgs are one or more.
const someArgs = -1

func commands() []command {
	return []command{
		{"stats", "[-json]", 0, "resources a type, versions, bytes on disk, index memory", stats},
		{"verify", "[-json]", 0, "opens and checks everything: \"ok\", or one line a fault and status 1", verify},
		{"inspect", "[-json]", 0, "what the files tell, also of a store that does not open", inspect},
		{"records", "[-from N] [-n N] [-json]", 0, "a line a record of the log: its last commit is its sequence", records},
		{"cut", "-after N -yes", 0, "cuts the log after commit N, keeps what is cut in a file beside the store", cut},
		{"compact", "[-versions N] [-days N]", 0, "packs the store anew, and drops superseded versions that neither keeps: a resource's newest N, those of the last N days; without both, none", compact},
		{"purge", "TYPE/ID", 1, "drops the history of a resource, or all of one that is deleted", purge},
		{"erase", "PATIENT", 1, "erases a patient, by id, with all that is about nobody else, for good; lists what else names the patient", erase},
		{"changes", "[-from N] [-json]", 0, "a line a commit, from commit N on", changes},
		{"backup", "[-since SEQUENCE] [-keys FILE] FILE", 1, "a sealed copy of the store, or of the commits after one, for behind a backup that ends there; -keys writes the keys apart, over those of the backup before", backup},
		{"verify-backup", "[-keys FILE] FILE", 1, "reads and checks a backup; ends with \"ok\"", verifyBackup},
		{"restore", "[-until SEQUENCE|TIME] [-keys FILE] FILE...", someArgs, "makes the store of a full backup and the increments that follow it; its folder must be empty", restore},
		{"rotate", "", 0, "new keys; everything is sealed anew and the old keys are destroyed; goes on where it was stopped", rotate},
		{"rewrap", "(-to-key-file FILE | -to-passphrase-file FILE)", 0, "the store's keys under another key, whose file is made if need be; no data is touched", rewrap},
		{"import", "[-validation LEVEL] [-report DIR] [-resume] FOLDER", 1, "takes in the ldjson of a folder or a bucket (a URL); makes the store and its key file if need be; -resume goes on with the last import of FOLDER, if it was stopped", importFolder},
		{"export", "FOLDER", 1, "writes the current resources as ldjson, into a folder or a bucket (a URL)", exportFolder},
		{"jobs", "[-json]", 0, "imports and exports of the store, the newest first", listJobs},
		{"search", "'TYPE?QUERY' [-count]", 1, "all matches as ldjson, or their number", search},
	}
}

func usage(w io.Writer) {
	fmt.Fprint(w, "usage: admin -store DIR (-key-file FILE | -passphrase-file FILE) COMMAND\n\n")
	for _, c := range commands() {
		fmt.Fprintf(w, "  %s %s\n        %s\n", c.name, c.usage, c.about)
	}
	fmt.Fprint(w, "\nstats, inspect and records work beside a program that has the store open.\n")
}

func main() {
	signal.Ignore(syscall.SIGPIPE) // a reader that goes away is an error of writing: the store is closed in order
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop) // a second signal ends it at once
	status := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	stop()
	os.Exit(status)
}

// A misuse is an error of the arguments.
type misuse string

func (m misuse) Error() string { return string(m) }

// errFaults is returned by a command that has printed the faults itself.
var errFaults = errors.New("faults were found")

// run carries out the arguments and returns the exit status.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	p := &program{out: bufio.NewWriter(stdout), stderr: stderr}
	err := p.run(ctx, args)
	if flushed := p.out.Flush(); err == nil {
		err = flushed
	}
	var wrong misuse
	switch {
	case err == nil:
		return 0
	case errors.Is(err, flag.ErrHelp):
		usage(stdout)
		return 0
	case errors.As(err, &wrong):
		fmt.Fprintf(stderr, "admin: %s\n\n", wrong)
		usage(stderr)
		return 2
	case errors.Is(err, errFaults), errors.Is(err, syscall.EPIPE):
		return 1
	}
	fmt.Fprintln(stderr, "admin:", p.explain(err))
	return 1
}

func (p *program) run(ctx context.Context, args []string) error {
	args, err := p.parse("", args, func(f *flag.FlagSet) {}, 0)
	if err != nil {
		return err
	}
	if len(args) == 0 {
		return misuse("no command")
	}
	for _, c := range commands() {
		if c.name != args[0] {
			continue
		}
		var act action
		args, err := p.parse(c.name+": ", args[1:], func(f *flag.FlagSet) { act = c.prepare(p, f) }, -1)
		if err != nil {
			return err
		}
		if len(args) != c.args && (c.args != someArgs || len(args) == 0) {
			return misuse(fmt.Sprintf("usage: %s %s", c.name, c.usage))
		}
		if err := p.unlock(); err != nil {
			return err
		}
		return act(ctx, args)
	}
	return misuse(fmt.Sprintf("unknown command %q", args[0]))
}

// parse reads flags, the common ones and the ones of add, and returns the other
// arguments. With atMost 0 it stops at the first of these; otherwise flags may follow.
func (p *program) parse(place string, args []string, add func(*flag.FlagSet), atMost int) (others []string, err error) {
	f := flag.NewFlagSet("admin", flag.ContinueOnError)
	f.SetOutput(io.Discard)
	f.StringVar(&p.store, "store", p.store, "")
	f.StringVar(&p.keyFile, "key-file", p.keyFile, "")
	f.StringVar(&p.passphraseFile, "passphrase-file", p.passphraseFile, "")
	add(f)
	for {
		switch err := f.Parse(args); {
		case errors.Is(err, flag.ErrHelp):
			return nil, err
		case err != nil:
			return nil, misuse(place + err.Error())
		}
		if args = f.Args(); len(args) == 0 || atMost == 0 {
			return append(others, args...), nil
		}
		others, args = append(others, args[0]), args[1:]
	}
}

// unlock makes the key that the flags name.
func (p *program) unlock() error {
	switch {
	case p.store == "":
		return misuse("-store is missing")
	case strings.HasPrefix(p.store, "mem:"):
		return misuse("-store has to be a folder")
	}
	key, err := keyOf(p.keyFile, p.passphraseFile)
	if err != nil {
		return err
	}
	if key == nil {
		return misuse("one of -key-file and -passphrase-file is needed")
	}
	p.key = key
	return nil
}

// open opens the store that the flags name. It makes a store only if options allow that.
func (p *program) open(ctx context.Context, options datastore.Options) (*datastore.Store, error) {
	options.Key = p.key
	options.Logger = slog.New(slog.NewTextHandler(p.stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	return datastore.Open(ctx, p.store, &options)
}

// explain puts an error into a sentence for the user.
func (p *program) explain(err error) string {
	switch {
	case errors.Is(err, datastore.ErrLocked):
		return "the store is in use by another program; stats, inspect and records work beside it"
	case errors.Is(err, datastore.ErrWrongKey):
		return "wrong key: this store was made with another one"
	case errors.Is(err, datastore.ErrNoStore):
		return fmt.Sprintf("there is no store in %s", p.store)
	case errors.Is(err, datastore.ErrErased):
		return "the patient was erased before, and nothing was written since"
	case errors.Is(err, jobs.ErrEnded):
		return "the last import from there is complete"
	case errors.Is(err, datastore.ErrCorrupt):
		return err.Error() + "; inspect tells more, cut repairs"
	}
	return err.Error()
}

// printf writes to standard output.
func (p *program) printf(format string, args ...any) error {
	_, err := fmt.Fprintf(p.out, format, args...)
	return err
}

// json writes a line with a JSON object to standard output.
func (p *program) json(v any) error { return json.NewEncoder(p.out).Encode(v) }

// outside refuses a path in the store's folder, which holds nothing but the store.
func (p *program) outside(path string) error {
	own, err := filepath.Abs(p.store)
	if err != nil {
		return err
	}
	folder, err := filepath.Abs(path)
	if err != nil {
		return err
	}
	if real, err := filepath.EvalSymlinks(folder); err == nil {
		folder = real
	}
	ownInfo, ownErr := os.Stat(own)
	for ; ; folder = filepath.Dir(folder) {
		info, err := os.Stat(folder)
		if folder == own || err == nil && ownErr == nil && os.SameFile(info, ownInfo) {
			return misuse(fmt.Sprintf("%s lies in the store's folder", path))
		}
		if folder == filepath.Dir(folder) {
			return nil
		}
	}
}
