package main

import (
	"context"
	"flag"
	"fmt"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
)

// A changed is a line of changes -json: one commit.
type changed struct {
	Sequence   uint64           `json:"sequence"`
	Time       time.Time        `json:"time"`
	Versions   []changedVersion `json:"versions"`
	Annotation string           `json:"annotation,omitempty"`
	Position   string           `json:"position"` // from which a program goes on: a datastore.Head
}

type changedVersion struct {
	Type        string `json:"type"`
	ID          string `json:"id"`
	VersionID   string `json:"versionId"`
	Interaction string `json:"interaction"`
}

// fewVersions is how many versions of a commit a line for people names.
const fewVersions = 3

// changes prints a line a commit, from one on, up to the newest.
func changes(p *program, f *flag.FlagSet) action {
	from := f.Uint64("from", 1, "")
	asJSON := f.Bool("json", false, "")
	return func(ctx context.Context, _ []string) error {
		store, err := p.open(ctx, datastore.Options{Existing: true})
		if err != nil {
			return err
		}
		defer store.Close()
		now := store.Snapshot()
		defer now.Close()
		for c, err := range now.Changes(ctx, max(*from, 1)-1) {
			if err != nil {
				return err
			}
			line, err := change(ctx, &c, *asJSON)
			if err != nil {
				return err
			}
			if *asJSON {
				err = p.json(line)
			} else {
				err = line.print(p, c.Len())
			}
			if err != nil {
				return err
			}
		}
		return nil
	}
}

// change reads a commit: all of its versions, or a few.
func change(ctx context.Context, c *datastore.Change, all bool) (line changed, err error) {
	line = changed{Sequence: c.Sequence, Time: c.Time, Versions: []changedVersion{}, Position: c.Head().String()}
	note, err := c.Annotation()
	if err != nil {
		return line, err
	}
	line.Annotation = strings.ToValidUTF8(string(note), "\uFFFD")
	for v, err := range c.Versions(ctx) {
		if err != nil {
			return line, err
		}
		line.Versions = append(line.Versions, changedVersion{v.Ref.Type, v.Ref.ID, v.VersionID, v.Interaction})
		if !all && len(line.Versions) == fewVersions {
			break
		}
	}
	return line, nil
}

// print writes a line for people, of a commit with n versions.
func (c *changed) print(p *program, n int) error {
	var parts []string
	for _, v := range c.Versions {
		parts = append(parts, fmt.Sprintf("%s %s/%s version %s", v.Interaction, v.Type, v.ID, v.VersionID))
	}
	if more := n - len(c.Versions); more > 0 {
		parts = append(parts, fmt.Sprintf("%d more", more))
	}
	note := ""
	if c.Annotation != "" {
		note = fmt.Sprintf("  %q", c.Annotation)
	}
	return p.printf("%10d  %s  %s%s\n", c.Sequence, c.Time.Format(time.RFC3339), strings.Join(parts, ", "), note)
}
