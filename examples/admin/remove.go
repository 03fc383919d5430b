package main

import (
	"context"
	"errors"
	"flag"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/examples/internal/bar"
)

// compact drops superseded versions and packs the store anew.
func compact(p *program, f *flag.FlagSet) action {
	versions, days := f.Int("versions", 0, ""), f.Int("days", 0, "")
	return func(ctx context.Context, _ []string) (err error) {
		keep := &datastore.Retention{Versions: *versions, Age: time.Duration(*days) * 24 * time.Hour}
		if keep.Versions < 0 || *days < 0 || *days > 100_000 {
			return misuse("compact: -versions is 0 or more, -days 0 to 100000")
		}
		store, err := p.open(ctx, datastore.Options{Existing: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		shown := bar.New(p.stderr, "compacting", "bytes")
		defer shown.End()
		var before, now int64
		err = store.Compact(ctx, keep, func(done, total, after int64) {
			before, now = total, after
			shown.Set(done, total)
		})
		if err != nil {
			return err
		}
		return p.printf("%s, before %s\n", size(now), size(before))
	}
}

// purge drops the history of a resource.
func purge(p *program, _ *flag.FlagSet) action {
	return func(ctx context.Context, args []string) (err error) {
		typ, id, ok := strings.Cut(args[0], "/")
		if !ok {
			return misuse("purge: a resource is named as TYPE/ID")
		}
		store, err := p.open(ctx, datastore.Options{Existing: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		return store.Purge(ctx, datastore.Ref{Type: typ, ID: id})
	}
}

// erase erases a patient, and lists the resources that still name the patient.
func erase(p *program, _ *flag.FlagSet) action {
	return func(ctx context.Context, args []string) (err error) {
		store, err := p.open(ctx, datastore.Options{Existing: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		others, err := store.Erase(ctx, strings.TrimPrefix(args[0], "Patient/"))
		if err != nil {
			return err
		}
		for _, ref := range others {
			if err := p.printf("stays: %s\n", ref); err != nil {
				return err
			}
		}
		return nil
	}
}
