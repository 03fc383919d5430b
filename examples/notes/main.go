// Command notes shows what fhirlake reads out of clinical notes.
//
//	go run ./examples/notes negation < FILE   # lines "concept<TAB>sentence"
package main

import (
	"fmt"
	"io"
	"os"
)

// commands are the commands by name.
var commands = map[string]func(args []string, in io.Reader, out io.Writer) error{
	"negation": negation,
}

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: notes negation")
		os.Exit(2)
	}
	if err := commands[os.Args[1]](os.Args[2:], os.Stdin, os.Stdout); err != nil {
		fmt.Fprintln(os.Stderr, "notes:", err)
		os.Exit(1)
	}
}
