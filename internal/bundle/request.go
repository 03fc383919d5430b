package bundle

import (
	"strings"

	"github.com/fhirlake/fhirlake/internal/engine"
	"github.com/fhirlake/fhirlake/internal/issue"
)

// A request is one entry of a batch or transaction.
type request struct {
	method      string
	target      Target
	fullURL     string
	resource    []byte
	ifNoneExist string
	condition   engine.Condition
}

func parseRequest(e *entry) (request, error) {
	if e.Request == nil {
		return request{}, engine.Failf(engine.ErrInvalid, issue.Required, "the entry needs a request")
	}
	r := request{
		method: e.Request.Method, fullURL: e.FullURL, resource: e.Resource, ifNoneExist: e.Request.IfNoneExist,
	}
	var err error
	if r.target, err = parseTarget(e.Request.URL); err != nil {
		return r, engine.At("/request/url", err)
	}
	if e.Request.IfMatch != "" {
		n, ok := engine.ParseVersion(strings.Trim(strings.TrimPrefix(e.Request.IfMatch, "W/"), `"`))
		if !ok {
			return r, engine.At("/request/ifMatch", engine.Failf(engine.ErrPreconditionFailed, issue.Conflict, "names no version of this store"))
		}
		r.condition.IfMatch = n
	}
	r.condition.MustNot = e.Request.IfNoneMatch == "*" && r.method == "PUT"
	wantsResource := r.method == "POST" || r.method == "PUT"
	switch {
	case r.method != "GET" && (r.target.Type == 0 || r.target.InType != ""):
		return r, engine.At("/request/url", engine.Failf(engine.ErrInvalid, issue.NotSupported, "only a GET is of all types or of a compartment"))
	case r.method != "GET" && r.method != "DELETE" && !wantsResource:
		return r, engine.At("/request/method", engine.Failf(engine.ErrUnsupported, issue.NotSupported, "the method is not supported in a Bundle"))
	case wantsResource && len(r.resource) == 0:
		return r, engine.At("/resource", engine.Failf(engine.ErrInvalid, issue.Required, "the entry needs a resource"))
	case r.method == "POST" && (r.target.ID != "" || r.target.Query != ""):
		return r, engine.At("/request/url", engine.Failf(engine.ErrInvalid, issue.Value, "a POST is to a resource type"))
	case r.method == "PUT" && r.target.ID == "" && r.target.Query == "":
		return r, engine.At("/request/url", engine.Failf(engine.ErrInvalid, issue.Value, "a PUT is to a resource or to a query"))
	case r.method == "DELETE" && r.target.ID == "" && r.target.Query == "":
		return r, engine.At("/request/url", engine.Failf(engine.ErrInvalid, issue.Value, "a DELETE is of a resource or of what a query finds"))
	case r.target.Version != "" && r.method != "GET":
		return r, engine.At("/request/url", engine.Failf(engine.ErrInvalid, issue.Value, "a version cannot be written"))
	case r.ifNoneExist != "" && r.method != "POST":
		return r, engine.At("/request/ifNoneExist", engine.Failf(engine.ErrInvalid, issue.Value, "goes with POST alone"))
	}
	return r, nil
}
