package nlp

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/quote"
)

// Failure returns the extension that records that a document was not annotated: status
// VALIDATION_ERROR and the message of the error, the form that AWS HealthLake writes. It
// is stored in the resource, so the message may speak of its content.
func Failure(err error) []byte { return Status("VALIDATION_ERROR", err.Error()) }

// maxMessage is the length in bytes beyond which a message is cut.
const maxMessage = 4096

// Status returns the extension of an annotation that has a status and, unless it is
// empty, a message, and nothing else.
func Status(status, message string) []byte {
	quoted := func(s string) string { return string(quote.Append(nil, s)) }
	x := `{"url":"` + RootURL + `","extension":[{"url":"` + StatusURL + `","valueString":` + quoted(status) + `}`
	if message != "" {
		x += `,{"url":"` + MessageURL + `","valueString":` + quoted(clean(message)) + `}`
	}
	return []byte(x + `]}`)
}

// clean cuts a message and replaces what R4's string does not allow.
func clean(message string) string {
	if len(message) > maxMessage {
		message = strings.ToValidUTF8(message[:maxMessage], "") + "…"
	}
	return strings.Map(func(r rune) rune {
		if r < ' ' && r != '\n' && r != '\r' && r != '\t' {
			return '\uFFFD'
		}
		return r
	}, message)
}
