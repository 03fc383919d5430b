package nlp

import (
	"github.com/go-json-experiment/json/jsontext"
)

// Failure returns the extension that records that enrichment failed: status
// VALIDATION_ERROR and the message of the error, the form that AWS HealthLake
// writes. It is stored on the resource, so the message may speak of its content.
func Failure(err error) []byte {
	message, _ := jsontext.AppendQuote(nil, err.Error()) // only invalid UTF-8 is an error, and is replaced
	return []byte(`{"url":"` + RootURL + `","extension":[` +
		`{"url":"` + StatusURL + `","valueString":"VALIDATION_ERROR"},` +
		`{"url":"` + MessageURL + `","valueString":` + string(message) + `}]}`)
}
