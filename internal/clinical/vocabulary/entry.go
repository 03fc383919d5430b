package vocabulary

import "strings"

// A Kind is the kind of thing that a term names.
type Kind string

// The kinds of entries.
const (
	Condition  Kind = "condition"
	Medication Kind = "medication"
	Test       Kind = "test"
	Procedure  Kind = "procedure"
	Anatomy    Kind = "anatomy"
)

// A System is the code system of an entry's codes.
type System string

// The code systems of entries.
const (
	None    System = "-"
	ICD10CM System = "icd10cm"
	RxNorm  System = "rxnorm"
)

// An Entry is one line of the vocabulary.
type Entry struct {
	Kind     Kind
	Term     string // the preferred term
	System   System
	Codes    []string // best first; empty if System is None
	Synonyms []Synonym
	Flags    Flags
}

// A Synonym is another name of an entry.
type Synonym struct {
	Text       string
	Ambiguous  bool // means the entry only near one of its context words
	Exact      bool // matched only in upper and lower case as written
	Misspelled bool
}

// Flags are the words of a line's last column.
type Flags string

// Has reports whether flag is among the flags.
func (f Flags) Has(flag string) bool {
	for rest := string(f); rest != ""; {
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		if word == flag {
			return true
		}
	}
	return false
}

// List returns the values of the flag "name=a,b". It returns nil if the flag is absent.
func (f Flags) List(name string) []string {
	for rest := string(f); rest != ""; {
		var word string
		word, rest, _ = strings.Cut(rest, " ")
		if key, list, ok := strings.Cut(word, "="); ok && key == name {
			return strings.Split(list, ",")
		}
	}
	return nil
}
