package main

import (
	"bufio"
	"io"
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/assertion"
	"github.com/fhirlake/fhirlake/internal/clinical/note"
	"github.com/fhirlake/fhirlake/nlp"
)

// negation reads lines "concept<TAB>sentence" and writes for each whether the
// sentence negates the concept.
func negation(_ []string, in io.Reader, out io.Writer) error {
	return eachLine(in, out, func(line []byte, w *bufio.Writer) error {
		concept, sentence, _ := strings.Cut(strings.TrimRight(string(line), "\r\n"), "\t")
		_, err := w.WriteString(judge(unquote(concept), unquote(sentence)) + "\n")
		return err
	})
}

// judge returns "Negated" or "Affirmed" for the place where concept stands in
// sentence.
func judge(concept, sentence string) string {
	n := note.Parse(sentence)
	if first, last, ok := n.Locate(concept); ok && assertion.Parse(n).Of(first, last).Has(nlp.Negation) {
		return "Negated"
	}
	return "Affirmed"
}

// unquote takes the quotes off a field that is quoted as in CSV.
func unquote(field string) string {
	if len(field) >= 2 && field[0] == '"' && field[len(field)-1] == '"' {
		return strings.ReplaceAll(field[1:len(field)-1], `""`, `"`)
	}
	return field
}
