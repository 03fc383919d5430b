package nlp

import (
	"encoding/base64"
	"errors"
)

// Decode returns the bytes of base64 attachment data, white space allowed (FHIR
// R4 base64Binary). Its errors do not show the data.
func Decode(data []byte) ([]byte, error) {
	packed := make([]byte, 0, len(data))
	for _, c := range data {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			packed = append(packed, c)
		}
	}
	n, err := base64.StdEncoding.Decode(packed, packed)
	if err != nil {
		return nil, errors.New("nlp: the attachment's data is not base64")
	}
	return packed[:n], nil
}
