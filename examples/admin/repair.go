package main

import (
	"context"
	"errors"
	"flag"
	"path/filepath"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/repair"
	"github.com/fhirlake/fhirlake/examples/internal/bar"
)

// checks are the checks of verify, in order. A store whose log has a fault may not open:
// then the rest is not looked at.
var checks = []string{"log", "body", "values", "history", "index"}

// A checked line of verify -json.
type checked struct {
	Check  string `json:"check"`
	OK     bool   `json:"ok"`
	Place  string `json:"place"`
	Reason string `json:"reason,omitempty"`
}

// verify opens the store and checks everything. It ends with "ok", or with one line a
// fault.
func verify(p *program, f *flag.FlagSet) action {
	asJSON := f.Bool("json", false, "")
	return func(ctx context.Context, _ []string) error {
		failed := map[string]bool{}
		tell := func(fault datastore.Fault) (err error) {
			failed[fault.Check] = true
			fault.Reason = strings.ReplaceAll(fault.Reason, "\n", "; ")
			if *asJSON {
				return p.json(checked{fault.Check, false, fault.Place, fault.Reason})
			}
			return p.printf("%s\n", fault)
		}
		if err := p.check(ctx, tell); err != nil {
			return err
		}
		if *asJSON {
			for _, check := range checks {
				if failed[check] || failed["log"] {
					continue
				}
				if err := p.json(checked{Check: check, OK: true}); err != nil {
					return err
				}
			}
		}
		if len(failed) > 0 {
			return errFaults
		}
		if *asJSON {
			return nil
		}
		return p.printf("ok\n")
	}
}

// check reports each fault. Its error ends the check.
func (p *program) check(ctx context.Context, tell func(datastore.Fault) error) (err error) {
	store, err := p.open(ctx, datastore.Options{Existing: true})
	if errors.Is(err, datastore.ErrCorrupt) {
		return p.checkFiles(ctx, err, tell)
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	shown := bar.New(p.stderr, "checking", "versions")
	defer shown.End()
	var told error
	err = store.VerifyAll(ctx,
		func(f datastore.Fault) bool {
			told = tell(f)
			return told == nil
		},
		func(done, total int) { shown.Set(int64(done), int64(total)) })
	if told != nil {
		return told
	}
	if errors.Is(err, datastore.ErrCorrupt) {
		return nil // each fault was told
	}
	return err
}

// checkFiles prints the faults of the files of a store that did not open.
func (p *program) checkFiles(ctx context.Context, opening error, tell func(datastore.Fault) error) error {
	in, err := repair.Inspect(ctx, p.store, p.key)
	if err != nil {
		return err
	}
	if len(in.Faults) == 0 {
		return tell(datastore.Fault{Check: "log", Place: "store", Reason: opening.Error()})
	}
	for _, f := range in.Faults {
		if err := tell(f); err != nil {
			return err
		}
	}
	return nil
}

// cut cuts a damaged store after a commit. The part that is cut off is kept beside the
// store.
func cut(p *program, f *flag.FlagSet) action {
	var after uint64
	given := false
	f.Func("after", "", func(text string) (err error) {
		given = true
		after, err = parseSequence(text)
		return err
	})
	yes := f.Bool("yes", false, "")
	return func(ctx context.Context, _ []string) error {
		switch {
		case !given:
			return misuse("cut: -after is missing: inspect tells the last good commit")
		case !*yes:
			return misuse("cut: all commits after it go, acknowledged ones too: say -yes, and copy the store's folder first")
		}
		store, err := filepath.Abs(p.store)
		if err != nil {
			return err
		}
		done, err := repair.Cut(ctx, p.store, p.key, after, filepath.Dir(store))
		if err != nil {
			return err
		}
		return p.printf("the store ends with commit %d\n%s of records were cut; they and the small files as they were are kept in %s\n",
			done.Sequence, size(done.Bytes), done.Kept)
	}
}
