package main

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

func main() {
	folder := flag.String("definitions", "../../../shared/data/fhir-r4", "folder of the R4 definitions")
	out := flag.String("out", ".", "folder of package schema")
	check := flag.Bool("check", false, "write nothing; fail where a file would change")
	flag.Parse()
	if err := run(*folder, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		if errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintln(os.Stderr, "gen: THE R4 DEFINITIONS ARE ABSENT: the committed tables were not made anew or checked")
			os.Exit(3)
		}
		os.Exit(1)
	}
}

func run(folder, out string, check bool) error {
	d, err := load(folder)
	if err != nil {
		return err
	}
	t, err := build(d)
	if err != nil {
		return err
	}
	files, err := t.files()
	if err != nil {
		return err
	}
	var stale error
	for name, text := range files {
		path := filepath.Join(out, name)
		if !check {
			if err := os.WriteFile(path, text, 0o644); err != nil {
				return err
			}
			continue
		}
		if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, text) {
			stale = errors.Join(stale, fmt.Errorf("%s is not what the definitions give: run go generate ./internal/schema", name))
		}
	}
	return stale
}
