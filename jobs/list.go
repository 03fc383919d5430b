package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
)

// A Filter says which jobs to list. The zero Filter lists all.
type Filter struct {
	Kind   Kind
	Name   string
	Status Status
	// SubmittedBefore and SubmittedAfter are exclusive; the zero time is no bound.
	SubmittedBefore, SubmittedAfter time.Time
	// Max is how many a page has, 100 by default. After is Next of the page before.
	Max   int
	After string
}

// A Page is some jobs, the newest first.
type Page struct {
	Jobs []Record
	// Next is Filter.After of the next page, "" after the last.
	Next string
}

const defaultMax = 100

// List lists jobs, the newest first. It reports a Filter that is none, and ErrPage.
func List(ctx context.Context, store *datastore.Store, f Filter) (Page, error) {
	if err := f.wrong(); err != nil {
		return Page{}, err
	}
	all, err := matching(ctx, store, f)
	if err != nil {
		return Page{}, err
	}
	if f.After != "" {
		last, err := parseToken(f.After)
		if err != nil {
			return Page{}, err
		}
		i, found := slices.BinarySearchFunc(all, last, newestFirst)
		if found {
			i++
		}
		all = all[i:]
	}
	limit := cmp.Or(f.Max, defaultMax)
	if len(all) <= limit {
		return Page{Jobs: all}, nil
	}
	return Page{Jobs: all[:limit], Next: token(&all[limit-1])}, nil
}

// matching returns the jobs of a filter, the newest first.
func matching(ctx context.Context, store *datastore.Store, f Filter) ([]Record, error) {
	var all []Record
	for _, name := range store.StateNames(recordPrefix) {
		r, err := read(ctx, store, name)
		if err != nil {
			return nil, err
		}
		if r != nil && f.has(r) {
			all = append(all, *r)
		}
	}
	slices.SortFunc(all, newestFirst)
	return all, nil
}

func newestFirst(a, b Record) int {
	return cmp.Or(b.Submitted.Compare(a.Submitted), cmp.Compare(a.ID, b.ID))
}

// token names a job's place in the list, even after the job was forgotten.
func token(r *Record) string { return r.Submitted.Format(time.RFC3339Nano) + " " + r.ID }

func parseToken(text string) (r Record, err error) {
	at, id, ok := strings.Cut(text, " ")
	r.ID = id
	if r.Submitted, err = time.Parse(time.RFC3339Nano, at); err != nil || !ok || id == "" {
		return r, fmt.Errorf("%w: Filter.After is no Page.Next", ErrPage)
	}
	return r, nil
}

// wrong reports what no list can be made by.
func (f *Filter) wrong() error {
	switch {
	case f.Max < 0:
		return fmt.Errorf("jobs: Filter.Max %d is negative", f.Max)
	case f.Kind != "" && f.Kind != Import && f.Kind != Export:
		return fmt.Errorf("jobs: Filter.Kind %q is none", f.Kind)
	case f.Status != "" && !f.Status.known():
		return fmt.Errorf("jobs: Filter.Status %q is none", f.Status)
	}
	return nil
}

func (f *Filter) has(r *Record) bool {
	return (f.Kind == "" || r.Kind == f.Kind) && (f.Name == "" || r.Name == f.Name) && (f.Status == "" || r.Status == f.Status) &&
		(f.SubmittedBefore.IsZero() || r.Submitted.Before(f.SubmittedBefore)) &&
		(f.SubmittedAfter.IsZero() || r.Submitted.After(f.SubmittedAfter))
}
