package bundle

import (
	"encoding/base64"
	"mime"
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/etag"
	"github.com/fhirlake/fhirlake/internal/fhirjson"
	"github.com/fhirlake/fhirlake/internal/schema"
	"github.com/fhirlake/fhirlake/issue"
)

// A request is one entry of a batch or transaction.
type request struct {
	method   string
	target   Target
	fullURL  string
	resource []byte // what is written, nil for a patch
	patch    []byte // JSON Patch or FHIRPath Patch, in JSON
	head     bool   // a GET whose answer has no resource
	posted   bool   // a POST that calls an operation, and is otherwise a GET
	// criteria are those of a conditional create, update, patch or delete; "" without.
	criteria  string
	condition engine.Condition
	seen      Seen // of a GET
}

// conditional reports whether a search finds the resource to write.
func (r *request) conditional() bool { return r.criteria != "" }

// permitted reports why a write is not permitted on any resource of the type, or nil. The
// commit decides on the one resource.
func (r *request) permitted(by *engine.Access) error {
	p := map[string]access.Permission{"POST": access.Create, "PUT": access.Update, "PATCH": access.Update, "DELETE": access.Delete}[r.method]
	if p == 0 {
		return nil // of a GET, which its answer decides on
	}
	return by.May(p, r.target.Type)
}

// updates reports whether the request changes what is there.
func (r *request) updates() bool { return r.method == "PUT" || r.method == "PATCH" }

// Seen is what the client of a read has already (FHIR R4 §3.1.0.1.5): the read then
// answers 304.
type Seen struct {
	Versions []string // ids; "*" is any
	Since    time.Time
}

// has reports whether the client has a version.
func (s *Seen) has(v *engine.Version) bool {
	if len(s.Versions) > 0 {
		for _, id := range s.Versions {
			if id == "*" || id == v.VersionID() {
				return true
			}
		}
		return false
	}
	at := v.Time()
	if s.Since.Nanosecond() == 0 {
		at = at.Truncate(time.Second) // the client may know whole seconds alone
	}
	return !s.Since.IsZero() && !at.After(s.Since)
}

// parseRequest reads one entry. base is the store's own address.
func parseRequest(e *entry, base string) (request, error) {
	r := request{method: e.method, fullURL: e.fullURL, resource: e.resource}
	if r.method == "HEAD" {
		r.method, r.head = "GET", true
	}
	var err error
	if r.target, err = parseTarget(e.url, base); err != nil {
		return r, engine.At("/request/url", err)
	}
	if r.target.Operation != "" && r.method == "POST" {
		r.method, r.posted = "GET", true
	}
	if err := r.checkForm(); err != nil {
		return r, err
	}
	if r.method == "PATCH" {
		if r.patch, err = patchOf(r.resource); err != nil {
			return r, engine.At("/resource", err)
		}
		r.resource = nil
	}
	return r, r.takeConditions(e)
}

// patchOf returns the patch that the resource of an entry is or holds (FHIR R4 §3.1.0.11.1):
// Parameters are a FHIRPath Patch, a Binary holds a JSON Patch.
func patchOf(resource []byte) ([]byte, error) {
	var doc fhirjson.Document
	if err := fhirjson.Parse(resource, &doc, &fhirjson.Options{Level: fhirjson.StructureOnly}); err != nil {
		return nil, engine.Invalid(err)
	}
	if doc.Type() == schema.TypeParameters {
		return resource, nil
	}
	name, _, err := mime.ParseMediaType(doc.Member(0, "contentType"))
	if doc.Type() != schema.TypeBinary || err != nil || name != "application/json-patch+json" {
		return nil, engine.Failf(engine.ErrInvalid, issue.NotSupported, "a PATCH has Parameters (FHIRPath Patch), or a Binary of contentType application/json-patch+json")
	}
	patch, err := base64.StdEncoding.DecodeString(strings.Join(strings.Fields(doc.Member(0, "data")), ""))
	if err != nil {
		return nil, engine.At("/data", engine.Failf(engine.ErrInvalid, issue.Value, "the data is no base64"))
	}
	return patch, nil
}

