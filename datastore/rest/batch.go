package rest

import (
	"net/http"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/bundle"
)

// returns are the values of the preference return, in lower case (RFC 7240 §4.2, FHIR R4
// §3.1.0.1.7).
var returns = map[string]string{"minimal": "minimal", "representation": "representation", "operationoutcome": "OperationOutcome"}

// returning returns the option for the preference return, if the request has one that is
// known: others are passed over.
func (x *exchange) returning() []datastore.WriteOption {
	if x.typ != "" && x.access != nil && x.access.audited {
		return nil // the audit looks at the result, whatever the client prefers
	}
	if wanted, known := returns[preference(x.r, "return")]; known {
		return []datastore.WriteOption{datastore.Return(wanted)}
	}
	return nil
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
	options = append(options, x.returning()...)
	reply, err := x.store.Transact(bundle.WithOperations(x.r.Context(), x.operateIn), body, options...)
	x.noteEntries(body, reply)
	if err != nil {
		return err
	}
	x.send(http.StatusOK, reply)
	return nil
}
