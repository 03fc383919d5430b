package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/datastore/repair"
)

// stats prints the content of a store, also while another program writes to it.
func stats(p *program, f *flag.FlagSet) action {
	asJSON := f.Bool("json", false, "")
	return func(ctx context.Context, _ []string) error {
		store, err := p.open(ctx, datastore.Options{ReadOnly: true})
		if err != nil {
			return err
		}
		defer store.Close()
		of, err := store.Stats()
		if err != nil {
			return err
		}
		if *asJSON {
			for _, t := range of.Types {
				if err := p.json(struct {
					Type     string `json:"type"`
					Count    int    `json:"count"`
					Versions int    `json:"versions"`
				}{t.Type, t.Resources, t.Versions}); err != nil {
					return err
				}
			}
			return nil
		}
		disk, err := bytesBelow(p.store)
		if err != nil {
			return err
		}
		return p.printStats(of, store.Snapshot(), disk)
	}
}

func (p *program) printStats(of datastore.Stats, now *datastore.Snapshot, disk int64) error {
	defer now.Close()
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "resources\tversions\t  type\n")
	resources := 0
	for _, t := range of.Types {
		fmt.Fprintf(w, "%d\t%d\t  %s\n", t.Resources, t.Versions, t.Type)
		resources += t.Resources
	}
	fmt.Fprintf(w, "%d\t%d\t  total\n", resources, of.Versions)
	if err := w.Flush(); err != nil {
		return err
	}
	b := of.Bytes
	if now.Sequence() > 0 {
		p.printf("\nlast commit    %d, %s\n", now.Sequence(), now.Time().Format(time.RFC3339))
	} else {
		p.printf("\nlast commit    none\n")
	}
	p.printf("on disk        %s%s\n", size(disk), checkpointShare(&of))
	if of.Rotating {
		p.printf("keys           a rotation is not at its end\n")
	}
	return p.printf("index memory   %s: resources %s, terms %s, postings %s, texts %s, columns %s\n",
		size(b.Resources+b.Terms+b.Postings+b.Texts+b.Columns), size(b.Resources), size(b.Terms), size(b.Postings), size(b.Texts), size(b.Columns))
}

