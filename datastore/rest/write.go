package rest

import (
	"errors"
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// create answers POST {type}, with If-None-Exist or without (FHIR R4 §3.1.0.8).
func (x *exchange) create() error {
	options, err := validation(x.r)
	if err != nil {
		return err
	}
	if given := x.r.Header.Values("If-None-Exist"); len(given) > 0 {
		query := given[0]
		if before, after, ok := strings.Cut(query, "?"); ok && !strings.Contains(before, "=") {
			query = after // some clients send all of [base]/[type]?query
		}
		if query == "" || len(given) > 1 {
			return refuse(http.StatusBadRequest, issue.Value, "If-None-Exist must be one query")
		}
		options = append(options, datastore.IfNoneExist(query))
	}
	body, _, err := x.resource()
	if err != nil {
		return err
	}
	v, err := x.store.Create(x.r.Context(), body, options...)
	if err != nil {
		return err
	}
	x.sendWritten(&v)
	return nil
}

// update answers PUT {type}/{id}, which creates the resource if there is none
// (FHIR R4 §3.1.0.4).
func (x *exchange) update() error {
	options, err := x.writeOptions()
	if err != nil {
		return err
	}
	body, id, err := x.resource()
	if err != nil {
		return err
	}
	if id != x.id {
		return misplacedIn(x.typ, "/id", "the resource has not the id that the URL names")
	}
	v, err := x.store.Update(x.r.Context(), body, options...)
	if err != nil {
		return err
	}
	x.sendWritten(&v)
	return nil
}

// delete answers DELETE {type}/{id} (FHIR R4 §3.1.0.7). Deleting what is not
// there is no error.
func (x *exchange) delete() error {
	options, err := conditions(x.r)
	if err != nil {
		return err
	}
	err = x.store.Delete(x.r.Context(), x.ref(), options...)
	if err != nil && !errors.Is(err, datastore.ErrNotFound) && !errors.Is(err, datastore.ErrGone) {
		return err
	}
	x.send(http.StatusNoContent, nil)
	return nil
}
