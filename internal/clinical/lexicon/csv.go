package lexicon

import (
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// CSV reads terms from comma-separated values (RFC 4180, UTF-8). The first line names the
// columns, in any order and case:
//
//	term      what is found; needed
//	kind      condition (by default), medication, test, procedure or anatomy
//	code      ICD-10-CM codes of a condition or RXCUIs of a medication, best first, separated by "|"
//	synonyms  separated by "|", with the marks of the embedded vocabulary
//	flags     as in the embedded vocabulary
//
// Other columns are an error, so that a misspelled one is noticed.
func CSV(file string, r io.Reader) ([]vocabulary.Entry, error) {
	read := csv.NewReader(r)
	read.ReuseRecord = true
	line := 1 // of the record that was read last
	fail := func(reason string, err error) error {
		line := line
		var parse *csv.ParseError
		if errors.As(err, &parse) {
			line, err = parse.Line, parse.Err
		}
		return &LoadError{File: file, Line: line, Reason: reason, Err: err}
	}
	header, err := read.Read()
	if err == io.EOF {
		return nil, &LoadError{File: file, Reason: "the file is empty"}
	}
	if err != nil {
		return nil, fail("the CSV is broken", err)
	}
	columns := map[string]int{}
	for i, name := range header {
		name = strings.ToLower(strings.TrimSpace(strings.TrimPrefix(name, "\ufeff")))
		if !slices.Contains([]string{"term", "kind", "code", "synonyms", "flags"}, name) {
			return nil, fail("the header has a column other than term, kind, code, synonyms, flags", nil)
		}
		if _, twice := columns[name]; twice {
			return nil, fail("the header names column "+name+" twice", nil)
		}
		columns[name] = i
	}
	if _, ok := columns["term"]; !ok {
		return nil, fail("the header has no column term", nil)
	}
	var entries []vocabulary.Entry
	for {
		record, err := read.Read()
		if err == io.EOF {
			return entries, nil
		}
		if err != nil {
			return nil, fail("the CSV is broken", err)
		}
		line, _ = read.FieldPos(0)
		value := func(column string) string {
			if i, ok := columns[column]; ok {
				return strings.Clone(strings.TrimSpace(record[i]))
			}
			return ""
		}
		e := vocabulary.Entry{Kind: vocabulary.Kind(value("kind")), Term: value("term"), System: vocabulary.None, Flags: vocabulary.Flags(value("flags"))}
		if e.Term == "" {
			return nil, fail("the term is empty", nil)
		}
		if e.Kind == "" {
			e.Kind = vocabulary.Condition
		}
		codes := value("code")
		switch e.Kind {
		case vocabulary.Condition:
			e.System = vocabulary.ICD10CM
		case vocabulary.Medication:
			e.System = vocabulary.RxNorm
		case vocabulary.Test, vocabulary.Procedure, vocabulary.Anatomy:
			codes = "" // their codes are of no system that findings have
		default:
			return nil, fail("the kind is none of condition, medication, test, procedure, anatomy", nil)
		}
		for code := range strings.SplitSeq(codes, "|") {
			if code = strings.TrimSpace(code); code == "" {
				continue
			}
			ok := isNumber(code)
			if e.Kind == vocabulary.Condition {
				code, ok = dotted(code)
			}
			if !ok {
				return nil, fail("a code is none of the system of its kind", nil)
			}
			e.Codes = append(e.Codes, code)
		}
		if len(e.Codes) > 5 {
			return nil, fail(fmt.Sprintf("%d codes, want at most five", len(e.Codes)), nil)
		}
		if len(e.Codes) == 0 {
			e.System = vocabulary.None
		}
		for name := range strings.SplitSeq(value("synonyms"), "|") {
			if s := vocabulary.ParseSynonym(strings.TrimSpace(name)); s.Text != "" {
				e.Synonyms = append(e.Synonyms, s)
			}
		}
		if entries, err = add(entries, e); err != nil {
			return nil, fail(err.Error(), nil)
		}
	}
}
