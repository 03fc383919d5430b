package lexicon

import (
	"encoding/xml"
	"errors"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/fhirlake/fhirlake/internal/clinical/vocabulary"
)

// ICD10CMOrder reads the order file of an ICD-10-CM release (icd10cm-order-YYYY.txt),
// whose columns are: order number (5 characters), code (7), whether the code is billable
// (0 or 1), short title (60), long title, each apart by a blank. Codes that begin with V to
// Y, external causes, are read like all others.
func ICD10CMOrder(file string, r io.Reader) ([]vocabulary.Entry, error) {
	var entries []vocabulary.Entry
	err := lines(file, r, func(_ int, line string) error {
		if strings.TrimSpace(line) == "" {
			return nil
		}
		if len(line) < 77 || line[5] != ' ' || line[13] != ' ' || line[15] != ' ' || line[76] != ' ' || !utf8.ValidString(line) {
			return errors.New("no line of an order file: want number, code, 0 or 1, short and long title in columns 1, 7, 15, 17, 78")
		}
		code, ok := dotted(strings.TrimSpace(line[6:13]))
		if !ok || line[14] != '0' && line[14] != '1' {
			return errors.New("no ICD-10-CM code in columns 7 to 13, or no 0 or 1 in column 15")
		}
		title := strings.TrimSpace(line[77:])
		if title == "" {
			return errors.New("no long title")
		}
		var err error
		entries, err = add(entries, titled(code, title, []string{strings.TrimSpace(line[16:76])}))
		return err
	})
	if err == nil && len(entries) == 0 {
		err = &LoadError{File: file, Reason: "the file has no codes"}
	}
	return entries, err
}

// dotted returns a code with its dot. It reports whether it is one.
func dotted(code string) (string, bool) {
	bare := strings.Replace(code, ".", "", 1)
	if len(bare) < 3 || len(bare) > 7 || bare[0] < 'A' || bare[0] > 'Z' || bare[1] < '0' || bare[1] > '9' {
		return code, false
	}
	for i := range len(bare) {
		if c := bare[i]; (c < '0' || c > '9') && (c < 'A' || c > 'Z') {
			return code, false
		}
	}
	if len(bare) == 3 {
		return bare, len(code) == 3
	}
	return bare[:3] + "." + bare[3:], !strings.Contains(code, ".") || code[3] == '.'
}

// fillers end titles without changing what a clinician would write.
var fillers = []string{", unspecified", " NOS", ", NOS", " without complications", ", unspecified site", " (disorder)", ", initial encounter"}

// titled makes an entry of a code with its title. The title without the words that only
// coders write is a synonym.
func titled(code, title string, names []string) vocabulary.Entry {
	for _, f := range fillers {
		if bare, ok := strings.CutSuffix(title, f); ok && bare != "" {
			names = append(names, bare)
		}
	}
	if rest, ok := strings.CutPrefix(title, "Unspecified "); ok {
		names = append(names, rest)
	}
	return vocabulary.Entry{Kind: vocabulary.Condition, Term: title, System: vocabulary.ICD10CM, Codes: []string{code}, Synonyms: synonyms(names)}
}

// ICD10CMTabular reads the tabular list of an ICD-10-CM release
// (icd10cm-tabular-YYYY.xml): codes with their titles and inclusion terms. Codes that are
// made of a seventh character are not in it.
func ICD10CMTabular(file string, r io.Reader) ([]vocabulary.Entry, error) {
	dec := xml.NewDecoder(r)
	dec.CharsetReader = func(charset string, input io.Reader) (io.Reader, error) {
		if strings.EqualFold(charset, "us-ascii") {
			return input, nil
		}
		return nil, errors.New("the encoding is neither UTF-8 nor US-ASCII")
	}
	fail := func(reason string, err error) error {
		line, _ := dec.InputPos()
		return &LoadError{File: file, Line: line, Reason: reason, Err: err}
	}
	type diagnosis struct {
		code, title string
		names       []string
	}
	var entries []vocabulary.Entry
	var open []diagnosis // the diag elements that are open
	var path []string    // the names of all elements that are open
	var text strings.Builder
	flush := func(d *diagnosis) error { // appends d, once its own names are complete
		if d.code == "" {
			return nil
		}
		code, ok := dotted(d.code)
		if !ok {
			return errors.New("the name of a diag is no ICD-10-CM code")
		}
		if d.title == "" {
			return errors.New("a diag has no desc")
		}
		var err error
		entries, err = add(entries, titled(code, d.title, d.names))
		d.code = ""
		return err
	}
	for {
		token, err := dec.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, fail("the XML is broken", err)
		}
		switch el := token.(type) {
		case xml.StartElement:
			if len(path) > 64 {
				return nil, fail("elements are nested more than 64 deep", nil)
			}
			path = append(path, el.Name.Local)
			text.Reset()
			if el.Name.Local == "diag" {
				if len(open) > 0 {
					if err := flush(&open[len(open)-1]); err != nil {
						return nil, fail(err.Error(), nil)
					}
				}
				open = append(open, diagnosis{})
			}
		case xml.CharData:
			if text.Len()+len(el) > maxLine {
				return nil, fail("an element has too much text", nil)
			}
			text.Write(el)
		case xml.EndElement:
			path = path[:len(path)-1]
			if len(open) == 0 {
				break
			}
			d, parent := &open[len(open)-1], ""
			if len(path) > 0 {
				parent = path[len(path)-1]
			}
			said := strings.Join(strings.Fields(text.String()), " ")
			switch {
			case el.Name.Local == "name" && parent == "diag":
				d.code = said
			case el.Name.Local == "desc" && parent == "diag":
				d.title = said
			case el.Name.Local == "note" && parent == "inclusionTerm" && len(path) > 1 && path[len(path)-2] == "diag":
				d.names = append(d.names, said)
			case el.Name.Local == "diag":
				if err := flush(d); err != nil {
					return nil, fail(err.Error(), nil)
				}
				open = open[:len(open)-1]
			}
			text.Reset()
		}
	}
	if len(entries) == 0 {
		return nil, fail("the file has no diag elements", nil)
	}
	return entries, nil
}
