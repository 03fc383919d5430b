package rest

import (
	"net/http"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// levelHeader is AWS HealthLake's header for the level of validation of a write.
const levelHeader = "X-Amzn-Healthlake-Fhir-Validation-Level"

// validation returns the options of a write: the address at which the store is served,
// and the level of validation if the request names one.
func (x *exchange) validation() ([]datastore.WriteOption, error) {
	options := []datastore.WriteOption{datastore.ServedAt(x.base)}
	var level datastore.Level
	switch x.r.Header.Get(levelHeader) {
	case "":
		return options, nil
	case "strict":
		level = datastore.Strict
	case "structure-only":
		level = datastore.StructureOnly
	case "minimal":
		level = datastore.Minimal
	default:
		return nil, refuse(http.StatusBadRequest, issue.Value, levelHeader+" must be strict, structure-only or minimal")
	}
	return append(options, datastore.Validation(level)), nil
}

// writeOptions returns the options in the headers of an update or a patch: conditions,
// the level of validation and a Provenance.
func (x *exchange) writeOptions() ([]datastore.WriteOption, error) {
	options, err := conditions(x.r)
	if err != nil {
		return nil, err
	}
	level, err := x.validation()
	return append(append(options, level...), x.provenance()...), err
}
