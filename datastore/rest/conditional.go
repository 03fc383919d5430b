package rest

import (
	"context"
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/urlquery"
	"github.com/fhirlake/fhirlake/issue"
)

// DeleteMode says what a conditional delete does that finds several resources.
type DeleteMode uint8

// The modes (FHIR R4 §3.1.0.7.1).
const (
	DeleteSingle   DeleteMode = iota // refuses with 412
	DeleteMultiple                   // deletes all of them, in one commit
)

// criteria returns the query of a conditional interaction, without the parameters that
// shape its answer.
func (x *exchange) criteria() (string, error) {
	var parts []string
	for part := range strings.SplitSeq(x.r.URL.RawQuery, "&") {
		switch name, _, _ := urlquery.Cut(part); name {
		case "_format", "_pretty", "":
		default:
			parts = append(parts, part)
		}
	}
	if parts == nil {
		return "", refuse(http.StatusBadRequest, issue.Required, "the URL names neither a resource nor a condition: write "+x.typ+"/id or "+x.typ+"?parameter=value")
	}
	return strings.Join(parts, "&"), nil
}

// conditionalUpdate answers PUT {type}?criteria (FHIR R4 §3.1.0.4.3).
func (x *exchange) conditionalUpdate() error {
	criteria, err := x.criteria()
	if err != nil {
		return err
	}
	return x.updateBy(func(ctx context.Context, body []byte, _ string, options ...datastore.WriteOption) (datastore.Version, error) {
		return x.store.ConditionalUpdate(ctx, x.typ, criteria, body, options...)
	})
}

// conditionalPatch answers PATCH {type}?criteria (FHIR R4 §3.1.0.6.2).
func (x *exchange) conditionalPatch() error {
	criteria, err := x.criteria()
	if err != nil {
		return err
	}
	return x.patchBy(func(ctx context.Context, body []byte, options ...datastore.WriteOption) (datastore.Version, error) {
		return x.store.ConditionalPatch(ctx, x.typ, criteria, body, options...)
	})
}

// conditionalDelete answers DELETE {type}?criteria (FHIR R4 §3.1.0.7.1).
func (x *exchange) conditionalDelete() error {
	criteria, err := x.criteria()
	if err != nil {
		return err
	}
	options, err := conditions(x.r)
	if err != nil {
		return err
	}
	if x.options.ConditionalDelete == DeleteSingle {
		_, err = x.store.ConditionalDelete(x.r.Context(), x.typ, criteria, options...)
	} else if len(options) > 0 {
		return refuse(http.StatusBadRequest, issue.NotSupported, "If-Match does not go with the deletion of all that a query finds")
	} else {
		_, err = x.store.ConditionalDeleteAll(x.r.Context(), x.typ, criteria)
	}
	if err != nil {
		return err
	}
	x.send(http.StatusNoContent, nil)
	return nil
}
