package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"iter"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/jobs"
)

// A listedJob is a line of jobs -json: one job.
type listedJob struct {
	ID          string          `json:"id"`
	Kind        jobs.Kind       `json:"kind"`
	Status      jobs.Status     `json:"status"`
	Interrupted bool            `json:"interrupted"` // it has not ended and does not run
	Message     string          `json:"message,omitempty"`
	Name        string          `json:"name,omitempty"`
	Input       string          `json:"input,omitempty"`
	Output      string          `json:"output,omitempty"`
	Properties  json.RawMessage `json:"properties,omitempty"`
	Submitted   time.Time       `json:"submitted"`
	Began       time.Time       `json:"began,omitzero"`
	Ended       time.Time       `json:"ended,omitzero"`
	Report      *jobs.Report    `json:"report,omitempty"`
	Written     *jobs.Written   `json:"written,omitempty"`
}

// listJobs lists the register of a store, the newest job first. No job runs meanwhile, as
// the store is not in use.
func listJobs(p *program, f *flag.FlagSet) action {
	asJSON := f.Bool("json", false, "")
	return func(ctx context.Context, _ []string) error {
		store, err := p.open(ctx, datastore.Options{Existing: true})
		if err != nil {
			return err
		}
		defer store.Close()
		w := tabwriter.NewWriter(p.out, 0, 0, 2, ' ', 0)
		for r, err := range allJobs(ctx, store, jobs.Filter{}) {
			if err != nil {
				return err
			}
			job := listedJob{
				r.ID, r.Kind, r.Status, !r.Status.Ended(), r.Message, r.Name, r.Input, r.Output,
				r.Properties, r.Submitted, r.Began, r.Ended, r.Report, r.Written,
			}
			if *asJSON {
				err = p.json(&job)
			} else {
				err = job.print(w)
			}
			if err != nil {
				return err
			}
		}
		return w.Flush()
	}
}

// print writes a line for people.
func (j *listedJob) print(w *tabwriter.Writer) error {
	done := ""
	if r := j.Report; r != nil {
		done = fmt.Sprintf("%d of %d lines", r.Imported, r.Scanned)
	}
	if w := j.Written; w != nil {
		done = fmt.Sprintf("%d of %d resources", w.Resources, cmp.Or(w.Total, w.Resources))
	}
	status, took := string(j.Status), ""
	if j.Interrupted {
		status += " (interrupted)"
	} else if !j.Began.IsZero() {
		took = j.Ended.Sub(j.Began).Round(time.Millisecond).String()
	}
	_, err := fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\t%s\n", j.Submitted.Format(time.RFC3339), j.Kind, j.ID, status, done, took)
	for _, more := range []string{j.Input, j.Output, j.Message} {
		if more != "" && err == nil {
			_, err = fmt.Fprintf(w, "\t\t  %s\n", strings.ReplaceAll(more, "\n", "; "))
		}
	}
	return err
}

// allJobs iterates over the jobs that a filter lists, page by page.
func allJobs(ctx context.Context, store *datastore.Store, f jobs.Filter) iter.Seq2[*jobs.Record, error] {
	return func(yield func(*jobs.Record, error) bool) {
		for {
			page, err := jobs.List(ctx, store, f)
			if err != nil {
				yield(nil, err)
				return
			}
			for i := range page.Jobs {
				if !yield(&page.Jobs[i], nil) {
					return
				}
			}
			if f.After = page.Next; f.After == "" {
				return
			}
		}
	}
}
