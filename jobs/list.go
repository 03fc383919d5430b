package jobs

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/fhirlake/fhirlake/datastore"
)

// A Filter says which jobs to list. The zero Filter is all.
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

// List lists jobs, the newest first.
func List(ctx context.Context, store *datastore.Store, f Filter) (Page, error) {
	all, err := matching(ctx, store, f)
	if err != nil {
		return Page{}, err
	}
	if f.After != "" {
		i := slices.IndexFunc(all, func(r Record) bool { return r.ID == f.After })
		if i < 0 {
			return Page{}, fmt.Errorf("%w: no such job in it", ErrPage)
		}
		all = all[i+1:]
	}
	limit := f.Max
	if limit <= 0 {
		limit = defaultMax
	}
	if len(all) <= limit {
		return Page{Jobs: all}, nil
	}
	return Page{Jobs: all[:limit], Next: all[limit-1].ID}, nil
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
	slices.SortFunc(all, func(a, b Record) int {
		return cmp.Or(b.Submitted.Compare(a.Submitted), cmp.Compare(a.ID, b.ID))
	})
	return all, nil
}

func (f *Filter) has(r *Record) bool {
	return (f.Kind == "" || r.Kind == f.Kind) && (f.Name == "" || r.Name == f.Name) && (f.Status == "" || r.Status == f.Status) &&
		(f.SubmittedBefore.IsZero() || r.Submitted.Before(f.SubmittedBefore)) &&
		(f.SubmittedAfter.IsZero() || r.Submitted.After(f.SubmittedAfter))
}
