package main

import (
	"bufio"
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/ingest"
	"github.com/fhirlake/fhirlake/nlp"
	"github.com/fhirlake/fhirlake/nlp/clinical"
)

// A document is a text with its findings.
type document struct {
	Name string
	text []rune
	*nlp.Findings
}

// show writes texts with their findings, for people to read or as a page.
func show(args []string, in io.Reader, out io.Writer) error {
	flags := flag.NewFlagSet("show", flag.ContinueOnError)
	flags.SetOutput(os.Stderr)
	page := flags.String("html", "", "file to write a page to, instead of the terminal")
	if err := flags.Parse(args); err != nil {
		return errUsage
	}
	detector, err := clinical.New(nil)
	if err != nil {
		return err
	}
	var documents []*document
	add := func(name, text string) error {
		found, err := detector.Detect(context.Background(), text)
		if err != nil {
			return err
		}
		documents = append(documents, &document{name, []rune(text), found})
		return nil
	}
	for _, name := range flags.Args() {
		var text []byte
		if name == "-" {
			text, err = io.ReadAll(in)
		} else {
			text, err = os.ReadFile(name)
		}
		if err != nil {
			return err
		}
		if err := add(filepath.Base(name), string(text)); err != nil {
			return err
		}
	}
	if flags.NArg() == 0 {
		if err := invented(add); err != nil {
			return err
		}
	}
	if *page == "" {
		return paint(documents, out)
	}
	file, err := os.Create(*page)
	if err != nil {
		return err
	}
	return errors.Join(writePage(documents, file), file.Close())
}

// inventedNotes is how many synthetic notes are shown.
const inventedNotes = 4

// invented calls add with notes of synthetic patients.
func invented(add func(name, text string) error) error {
	scan := bufio.NewScanner(ingest.Synthetic(7, 2))
	scan.Buffer(nil, 16<<20)
	var texts []string
	for scan.Scan() {
		var doc struct {
			ResourceType string `json:"resourceType"`
			Content      []struct {
				Attachment struct {
					Data string `json:"data"`
				} `json:"attachment"`
			} `json:"content"`
		}
		if !strings.Contains(scan.Text(), `"DocumentReference"`) || json.Unmarshal(scan.Bytes(), &doc) != nil || doc.ResourceType != "DocumentReference" {
			continue
		}
		for _, c := range doc.Content {
			if text, err := base64.StdEncoding.DecodeString(c.Attachment.Data); err == nil {
				texts = append(texts, string(text))
			}
		}
	}
	if err := scan.Err(); err != nil {
		return err
	}
	// The longest notes say most.
	slices.SortStableFunc(texts, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	for i, text := range texts[:min(len(texts), inventedNotes)] {
		if err := add(fmt.Sprintf("synthetic note %d", i+1), text); err != nil {
			return err
		}
	}
	return nil
}

// A piece is a run of a document's text, inside an entity or outside.
type piece struct {
	Text   string
	Entity *nlp.Entity // nil outside
}

// pieces cuts the text of a document at its entities. Of entities that overlap, the
// first one counts.
func (d *document) pieces() []piece {
	var all []piece
	at := 0
	for i := range d.Entities {
		e := &d.Entities[i]
		if e.BeginOffset < at {
			continue
		}
		all = append(all, piece{Text: string(d.text[at:e.BeginOffset])}, piece{string(d.text[e.BeginOffset:e.EndOffset]), e})
		at = e.EndOffset
	}
	return append(all, piece{Text: string(d.text[at:])})
}

// A row is an entity for the list below a text.
type row struct {
	Text, Kind, Codes, Traits, Attributes, Why string
	Category                                   nlp.Category
	Score                                      float64
}

// rows lists the entities of a document, each text, kind and traits once.
func (d *document) rows() []row {
	var all []row
	seen := map[row]bool{}
	for i := range d.Entities {
		e := &d.Entities[i]
		if e.Category == nlp.Time {
			continue // it is shown as an attribute of the entity whose time it is
		}
		r := row{Text: strings.Join(strings.Fields(e.Text), " "), Kind: label(e.Type), Category: e.Category, Score: e.Score}
		for _, list := range [][]nlp.Entity{d.ICD10CM, d.RxNorm} {
			at, ok := slices.BinarySearchFunc(list, e.BeginOffset, func(x nlp.Entity, begin int) int { return x.BeginOffset - begin })
			if !ok || list[at].Category != e.Category {
				continue
			}
			for _, c := range slices.Concat(list[at].ICD10CMConcepts, list[at].RxNormConcepts) {
				r.Codes += sep(r.Codes, ", ") + c.Code + " " + c.Description
			}
		}
		for _, t := range e.Traits {
			r.Traits += sep(r.Traits, ", ") + label(t.Name)
		}
		for _, a := range e.Attributes {
			r.Attributes += sep(r.Attributes, ", ") + label(a.Type) + " " + strings.Join(strings.Fields(a.Text), " ")
		}
		for _, v := range e.Evidence[min(1, len(e.Evidence)):] {
			r.Why += sep(r.Why, ", ") + v.Rule
		}
		if key := r; !seen[key] {
			seen[key] = true
			all = append(all, r)
		}
	}
	return all
}

// label returns the name of a type or trait for people.
func label(name string) string {
	switch {
	case name == "DX_NAME":
		return "condition"
	case name == "SYSTEM_ORGAN_SITE":
		return "site"
	case strings.HasPrefix(name, "TIME_TO_"):
		return "time"
	}
	return strings.ToLower(strings.ReplaceAll(strings.TrimSuffix(name, "_NAME"), "_", " "))
}

// sep returns a separator if something stands before it.
func sep(before, separator string) string {
	if before == "" {
		return ""
	}
	return separator
}
