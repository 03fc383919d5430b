package rest

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"slices"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/fhirxml"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json/jsontext"
)

// body reads the body of the request, unpacked if it is compressed. It reports 415 if the
// body is of another type than those given, if there are any, or is not plain UTF-8, and 413
// past MaxBodySize. A request that does not name a type is taken to be of the right one.
func (x *exchange) body(types ...string) ([]byte, error) {
	if given := x.r.Header.Get("Content-Type"); given != "" && types != nil {
		name, params, err := mime.ParseMediaType(given)
		charset := params["charset"]
		version := params["fhirversion"]
		switch {
		case err != nil || !slices.Contains(types, name):
			return nil, refuse(http.StatusUnsupportedMediaType, issue.NotSupported, "the body must be "+types[0])
		case version != "" && !isR4(version):
			return nil, refuse(http.StatusUnsupportedMediaType, issue.NotSupported, "the body must be of FHIR R4: fhirVersion=4.0")
		case charset != "" && !strings.EqualFold(charset, "utf-8"):
			return nil, refuse(http.StatusUnsupportedMediaType, issue.NotSupported, "the body must be UTF-8")
		}
	}
	limited := http.MaxBytesReader(x.w, x.r.Body, x.options.MaxBodySize)
	var body []byte
	var err error
	switch coding := strings.ToLower(x.r.Header.Get("Content-Encoding")); coding {
	case "", "identity":
		body, err = readAll(limited, x.r.ContentLength, x.options.MaxBodySize)
	case "gzip", "x-gzip":
		body, err = unpacked(limited, x.options.MaxBodySize)
	default:
		return nil, refuse(http.StatusUnsupportedMediaType, issue.NotSupported, "the body may be compressed by gzip alone")
	}
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return nil, refuse(http.StatusRequestEntityTooLarge, issue.TooLong, "the body is too long")
	case errors.Is(err, os.ErrDeadlineExceeded):
		x.w.Header().Set("Connection", "close")
		return nil, refuse(http.StatusRequestTimeout, issue.Timeout, "the body comes too slowly")
	case err != nil:
		return nil, refuse(http.StatusBadRequest, issue.Incomplete, "the body cannot be read to its end")
	}
	return body, x.admit(len(body))
}

// unpacked reads a body that is compressed with gzip.
func unpacked(r io.Reader, limit int64) ([]byte, error) {
	text, err := gzip.NewReader(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(text, limit+1))
	if err == nil && int64(len(body)) > limit {
		err = &http.MaxBytesError{Limit: limit}
	}
	return body, err
}

// firstRead is how many bytes of a body have to be there before room is made for all
// that its length promises.
const firstRead = 1 << 20

// readAll reads a body of a known length, or of an unknown one if it is -1, into as little
// memory as possible.
func readAll(r io.Reader, length, limit int64) ([]byte, error) {
	if length < 0 || length > limit {
		return io.ReadAll(r)
	}
	body := make([]byte, min(length, firstRead))
	n, err := io.ReadFull(r, body)
	if err == nil && int64(n) < length {
		body = append(make([]byte, 0, length), body...)[:length]
		_, err = io.ReadFull(r, body[n:])
	}
	if err == io.EOF && length == 0 {
		err = nil
	}
	if err == nil { // what the server lets through beyond the length is read, and the limit told
		var more [1]byte
		if k, failed := r.Read(more[:]); k > 0 {
			err = errors.New("rest: the body is longer than its length")
		} else if failed != nil && failed != io.EOF {
			err = failed
		}
	}
	return body, err
}

// resourceBody reads a body that is a resource in JSON or XML. It returns JSON, and reports
// ErrInvalid for XML that is no FHIR's.
func (x *exchange) resourceBody() ([]byte, error) {
	body, err := x.body(slices.Concat(jsonTypes, xmlTypes)...)
	if err != nil {
		return nil, err
	}
	return x.inJSON(body)
}

// inJSON returns the JSON of a body that is a resource in JSON or XML.
func (x *exchange) inJSON(body []byte) ([]byte, error) {
	if name, _ := mediaType(x.r.Header.Get("Content-Type")); !slices.Contains(xmlTypes, name) {
		return body, nil
	}
	json, err := fhirxml.AppendJSON(make([]byte, 0, len(body)), body)
	if malformed := (*fhirjson.Error)(nil); errors.As(err, &malformed) {
		return nil, &datastore.Error{Class: datastore.ErrInvalid, Issues: malformed.Issues}
	}
	x.fromXML = true
	return json, err
}

// resource reads a resource of the type that the URL names. It returns its id as
// well, "" if it has none.
func (x *exchange) resource() (body []byte, id string, err error) {
	if x.typ == "Binary" {
		body, err = x.binaryBody()
	} else {
		body, err = x.resourceBody()
	}
	if err != nil {
		return nil, "", err
	}
	typ, id, err := identity(body)
	if _, isType := schema.ResourceType(typ); err != nil || !isType {
		// The store reports the fault and its place.
		if _, stored := x.store.Validate(x.r.Context(), body); stored != nil {
			err = stored
		}
		return nil, "", cmp.Or(err, misplaced("/resourceType", "the resource has no type of FHIR R4"))
	}
	if typ != x.typ {
		return nil, "", misplacedIn(typ, "/resourceType", "the resource is not of the type that the URL names")
	}
	return body, id, nil
}

// misplaced reports a resource that the URL does not name.
func misplaced(pointer, text string) error { return misplacedIn("", pointer, text) }

// misplacedIn is misplaced for a resource of a known type.
func misplacedIn(root, pointer, text string) error {
	return &datastore.Error{Class: datastore.ErrInvalid, Issues: []datastore.Issue{{
		Severity: issue.Error, Code: issue.Invalid, Root: root, Pointer: pointer, Offset: -1, Diagnostics: text,
	}}}
}

// identity returns the type and the id of a resource. It reads no further than
// necessary, and canonical JSON begins with the two; the store checks the rest.
func identity(resource []byte) (typ, id string, err error) {
	malformed := misplaced("", "malformed JSON")
	d := jsontext.NewDecoder(bytes.NewBuffer(resource))
	if t, err := d.ReadToken(); err != nil || t.Kind() != '{' {
		return "", "", malformed
	}
	for typ == "" || id == "" {
		name, err := d.ReadToken()
		if err != nil {
			return "", "", malformed
		}
		if name.Kind() == '}' {
			break
		}
		var member *string
		switch name.String() {
		case "resourceType":
			member = &typ
		case "id":
			member = &id
		}
		if member == nil || d.PeekKind() != '"' {
			err = d.SkipValue()
		} else if value, failed := d.ReadToken(); failed == nil {
			*member = value.String()
		} else {
			err = failed
		}
		if err != nil {
			return "", "", malformed
		}
	}
	return typ, id, nil
}
