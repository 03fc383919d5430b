package rest

import (
	"errors"
	"net/http"

	"github.com/fhirlake/fhirlake/datastore"
)

// read answers GET {type}/{id} (FHIR R4 §3.1.0.2).
func (x *exchange) read() error {
	v, err := x.store.Read(x.r.Context(), x.ref())
	if errors.Is(err, datastore.ErrNotFound) {
		if own, ok := x.ownDefinition(); ok {
			v, err = own, nil
		}
	}
	return x.sendRead(&v, err)
}

// readVersion answers GET {type}/{id}/_history/{version} (FHIR R4 §3.1.0.3).
func (x *exchange) readVersion() error {
	v, err := x.store.ReadVersion(x.r.Context(), x.ref(), x.version)
	if errors.Is(err, datastore.ErrNotFound) {
		if own, ok := x.ownDefinition(); ok {
			v, err = own, nil
		}
	}
	return x.sendRead(&v, err)
}

func (x *exchange) sendRead(v *datastore.Version, err error) error {
	if err != nil {
		return err
	}
	if err := x.store.Subset(v, x.query); err != nil {
		return err
	}
	x.setVersion(v)
	if notModified(x.r, v) {
		x.send(http.StatusNotModified, nil)
		return nil
	}
	if x.wantsContent() {
		x.notePatients(v.JSON)
		if sent, err := x.sendContent(v); sent || err != nil {
			return err
		}
	}
	x.send(http.StatusOK, v.JSON)
	return nil
}
