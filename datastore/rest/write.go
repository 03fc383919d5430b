package rest

import (
	"context"
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
	return x.updateBy(func(ctx context.Context, body []byte, id string, options ...datastore.WriteOption) (datastore.Version, error) {
		if id != x.id {
			return datastore.Version{}, misplacedIn(x.typ, "/id", "the resource has not the id that the URL names")
		}
		return x.store.Update(ctx, body, options...)
	})
}

// updateBy reads the resource of an update, has it written and answers. id is the
// resource's own, "" for none.
func (x *exchange) updateBy(write func(ctx context.Context, body []byte, id string, options ...datastore.WriteOption) (datastore.Version, error)) error {
	options, err := x.writeOptions()
	if err != nil {
		return err
	}
	body, id, err := x.resource()
	if err != nil {
		return err
	}
	v, err := write(x.r.Context(), body, id, append(options, x.returning()...)...)
	if err != nil {
		return err
	}
	x.sendWritten(&v)
	return nil
}

// delete answers DELETE {type}/{id} (FHIR R4 §3.1.0.7). Deleting an absent resource is
// no error, unless there may be one that the caller does not see: nobody must believe that
// this is gone.
func (x *exchange) delete() error {
	options, err := conditions(x.r)
	if err != nil {
		return err
	}
	x.noteDoomed()
	err = x.store.Delete(x.r.Context(), x.ref(), options...)
	absent := errors.Is(err, datastore.ErrGone) || errors.Is(err, datastore.ErrNotFound) && x.options.Authorization == nil
	if err != nil && !absent {
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
