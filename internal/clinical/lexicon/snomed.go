package lexicon

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// The identifiers of SNOMED CT that the reader knows.
const (
	fullName  = "900000000000003001" // the type of a fully specified name
	synonym   = "900000000000013009" // the type of a synonym
	icd10Maps = "6011000124106"      // the reference set of maps to ICD-10-CM
)

// semanticTags tell the kind of a concept by the words in parentheses that end its fully
// specified name.
var semanticTags = map[string]vocabulary.Kind{
	"disorder": vocabulary.Condition, "finding": vocabulary.Condition, "situation": vocabulary.Condition, "event": vocabulary.Condition,
	"morphologic abnormality": vocabulary.Condition,
	"procedure":               vocabulary.Procedure, "regime/therapy": vocabulary.Procedure,
	"observable entity": vocabulary.Test,
	"body structure":    vocabulary.Anatomy,
}

// SNOMED reads a folder of a SNOMED CT release in format RF2: the English descriptions
// (sct2_Description_Snapshot-en_….txt) and the map to ICD-10-CM
// (der2_iisssccRefset_ExtendedMapSnapshot_….txt) if it is there. Concepts that are
// disorders, findings, procedures, tests or body structures are terms; those with a map
// that needs no further condition get its code, all others none.
func SNOMED(fsys fs.FS) ([]vocabulary.Entry, error) {
	name, err := find(fsys, "sct2_description_snapshot", ".txt")
	if err != nil {
		return nil, err
	}
	if name == "" {
		return nil, &LoadError{File: ".", Reason: "there is no sct2_Description_Snapshot file"}
	}
	var all concepts // of the vocabulary's kinds; the codes are those of the map
	err = readFile(fsys, name, func(number int, line string) error {
		if number == 1 || line == "" {
			return nil
		}
		var column [9]string
		if n := split(column[:], line, '\t'); n < 9 {
			return fmt.Errorf("%d columns, want 9", n)
		}
		active, id, language, sort, term := column[2], column[4], column[5], column[6], column[7]
		if !isNumber(id) || term == "" {
			return errors.New("no concept in column 5, or no term in column 8")
		}
		if active != "1" || language != "en" || sort != fullName && sort != synonym {
			return nil
		}
		c, err := all.at(id)
		if err != nil {
			return err
		}
		if sort == synonym {
			c.names = append(c.names, term)
			return nil
		}
		if i := strings.LastIndexByte(term, '('); i > 0 && strings.HasSuffix(term, ")") {
			c.kind = string(semanticTags[term[i+1:len(term)-1]])
			c.term = strings.TrimSpace(term[:i])
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	maps, err := find(fsys, "der2_iisssccrefset_extendedmapsnapshot", ".txt")
	if err != nil {
		return nil, err
	}
	if maps != "" {
		err = readFile(fsys, maps, func(number int, line string) error {
			if number == 1 || line == "" {
				return nil
			}
			var column [13]string
			if n := split(column[:], line, '\t'); n < 13 {
				return fmt.Errorf("%d columns, want 13", n)
			}
			active, refset, id, rule, target := column[2], column[4], column[5], column[8], column[10]
			c := all.byID[id]
			if active != "1" || refset != icd10Maps || target == "" || c == nil || rule != "TRUE" && rule != "OTHERWISE TRUE" {
				return nil
			}
			code, ok := dotted(strings.TrimSuffix(target, "?"))
			if !ok {
				return errors.New("the map target in column 11 is no ICD-10-CM code")
			}
			if len(c.codes) < 5 && !slices.Contains(c.codes, code) {
				c.codes = append(c.codes, code)
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	var entries []vocabulary.Entry
	for _, id := range all.order {
		c := all.byID[id]
		if c.kind == "" || c.term == "" {
			continue
		}
		e := vocabulary.Entry{Kind: vocabulary.Kind(c.kind), Term: c.term, System: vocabulary.None, Synonyms: synonyms(c.names)}
		if len(c.codes) > 0 && c.kind == string(vocabulary.Condition) {
			e.System, e.Codes = vocabulary.ICD10CM, c.codes
		}
		entries = append(entries, e)
	}
	if len(entries) == 0 {
		return nil, &LoadError{File: name, Reason: "the file has no concepts of clinical kinds"}
	}
	return entries, nil
}
