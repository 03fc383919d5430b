package rest

import "net/http"

// transact answers POST to the base: a batch or a transaction (FHIR R4
// §3.1.0.11).
func (x *exchange) transact() error {
	body, err := x.body(fhirJSON, plainJSON)
	if err != nil {
		return err
	}
	options, err := validation(x.r)
	if err != nil {
		return err
	}
	reply, err := x.store.Transact(x.r.Context(), body, options...)
	if err != nil {
		return err
	}
	x.send(http.StatusOK, reply)
	return nil
}
