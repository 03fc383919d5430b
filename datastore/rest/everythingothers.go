package rest

import (
	"context"
	"slices"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
)

// open parses a version.
func (r *record) open(o datastore.Ordinal, doc *fhirjson.Document) error {
	text, err := r.view.AppendJSON(nil, o)
	if err != nil {
		return err
	}
	return parseAny(text, doc)
}

// others returns the resources that those of the compartments refer to, and that are in
// none: practitioners, medications, places, files. Other patients, and what refers to other
// patients, are left out: a Group of a patient does not show its other members.
func (r *record) others(ctx context.Context) (list []datastore.Ordinal, err error) {
	has := make(map[datastore.Ordinal]bool, len(r.members))
	for _, o := range r.members {
		has[o] = true
	}
	var doc fhirjson.Document
	seen := map[datastore.Ref]bool{}
	for _, o := range r.members {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if err := r.open(o, &doc); err != nil {
			return nil, err
		}
		for reference := range references(&doc) {
			ref, ok := r.call.local(reference)
			if !ok || seen[ref] {
				continue
			}
			seen[ref] = true
			to, err := r.view.Find(ctx, ref)
			if absent(err) {
				continue
			}
			if err != nil {
				return nil, err
			}
			if has[to] || !r.wants(to) {
				continue
			}
			ofOthers := ref.Type == "Patient" && !r.about[ref]
			if !ofOthers {
				if ofOthers, err = r.ofOthers(to); err != nil {
					return nil, err
				}
			}
			if !ofOthers {
				list = append(list, to)
			}
		}
	}
	slices.Sort(list)
	return list, nil
}

// ofOthers reports whether a resource refers to a patient whom the record is not about.
func (r *record) ofOthers(o datastore.Ordinal) (bool, error) {
	var doc fhirjson.Document
	if err := r.open(o, &doc); err != nil {
		return false, err
	}
	for reference := range references(&doc) {
		if to, ok := r.call.local(reference); ok && to.Type == "Patient" && !r.about[to] {
			return true, nil
		}
	}
	return false, nil
}
