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

// fileName is the file that the command makes.
const fileName = "units_gen.go"

func main() {
	source := flag.String("essence", "../../../shared/data/ucum/ucum-essence.xml", "the UCUM essence")
	out := flag.String("out", ".", "folder of package ucum")
	check := flag.Bool("check", false, "write nothing; fail where the file would change")
	flag.Parse()
	if err := run(*source, *out, *check); err != nil {
		fmt.Fprintln(os.Stderr, "gen:", err)
		if errors.Is(err, fs.ErrNotExist) {
			fmt.Fprintln(os.Stderr, "gen: THE UCUM ESSENCE IS ABSENT: the committed table was not made anew or checked")
			os.Exit(3)
		}
		os.Exit(1)
	}
}

func run(source, out string, check bool) error {
	e, err := load(source)
	if err != nil {
		return err
	}
	text, err := e.print()
	if err != nil {
		return err
	}
	path := filepath.Join(out, fileName)
	if !check {
		return os.WriteFile(path, text, 0o644)
	}
	if old, err := os.ReadFile(path); err != nil || !bytes.Equal(old, text) {
		return fmt.Errorf("%s is not what the essence gives: run go generate ./internal/ucum", fileName)
	}
	return nil
}
