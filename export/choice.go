package export

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"

	"github.com/RoaringBitmap/roaring/v2"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/schema"
)

// A run is the versions, in order, for files of one kind.
type run struct {
	series
	walk walk
	cut  subsetter // nil for whole resources
}

// A walk calls yield with versions until that returns false.
type walk func(ctx context.Context, yield func(datastore.Ordinal) bool) error

// A choice is the set of versions of a state that an export writes.
type choice struct {
	from    *datastore.Snapshot
	options *Options
	in      *patients // nil for the whole store
	types   []string  // exported types, sorted
	sets    map[string]*roaring.Bitmap
	stream  bool // there are no files
}

// choose finds the exported versions. The result needs no further search, except for
// files that are organized by patients.
func choose(ctx context.Context, from *datastore.Snapshot, o *Options) (*choice, error) {
	c := &choice{from: from, options: o, types: o.Types, sets: map[string]*roaring.Bitmap{}}
	var err error
	if c.in, err = patientsOf(ctx, from, o); err != nil {
		return nil, err
	}
	if len(c.types) == 0 {
		c.types = slices.DeleteFunc(from.Types(), func(typ string) bool { return c.in != nil && !inCompartment(typ) })
		if o.History || !o.Since.IsZero() {
			c.types = c.everType()
		}
	}
	filters, err := c.filters()
	if err != nil {
		return nil, err
	}
	if err := c.checkElements(); err != nil {
		return nil, err
	}
	if o.History {
		return c, nil
	}
	for _, typ := range c.types {
		if err := c.chooseType(ctx, typ, filters[typ]); err != nil {
			return nil, err
		}
	}
	return c, c.associate(ctx)
}

// letGo ends the hold on the state, unless the state is searched later: reading chosen
// versions needs no hold.
func (c *choice) letGo() {
	if c.options.OrganizeBy == "" {
		c.from.Close()
	}
}

// everType returns the types of the scope that ever had a resource.
func (c *choice) everType() []string {
	var types []string
	for t := range schema.Types {
		name := schema.TypeID(t).String()
		if _, ok := schema.ResourceType(name); !ok || c.in != nil && !inCompartment(name) {
			continue
		}
		if versions, err := c.from.Versions(name); err == nil {
			for _, err := range versions {
				if err != nil {
					break
				}
				types = append(types, name)
				break
			}
		}
	}
	slices.Sort(types)
	return types
}

// filters returns the queries of each type that has filters.
func (c *choice) filters() (map[string][]string, error) {
	queries := map[string][]string{}
	for i, filter := range c.options.TypeFilters {
		typ, query, ok := strings.Cut(filter, "?")
		_, known := schema.ResourceType(typ)
		switch {
		case !ok || !known:
			return nil, fmt.Errorf(`export: TypeFilters: number %d is no "<Type>?<query>"`, i+1)
		case len(c.options.Types) > 0 && !slices.Contains(c.options.Types, typ):
			return nil, fmt.Errorf("export: TypeFilters: number %d is of type %s, which Types leaves out: add it there", i+1, typ)
		case c.in != nil && !inCompartment(typ):
			return nil, fmt.Errorf("export: TypeFilters: number %d is of type %s, which is in no patient's compartment", i+1, typ)
		}
		// A type without resources is searched too, so that a wrong query is an error.
		if at, found := slices.BinarySearch(c.types, typ); !found {
			c.types = slices.Insert(c.types, at, typ)
		}
		queries[typ] = append(queries[typ], query)
	}
	return queries, nil
}

// condition returns the query that holds for all types.
func (o *Options) condition() string {
	var parts []string
	if !o.Since.IsZero() {
		parts = append(parts, "_lastUpdated=gt"+o.Since.UTC().Format(instant))
	}
	if !o.Until.IsZero() {
		parts = append(parts, "_lastUpdated=lt"+o.Until.UTC().Format(instant))
	}
	if len(o.Tags) > 0 {
		parts = append(parts, "_tag="+url.QueryEscape(strings.Join(o.Tags, ",")))
	}
	if len(o.Securities) > 0 {
		parts = append(parts, "_security="+url.QueryEscape(strings.Join(o.Securities, ",")))
	}
	return strings.Join(parts, "&")
}

// chooseType finds the exported versions of a type.
func (c *choice) chooseType(ctx context.Context, typ string, filters []string) error {
	if len(filters) == 0 {
		filters = []string{""}
	}
	set := roaring.New()
	for _, filter := range filters {
		query := strings.Trim(c.options.condition()+"&"+filter, "&")
		if err := add(ctx, c.from, set, typ, query); err != nil {
			return fmt.Errorf("export: choosing %ss: %w", typ, err)
		}
	}
	if c.in != nil {
		inside, err := compartment(ctx, c.from, typ, c.in)
		if err != nil {
			return fmt.Errorf("export: choosing %ss: %w", typ, err)
		}
		set.And(inside)
	}
	c.sets[typ] = set
	return nil
}

// runs returns the runs of files of one type each, and the deletions last.
func (c *choice) runs() ([]run, error) {
	var runs []run
	for _, typ := range c.types {
		r := run{series: series{Name: typ}}
		if c.options.History {
			versions, err := c.from.Versions(typ)
			if err != nil {
				return nil, err
			}
			r.walk = func(ctx context.Context, yield func(datastore.Ordinal) bool) error {
				for v, err := range versions {
					if err != nil {
						return err
					}
					apart, err := c.listed(ctx, &v)
					if err != nil {
						return err
					}
					if !apart && c.options.during(&v) && !yield(v.Ordinal) {
						break
					}
				}
				return nil
			}
		} else {
			r.walk = walkOf(c.sets[typ])
		}
		var err error
		if r.cut, err = c.subsetter(typ); err != nil {
			return nil, err
		}
		runs = append(runs, r)
	}
	if c.options.History || !c.options.Since.IsZero() {
		runs = append(runs, run{series: series{Name: "Bundle", Deleted: true}, walk: c.deleted})
	}
	return runs, nil
}

// during reports whether a version was written between Since and Until.
func (o *Options) during(v *datastore.Version) bool {
	return (o.Since.IsZero() || v.LastUpdated.After(o.Since)) && (o.Until.IsZero() || v.LastUpdated.Before(o.Until))
}

// walkOf walks a set.
func walkOf(set *roaring.Bitmap) walk {
	return func(_ context.Context, yield func(datastore.Ordinal) bool) error {
		for it := set.Iterator(); it.HasNext(); {
			if !yield(datastore.Ordinal(it.Next())) {
				break
			}
		}
		return nil
	}
}
