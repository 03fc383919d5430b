package bundle

import (
	"strings"
	"time"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/etag"
	"github.com/fhirlake/fhirlake/issue"
)

// A request is one entry of a batch or transaction.
type request struct {
	method   string
	target   Target
	fullURL  string
	resource []byte
	// criteria are the criteria of a conditional create, update or delete; "" for
	// others.
	criteria  string
	condition engine.Condition
	seen      Seen // of a GET
}

// conditional reports whether a search finds the resource to write.
func (r *request) conditional() bool { return r.criteria != "" }

// Seen names the versions that the client of a read has already (FHIR R4 §3.1.0.1.5):
// the read of such a version answers 304.
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
	var err error
	if r.target, err = parseTarget(e.url, base); err != nil {
		return r, engine.At("/request/url", err)
	}
	if err := r.checkForm(); err != nil {
		return r, err
	}
	return r, r.takeConditions(e)
}

// checkForm refuses a target that the method does not take.
func (r *request) checkForm() error {
	wantsResource := r.method == "POST" || r.method == "PUT"
	to := &r.target
	place, code, text := "/request/url", issue.Value, ""
	switch {
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
	reads := r.method == "GET" && !r.target.IsQuery
	if e.ifMatch != "" {
		if r.method != "PUT" && r.method != "DELETE" {
			return bad("ifMatch", "goes with PUT and DELETE alone")
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
		return bad("ifNoneExist", "goes with POST alone")
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
