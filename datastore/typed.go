package datastore

import (
	"context"
	"iter"

	"github.com/fhirlake/fhirlake/search"
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
// [Store.Create], of whose options it takes all but Return.
func Create[R Resource](ctx context.Context, store *Store, resource R, opts ...WriteOption) (R, error) {
	json, err := Marshal(resource)
	if err != nil {
		return *new(R), err
	}
	v, err := store.create(ctx, json, &opTypedCreate, opts)
	if err != nil {
		return *new(R), err
	}
	return Unmarshal[R](v.JSON)
}

// Update stores a resource under its own id and returns it as it was stored. What a
// proto has no room for, such as digits of a fraction of a second, stays in the
// stored JSON as it was wherever the value in the proto is still the same. See
// [Store.Update], of whose options it takes all but Return.
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
	v, err := store.updateAs(ctx, json, &opTypedUpdate, opts)
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
// which have no content, are left out. opts may be nil. See [Reader].
func History[R Resource](ctx context.Context, from Reader, id string, opts *HistoryOptions) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		t, err := typeOf[R]()
		if err != nil {
			yield(*new(R), err)
			return
		}
		for v, err := range from.History(ctx, Ref{Type: t.String(), ID: id}, opts) {
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

// HistoryPage returns one page of the versions that [History] iterates over, and the
// HistoryOptions.Page of the next one. Deletions, which are left out, count in its size.
func HistoryPage[R Resource](ctx context.Context, from Reader, id string, opts *HistoryOptions) (versions []R, next string, err error) {
	t, err := typeOf[R]()
	if err != nil {
		return nil, "", err
	}
	page, next, err := from.HistoryPage(ctx, Ref{Type: t.String(), ID: id}, opts)
	if err != nil {
		return nil, "", err
	}
	for _, v := range page {
		if v.Deleted {
			continue
		}
		r, err := Unmarshal[R](v.JSON)
		if err != nil {
			return nil, "", err
		}
		versions = append(versions, r)
	}
	return versions, next, nil
}

// Delete deletes a resource. See [Store.Delete].
func Delete[R Resource](ctx context.Context, store *Store, id string, opts ...WriteOption) error {
	t, err := typeOf[R]()
	if err != nil {
		return err
	}
	return store.Delete(ctx, Ref{Type: t.String(), ID: id}, opts...)
}

// Search iterates over all matches of a query in the order that it asks for, over
// one state of the store, without pages. See [Reader.SearchAll].
func Search[R Resource](ctx context.Context, from Reader, query string, opts ...SearchOption) iter.Seq2[R, error] {
	return func(yield func(R, error) bool) {
		t, err := typeOf[R]()
		if err != nil {
			yield(*new(R), err)
			return
		}
		for v, err := range from.SearchAll(ctx, t.String(), query, opts...) {
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
	Total                       int
	Matches                     []R
	Included                    []Version
	Self                        string
	First, Previous, Next, Last string
	Plan                        *search.Plan
	Issues                      []Issue
}

// SearchPage answers a query with one page. See [Reader.Search]. With _contained it needs
// _containedType=contained: what contains a resource is mostly of another type.
func SearchPage[R Resource](ctx context.Context, from Reader, query string, opts ...SearchOption) (*TypedPage[R], error) {
	t, err := typeOf[R]()
	if err != nil {
		return nil, err
	}
	page, err := from.Search(ctx, t.String(), query, opts...)
	if err != nil {
		return nil, err
	}
	typed := &TypedPage[R]{
		Total: page.Total, Included: page.Included, Self: page.Self, First: page.First, Previous: page.Previous,
		Next: page.Next, Last: page.Last, Plan: page.Plan, Issues: page.Issues,
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
