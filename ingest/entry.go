package ingest

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"strconv"
	"strings"

	"github.com/fhirlake/fhirlake/datastore"
	"github.com/fhirlake/fhirlake/internal/bundle"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/google/uuid"
)

// An entry has the fields of a Bundle's entry that an import reads.
type entry struct {
	fullURL  string
	resource []byte // nil if there is none
	typ, id  string // of the resource, as they stand in it
	method   string // of the request, "" without one
	url      string
	mode     string // of the search, "" without one
}

// maxAddress is how long a fullUrl or the url of a request may be, in bytes of JSON.
const maxAddress = 4 << 10

// readEntry splits the text of an entry. A parser checks the resource later.
func readEntry(text []byte) (e entry, err error) {
	s := splitterOf(text)
	seen := map[string]bool{}
	err = s.members(func(name string) error {
		from := s.at
		switch name {
		case "fullUrl", "resource", "request", "search":
			if seen[name] {
				return errSyntax
			}
			seen[name] = true
		}
		switch name {
		case "fullUrl":
			return s.text1(&e.fullURL)
		case "request":
			return s.pair("method", &e.method, "url", &e.url)
		case "search":
			return s.pair("mode", &e.mode, "", nil)
		case "resource":
			if s.peek() != '{' {
				return s.skip()
			}
			from = s.at
			if err := s.pair("resourceType", &e.typ, "id", &e.id); err != nil {
				return err
			}
			e.resource = text[from:s.at]
			return nil
		}
		if err := s.skip(); err != nil {
			return err
		}
		if !jsontext.Value(text[from:s.at]).IsValid() {
			return errSyntax
		}
		return nil
	})
	if err == nil {
		err = s.atEnd()
	}
	if err != nil {
		return e, engine.Failf(engine.ErrInvalid, issue.Structure, "the entry is not JSON, or has an element twice")
	}
	return e, nil
}

// text1 takes a value and keeps its text if it is a string.
func (s *splitter) text1(to *string) error {
	text, size, err := s.value(nil, maxAddress)
	if err == nil && size <= maxAddress && len(text) > 0 && text[0] == '"' {
		*to = unquoted(text)
	}
	return err
}

// pair takes an object and keeps the texts of two of its members. Any other value is
// skipped.
func (s *splitter) pair(first string, a *string, second string, b *string) error {
	if s.peek() != '{' {
		return s.skip()
	}
	return s.members(func(name string) error {
		switch {
		case name == first:
			return s.text1(a)
		case name == second && b != nil:
			return s.text1(b)
		}
		return s.skip()
	})
}

// A target is the resource that an entry writes or deletes.
type target struct {
	typ schema.TypeID
	id  string
	// made says that the resource lacks the id.
	made bool
	// deletes says that the entry deletes it.
	deletes bool
	// skips says that the entry is not imported: a server's message about a search.
	skips bool
	// ambiguous says that several resources have the name.
	ambiguous bool
}

// target returns the entry's target. made makes an id for a resource if neither it nor
// its Bundle gives one.
func (e *entry) target(made func() string) (t target, err error) {
	refuse := func(place string, code issue.Code, text string) (target, error) {
		return target{}, engine.At(place, engine.Failf(engine.ErrInvalid, code, "%s", text))
	}
	if e.mode == "outcome" {
		return target{skips: true}, nil
	}
	name, id, byID := strings.Cut(e.url, "/")
	if root, typ, last := bundle.Restful(e.url); root != "" {
		name, id, byID = typ.String(), last, true
	}
	asked, isType := schema.ResourceType(name)
	byID = byID && isType && fhirjson.ValidID(id)
	switch e.method {
	case "DELETE":
		if !byID {
			return refuse("/request/url", issue.NotSupported, "an import deletes by Type/id alone")
		}
		return target{typ: asked, id: id, deletes: true}, nil
	case "", "PUT", "POST":
	default:
		return refuse("/request/method", issue.NotSupported, "an import carries out POST, PUT and DELETE alone")
	}
	if e.resource == nil {
		return refuse("/resource", issue.Required, "the entry has no resource")
	}
	var ok bool
	if t.typ, ok = schema.ResourceType(e.typ); !ok {
		return refuse("/resource/resourceType", issue.Value, "there is no such resource type")
	}
	t.id = e.id
	switch {
	case e.method == "POST" && e.url != t.typ.String(),
		e.method == "PUT" && !byID && !(t.id != "" && strings.HasPrefix(e.url, t.typ.String()+"?")):
		return refuse("/request/url", issue.NotSupported, "an import creates as Type, and updates by Type/id")
	case e.method == "PUT" && byID && (asked != t.typ || t.id != "" && t.id != id):
		return refuse("/request/url", issue.Value, "the request is for another resource than the entry has")
	case t.id != "":
		return t, nil
	case byID:
		t.id, t.made = id, true
	default:
		t.id, t.made = idOfURL(e.fullURL, t.typ), true
		if t.id == "" {
			t.id = made()
		}
	}
	return t, nil
}

// The kinds of names in a fullUrl (FHIR R4 §2.36.4).
const (
	uuidPrefix = "urn:uuid:"
	oidPrefix  = "urn:oid:"
)

// idOfURL returns the id that a resource has by its fullUrl: the UUID or OID, the id that
// an address ends in, or a digest of any other address. Without a fullUrl it is "".
func idOfURL(fullURL string, t schema.TypeID) string {
	for _, prefix := range []string{uuidPrefix, oidPrefix} {
		if id, ok := strings.CutPrefix(fullURL, prefix); ok && fhirjson.ValidID(id) {
			return id
		}
	}
	if root, typ, id := bundle.Restful(fullURL); root != "" && typ == t {
		return id
	}
	if fullURL == "" {
		return ""
	}
	return digestID(fullURL)
}

// digestID makes an id of a text.
func digestID(text string) string {
	sum := sha256.Sum256([]byte(text))
	id := uuid.UUID(sum[:16])
	id[6], id[8] = id[6]&0x0f|0x80, id[8]&0x3f|0x80 // version 8, RFC 9562 §5.8
	return id.String()
}

// madeID makes the id of an entry without one. It is the same each time the job comes
// to the entry.
func madeID(job, file string, number int64) string {
	return digestID(job + "\n" + file + "\n" + strconv.FormatInt(number, 10))
}

// withID returns a resource with an id at its start.
func withID(resource []byte, id string) []byte {
	brace := bytes.IndexByte(resource, '{') + 1
	comma := ","
	if splitterOf(resource[brace:]).peek() == '}' {
		comma = ""
	}
	return append(append(append(append(make([]byte, 0, len(resource)+len(id)+len(`"id":"",`)), resource[:brace]...), `"id":"`+id+`"`...), comma...), resource[brace:]...)
}

// ref names the target.
func (t *target) ref() datastore.Ref { return datastore.Ref{Type: t.typ.String(), ID: t.id} }

// inEntry puts the place of an entry, from 0, before the pointers of an error.
func inEntry(i int64, err error) error { return engine.At(fmt.Sprintf("/entry/%d", i), err) }
