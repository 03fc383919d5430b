package lexicon

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// The types of RxNorm names that are read: ingredients, precise and multiple ones, brands.
var rxTypes = map[string]string{"IN": "ingredient", "PIN": "ingredient", "MIN": "ingredient", "BN": "brand", "SY": "", "TMSY": ""}

// RxNorm reads a folder with RXNCONSO.RRF of an RxNorm release (full or prescribable), and
// RXNREL.RRF if it is there, which tells the ingredients of brands. Ingredients and
// brands are terms; names of drugs with a strength are not, since an ingredient and the
// strength beside it are found apart.
func RxNorm(fsys fs.FS) ([]vocabulary.Entry, error) {
	name, err := find(fsys, "rxnconso", ".rrf")
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, &LoadError{File: ".", Reason: "there is no RXNCONSO.RRF"}
	}
	var all concepts // of kind ingredient or brand; the codes of a brand are its ingredients
	err = readFile(fsys, name, func(_ int, line string) error {
		if line == "" {
			return nil
		}
		var column [17]string
		if n := split(column[:], line, '|'); n < 17 {
			return fmt.Errorf("%d columns, want 18 or more", n)
		}
		rxcui, language, source, sort, term, suppress := column[0], column[1], column[11], column[12], column[14], column[16]
		if !isNumber(rxcui) || term == "" {
			return errors.New("no RXCUI in column 1, or no name in column 15")
		}
		kind, wanted := rxTypes[sort]
		if !wanted || source != "RXNORM" || language != "ENG" || suppress != "N" && suppress != "" {
			return nil
		}
		c, err := all.at(rxcui)
		if err != nil {
			return err
		}
		if kind != "" && c.term == "" {
			c.term, c.kind = term, kind
		} else {
			c.names = append(c.names, term)
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	rel, err := find(fsys, "rxnrel", ".rrf")
	if err != nil {
		return nil, err
	}
	if rel != "" {
		err = readFile(fsys, rel, func(_ int, line string) error {
			if line == "" {
				return nil
			}
			var column [8]string
			if n := split(column[:], line, '|'); n < 8 {
				return fmt.Errorf("%d columns, want 9 or more", n)
			}
			if relation := column[7]; relation != "tradename_of" && relation != "has_tradename" {
				return nil
			}
			a, b := all.byID[column[0]], all.byID[column[4]]
			if a == nil || b == nil {
				return nil
			}
			// One of the two is the brand, the other its ingredient.
			id := column[4]
			if b.kind == "brand" {
				a, b, id = b, a, column[0]
			}
			if a.kind == "brand" && b.kind == "ingredient" && !slices.Contains(a.codes, id) && len(a.codes) < 8 {
				a.codes = append(a.codes, id)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var entries []vocabulary.Entry
	for _, rxcui := range all.order {
		c := all.byID[rxcui]
		if c.kind == "" {
			continue
		}
		flags := c.kind
		if len(c.codes) > 0 {
			flags += " generic=" + strings.Join(c.codes, ",")
		}
		entries = append(entries, vocabulary.Entry{Kind: vocabulary.Medication, Term: c.term, System: vocabulary.RxNorm,
			Codes: []string{rxcui}, Synonyms: synonyms(c.names), Flags: vocabulary.Flags(flags)})
	}
	if len(entries) == 0 {
		return nil, &LoadError{File: name, Reason: "the file has no ingredients or brands of source RXNORM"}
	}
	return entries, nil
}

// split fills columns with the parts of a line and returns how many there were, up to
// the number of columns.
func split(columns []string, line string, separator byte) int {
	for n := range columns {
		i := strings.IndexByte(line, separator)
		if i < 0 {
			columns[n] = line
			return n + 1
		}
		columns[n], line = line[:i], line[i+1:]
	}
	return len(columns)
}

// isNumber reports whether s has digits only.
func isNumber(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}