// checkForm refuses what a method cannot be asked of.
func (r *request) checkForm() error {
	wantsResource := r.method == "POST" || r.updates()
	to := &r.target
	place, code, text := "/request/url", issue.Value, ""
	switch {
	case to.Operation != "" && r.method != "GET":
		place, code, text = "/request/method", issue.NotSupported, "an operation is called by GET or POST"
	case r.method != "GET" && r.method != "DELETE" && !wantsResource:
		return engine.At("/request/method", engine.Failf(engine.ErrUnsupported, issue.NotSupported, "the method is not supported in a Bundle"))
	case r.method != "GET" && (to.Type == 0 || to.InType != ""):
		code, text = issue.NotSupported, "only a GET is of all types or of a compartment"
	case r.method != "GET" && to.Version != "":
		text = "a version cannot be written"
	case r.method != "GET" && to.ID != "" && to.Query != "":
		text = "only a GET of a resource takes parameters"
	case r.method == "POST" && (to.ID != "" || to.Query != ""):
		text = "a POST is to a resource type"
	case r.method == "PUT" && to.ID == "" && to.Query == "":
		text = "a PUT is to a resource or to a query"
	case r.method == "PATCH" && to.ID == "" && to.Query == "":
		text = "a PATCH is of a resource or of what a query finds"
	case r.method == "DELETE" && to.ID == "" && to.Query == "":
		text = "a DELETE is of a resource or of what a query finds"
	case wantsResource && len(r.resource) == 0:
		place, code, text = "/resource", issue.Required, "the entry needs a resource"
	}
	if text == "" {
		return nil
	}
	return engine.At(place, engine.Failf(engine.ErrInvalid, code, "%s", text))
}

// takeConditions reads the conditions. A condition that does not fit the method is an
// error, since ignoring it would do more than the client asked for.
func (r *request) takeConditions(e *entry) error {
	bad := func(place, text string) error {
		return engine.At("/request/"+place, engine.Failf(engine.ErrInvalid, issue.Value, "%s", text))
	}
	reads := r.method == "GET" && !r.target.IsQuery && r.target.Operation == ""
	if e.ifMatch != "" {
		if !r.updates() && r.method != "DELETE" {
			return bad("ifMatch", "goes with PUT, PATCH and DELETE alone")
		}
		version, ok := etag.Version(e.ifMatch)
		if !ok {
			return bad("ifMatch", `must name one version, as in W/"3"`)
		}
		if r.condition.IfMatch, ok = engine.ParseVersion(version); !ok {
			return engine.At("/request/ifMatch", engine.Failf(engine.ErrPreconditionFailed, issue.Conflict, "names no version of this store"))
		}
	}
	if e.ifNoneMatch != "" {
		switch {
		case r.method == "PUT" && e.ifNoneMatch == "*":
			r.condition.MustNot = true
		case reads:
			for tag := range strings.SplitSeq(e.ifNoneMatch, ",") {
				version, ok := etag.Version(tag)
				if strings.TrimSpace(tag) == "*" {
					version, ok = "*", true
				}
				if !ok {
					return bad("ifNoneMatch", `must name versions, as in W/"3"`)
				}
				r.seen.Versions = append(r.seen.Versions, version)
			}
		default:
			return bad("ifNoneMatch", "goes with the GET of a resource, and as * with PUT")
		}
	}
	if e.ifModifiedSince != "" {
		since, err := time.Parse(time.RFC3339, e.ifModifiedSince)
		if !reads || err != nil {
			return bad("ifModifiedSince", "goes with the GET of a resource alone")
		}
		r.seen.Since = since
	}
	switch {
	case e.ifNoneExist != "" && r.method != "POST":
		return bad("ifNoneExist", "goes with the POST of a resource alone")
	case r.method == "POST":
		r.criteria = e.ifNoneExist
	case r.method != "GET" && r.target.ID == "":
		r.criteria = r.target.Query
	}
	return nil
}

// checkIdentity compares a fullUrl with the resource's type and id (FHIR R4 §2.36.4).
func (r *request) checkIdentity() error {
	if strings.Contains(r.fullURL, "/_history/") {
		return engine.At("/fullUrl", engine.Failf(engine.ErrInvalid, issue.Invariant, "bdl-8: fullUrl is that of a version"))
	}
	root, named, id := Restful(r.fullURL)
	if root == "" || r.method == "GET" {
		return nil
	}
	if own := ownID(r.resource); named != r.target.Type || own != "" && own != id || r.target.ID != "" && r.target.ID != id {
		return engine.At("/fullUrl", engine.Failf(engine.ErrInvalid, issue.Value, "fullUrl disagrees with the type or id of the resource"))
	}
	return nil
}