// bytesBelow sums up the files of a folder. One that a writer removes meanwhile is
// not there.
func bytesBelow(folder string) (sum int64, err error) {
	folder, err = filepath.EvalSymlinks(folder)
	if err != nil {
		return 0, err
	}
	err = filepath.WalkDir(folder, func(_ string, e fs.DirEntry, err error) error {
		if err == nil && e.Type().IsRegular() {
			var info fs.FileInfo
			if info, err = e.Info(); err == nil {
				sum += info.Size()
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return sum, err
}

// records prints the records of the log, also while another program writes to it.
func records(p *program, f *flag.FlagSet) action {
	from := f.Uint64("from", 1, "")
	most := f.Uint64("n", 0, "")
	asJSON := f.Bool("json", false, "")
	return func(ctx context.Context, _ []string) error {
		shown := uint64(0)
		for r, err := range repair.Records(ctx, p.store, p.key, *from) {
			if err != nil {
				return err
			}
			if shown == 0 && !*asJSON {
				p.printf("%10s  %-20s  %7s  %7s  %10s\n", "sequence", "time", "commits", "items", "bytes")
			}
			if *asJSON {
				err = p.json(struct {
					Sequence uint64    `json:"sequence"`
					Time     time.Time `json:"time"`
					Commits  int       `json:"commits"`
					Items    int       `json:"items"`
					Bytes    int       `json:"bytes"`
				}{r.Sequence, r.Time, r.Commits, r.Items, r.Bytes})
			} else {
				err = p.printf("%10d  %s  %7d  %7d  %10s\n", r.Sequence, r.Time.Format(time.RFC3339), r.Commits, r.Items, size(int64(r.Bytes)))
			}
			if err != nil {
				return err
			}
			if shown++; shown == *most {
				return nil
			}
		}
		return nil
	}
}

// inspect prints the content of the files of a store. A key that does not fit is an error;
// the parts that need no key are printed all the same.
func inspect(p *program, f *flag.FlagSet) action {
	asJSON := f.Bool("json", false, "")
	return func(ctx context.Context, _ []string) error {
		in, err := repair.Inspect(ctx, p.store, p.key)
		if err != nil {
			return err
		}
		if *asJSON {
			err = p.json(struct {
				OK      bool `json:"ok"`
				Checked bool `json:"checked"`
				*repair.Inspection
			}{in.Unchecked == nil && len(in.Faults) == 0, in.Unchecked == nil, in})
		} else {
			err = p.printInspection(in)
		}
		if err != nil {
			return err
		}
		if in.Unchecked != nil && !errors.Is(in.Unchecked, datastore.ErrCorrupt) {
			return fmt.Errorf("nothing of this was checked: %w", in.Unchecked)
		}
		return nil
	}
}

// checkpointShare prints the size of the checkpoint, which has no data of its own.
func checkpointShare(of *datastore.Stats) string {
	if of.Checkpoint.Bytes == 0 {
		return ""
	}
	return fmt.Sprintf(", of which %s the checkpoint of the index", size(of.Checkpoint.Bytes))
}

// checkpoint prints the checkpoint from which the store opens.
func checkpoint(in *repair.Inspection) string {
	c := &in.Checkpoint
	switch {
	case c.Bytes == 0:
		return "none: opening reads the whole log"
	case c.Unusable != "":
		return fmt.Sprintf("%s, of no use: %s", size(c.Bytes), c.Unusable)
	}
	return fmt.Sprintf("%s, commit %d: opening reads what follows", size(c.Bytes), c.Sequence)
}

func (p *program) printInspection(in *repair.Inspection) error {
	w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
	if in.Unchecked != nil {
		fmt.Fprint(w, "UNCHECKED\tall of this is as somebody wrote it: no key fits\n")
	}
	if in.Store != "" {
		fmt.Fprintf(w, "store\t%s, lineage %s\n", in.Store, in.Lineage)
		fmt.Fprintf(w, "created\t%s, features %#x\n", in.Created.Format(time.RFC3339), in.Features)
	}
	fmt.Fprintf(w, "settings\t%s\n", settings(in))
	rotation := ""
	if in.Rotating {
		rotation = ", a rotation replaces some of them"
	}
	fmt.Fprintf(w, "keys\t%s%s\n", orNone(strings.Join(in.Keys, " ")), rotation)
	fmt.Fprintf(w, "manifest\t%s\n", manifest(in))
	for _, t := range in.Terms {
		fmt.Fprintf(w, "term %d\tfrom commit %d, id %s\n", t.Term, t.First, t.ID)
	}
	for i, h := range in.Heads {
		if h == (repair.Head{}) {
			continue
		}
		state := "older"
		if h.Current {
			state = "counts"
		} else if in.Unchecked == nil && !h.Whole {
			state = "not whole"
		}
		fmt.Fprintf(w, "head %d\tcommit %d, manifest %d, term %d, durability %s, %s\n", i, h.Sequence, h.Generation, h.Term, h.Durability, state)
	}
	fmt.Fprintf(w, "checkpoint\t%s\n\n", checkpoint(in))
	w.Flush()
	w = tabwriter.NewWriter(p.out, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprint(w, "segment\tstate\tcommits\trecords\titems\tbytes\tgood\t  from .. to\n")
	for _, s := range in.Segments {
		commits, times := "none", ""
		if s.Records > 0 {
			commits = fmt.Sprintf("%d..%d", s.First, s.Last)
			times = s.From.Format(time.RFC3339) + " .. " + s.To.Format(time.RFC3339)
		}
		fmt.Fprintf(w, "%d\t%s\t%s\t%d\t%d\t%s\t%s\t  %s\n", s.Name, state(s), commits, s.Records, s.Items, size(s.Bytes), size(s.Good), times)
	}
	w.Flush()
	p.printf("\nlast good commit: %d\n", in.LastGood)
	for _, name := range in.PassedOver {
		p.printf("passed over: %s\n", name)
	}
	if len(in.Faults) == 0 && in.Unchecked == nil {
		return p.printf("no faults found\n")
	}
	for _, f := range in.Faults {
		p.printf("fault: %s: %s\n", f.Place, f.Reason)
	}
	return nil
}

func state(s repair.Segment) string {
	if s.Closed {
		return "closed"
	}
	return "open"
}

func settings(in *repair.Inspection) string {
	if in.Zone == "" {
		return "not known"
	}
	return fmt.Sprintf("zone %s, base URL %s", in.Zone, orNone(in.BaseURL))
}

func manifest(in *repair.Inspection) string {
	text := fmt.Sprintf("generation %d", in.Generation)
	if in.Generation == 0 {
		text = "cannot be read"
	}
	if in.WasCut {
		text += ", was cut and not opened since"
	}
	return text
}

func orNone(text string) string {
	if text == "" {
		return "none"
	}
	return text
}
