package rest

import (
	"errors"
	"net/http"

	"github.com/fhirlake/fhirlake/datastore"
)

// create answers POST {type}, with If-None-Exist or without (FHIR R4 §3.1.0.8).
func (x *exchange) create() error {
	options, err := x.validation()
	if err != nil {
		return err
	}
	options = append(options, x.provenance()...)
	if given := x.r.Header.Values(ifNoneExist); given != nil {
		options = append(options, datastore.IfNoneExist(given[0]))
	}
	body, _, err := x.resource()
	if err != nil {
		return err
	}
	options = append(options, x.returning()...)
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
	options = append(options, x.returning()...)
	v, err := x.store.Update(x.r.Context(), body, options...)
	if err != nil {
		return err
	}
	x.sendWritten(&v)
	return nil
}

// delete answers DELETE {type}/{id} (FHIR R4 §3.1.0.7). Deleting an absent resource is
// no error.
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

// provenance returns the option to store the Provenance of the header X-Provenance
// (FHIR R4 provenance.html).
func (x *exchange) provenance() []datastore.WriteOption {
	given := x.r.Header.Values(provenance)
	if given == nil {
		return nil
	}
	return []datastore.WriteOption{datastore.WithProvenance([]byte(given[0]))}
}
