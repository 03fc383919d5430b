package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/fhirlake/fhirlake/nlp"
)

// colours are the terminal's colours of categories.
var colours = map[nlp.Category]string{
	nlp.Condition: "31", nlp.Medication: "34", nlp.TestProcedure: "35", nlp.Anatomy: "36", nlp.Time: "33", nlp.PHI: "90", nlp.Behavior: "32",
}

// paint writes documents for a terminal, in colours if it is one.
func paint(documents []*document, out io.Writer) error {
	w := bufio.NewWriter(out)
	coloured := false
	if file, ok := out.(*os.File); ok && os.Getenv("NO_COLOR") == "" {
		info, err := file.Stat()
		coloured = err == nil && info.Mode()&os.ModeCharDevice != 0
	}
	for _, d := range documents {
		fmt.Fprintf(w, "== %s ==\n", printable(d.Name))
		for _, p := range d.pieces() {
			switch {
			case p.Entity == nil:
				w.WriteString(printable(p.Text))
			case coloured:
				fmt.Fprintf(w, "\x1b[1;%sm%s\x1b[0m", colours[p.Entity.Category], printable(p.Text))
			default:
				fmt.Fprintf(w, "[%s]", printable(p.Text))
			}
		}
		fmt.Fprint(w, "\n\n")
		table := tabwriter.NewWriter(w, 0, 4, 2, ' ', 0)
		for _, r := range d.rows() {
			says := r.Traits
			if r.Attributes != "" {
				says += sep(says, "; ") + r.Attributes
			}
			if r.Why != "" {
				says += " (" + r.Why + ")"
			}
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", short(r.Text, 40), r.Kind, short(r.Codes, 60), printable(says))
		}
		derived, err := d.derived()
		if err != nil {
			return err
		}
		if err := table.Flush(); err != nil {
			return err
		}
		if len(derived) > 0 {
			fmt.Fprint(w, "\n  a store derives\n")
		}
		for _, r := range derived {
			fmt.Fprintf(table, "  %s\t%s\t%s\t%s\n", r.Type, short(r.Text, 40), short(strings.TrimSpace(r.Code+" "+r.Name), 60), printable(r.Says))
		}
		if err := table.Flush(); err != nil {
			return err
		}
		fmt.Fprintln(w)
	}
	return w.Flush()
}

// short returns the beginning of a text on one line.
func short(text string, most int) string {
	runes := []rune(strings.Join(strings.Fields(printable(text)), " "))
	if len(runes) > most {
		return string(runes[:most-1]) + "…"
	}
	return string(runes)
}

// printable replaces characters that a terminal takes for commands.
func printable(text string) string {
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\t' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			return '\ufffd'
		}
		return r
	}, text)
}
