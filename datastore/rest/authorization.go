package rest

import (
	"errors"
	"net/http"
	"strings"

	"github.com/fhirlake/fhirlake/access"
	"github.com/fhirlake/fhirlake/issue"
)

// An Authorization has a handler find out who calls, and holds each request to the rights
// of its caller ([datastore.Store.For]). Without one, whoever reaches the handler may do
// anything. Package smart makes one of access tokens.
type Authorization struct {
	// Rights returns what the caller of a request may see and do; nil rights permit
	// nothing. It is asked for every request but those for /metadata and
	// /.well-known/smart-configuration, before anything else is looked at, and by many
	// goroutines. The handler answers an [Unauthorized] with 401, and any other error with
	// 503: nobody knows then who calls.
	Rights func(r *http.Request) (*access.Rights, error)
	// Configuration is the JSON at /.well-known/smart-configuration, below the base and at
	// the root (SMART App Launch 2, section Conformance); nil if there is none.
	Configuration []byte
}

// An Unauthorized is the error for a request whose caller is not known.
type Unauthorized struct {
	// Challenge is the header WWW-Authenticate of the answer: "Bearer" by default.
	Challenge string
	// Reason is for people. It holds nothing of the credentials.
	Reason string
}

// Error implements [error].
func (u *Unauthorized) Error() string { return "rest: unauthorized: " + u.Reason }

// The paths that ask nobody who they are.
const (
	metadataPath      = "metadata"
	configurationPath = ".well-known/smart-configuration"
)

// authorize holds the exchange to the rights of its caller. It reports 401 for a caller that
// is not known, and ErrForbidden for an interaction that the caller may do on no resource.
func (x *exchange) authorize(found *route) error {
	if x.options.Authorization == nil || found.path == metadataPath || found.path == configurationPath {
		return nil
	}
	rights, err := x.options.Authorization.Rights(x.r)
	var unknown *Unauthorized
	switch {
	case errors.As(err, &unknown):
		challenge := unknown.Challenge
		if challenge == "" {
			challenge = "Bearer"
		}
		x.w.Header().Set("WWW-Authenticate", challenge)
		return refuse(http.StatusUnauthorized, issue.Login, unknown.Reason)
	case err != nil:
		if x.r.Context().Err() == nil {
			x.options.Logger.ErrorContext(x.r.Context(), "rest: nobody knows who calls", "error", err)
		}
		x.w.Header().Set("Retry-After", "10")
		return refuse(http.StatusServiceUnavailable, issue.Transient, "it cannot be found out now who calls: try again")
	}
	x.store = x.store.For(rights)
	if rights != nil {
		x.caller = rights.Caller
	}
	if p := found.permission(); p == 0 && !rights.Any() || p != 0 && !rights.May(p, x.typ) {
		return refuse(http.StatusForbidden, issue.Forbidden, "the caller may not do this")
	}
	return nil
}

// permission returns what a route needs on some resource of its type, so that it is refused
// before a body is read. The store decides on the whole request anyway: 0 leaves it to the
// store.
func (r *route) permission() access.Permission {
	if len(r.interactions) == 0 {
		return 0
	}
	switch r.interactions[0] {
	case "read", "vread", "history-instance":
		return access.Read
	case "search-type", "search-system", "history-type", "history-system":
		return access.Search
	case "create":
		return access.Create
	case "update", "patch":
		return access.Update
	case "delete":
		return access.Delete
	}
	return 0
}

// challenge tells the client of a forbidden request what its token lacks (RFC 6750 §3.1).
func (x *exchange) challenge() {
	scheme, _, _ := strings.Cut(x.r.Header.Get("Authorization"), " ")
	if x.options.Authorization != nil && strings.EqualFold(scheme, "Bearer") && x.w.Header().Get("WWW-Authenticate") == "" {
		x.w.Header().Set("WWW-Authenticate", `Bearer error="insufficient_scope"`)
	}
}

// configuration answers GET /.well-known/smart-configuration.
func (x *exchange) configuration() error {
	if x.options.Authorization == nil || x.options.Authorization.Configuration == nil {
		return refuse(http.StatusNotFound, issue.NotFound, "there is nothing at this path")
	}
	x.w.Header().Set("Content-Type", plainJSON)
	x.w.Header().Set("X-Content-Type-Options", "nosniff")
	x.began = true
	_, _ = x.w.Write(x.options.Authorization.Configuration) // an error means that the client has gone
	return nil
}
