package rest

import (
	"context"
	"errors"
	"slices"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/quote"
	"github.com/fhirlake/fhirlake/issue"
)

// removalOperations returns $bulk-delete, $purge and $erase.
func removalOperations() []Operation {
	criteria := Parameter{Name: "criteria", Min: 1, Many: true, Type: "string"}
	ofStore, ofType := criteria, criteria
	ofStore.Documentation = "A search, as Observation?status=cancelled; what any of them finds is deleted. A search without a condition is refused."
	ofType.Documentation = "A search of the type, as status=cancelled; what any of them finds is deleted. A search without a condition is refused."
	deleted := Parameter{Name: "deleted", Out: true, Min: 1, Type: "integer", Documentation: "How many resources were deleted."}
	return []Operation{
		{
			Name: "bulk-delete", System: true, AffectsState: true, Handle: bulkDelete,
			Description: "Deletes all resources that searches find. Their histories stay: $purge removes one. Up to 100,000 are one commit.",
			Parameters:  []Parameter{ofStore, deleted},
		},
		{
			Name: "bulk-delete", Type: true, AffectsState: true, Handle: bulkDelete,
			Description: "Deletes all resources of a type that searches find. Their histories stay: $purge removes one. Up to 100,000 are one commit.",
			Parameters:  []Parameter{ofType, deleted},
		},
		{
			Name: "purge", Instance: true, AffectsState: true,
			Description: "Removes the superseded versions of a resource, or, if it is deleted, all of its versions: the resource then is as if it never was.",
			Parameters:  []Parameter{{Name: "return", Out: true, Min: 1, Type: "OperationOutcome"}},
			Handle: func(ctx context.Context, c *Call) (*Reply, error) {
				c.View.Close() // purging waits for states that see what goes
				if err := c.Store.Purge(ctx, c.Subject); err != nil {
					return nil, err
				}
				return outcome(), nil
			},
		},
		{
			Name: "erase", Instance: true, Resources: []string{"Patient"}, AffectsState: true, Handle: erase,
			Description: "Makes the store forget a patient for good: all versions of all resources that are about this patient alone, and the keys under which they lie.",
			Parameters: []Parameter{{
				Name: "reference", Out: true, Many: true, Type: "Reference",
				Documentation: "A resource that names the patient, or a resource that is gone, and stays, since it is about somebody else as well or about nobody.",
			}},
		},
	}
}

// erase answers $erase.
func erase(ctx context.Context, c *Call) (*Reply, error) {
	c.View.Close() // erasing waits for states that see what goes
	others, err := c.Store.Erase(ctx, c.Subject.ID)
	if err != nil {
		return nil, err
	}
	reply := &Reply{Parameters: []Argument{}}
	for _, ref := range others {
		value := append(quote.Append([]byte(`{"reference":`), ref.String()), '}')
		reply.Parameters = append(reply.Parameters, Argument{Name: "reference", Type: "Reference", Value: value})
	}
	return reply, nil
}

// bulkDelete answers $bulk-delete.
func bulkDelete(ctx context.Context, c *Call) (*Reply, error) {
	type search struct{ typ, query string }
	var searches []search
	for _, a := range c.Arguments("criteria") {
		typ, query, ok := strings.Cut(a.Text(), "?")
		if !ok {
			typ, query = "", typ
		}
		if typ = strings.TrimPrefix(typ, c.Base+"/"); typ == "" {
			typ = c.Subject.Type
		}
		if typ == "" || c.Subject.Type != "" && typ != c.Subject.Type {
			return nil, wrongArgument(a, "must be a search of a resource type, as in Observation?status=cancelled")
		}
		searches = append(searches, search{typ, query})
	}
	deleted := 0
	for _, s := range searches {
		n, err := deleteAll(ctx, c, s.typ, s.query)
		if deleted += n; err != nil {
			return nil, partly(err, deleted)
		}
	}
	return &Reply{Parameters: []Argument{text("deleted", "integer", strconv.Itoa(deleted))}}, nil
}

// chunkOfDeletion is how many resources are deleted in one commit if there are more than
// one commit can have.
const chunkOfDeletion = 10_000

// deleteAll deletes what a search finds: in one commit, or, if that is too much for one, in
// several. A resource that somebody changes meanwhile is looked at again.
func deleteAll(ctx context.Context, c *Call, typ, query string) (deleted int, err error) {
	deleted, err = c.Store.ConditionalDeleteAll(ctx, typ, query)
	if !errors.Is(err, datastore.ErrTooCostly) {
		return deleted, err
	}
	for range 16 {
		now, err := c.Store.At()
		if err != nil {
			return deleted, err
		}
		again := false
		found, err := now.Select(ctx, typ, query)
		if err == nil {
			again, err = deleteChunks(ctx, c, now, found, &deleted)
		}
		now.Close()
		if err != nil || !again {
			return deleted, err
		}
	}
	return deleted, datastore.ErrConflict
}

// deleteChunks deletes versions of a snapshot that are still current. It reports whether
// some were not.
func deleteChunks(ctx context.Context, c *Call, now *datastore.Snapshot, found func(func(datastore.Ordinal) bool), deleted *int) (again bool, err error) {
	tx := c.Store.Begin()
	commit := func() error {
		n := tx.Len()
		_, err := tx.Commit(ctx)
		switch {
		case errors.Is(err, datastore.ErrPreconditionFailed), errors.Is(err, datastore.ErrGone), errors.Is(err, datastore.ErrNotFound):
			again, err = true, nil
		case err == nil:
			*deleted += n
		}
		tx = c.Store.Begin()
		return err
	}
	for o := range found {
		v := now.Describe(o)
		if err := tx.Delete(v.Ref, datastore.IfMatch(v.VersionID)); err != nil {
			return again, err
		}
		if tx.Len() == chunkOfDeletion {
			if err := commit(); err != nil {
				return again, err
			}
		}
	}
	if tx.Len() > 0 {
		return again, commit()
	}
	return again, nil
}

// partly adds to an error what was done before it.
func partly(err error, deleted int) error {
	if deleted == 0 {
		return err
	}
	return &datastore.Error{Class: err, Issues: append(slices.Clone(datastore.Issues(err)), datastore.Issue{
		Severity: issue.Information, Code: issue.Incomplete, Offset: -1, Diagnostics: strconv.Itoa(deleted) + " resources had been deleted before",
	})}
}
