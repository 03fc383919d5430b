package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/examples/internal/bar"
)

// rotate gives the store new keys, seals everything anew and destroys the old keys.
func rotate(p *program, _ *flag.FlagSet) action {
	return func(ctx context.Context, _ []string) (err error) {
		store, err := p.open(ctx, datastore.Options{Existing: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		shown := bar.New(p.stderr, "sealing anew", "bytes")
		defer shown.End()
		sealed := int64(0)
		err = store.RotateKey(ctx, func(done, total int64) {
			shown.Set(done, total)
			sealed = total
		})
		if err == nil {
			return p.printf("%s are sealed with new keys, and the old ones are destroyed\n", size(sealed))
		}
		if stats, failed := store.Stats(); failed == nil && stats.Rotating {
			return fmt.Errorf("%w; the old keys are not destroyed yet: rotate again goes on", err)
		}
		return err
	}
}

// rewrap puts the keyset under another key.
func rewrap(p *program, f *flag.FlagSet) action {
	toKeyFile := f.String("to-key-file", "", "")
	toPassphraseFile := f.String("to-passphrase-file", "", "")
	return func(ctx context.Context, _ []string) (err error) {
		if *toKeyFile != "" {
			// A key in the store's folder would be copied along with the store.
			if err := p.outside(*toKeyFile); err != nil {
				return err
			}
		}
		to, err := keyOf(*toKeyFile, *toPassphraseFile)
		if err != nil {
			return fmt.Errorf("rewrap: %w", err)
		}
		if to == nil {
			return misuse("rewrap: one of -to-key-file and -to-passphrase-file is needed")
		}
		store, err := p.open(ctx, datastore.Options{Existing: true})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, store.Close()) }()
		if err := store.Rewrap(ctx, to); err != nil {
			return err
		}
		return p.printf("the store's keys are under the new key, and the old one does not open it; " +
			"copies of the folder still open with the old one\n")
	}
}

// keyOf makes the key of one of two flags; nil unless exactly one is given.
func keyOf(keyFile, passphraseFile string) (datastore.KeyWrapper, error) {
	switch {
	case (keyFile == "") == (passphraseFile == ""):
		return nil, nil
	case keyFile != "":
		return datastore.KeyFile(keyFile), nil
	}
	secret, err := os.ReadFile(passphraseFile)
	if err != nil {
		return nil, fmt.Errorf("reading the passphrase: %w", err)
	}
	line, ok := strings.CutSuffix(string(secret), "\r\n")
	if !ok {
		line = strings.TrimSuffix(line, "\n")
	}
	return datastore.Passphrase(line), nil
}
