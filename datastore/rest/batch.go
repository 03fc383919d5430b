package rest

import (
	"net/http"

	"github.com/fhirlake/fhirlake/datastore"
)

// returns are the values of the preference return (RFC 7240 §4.2, FHIR R4 §3.1.0.1.7).
var returns = map[string]datastore.ReturnPreference{
	"minimal": datastore.ReturnMinimal, "representation": datastore.ReturnRepresentation, "operationoutcome": datastore.ReturnOutcome,
}

// transact answers POST to the base: a batch or a transaction (FHIR R4
// §3.1.0.11).
func (x *exchange) transact() error {
	body, err := x.resourceBody()
	if err != nil {
		return err
	}
	options, err := x.validation()
	if err != nil {
		return err
	}
	options = append(options, datastore.Return(returns[preference(x.r, "return")]))
	reply, err := x.store.Transact(x.r.Context(), body, options...)
	if err != nil {
		return err
	}
	x.send(http.StatusOK, reply)
	return nil
}
