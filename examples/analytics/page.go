package main

import (
	"bytes"
	"context"
	_ "embed"
	"fmt"
	"html/template"
	"os"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
)

//go:embed page.html
var layout string

// A page has all drawings.
type page struct {
	Title    string
	Facts    []fact
	Sections []section
	Time     string // of the last write
	Drawn    string
}

// A fact is a number in the head of the page.
type fact struct{ Number, Name string }

// A section is some cards that belong together.
type section struct {
	Title, About string
	Cards        []card
}

// A card has one drawing, nil if there is nothing to draw.
type card struct {
	Title, Note string
	Wide        bool
	Legend      []key
	Drawing     *drawing
}

// A key is the meaning of a colour.
type key struct{ Class, Name string }

// colours are the classes of parts of bars, in their order.
var colours = []string{"a", "b", "c", "d"}

func legend(names ...string) (keys []key) {
	for i, name := range names {
		keys = append(keys, key{colours[i], name})
	}
	return keys
}

// draw draws the state that a store has now.
func draw(ctx context.Context, store *datastore.Store, now time.Time) (*page, error) {
	snapshot := store.Snapshot()
	defer snapshot.Close()
	a := &asker{ctx: ctx, snapshot: snapshot}
	rows, total := types(a), 0
	for _, r := range rows {
		total += r.sum()
	}
	p := &page{Drawn: now.UTC().Format(minute)}
	p.Title = fmt.Sprintf("%s of %s, %s", many(total, "resource"), many(len(rows), "type"), many(a.count("Patient", ""), "patient"))
	if snapshot.Sequence() > 0 {
		p.Time = snapshot.Time().Format(minute)
	}
	for _, f := range []struct{ typ, query, name string }{
		{"Patient", "", "patients"}, {"Patient", "deceased=true", "of them died"}, {"Encounter", "", "encounters"},
		{"Condition", "", "conditions"}, {"Observation", "", "observations"}, {"MedicationRequest", "", "prescriptions"},
		{"Procedure", "", "procedures"}, {"DocumentReference", "", "documents"},
	} {
		p.Facts = append(p.Facts, fact{count(a.count(f.typ, f.query)), f.name})
	}
	p.Sections = []section{
		{"People and care", "", []card{
			byYear(a, rows),
			byType(rows),
			ages(a, now),
			frequent(a, "Most frequent conditions", "Condition", "code"),
			visits(a),
			frequent(a, "Most frequent medications", "MedicationRequest", "code"),
			frequent(a, "Most frequent procedures", "Procedure", "code"),
			frequent(a, "Most frequent immunizations", "Immunization", "vaccine-code"),
		}},
		{"Laboratory", courses, measures(a, "category=laboratory", 9)},
		{"Vital signs", courses, measures(a, "category=vital-signs", 6)},
		{"Other measurements", courses, measures(a, "category:not=laboratory&category:not=vital-signs", 3)},
	}
	return p, a.err
}

const minute = "2006-01-02 15:04 UTC"

const courses = "Over the years: the median, the band between the quartiles, and in thin lines the three patients with the most values. At the right: how often each value occurs."

// write writes the page to a file, for its owner alone.
func (p *page) write(name string) error {
	t, err := template.New("page").Parse(layout)
	if err != nil {
		return err
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return err
	}
	return os.WriteFile(name, b.Bytes(), 0o600)
}
