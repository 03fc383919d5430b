package vocabulary

import (
	"embed"
	"fmt"
	"strings"
)

//go:embed terms/*.tsv
var terms embed.FS

// Entries returns the embedded vocabulary in the order of its files and lines. Each call
// reads it anew; the result is the caller's.
func Entries() []Entry {
	dir, err := terms.ReadDir("terms")
	if err != nil {
		panic(err) // the folder is part of the program
	}
	var all strings.Builder
	all.Grow(1 << 20)
	for _, file := range dir {
		text, err := terms.ReadFile("terms/" + file.Name())
		if err != nil {
			panic(err)
		}
		all.Write(text)
		all.WriteByte('\n')
	}
	entries, err := Parse(all.String())
	if err != nil {
		panic(err) // the tests read every file
	}
	return entries
}

// Parse reads lines of the vocabulary's form. The entries share the memory of text. An
// error names the first bad line.
func Parse(text string) ([]Entry, error) {
	// Two slabs hold all synonyms and codes, so that an entry costs no allocation.
	lines := strings.Count(text, "\n") + 1
	entries := make([]Entry, 0, lines)
	synonyms := make([]Synonym, 0, lines+strings.Count(text, "|"))
	codes := make([]string, 0, lines+strings.Count(text, ","))
	for number := 1; text != ""; number++ {
		var line string
		line, text, _ = strings.Cut(text, "\n")
		line = strings.TrimSuffix(line, "\r")
		if line == "" || line[0] == '#' {
			continue
		}
		var column [6]string
		n := 0
		for more := true; more; n++ {
			if n == len(column) {
				return nil, fmt.Errorf("vocabulary: line %d: more than six columns", number)
			}
			column[n], line, more = strings.Cut(line, "\t")
		}
		if n < 5 {
			return nil, fmt.Errorf("vocabulary: line %d: %d columns, want five or six", number, n)
		}
		e := Entry{Kind: Kind(column[0]), Term: column[1], System: System(column[2]), Flags: Flags(column[5])}
		if reason := e.fault(column[3]); reason != "" {
			return nil, fmt.Errorf("vocabulary: line %d: %s", number, reason)
		}
		first := len(codes)
		for rest := column[3]; rest != ""; {
			var code string
			code, rest, _ = strings.Cut(rest, ",")
			codes = append(codes, code)
		}
		e.Codes = codes[first:len(codes):len(codes)]
		first = len(synonyms)
		for rest := column[4]; rest != ""; {
			var name string
			name, rest, _ = strings.Cut(rest, "|")
			synonyms = append(synonyms, ParseSynonym(name))
		}
		e.Synonyms = synonyms[first:len(synonyms):len(synonyms)]
		entries = append(entries, e)
	}
	return entries, nil
}

func (e *Entry) fault(codes string) string {
	switch e.Kind {
	case Condition, Medication, Test, Procedure, Anatomy:
	default:
		return "unknown kind"
	}
	switch e.System {
	case None, ICD10CM, RxNorm:
	default:
		return "unknown code system"
	}
	if (e.System == None) != (codes == "") {
		return "codes and code system disagree"
	}
	if e.Term == "" {
		return "no term"
	}
	return ""
}

// ParseSynonym reads a name with its marks.
func ParseSynonym(name string) Synonym {
	var s Synonym
	for ; name != ""; name = name[1:] {
		switch name[0] {
		case '?':
			s.Ambiguous = true
		case '!':
			s.Exact = true
		case '~':
			s.Misspelled = true
		default:
			s.Text = name
			return s
		}
	}
	return s
}
