package rest

import (
	"net/http"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/issue"
)

// levelHeader is AWS HealthLake's header for the level of validation of a write.
const levelHeader = "X-Amzn-Healthlake-Fhir-Validation-Level"

// validation says at which level the request wants its resources checked, if it does not
// leave that to the store.
func (x *exchange) validation() ([]datastore.WriteOption, error) {
	var level datastore.Level
	switch x.r.Header.Get(levelHeader) {
	case "":
		return nil, nil
	case "strict":
		level = datastore.Strict
	case "structure-only":
		level = datastore.StructureOnly
	case "minimal":
		level = datastore.Minimal
	default:
		return nil, refuse(http.StatusBadRequest, issue.Value, levelHeader+" must be strict, structure-only or minimal")
	}
	return []datastore.WriteOption{datastore.Validation(level)}, nil
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
