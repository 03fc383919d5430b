package rest

import (
	"net/http"
	"net/url"
	"slices"

	"github.com/fhirlake/fhirlake/issue"
)

// The headers of cross-origin requests (https://fetch.spec.whatwg.org/#http-cors-protocol).
const (
	corsMethods = "GET, HEAD, POST, PUT, PATCH, DELETE"
	corsHeaders = "Accept, Authorization, Content-Type, Content-Encoding, Prefer, If-Match, If-None-Match, If-Modified-Since, If-None-Exist, X-Provenance, X-Request-Id, X-Amzn-Healthlake-Fhir-Validation-Level, X-Amz-Fhir-Idempotency-Key"
	corsExposed = "ETag, Location, Content-Location, Last-Modified, Retry-After, WWW-Authenticate, Preference-Applied, Warning, X-Progress, X-Request-Id, Expires"
)

// A corsRule says which web pages may read answers, and which may send requests that
// change something.
type corsRule struct {
	origins []string // "*" is all
	guard   *http.CrossOriginProtection
}

// newCORS returns the rule of Options.CORS. The handler's own pages have the origin of
// Options.BaseURL, if there is one.
func newCORS(o *Options) *corsRule {
	rule := &corsRule{origins: o.CORS, guard: http.NewCrossOriginProtection()}
	for _, origin := range o.CORS {
		if origin != "*" {
			_ = rule.guard.AddTrustedOrigin(origin) // isOrigin has seen it
		}
	}
	if u, err := url.Parse(o.BaseURL); o.BaseURL != "" && err == nil {
		_ = rule.guard.AddTrustedOrigin(u.Scheme + "://" + u.Host) // withDefaults has seen it
	}
	return rule
}

// isOrigin reports whether a text is "*" or an origin as browsers send it.
func isOrigin(text string) bool {
	u, err := url.Parse(text)
	wellFormed := err == nil && u.Scheme != "" && u.Host != "" && text == u.Scheme+"://"+u.Host
	return text == "*" || wellFormed && http.NewCrossOriginProtection().AddTrustedOrigin(text) == nil
}

// allow sets the headers for a request from another origin. It answers a preflight, and
// reports ErrForbidden for a page's request that changes something and has no leave to.
func (c *corsRule) allow(w http.ResponseWriter, r *http.Request) (answered bool, err error) {
	origin := r.Header.Get("Origin")
	all := slices.Contains(c.origins, "*")
	if len(c.origins) > 0 && !all {
		w.Header().Add("Vary", "Origin")
	}
	if origin == "" && r.Header.Get("Sec-Fetch-Site") == "" {
		return false, nil // no browser
	}
	preflight := r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != ""
	switch {
	case origin != "" && all:
		w.Header().Set("Access-Control-Allow-Origin", "*")
	case origin != "" && slices.Contains(c.origins, origin):
		w.Header().Set("Access-Control-Allow-Origin", origin)
	case preflight || c.guard.Check(r) != nil && !all:
		return false, refuse(http.StatusForbidden, issue.Security, "pages of this origin may not send such requests here")
	default:
		return false, nil
	}
	if preflight {
		w.Header().Set("Access-Control-Allow-Methods", corsMethods)
		w.Header().Set("Access-Control-Allow-Headers", corsHeaders)
		w.Header().Set("Access-Control-Max-Age", "600")
		w.WriteHeader(http.StatusNoContent)
		return true, nil
	}
	w.Header().Set("Access-Control-Expose-Headers", corsExposed)
	return false, nil
}
