// Command notes shows what fhirlake finds in clinical notes.
//
//	go run ./examples/notes annotate < FILE      # JSON strings, one a line; one object a line comes out
//	go run ./examples/notes negation < FILE      # lines "concept<TAB>sentence"
//	go run ./examples/notes vocabulary           # the embedded vocabulary as TSV
//	go run ./examples/notes show [FILE…]         # texts with what they speak of; without files, invented notes
//	go run ./examples/notes show -html PAGE      # the same as a page
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
)

// commands are the commands by name.
var commands = map[string]func(args []string, in io.Reader, out io.Writer) error{
	"annotate":   annotate,
	"negation":   negation,
	"vocabulary": vocabulary,
	"show":       show,
}

// errUsage is returned when the arguments of a command are wrong and the command has
// printed that.
var errUsage = errors.New("wrong arguments")

func main() {
	if len(os.Args) < 2 || commands[os.Args[1]] == nil {
		fmt.Fprintln(os.Stderr, "usage: notes annotate | negation | vocabulary | show [-html PAGE] [FILE…]")
		os.Exit(2)
	}
	switch err := commands[os.Args[1]](os.Args[2:], os.Stdin, os.Stdout); {
	case errors.Is(err, errUsage):
		os.Exit(2)
	case err != nil:
		fmt.Fprintln(os.Stderr, "notes:", err)
		os.Exit(1)
	}
}
