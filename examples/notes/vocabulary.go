package main

import (
	"bufio"
	"io"

	terms "github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// vocabulary writes the embedded vocabulary as tab-separated lines: kind, preferred
// term, code system, code, synonyms separated by "|".
func vocabulary(_ []string, _ io.Reader, out io.Writer) error {
	w := bufio.NewWriter(out)
	for _, e := range terms.Entries() {
		w.WriteString(string(e.Kind) + "\t" + e.Term + "\t" + string(e.System) + "\t")
		if len(e.Codes) > 0 {
			w.WriteString(e.Codes[0])
		}
		for i, s := range e.Synonyms {
			if i == 0 {
				w.WriteByte('\t')
			} else {
				w.WriteByte('|')
			}
			w.WriteString(s.Text)
		}
		if len(e.Synonyms) == 0 {
			w.WriteByte('\t')
		}
		w.WriteByte('\n')
	}
	return w.Flush() // reports what any write before reported
}
