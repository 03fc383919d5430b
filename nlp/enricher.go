package nlp

import (
	"context"
	"encoding/base64"
	"fmt"
	"strings"
)

// An Enricher reads the notes of a DocumentReference.
//
// Enrich is called by many goroutines at once. It must not keep note or anything
// it refers to. It returns extensions, each a JSON object with a url (FHIR R4
// Extension), to be added to the resource. An extension of the resource with the
// same url as one returned is replaced, so enriching twice gives what enriching
// once gives. A panic is an error like any other.
type Enricher interface {
	Enrich(ctx context.Context, note Note) (extensions [][]byte, err error)
}

// A Note is a DocumentReference and the texts it carries.
type Note struct {
	// Resource is the DocumentReference as canonical JSON.
	Resource []byte
	// Texts are its attachments that hold text, in order.
	Texts []Text
}

// A Text is the decoded data of one attachment.
type Text struct {
	Content     int    // index in DocumentReference.content
	ContentType string // as the attachment says; "" where it says nothing
	Text        string // UTF-8
}

// The extensions in which the outcome of enrichment is written, with the names
// that AWS HealthLake uses.
const (
	RootURL    = "http://healthlake.amazonaws.com/aws-cm/"
	StatusURL  = RootURL + "status/"
	MessageURL = RootURL + "message/"
)

// IsText reports whether an attachment of the given content type holds text that
// an enricher can read: text of any kind, or no type at all.
func IsText(contentType string) bool {
	return contentType == "" || strings.HasPrefix(contentType, "text/")
}

// Decode returns the bytes of base64 attachment data, white space allowed (FHIR
// R4 base64Binary).
func Decode(data []byte) ([]byte, error) {
	packed := make([]byte, 0, len(data))
	for _, c := range data {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			packed = append(packed, c)
		}
	}
	n, err := base64.StdEncoding.Decode(packed, packed)
	if err != nil {
		return nil, fmt.Errorf("nlp: attachment data is not base64: %w", err)
	}
	return packed[:n], nil
}
