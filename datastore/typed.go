package datastore

import (
	"context"
	"iter"

	"google.golang.org/protobuf/proto"

	dtpb "github.com/google/fhir/go/proto/google/fhir/proto/r4/core/datatypes_go_proto"
)

// A Resource is a google/fhir proto of an R4 resource, such as
// *patient_go_proto.Patient. Protos of profiles satisfy it too and are refused
// with ErrUnsupported; data types do not.
type Resource interface {
	proto.Message
	GetId() *dtpb.Id
	GetMeta() *dtpb.Meta
}

// Create stores a resource under a new id and returns it as it was stored. See
// [Store.Create].
func Create[R Resource](ctx context.Context, store *Store, resource R, opts ...WriteOption) (R, error) {
	json, err := Marshal(resource)
	if err != nil {
		return *new(R), err
	}
	v, err := store.Create(ctx, json, opts...)
	if err != nil {
		return *new(R), err
	}
	return Unmarshal[R](v.JSON)
}

// Update stores a resource under its own id and returns it as it was stored. A value
// that the proto did not change keeps its stored text, such as digits of a fraction of
// a second for which a proto has no room. See [Store.Update].
func Update[R Resource](ctx context.Context, store *Store, resource R, opts ...WriteOption) (R, error) {
	json, err := Marshal(resource)
	if err != nil {
		return *new(R), err
	}
	t, err := typeOf[R]()
	if err != nil {
		return *new(R), err
	}
	json = store.keepText(ctx, Ref{Type: t.String(), ID: resource.GetId().GetValue()}, json)
	v, err := store.Update(ctx, json, opts...)
	if err != nil {
		return *new(R), err
	}
	return Unmarshal[R](v.JSON)
}

// Read returns the current version of a resource. See [Reader].
func Read[R Resource](ctx context.Context, from Reader, id string) (R, error) {
	t, err := typeOf[R]()
	if err != nil {
		return *new(R), err
	}
	v, err := from.Read(ctx, Ref{Type: t.String(), ID: id})
	if err != nil {
		return *new(R), err
	}
	return Unmarshal[R](v.JSON)
}

// ReadVersion returns one version of a resource. See [Reader].
func ReadVersion[R Resource](ctx context.Context, from Reader, id, versionID string) (R, error) {
	t, err := typeOf[R]()
	if err != nil {
		return *new(R), err
	}
	v, err := from.ReadVersion(ctx, Ref{Type: t.String(), ID: id}, versionID)
	if err != nil {
		return *new(R), err
	}
	return Unmarshal[R](v.JSON)
}

// History iterates over the versions of a resource, newest first; deletions,
// which have no content, are left out. See [Reader].
func History[R Resource](ctx context.Context, from Reader, id string) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		t, err := typeOf[R]()
		if err != nil {
			yield(*new(R), err)
			return
		}
		for v, err := range from.History(ctx, Ref{Type: t.String(), ID: id}, nil) {
			if err == nil && v.Deleted {
				continue
			}
			var r R
			if err == nil {
				r, err = Unmarshal[R](v.JSON)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// Delete deletes a resource. See [Store.Delete].
func Delete[R Resource](ctx context.Context, store *Store, id string, opts ...WriteOption) error {
	t, err := typeOf[R]()
	if err != nil {
		return err
	}
	return store.Delete(ctx, Ref{Type: t.String(), ID: id}, opts...)
}

// Search iterates over all matches of a query in its order, over one state of the
// store, without pages. Included resources are left out, and _contained is an error,
// since containers are mostly of another type.
func Search[R Resource](ctx context.Context, from Reader, query string) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		t, err := typeOf[R]()
		if err != nil {
			yield(*new(R), err)
			return
		}
		for v, err := range matches(ctx, from, t, query) {
			var r R
			if err == nil {
				r, err = Unmarshal[R](v.JSON)
			}
			if !yield(r, err) || err != nil {
				return
			}
		}
	}
}

// A TypedPage is one page of a search's answer, see [Page].
type TypedPage[R Resource] struct {
	Total          int
	Matches        []R
	Included       []Version
	Self           string
	Next, Previous string
	Issues         []Issue
}

// SearchPage answers a query with one page. See [Reader]. With _contained it needs
// _containedType=contained, since containers are mostly of another type.
func SearchPage[R Resource](ctx context.Context, from Reader, query string) (*TypedPage[R], error) {
	t, err := typeOf[R]()
	if err != nil {
		return nil, err
	}
	page, err := from.Search(ctx, t.String(), query)
	if err != nil {
		return nil, err
	}
	typed := &TypedPage[R]{
		Total: page.Total, Included: page.Included, Self: page.Self,
		Next: page.Next, Previous: page.Previous, Issues: page.Issues,
	}
	for _, v := range page.Matches {
		r, err := Unmarshal[R](v.JSON)
		if err != nil {
			return nil, err
		}
		typed.Matches = append(typed.Matches, r)
	}
	return typed, nil
}
