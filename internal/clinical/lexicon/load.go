package lexicon

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"strings"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// maxLine is the longest line of a vocabulary file.
const maxLine = 1 << 20

// maxTerms bounds the entries of one vocabulary.
const maxTerms = 4 << 20

// A LoadError tells where a file of a vocabulary is wrong.
type LoadError struct {
	File   string // the name that the caller gave
	Line   int    // from 1; 0 if the file as a whole is meant
	Reason string
	Err    error // what reading reported, if it did
}

func (e *LoadError) Error() string {
	at := e.File
	if e.Line > 0 {
		at = fmt.Sprintf("%s:%d", e.File, e.Line)
	}
	if e.Err != nil {
		return fmt.Sprintf("lexicon: %s: %s: %v", at, e.Reason, e.Err)
	}
	return fmt.Sprintf("lexicon: %s: %s", at, e.Reason)
}

func (e *LoadError) Unwrap() error { return e.Err }

// lines calls f with each line of a file and its number. An error of f is made a
// LoadError with the line, unless it is one.
func lines(file string, r io.Reader, f func(number int, line string) error) error {
	scan := bufio.NewScanner(r)
	scan.Buffer(make([]byte, 0, 64<<10), maxLine)
	number := 0
	for scan.Scan() {
		number++
		line := strings.TrimSuffix(scan.Text(), "\r")
		if number == 1 {
			line = strings.TrimPrefix(line, "\ufeff")
		}
		if err := f(number, line); err != nil {
			return &LoadError{File: file, Line: number, Reason: err.Error()}
		}
	}
	if err := scan.Err(); err != nil {
		if errors.Is(err, bufio.ErrTooLong) {
			return &LoadError{File: file, Line: number + 1, Reason: fmt.Sprintf("the line has more than %d bytes", maxLine)}
		}
		return &LoadError{File: file, Line: number + 1, Reason: "reading failed", Err: err}
	}
	return nil
}

// find returns the path of the one file in fsys whose name begins with prefix and ends with
// suffix, in any case.
func find(fsys fs.FS, prefix, suffix string) (string, error) {
	found := ""
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		base := strings.ToLower(path.Base(name))
		if d.IsDir() || !strings.HasPrefix(base, prefix) || !strings.HasSuffix(base, suffix) {
			return nil
		}
		if found != "" {
			return &LoadError{File: name, Reason: "there is another file of this sort, " + found + "; give the folder of one release"}
		}
		found = name
		return nil
	})
	var load *LoadError
	if err != nil && !errors.As(err, &load) {
		err = &LoadError{File: ".", Reason: "the folder cannot be read", Err: err}
	}
	return found, err
}

// readFile calls f with each line of a file of fsys.
func readFile(fsys fs.FS, name string, f func(number int, line string) error) error {
	file, err := fsys.Open(name)
	if err != nil {
		return &LoadError{File: name, Reason: "the file cannot be opened", Err: err}
	}
	defer file.Close()
	return lines(name, file, f)
}

// add appends an entry, up to maxTerms.
func add(entries []vocabulary.Entry, e vocabulary.Entry) ([]vocabulary.Entry, error) {
	if len(entries) >= maxTerms {
		return entries, fmt.Errorf("more than %d terms", maxTerms)
	}
	return append(entries, e), nil
}

// synonyms makes plain synonyms of names.
func synonyms(names []string) []vocabulary.Synonym {
	all := make([]vocabulary.Synonym, 0, len(names))
	for _, name := range names {
		if name = strings.TrimSpace(name); name != "" {
			s := vocabulary.Synonym{Text: name}
			// A name of one or two letters says too little to be found in any text.
			s.Exact = len(name) < 3
			all = append(all, s)
		}
	}
	return all
}
