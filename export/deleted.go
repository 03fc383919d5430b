package export

import (
	"context"
	"errors"
	"regexp"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/etag"
)

// deleted walks the deletions in force: deletions of the exported types between Since
// and Until. In a scope of patients, the last version of the deleted resource must have
// belonged to one of them. Other conditions do not apply, since a deletion has no
// content.
func (c *choice) deleted(ctx context.Context, yield func(datastore.Ordinal) bool) error {
	for _, typ := range c.types {
		versions, err := c.from.Versions(typ)
		if err != nil {
			return err
		}
		for v, err := range versions {
			if err != nil {
				return err
			}
			if !v.Deleted || !c.options.during(&v) {
				continue
			}
			if listed, err := c.listed(ctx, &v); err != nil {
				return err
			} else if !listed {
				continue
			}
			was, err := c.was(&v)
			if err != nil {
				return err
			}
			if was && !yield(v.Ordinal) {
				return nil
			}
		}
	}
	return nil
}

// listed reports whether files of deletions list a version: a deletion in force. A stream
// has no such files, so all deletions of its history stand among the versions.
func (c *choice) listed(ctx context.Context, v *datastore.Version) (bool, error) {
	if !v.Deleted || c.stream {
		return false, nil
	}
	newest, err := c.from.Find(ctx, v.Ref)
	if err != nil && !errors.Is(err, datastore.ErrGone) {
		return false, err
	}
	return newest == v.Ordinal, nil
}

var patientReference = regexp.MustCompile(`"reference":"Patient/([A-Za-z0-9.-]+)`)

// was reports whether a deleted resource belonged to the scope: it was one of the scope's
// patients, or its last version refers to one.
func (c *choice) was(v *datastore.Version) (bool, error) {
	switch {
	case c.in == nil:
		return true, nil
	case v.Type == patient:
		return c.in.has(v.ID), nil
	}
	last, ok := c.from.Previous(v.Ordinal)
	if !ok {
		return false, nil
	}
	text, err := c.from.AppendJSON(nil, last)
	if err != nil {
		return false, err
	}
	for _, found := range patientReference.FindAllSubmatch(text, -1) {
		if c.in.has(string(found[1])) {
			return true, nil
		}
	}
	return false, nil
}

// appendDeletion appends a Bundle that deletes a resource, as Bulk Data lists it. With
// history it is of type history, and says which version the deletion is.
func appendDeletion(dst []byte, v *datastore.Version, history bool) []byte {
	kind := "transaction"
	if history {
		kind = "history"
	}
	dst = append(append(append(dst, `{"resourceType":"Bundle","type":"`...), kind...), `","entry":[{`...)
	dst = append(append(append(dst, `"request":{"method":"DELETE","url":"`...), v.Ref.String()...), `"}`...)
	if history {
		dst = append(etag.Append(append(dst, `,"response":{"status":"204","etag":`...), v.VersionID), `,"lastModified":"`...)
		dst = append(v.LastUpdated.AppendFormat(dst, instant), `"}`...)
	}
	return append(dst, `}]}`...)
}
